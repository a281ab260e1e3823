"""Facts: a model takes rows as its data had them, and says what is wrong with others."""

from __future__ import annotations

import pytest

import neuroflow as nf
from neuroflow.data.facts import DataFacts

DATA = nf.Dataset([[1.0, 5.0], [3.0, 9.0]], [0, 1], "binary", ("no", "yes"), ("x", "y"))


def test_a_row_is_standardized_as_the_data_were():
    facts = DataFacts.of(DATA.standardized())
    assert facts.inputs([3.0, 5.0]) == facts.inputs({"y": 5, "x": 3, "z": 0}) == [1.0, -1.0]
    assert DataFacts.of(DATA).inputs((3.0, 5.0)) == [3.0, 5.0]
    assert [facts.label(k) for k in range(3)] == ["no", "yes", "2"]


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ([1.0], "the row has 1 numbers; expected 2, as in the data that the model was trained on"),
        ({"x": 1.0, "z": 2.0}, "the row has no 'y'; it has: x, z"),
        ({"x": 1.0, "y": "2"}, "the row, number 1 is '2'; expected a finite number"),
    ],
)
def test_another_row_is_refused(row, told):
    with pytest.raises(nf.InputError) as caught:
        DataFacts.of(DATA).inputs(row)
    assert str(caught.value) == told


def test_a_model_that_knows_no_names_takes_no_dict():
    with pytest.raises(nf.InputError, match="knows no names of columns"):
        DataFacts.of(nf.Dataset([[1.0]], [2.0])).inputs({"x": 1.0})
