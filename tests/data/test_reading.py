"""Reading: tables as people have them are read, or refused with file, line, column and a remedy."""

from __future__ import annotations

import pytest

import neuroflow as nf


@pytest.fixture
def read(tmp_path):
    """Columns of a file with this content."""

    def read(content, **told):
        path = tmp_path / "t.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return nf.read_columns(path, **told)

    return read


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("x,name\n1.5,é\n2000,b\n", ""),
        ("x;name\n1,5;é\n2000;b\n", "semicolons between cells, decimal commas"),
        ("x;name\n1,5;é\n2.000,0;b\n", "semicolons between cells, decimal commas, '.' between"),
        ("x\tname\n1.5\té\n2000\tb\n", "tabs between cells"),
        ('x,name\n1.5,é\n"2,000",b\n', "',' between thousands"),
        ("x|name\n1.5|é\n2'000|b\n", 'bars between cells, "\'" between thousands'),
        ("\ufeffx,name\r\n1.5,é\r\n\r\n2e3,b\r\n", ""),
        ("x,name\n1.5,é\n2000,b\n".encode("latin-1"), "encoding cp1252"),
        ("x,name\n1.5,é\n2000,b\n".encode("utf-16"), "encoding utf-16"),
        (' x , name\n 1.5 , "é"\n 2000 ,b', ""),
    ],
)
def test_how_a_table_is_written_is_recognised_and_told(read, content, told):
    table = read(content)
    assert told in str(table.notation)
    assert bool(told) == bool(str(table.notation))
    assert table.names == ("x", "name")
    assert [list(column) for column in table.columns] == [[1.5, 2000.0], ["é", "b"]]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("x,y\n1,2\n3\n", "t.csv, line 3 has 1 cell; expected 2"),
        ("# a comment\nx,y\n1,2\n", "line 2 has 2 cells; expected 1, one for each column; the fir"),
        (
            "x,y\n5.1%,2\n6%,3\n",
            "line 2, column 'x' is '5.1%'; expected a finite number; repair th",
        ),
        ("x,y\n1,2\n2,inf\n", "line 3, column 'y' is 'inf'; expected a finite number"),
        ("x,y\n1,2\n2,3\nx,4\n", "line 4, column 'x' is 'x'; expected a finite number; repair"),
        ('x,y\n1.5,2\n2,"1,51"\n', "line 3, column 'y' is '1,51'; expected a finite number; write"),
        ('x;y\n"1,234";2\n', "'1,234' may be 1234 or 1.234; say decimal = \",\" or thousands ="),
        ("5.1,3.5,setosa\n4.9,3.0,virginica\n", "say header = false if that is data"),
        ("x,x\n1,2\n", "has 2 columns named 'x'"),
        (bytes(range(256)), "it holds the byte 0, so it is no text"),
        ("", "it has no rows of data"),
        ("\n\n", "it has no rows of data"),
        ('x,y\n1,"2\n', "line 2: unexpected end of data"),
    ],
)
def test_what_is_no_table_is_refused_with_its_place(read, content, message):
    with pytest.raises(nf.NeuroflowError) as caught:
        read(content)
    assert message in str(caught.value)
    assert "t.csv" in str(caught.value)


def test_quotes_hold_delimiters_and_line_breaks_and_lines_are_counted_on(read):
    table = read('x,name\n1,"a, ""b""\nc"\n\n2,d\n')
    assert list(table["name"]) == ['a, "b"\nc', "d"]
    assert list(table.lines) == [3, 5]


def test_blocks_are_read_one_after_the_other_as_one_table(read, monkeypatch):
    content = "x,name\n" + "".join(f'{k}.25,"n,{k % 3}"\n{k},\n' for k in range(300))
    whole = read(content)
    monkeypatch.setattr("neuroflow.data.reading.BLOCK", 50)
    pieces = read(content)
    assert [list(c) for c in pieces.columns] == [list(c) for c in whole.columns]
    assert list(pieces.lines) == list(whole.lines) == list(range(2, 602))
    assert whole.columns[1].cell(1) is None


def test_what_is_told_is_not_guessed(read):
    assert list(read('x;y\n"1,234";2\n', thousands=",")["x"]) == [1234.0]
    assert list(read('x;y\n"1,234";2\n', decimal=",")["x"]) == [1.234]
    assert read("1;2\n3;4\n", header=False).names == ("0", "1")
    assert read("x,y\n1,2\n", delimiter=";", header=True).names == ("x,y",)
    assert list(read("x,n\n1,\xe9\n".encode("cp437", "replace"), encoding="cp437")["n"]) == ["é"]


def test_targets_weights_and_inputs_take_their_roles():
    table = {"a": [1.0, 2.0], "b": [3.0, 4.0], "w": [1.0, 2.0], "k": ["x", "y"]}
    two = nf.from_table({n: table[n] for n in "abw"}, ["a", "b"])
    assert (two.n_outputs, two.targets, two.inputs) == (2, [[1.0, 3.0], [2.0, 4.0]], [[1.0], [2.0]])
    same = nf.from_table({n: table[n] for n in "ab"}, "inputs").standardized()
    assert same.targets == same.inputs == [[-1.0, -1.0], [1.0, 1.0]]
    heavy = nf.from_table({n: table[n] for n in "awk"}, "k", weights="w")
    assert (heavy.columns, heavy.weights, heavy.labels) == (("a",), [1.0, 2.0], ("x", "y"))
    with pytest.raises(nf.InputError, match="of the targets 'a', 'k', 'k' names classes"):
        nf.from_table(table, ["a", "k"])
    declared = nf.from_table(table, columns={"k": "target", "w": "ignore"})
    assert (declared.task, declared.columns) == ("binary", ("a", "b"))


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_two_bytes_a_letter_without_a_mark_are_told_with_their_encoding(read, encoding):
    content = "größe;name\n1;ß\n2;b\n".encode(encoding)
    with pytest.raises(nf.FileError, match=f'say encoding = "{encoding}", which it seems to be in'):
        read(content)
    assert list(read(content, encoding=encoding)["name"]) == ["ß", "b"]
    with pytest.raises(nf.FileError, match="give a table as text, such as CSV"):
        read("a;b\n1;2\n".encode("utf-32-le"))
