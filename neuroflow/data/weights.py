"""Weights: how much the loss of each example counts, by its class, by its row, or by both.

The loss of a batch is the mean of weight times loss over its examples.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from attrs import evolve

from neuroflow.data.dataset import Dataset
from neuroflow.errors import InputError, did_you_mean
from neuroflow.pythonic import finite_number

BALANCED = "balanced"


def class_weights(data: Dataset, told: str | Mapping[str, float]) -> list[float]:
    """The weight of each class: what a table tells, 1 for those it leaves out; or "balanced".

    Balanced, a class of ``n_c`` of all ``n`` examples in ``k`` classes has the weight
    ``n / (k * n_c)``: each class counts as much as any other, and the mean weight is 1.

    Raises :class:`InputError` for data without classes, an unknown class, and a weight that is
    no number from 0 on.

    >>> data = Dataset([[0.0], [1.0], [2.0], [3.0]], [0, 0, 0, 1], "binary", labels=("no", "yes"))
    >>> class_weights(data, "balanced"), class_weights(data, {"yes": 3.0})
    ([0.6666666666666666, 2.0], [1.0, 3.0])
    """
    if not data.classes:
        raise InputError(
            "there are no classes to weigh", remedy="leave class_weights out", got=told
        )
    if told == BALANCED:
        counts = Counter(data.targets)
        balanced = [len(data) / (data.classes * counts[c]) if counts[c] else 1.0
                    for c in range(data.classes)]  # fmt: skip
        return balanced
    if not isinstance(told, Mapping):
        expected = '"balanced", or a table with the weights of classes'
        raise InputError(f"class_weights is {told!r}", expected=expected, got=told)
    for label in told:
        if label not in data.labels:
            known = f"classes: {', '.join(data.labels)}"
            remedy = did_you_mean(str(label), data.labels, known)
            raise InputError(f"class_weights has no class {label!r}", remedy=remedy, got=label)
    return [finite_number(told.get(c, 1.0), f"the weight of {c!r}", low=0.0) for c in data.labels]


def weighted(data: Dataset, by_class: list[float]) -> Dataset:
    """The examples, each weighed by its class, beside the weight that its row has already."""
    rows = data.weights if data.weights is not None else [1.0] * len(data)
    weights = [w * by_class[c] for w, c in zip(rows, data.targets, strict=True)]
    return evolve(data, weights=weights)
