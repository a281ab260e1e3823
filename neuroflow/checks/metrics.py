"""Checks of metrics: in their range, whatever the order, and best where every answer is right."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from neuroflow.checks.ops import guarded
from neuroflow.checks.report import Results
from neuroflow.core.settings import Setting
from neuroflow.registry.entries import MetricEntry

ROUNDING = 1e-12
"""Values that differ by less, beside their size, differ by rounding alone."""

EXAMPLES: dict[str, tuple[list[Any], list[Any], list[Any]]] = {
    "classes": ([0, 1, 1, 0, 1], [0, 1, 0, 1, 1], [1, 0, 0, 1, 0]),
    "probabilities": (
        [[1.0, 0.0], [0.0, 1.0], [0.0, 1.0], [1.0, 0.0], [0.0, 1.0]],
        [[0.75, 0.25], [0.5, 0.5], [0.5, 0.5], [0.625, 0.375], [0.25, 0.75]],
        [[0.0, 1.0], [1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 0.0]],
    ),
    "numbers": (
        [0.5, -1.0, 2.0, 0.25, 3.0],
        [0.75, -1.25, 1.5, 0.5, 2.0],
        [9.0, 9.5, -7.0, 8.0, -6.0],
    ),
    "tokens": (
        [[0, 1], [2, 0], [1, 1], [2], [0, 2]],
        [[0, 1], [2, 1], [1, 1], [0], [2, 2]],
        [[1, 0], [0, 1], [0, 0], [0], [1, 1]],
    ),
    "losses": ([0.0, 0.0, 0.0, 0.0, 0.0], [0.5, 1.0, 0.25, 2.0, 0.0], [3.0, 4.0, 3.0, 5.0, 4.0]),
}
"""By what a metric needs: right predictions, some that are partly right, and wrong ones."""
EXAMPLES["scores"] = EXAMPLES["probabilities"]
ORDER = (3, 0, 4, 2, 1)


def check_metric(entry: MetricEntry, results: Results) -> None:
    """All checks of a metric."""
    metric = entry.load()
    with guarded(results, "declared"):
        results.expect("declared", bool(entry.summary), "there is no summary; say what it is")
        results.expect("declared", bool(entry.formula), "there is no formula; declare it in LaTeX")
        results.expect("declared", bool(entry.range), "there is no range; such as '[0, 1]'")
    for name, check in {"range": _in_range, "order": _any_order, "better": _best_if_right}.items():
        with guarded(results, name):
            check(entry, metric, results)


def _targets(entry: MetricEntry) -> list[Any]:
    if entry.needs == "losses":
        return EXAMPLES["tokens"][0]
    return EXAMPLES[entry.needs if entry.needs in ("numbers", "tokens") else "classes"][0]


def _values(entry: MetricEntry, metric: Callable[..., Any]) -> list[float]:
    return [float(metric(said, _targets(entry))) for said in EXAMPLES[entry.needs]]


def _in_range(entry: MetricEntry, metric: Callable[..., Any], results: Results) -> None:
    span = Setting(within=entry.range)
    for value in _values(entry, metric):
        inside = span.low <= value <= span.high
        results.expect("range", inside, f"a value is {value}, its range {entry.range or 'unsaid'}")


def _any_order(entry: MetricEntry, metric: Callable[..., Any], results: Results) -> None:
    """The order in which the examples come does not matter."""
    targets = _targets(entry)
    for said, value in zip(EXAMPLES[entry.needs], _values(entry, metric), strict=True):
        other = float(metric([said[k] for k in ORDER], [targets[k] for k in ORDER]))
        same = math.isclose(value, other, rel_tol=ROUNDING, abs_tol=ROUNDING)
        results.expect("order", same, f"examples in another order give {other}, not {value}")


def _best_if_right(entry: MetricEntry, metric: Callable[..., Any], results: Results) -> None:
    right, some, wrong = _values(entry, metric)
    ordered = right >= some >= wrong if entry.better == "higher" else right <= some <= wrong
    told = f"right, partly right and wrong answers give {right}, {some} and {wrong}"
    results.expect("better", ordered and right != wrong, f"{told}, but better is {entry.better!r}")
