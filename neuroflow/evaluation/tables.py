"""Tables of an evaluation: which classes are taken for which, how sure the model may be, and what
it is most wrong about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attrs import frozen

from neuroflow.config import resolve
from neuroflow.evaluation.means import exact_mean

BINS = 10
"""So many intervals of confidence, of equal width, does calibration look at."""


def confusion_matrix(
    predictions: Sequence[int], targets: Sequence[int], classes: int
) -> list[list[int]]:
    """How often each class was said of each: a row per right class, a column per said one.

    >>> confusion_matrix([0, 1, 1, 1], [0, 1, 0, 1], 2)
    [[1, 1], [0, 2]]
    """
    counts = [[0] * classes for _ in range(classes)]
    for said, right in zip(predictions, targets, strict=True):
        counts[right][said] += 1
    return counts


@frozen
class ClassScores:
    """How well one class is told from all others; ``support`` is how many examples it has."""

    label: str
    precision: float
    recall: float
    f1: float
    support: int


def class_scores(
    predictions: Sequence[int], targets: Sequence[int], labels: Sequence[str]
) -> list[ClassScores]:
    """Precision, recall and F1 of each class against the rest, by the metrics of those names.

    >>> [(row.label, row.precision, row.support) for row in
    ...  class_scores([0, 1, 1, 1], [0, 1, 0, 1], ["no", "yes"])]
    [('no', 1.0, 2), ('yes', 0.6666666666666666, 2)]
    """
    names = ("precision", "recall", "f1")
    metrics = [resolve("metric", {"use": name, "average": "binary"}) for name in names]
    rows = []
    for k, label in enumerate(labels):
        two = [int(said == k) for said in predictions], [int(right == k) for right in targets]
        precision, recall, f1 = (metric(*two) for metric in metrics)
        rows.append(ClassScores(label, precision, recall, f1, sum(two[1])))
    return rows


@frozen
class ConfidenceBin:
    """The answers whose confidence lies between two bounds, the lower one excluded.

    ``confidence`` is the mean probability of the class that was said, ``accuracy`` the share that
    is right; of a calibrated model both are the same.
    """

    low: float
    high: float
    count: int
    confidence: float
    accuracy: float


@frozen
class Calibration:
    """Whether what a model is sure of by p is right in a share p of all cases.

    ``expected_error`` is the mean distance of confidence and accuracy over the ``bins`` that hold
    answers, each with the weight of its count. Source: Guo et al. 2017, section 2.
    """

    bins: tuple[ConfidenceBin, ...]
    expected_error: float

    @classmethod
    def of(cls, probabilities: Sequence[Sequence[float]], targets: Sequence[int]) -> Calibration:
        """That of the probabilities of all classes.

        >>> Calibration.of([[0.25, 0.75], [0.25, 0.75]], [1, 0]).expected_error
        0.25
        """
        sure = [max(row) for row in probabilities]
        right = [row.index(p) == t for row, p, t in zip(probabilities, sure, targets, strict=True)]
        bins = []
        for k in range(BINS):
            low, high = k / BINS, (k + 1) / BINS
            inside = [j for j, p in enumerate(sure) if low < p <= high]
            if inside:
                confidence = exact_mean([sure[j] for j in inside])
                accuracy = sum(right[j] for j in inside) / len(inside)
                bins.append(ConfidenceBin(low, high, len(inside), confidence, accuracy))
        apart = [abs(each.confidence - each.accuracy) for each in bins]
        return cls(tuple(bins), exact_mean(apart, [each.count for each in bins]))


@frozen
class Wrong:
    """An example with a large loss: its place in the data, its inputs, what is right and was said.

    Inputs are on the scale of the data before standardization; classes are told by their names
    and texts as texts. ``probability`` is that of the class that was said, if there is one.
    """

    place: int
    inputs: Any
    right: Any
    said: Any
    loss: float
    probability: float | None = None
