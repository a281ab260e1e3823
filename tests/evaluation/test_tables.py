"""Tables of an evaluation: scikit-learn's numbers, and calibration by hand."""

from __future__ import annotations

import random

import pytest
from sklearn import metrics as known
from sklearn.calibration import calibration_curve

from neuroflow.evaluation.tables import Calibration, class_scores, confusion_matrix


@pytest.mark.parametrize("seed", range(4))
def test_confusion_and_class_scores_are_those_of_scikit_learn(seed):
    rng = random.Random(seed)
    labels = ["a", "b", "c", "d"]
    targets = [rng.randrange(rng.choice((3, 4))) for _ in range(30)]
    said = [t if rng.random() < 0.6 else rng.randrange(4) for t in targets]
    numbers = list(range(4))
    assert (
        confusion_matrix(said, targets, 4)
        == known.confusion_matrix(targets, said, labels=numbers).tolist()
    )
    theirs = known.precision_recall_fscore_support(targets, said, labels=numbers, zero_division=0)
    for k, row in enumerate(class_scores(said, targets, labels)):
        ours = (row.precision, row.recall, row.f1, row.support)
        assert ours == pytest.approx(tuple(column[k] for column in theirs), rel=1e-14)
        assert row.label == labels[k]


def test_the_bins_of_calibration_are_those_of_scikit_learn():
    rng = random.Random(1)
    sure = [0.5 + 0.5 * rng.random() for _ in range(60)]
    targets = [int(rng.random() < p) for p in sure]
    found = Calibration.of([[1 - p, p] for p in sure], targets)
    accuracy, confidence = calibration_curve(targets, sure, n_bins=10)
    assert [each.accuracy for each in found.bins] == pytest.approx(accuracy.tolist())
    assert [each.confidence for each in found.bins] == pytest.approx(confidence.tolist())
    assert sum(each.count for each in found.bins) == 60
    error = sum(each.count * abs(each.accuracy - each.confidence) for each in found.bins) / 60
    assert found.expected_error == pytest.approx(error)


def test_calibration_by_hand():
    """A bound belongs to the bin below it; a bin without answers is left out."""
    rows = [[0.5, 0.5], [0.75, 0.25], [0.0, 1.0]]
    found = Calibration.of(rows, [0, 1, 1])
    assert [(each.low, each.count, each.confidence, each.accuracy) for each in found.bins] == [
        (0.4, 1, 0.5, 1.0), (0.7, 1, 0.75, 0.0), (0.9, 1, 1.0, 1.0),
    ]  # fmt: skip
    assert found.expected_error == pytest.approx((0.5 + 0.75 + 0.0) / 3)
