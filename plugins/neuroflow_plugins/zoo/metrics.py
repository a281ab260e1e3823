"""Metrics with one mistake each."""

from __future__ import annotations

import neuroflow as nf
from neuroflow_plugins.zoo.twin import twin


@twin("the share that forgets to divide", "range", "A sum of right answers grows with their number;"
      " a share is divided by it.")  # fmt: skip
def accuracy_1(predictions, targets):
    """The share of examples whose class is right."""
    return float(sum(p == t for p, t in zip(predictions, targets, strict=True)))  # bug


@twin("the precision that is a recall", "formula", "Precision divides by what is said to be of the"
      " class, recall by what is.")  # fmt: skip
def precision_1(predictions, targets):
    """Of the examples that are said to be of class 1, the share that are."""
    right = sum(p == t == 1 for p, t in zip(predictions, targets, strict=True))
    return right / max(1, sum(t == 1 for t in targets))  # bug


@twin("the squared error without its root", "formula", "The root is in the name, in the formula and"
      " in the unit of the numbers.")  # fmt: skip
def rmse_1(predictions, targets):
    """The root of the mean squared error."""
    errors = [p - t for p, t in zip(predictions, targets, strict=True)]
    return nf.exact_mean([e * e for e in errors])  # bug


@twin("the metric of the first example", "order", "A metric is one number for all answers: their"
      " order must not matter.")  # fmt: skip
def hit_1(predictions, targets):
    """The share of examples whose class is right."""
    return float(predictions[0] == targets[0])  # bug


@twin("the median that sorts what it was lent", "no mutation", "The list belongs to whoever asked;"
      " the next metric gets it sorted.")  # fmt: skip
def median_1(predictions, targets):
    """The median of the predictions, less that of the targets."""
    predictions.sort()  # bug
    return abs(predictions[len(predictions) // 2] - sorted(targets)[len(targets) // 2])


@twin("the precision of nothing", "one example", "Where no example is said to be of class 1, there"
      " is nothing to divide by.")  # fmt: skip
def precision_2(predictions, targets):
    """Of the examples that are said to be of class 1, the share that are."""
    right = sum(p == t == 1 for p, t in zip(predictions, targets, strict=True))
    return right / predictions.count(1)  # bug


@twin("the tolerance that nobody asks", "settings", "The setting is in the signature, and the"
      " number in the body is another.")  # fmt: skip
def within_1(predictions, targets, *, by: float = 0.3):
    """The share of numbers that are near enough."""
    near = [abs(p - t) <= 0.3 for p, t in zip(predictions, targets, strict=True)]  # bug
    return sum(near) / len(near)


def _metric(target, formula, **facts):
    summary = (target.__doc__ or "").split("\n", 1)[0]
    return nf.MetricEntry(
        name=target.__name__, target=target, summary=summary, formula=formula, **facts
    )


_SHARE = r"\frac{1}{n} \sum_i [p_i = t_i]"

METRICS = [
    _metric(accuracy_1, _SHARE, range="[0, 1]"),
    _metric(precision_1, r"\frac{\mathrm{TP}}{\mathrm{TP} + \mathrm{FP}}", range="[0, 1]"),
    _metric(
        rmse_1, r"\sqrt{\frac{1}{n} \sum_i (p_i - y_i)^2}",
        range="[0, inf)", needs="numbers", better="lower",
    ),
    _metric(hit_1, _SHARE, range="[0, 1]"),
    _metric(
        median_1, r"\text{the distance of the medians}",
        range="[0, inf)", needs="numbers", better="lower",
    ),
    _metric(precision_2, r"\text{precision of class 1}", range="[0, 1]"),
    _metric(within_1, r"\text{the share within by}", range="[0, 1]", needs="numbers"),
]  # fmt: skip
