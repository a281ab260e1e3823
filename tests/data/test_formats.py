"""Tables of other forms are read wherever a CSV file may stand."""

from __future__ import annotations

import pytest

import neuroflow as nf


@pytest.fixture
def table(tmp_path):
    def written(text, name="table.jsonl"):
        (tmp_path / name).write_text(text)
        return tmp_path / name

    return written


def test_lines_of_json_are_the_table_that_csv_is(table):
    lines = table('{"x": 1.5, "y": "red, or so"}\n\n{"y": null, "x": 2}\n')
    same = table('x,y\n1.5,"red, or so"\n2,\n', "table.csv")
    ours, theirs = nf.read_columns(lines), nf.read_columns(same)
    assert ours.names == theirs.names == ("x", "y")
    assert list(ours.columns[0].values) == list(theirs.columns[0].values) == [1.5, 2.0]
    assert ours.columns[1].words == theirs.columns[1].words == ("red, or so",)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"x": 1}\n[2]\n', "line 2 is no object"),
        ('{"x": 1}\n{"x": 2\n', "line 2 is no object"),
        ('{"x": 1}\n{"z": 2}\n', "line 2 has z, expected the names of the first line: x"),
        ("", "it has no rows of data"),
    ],
)
def test_what_is_no_table_is_told_with_its_line(table, text, told):
    with pytest.raises(nf.InputError) as error:
        nf.read_columns(table(text))
    assert told in str(error.value).replace("; expected", ", expected")


@pytest.mark.parametrize("nothing", ["", "\n", "\n\n"])
def test_a_wrong_cell_is_told_with_its_line(table, nothing):
    """Names have no line of their own there, and lines without an object count."""
    rows = [f'{{"x": {k}}}\n' for k in range(4)]
    path = table(nothing + "".join(rows) + nothing + '{"x": "wrong"}\n')
    line = 5 + 2 * len(nothing)
    with pytest.raises(nf.InputError, match=f"table.jsonl, line {line}, column 'x' is 'wrong'"):
        nf.read_columns(path)


def test_one_of_your_own_reads_files_by_the_end_of_their_name(table):
    def bars(path):
        return [line.split("|") for line in path.read_text().splitlines()]

    with nf.local_entries():
        nf.register("format", bars, suffix=".bars", example="x|y\n1|2\n", summary="Bars.")
        assert nf.check("format/bars")
        assert nf.read_columns(table("x|y\n1|2\n", "t.bars")).names == ("x", "y")


def test_what_is_no_row_is_refused(table):
    with nf.local_entries():
        nf.register("format", lambda path: ["x", 3], name="it", suffix=".it")
        with pytest.raises(nf.InputError, match="expected a list of texts and numbers"):
            nf.read_columns(table("", "t.it"))
