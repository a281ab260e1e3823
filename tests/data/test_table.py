"""Tables: one column a name, one row a width, and a mistake is told with what to do about it."""

import pytest

import neuroflow as nf
from neuroflow.data.table import better_delimiter


def error_of(text, **settings):
    with pytest.raises(nf.InputError) as caught:
        nf.read_table(text, "t.csv", **settings)
    return str(caught.value)


def test_two_columns_of_one_name_are_refused():
    assert error_of("a,b, b\n1,7,1\n") == (
        "t.csv has 2 columns named 'b'; expected a name of its own for each; rename all but one"
    )


def test_a_first_line_of_numbers_must_be_said_to_be_names_or_data():
    assert "header = false if that is data, or header = true" in error_of("1,2\n3,4\n")
    assert nf.read_table("1,2\n3,4\n", "t", header=True).names == ("1", "2")
    assert len(nf.read_table("1,2\n3,4\n", "t", header=False).rows) == 2


def test_quotes_hold_delimiters_and_line_breaks():
    table = nf.read_table('a,"b, c"\n1,"x\ny"\n\n"2", "z"\n', "t")
    assert table.names == ("a", "b, c")
    assert table.rows == ((3, ["1", "x\ny"]), (5, ["2", "z"]))


def test_rows_of_unequal_length_are_refused_with_their_line():
    assert "t.csv, line 3 has 1 cells; expected 2" in error_of("a,b\n1,2\n3\n")


@pytest.mark.parametrize(
    ("text", "delimiter"), [("a;b\n1;2\n", ";"), ("a\tb\n1\t2\n", "\t"), ("a|b\n1|2\n", "|")]
)
def test_the_right_delimiter_is_suggested(text, delimiter):
    assert better_delimiter(text, ",") == delimiter
    shown = delimiter.replace("\t", "\\t")
    table = nf.read_table(text, "t.csv")
    with pytest.raises(nf.InputError) as caught:
        table.position("b", "target")
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
        ("3 kg", "repair the cell"),
        ("inf", "repair the cell"),
    ],
)
def test_a_number_as_people_write_it_is_told_how_to_write(cell, remedy):
    table = nf.read_table(f'a,b\n"{cell}",2\n', "t.csv")
    with pytest.raises(nf.InputError) as caught:
        table.numbers(0)
    assert f"t.csv, line 2, column 'a' is {cell!r}" in str(caught.value)
    assert remedy in str(caught.value)


def test_classes_are_numbered_by_their_numbers_or_names():
    def classes(*cells):
        return nf.read_table("a\n" + "\n".join(cells), "t").classes(0)

    assert classes("10", "9", "10.0") == (["9", "10"], [1, 0, 1])
    assert classes("2", "b", "a", "10") == (["2", "10", "a", "b"], [0, 3, 2, 1])
    assert classes("0.5", "-1") == (["-1", "0.5"], [1, 0])
