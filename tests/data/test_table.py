"""Names of columns that are no numbers, and the delimiter that a table seems to have."""

import pytest

import neuroflow as nf
from neuroflow.data.table import better_delimiter


@pytest.fixture
def read(tmp_path):
    def of(text, **told):
        path = tmp_path / "t.csv"
        path.write_text(text, encoding="utf-8")
        return nf.read_columns(path, **told)

    return of


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [("a;b\n1;2\n", ";"), ("a\tb\n1\t2\n", "\t"), ("a|b\n1|2\n", "|"), ("a b\n1 2\n", " ")],
)
def test_the_right_delimiter_is_suggested(tmp_path, text, delimiter):
    assert better_delimiter(text, ",") == delimiter
    shown = delimiter.replace("\t", "\\t")
    path = tmp_path / "t.csv"
    path.write_text(text)
    with pytest.raises(nf.InputError) as caught:
        nf.read_columns(path, lambda header: header.position("b", "target"), delimiter=",")
    assert f'set delimiter = "{shown}"' in str(caught.value)
    assert better_delimiter(text, delimiter) == ""
    assert better_delimiter("a\n1\n", ",") == ""


@pytest.mark.parametrize(
    ("cell", "remedy"),
    [
        ("1,234.5", "without marks between thousands: 1234.5"),
        ("1 234", "without marks between thousands: 1234"),
        ("3,5", "with a point: 3.5"),
        ("1.234,5", "with a point: 1234.5"),
        ("1\N{NO-BREAK SPACE}234,5", "with a point: 1234.5"),
        ("0,028", "with a point: 0.028"),
        ("\N{MINUS SIGN}1.5", "repair the cell: -1.5"),
        ("5,50 €", "repair the cell: 5,50 without its unit"),
        ("3 kg", "repair the cell"),
        ("inf", "repair the cell"),
    ],
)
def test_a_number_as_people_write_it_is_told_how_to_write(read, cell, remedy):
    for told in ({"decimal": "."}, {"decimal": ".", "header": True}):
        with pytest.raises(nf.InputError) as caught:
            read(f'a,b\n"{cell}",2\n1.5,2\n', **told)
        assert f"line 2, column 'a' is {cell!r}" in str(caught.value)
        assert remedy in str(caught.value)


def test_a_number_of_a_table_with_commas_is_told_to_have_one(read):
    with pytest.raises(nf.InputError, match=r"'2.5'; expected a finite number; .* a comma: 2,5"):
        read("a;b\n1,5;1\n2.5;1\n", decimal=",")


@pytest.mark.parametrize(
    "rows", [3, 30_000]
)  # small tables are read by Python, large ones by numpy
def test_a_line_between_digits_is_part_of_a_name_and_of_no_number(read, rows):
    table = read("id,x\n" + "1_2,3\n" * rows)
    assert table["id"].counts() == {"1_2": rows}
    with pytest.raises(nf.InputError, match="line 3, column 'id' is '1_2'"):
        read("id,x\n7,3\n1_2,3\n" + "8,3\n" * rows)


def test_groups_of_thousands_begin_with_no_zero(read):
    table = read("a;b\n0,028;1,250\n0,512;2,500\n")
    assert list(table["a"]) == [0.028, 0.512]
    assert list(table["b"]) == [1.25, 2.5]
    with pytest.raises(nf.InputError, match=r"'1,250' may be 1250 or 1.250; say decimal"):
        read("a;b\n1;1,250\n2;2,500\n")


def test_a_quote_that_is_never_closed_is_told_with_its_line(read):
    text = "a,b\n1,2\n" + '"x,2\n' + "3,4\n" * 50
    with pytest.raises(
        nf.InputError, match=r"line 3: unexpected end of data; .* a quote may be missing"
    ):
        read(text)


def test_a_column_of_almost_that_name_is_suggested(read):
    with pytest.raises(nf.InputError, match=r"no column 'kind', .* did you mean 'Kind'\? its"):
        nf.Roles("kind").goals(read("x,Kind\n1,a\n"))
    with pytest.raises(nf.InputError, match=r"no column 'kind', .* did you mean 'Kind'\? its"):
        nf.from_table({"x": [1], "Kind": ["a"]}, "kind")


def test_two_columns_of_one_name_are_refused(read):
    with pytest.raises(nf.InputError, match="has 2 columns named 'b'; expected a name of its own"):
        read("a,b, b\n1,7,1\n")


def test_a_first_line_of_numbers_must_be_said_to_be_names_or_data(read):
    with pytest.raises(nf.InputError, match="header = false if that is data, or header = true"):
        read("1,2\n3,4\n")
    assert read("1,2\n3,4\n", header=True).names == ("1", "2")
    assert len(read("1,2\n3,4\n", header=False)) == 2


def test_quotes_hold_delimiters_and_line_breaks(read):
    table = read('a,"b, c"\n1,"x\ny"\n\n"2", "z"\n')
    assert table.names == ("a", "b, c")
    assert list(table.lines) == [3, 5]
    assert table.dicts() == [{"a": 1.0, "b, c": "x\ny"}, {"a": 2.0, "b, c": "z"}]


def test_classes_are_numbered_by_their_numbers_or_names(read):
    def classes(*cells, known=()):
        return nf.classes_of(read("a\n" + "\n".join(cells), header=True), 0, known)

    assert classes("10", "9", "10.0") == (["9", "10"], [1, 0, 1])
    assert classes("2", "b", "a", "c", "10") == (["2", "10", "a", "b", "c"], [0, 3, 2, 4, 1])
    assert classes("0.5", "-1") == (["-1", "0.5"], [1, 0])
    assert classes("b", "b", known=["c", "b"]) == (["c", "b"], [1, 1])
    with pytest.raises(
        nf.InputError, match="line 3, column 'a' has the class 'd'; expected one of c, b"
    ):
        classes("b", "d", known=["c", "b"])
