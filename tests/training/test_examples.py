"""Examples: targets as the loss wants them, and what no loss allows."""

from __future__ import annotations

import pytest

import neuroflow as nf
from neuroflow.training import encoded


def test_targets_are_spelled_as_the_loss_wants_them():
    two = nf.Dataset([[0.0], [1.0]], [0, 1], "binary")
    three = nf.Dataset([[0.0], [1.0]], [0, 2], "classes", labels="abc")

    def targets(data, loss):
        return [target for _, target in encoded(data, nf.get("loss", loss))]

    assert targets(two, "hinge") == [-1.0, 1.0]
    assert targets(two, "binary_cross_entropy") == [0.0, 1.0]
    assert targets(two, "cross_entropy") == [0, 1]
    assert targets(three, "cross_entropy") == [0, 2]
    assert targets(three, "mse") == [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    assert targets(three, "hinge") == [[1.0, -1.0, -1.0], [-1.0, -1.0, 1.0]]


def test_a_target_outside_the_range_of_the_loss():
    data = nf.Dataset([[0.0], [1.0]], [0.5, 7.0], "regression", name="mine")
    with pytest.raises(nf.InputError) as caught:
        encoded(data, nf.get("loss", "binary_cross_entropy"))
    assert str(caught.value) == (
        "loss 'binary_cross_entropy' got the target 7.0 in row 1 of dataset 'mine';"
        " expected 0 to 1; choose another loss or repair the data"
    )
    with pytest.raises(nf.InputError, match="wants the number of a class"):
        encoded(data, nf.get("loss", "cross_entropy"))


def test_whole_numbers_with_a_loss_of_classes_are_told_how_to_be_classes():
    def error(targets, loss):
        data = nf.Dataset([[float(k)] for k in range(len(targets))], targets)
        with pytest.raises(nf.InputError) as caught:
            encoded(data, nf.get("loss", loss))
        return str(caught.value)

    assert 'if 3, 5 are classes, set data.task = "classes"' in error([3, 5, 3], "cross_entropy")
    assert 'if 1, 2 are classes, set data.task = "classes"' in error([1, 2], "binary_cross_entropy")
    assert "classes, set" not in error([0.5, 2], "cross_entropy")
