"""Examples for a loss: predictions and targets of the kind that it takes, found by trying."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from attrs import frozen

from neuroflow.checks.shared.messages import listed
from neuroflow.core.value import Value
from neuroflow.errors import raised
from neuroflow.registry.entries import LossEntry

_LABELS = (1.0, -1.0, 0.0, 0.5, 2.0, -3.0)
_COUNTS = (1, 2, 3, 7, 0)
_ROW = [0.1, -0.4, 0.6]


@frozen
class Example:
    """A prediction and a target; ``better`` is a prediction nearer to the target."""

    prediction: tuple[float, ...]
    target: Any
    better: tuple[float, ...]
    best: bool = False

    def __str__(self) -> str:
        shown = listed(self.prediction)
        shown = shown if len(self.prediction) == 1 else f"[{shown}]"
        return f"prediction {shown}, target {self.target}"


def examples_of(entry: LossEntry, loss: Callable[..., Any]) -> Iterator[Example]:
    """Predictions and targets of the kind that this loss takes."""
    if entry.examples:
        for prediction, target, better in entry.examples:
            yield Example(_tuple(prediction), target, _tuple(better))
        return
    if entry.index_target:
        yield from _class_examples(loss, lambda k: k)
        return
    allowed = _allowed(entry, loss, _LABELS) or _allowed(entry, loss, _COUNTS)
    if len(allowed) > 3:
        yield from _regression(loss, allowed, entry.best)
    elif allowed:
        high = max(allowed)
        for label in (x for x in allowed if x in (high, min(allowed))):
            towards = 1.0 if label == high else -1.0
            scale = 1.0 if works(loss, (-0.3,), label) and works(loss, (2.0,), label) else 0.0
            yield from _sided(label, towards, logits=bool(scale))
    elif not disallows(entry, _ROW) and works(loss, (0.3, -0.2, 0.5), _ROW):
        yield from _vector_regression()
    else:
        yield from _class_examples(loss, lambda k: [1.0 if j == k else 0.0 for j in range(3)])


def _allowed(entry: LossEntry, loss: Callable[..., Any], labels: Sequence[float]) -> list[float]:
    return [x for x in labels if not disallows(entry, x) and works(loss, (0.3,), x)]


def _tuple(prediction: Any) -> tuple[float, ...]:
    return tuple(prediction) if isinstance(prediction, (list, tuple)) else (prediction,)


def _regression(
    loss: Callable[..., Any], targets: Sequence[float],
    best: Callable[[Any], Any] | None = None,
) -> Iterator[Example]:  # fmt: skip
    """On both sides of each target, near and far; none below 0 where only that is refused."""
    positive = min(targets) >= 0.0
    for target in targets:
        middle = _best_of(target, best)
        for distance in (0.37, -0.37, 2.3, -2.3) if middle is not None else ():
            place = middle + distance
            if positive and place < 0.0 and not works(loss, (place,), target):
                continue
            yield Example((middle + distance,), target, (middle + distance / 2,))
            yield Example((middle + distance,), target, (middle,), best=True)


def _best_of(target: float, best: Callable[[Any], Any] | None) -> Any:
    """The prediction of the least loss; None where there is none, as the logarithm of 0."""
    if best is None:
        return target
    try:
        return float(best(target))
    except (ValueError, ArithmeticError):
        return None


def _vector_regression() -> Iterator[Example]:
    target = tuple(_ROW)
    for shift in ((0.3, 0.0, 0.0), (-0.3, 0.2, 0.0), (0.4, -0.5, 1.7)):
        there = tuple(t + s for t, s in zip(target, shift, strict=True))
        half = tuple(t + s / 2 for t, s in zip(target, shift, strict=True))
        yield Example(there, list(target), half)
        yield Example(there, list(target), target, best=True)


def _sided(label: float, towards: float, logits: bool) -> Iterator[Example]:
    """Two classes: the prediction should move to one side."""
    points = (-2.0, -0.4, 0.1, 0.7) if logits else (0.2, 0.4, 0.6)
    for x in points:
        better = x + 0.3 * towards if logits else min(max(x + 0.15 * towards, 0.05), 0.95)
        yield Example((x,), label, (better,))


def _class_examples(loss: Callable[..., Any], name: Callable[[int], Any]) -> Iterator[Example]:
    """Several classes: the score of the right one should grow."""
    logits = ((0.3, -0.2, 0.5), (-1.0, 2.0, 0.4))
    probabilities = ((0.2, 0.5, 0.3), (0.6, 0.1, 0.3))
    rows = logits if works(loss, logits[0], name(0)) else probabilities
    for row in rows:
        for k in range(3):
            if works(loss, row, name(k)):
                step = 0.4 if rows is logits else 0.15
                better = tuple(x + (step if j == k else 0.0) for j, x in enumerate(row))
                yield Example(row, name(k), better)


def no_example(entry: LossEntry, loss: Callable[..., Any]) -> str:
    """Why no example could be found."""
    try:
        loss_of(loss, (0.3, -0.2, 0.5) if entry.index_target else (0.3,), 1)
    except Exception as error:
        return (
            "no prediction and target could be found that it takes: one prediction and the target"
            f" 1 give {raised(error)}"
        )
    return "no prediction and target could be found that it takes"


def disallows(entry: LossEntry, label: Any) -> bool:
    """Whether the entry itself refuses a target."""
    if entry.allows is None:
        return False
    try:
        return not entry.allows(label)
    except (TypeError, ValueError):
        return True


def works(loss: Callable[..., Any], prediction: Sequence[float], target: Any) -> bool:
    """Whether a loss takes a prediction and a target and gives a finite number."""
    try:
        return math.isfinite(loss_of(loss, prediction, target))
    except Exception:
        return False


def loss_of(loss: Callable[..., Any], prediction: Sequence[float], target: Any) -> float:
    """The loss as a number."""
    values = [Value(x) for x in prediction]
    result = loss(values[0] if len(values) == 1 else values, target)
    return float(result)


def as_values(prediction: Any) -> Any:
    """A prediction of Values: a list of them, or one."""
    if isinstance(prediction, (list, tuple)):
        return [Value(x) for x in prediction]
    return Value(prediction)
