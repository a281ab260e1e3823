"""Checks of losses: the minimum is at the target, the gradient leads there, labels are kept."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from attrs import frozen

from neuroflow.base.errors import DomainError, InputError
from neuroflow.core.gradient import gradients
from neuroflow.core.value import Value
from neuroflow.inspect.checks.messages import listed, short
from neuroflow.inspect.checks.numeric import along, between_sides, slope
from neuroflow.inspect.checks.ops import guarded
from neuroflow.inspect.checks.report import Section
from neuroflow.registry import LossEntry

_LABELS = (1.0, -1.0, 0.0, 0.5, 2.0, -3.0)
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


def check_loss(entry: LossEntry, section: Section) -> None:
    """All checks of a loss."""
    loss = entry.load()
    with guarded(section, "declared"):
        _check_declared(entry, section)
    with guarded(section, "labels"):
        _check_labels(entry, loss, section)
    examples = list(_examples(entry, loss))
    if not examples:
        section.failed("finite", _no_example(entry, loss))
        return
    checks: dict[str, Callable[..., None]] = {
        "finite": _check_finite,
        "partials": _check_gradient,
        "minimum": _check_minimum,
        "determinism": _check_same_again,
        "extremes": _check_extremes,
    }
    for name, check in checks.items():
        with guarded(section, name):
            check(loss, examples, section)


def _check_declared(entry: LossEntry, section: Section) -> None:
    section.expect("declared", bool(entry.summary), "there is no summary; say what it punishes")
    section.expect("declared", bool(entry.formula), "there is no formula; declare it in LaTeX")
    section.expect("declared", bool(entry.labels), "labels does not say which targets are allowed")


def _check_labels(entry: LossEntry, loss: Callable[..., Any], section: Section) -> None:
    """What ``labels`` says in words, ``allows`` holds in fact."""
    if entry.index_target:
        for label in (-1, 3, 1.5):
            section.expect(
                "labels",
                _disallows(entry, label) or _refuses(loss, [0.1, 0.2, 0.3], label),
                f"the target {label} is accepted as the number of one of 3 classes; refuse it",
            )
        return
    numbers = [float(x) for x in re.findall(r"(?<![\w.])[-+]?\d+(?:\.\d+)?", entry.labels)]
    limited = bool(numbers) and "any real number" not in entry.labels
    if not limited:
        section.passed("labels")
        return
    if entry.allows is None:
        section.failed(
            "labels",
            f"labels says {entry.labels!r}, but nothing holds it: give allows=..., a function that"
            " says whether one target is allowed",
        )
        return
    for label in numbers:
        section.expect(
            "labels",
            not _disallows(entry, label),
            f"labels says {entry.labels!r}, but allows({label!r}) is false",
        )
    for label in (-7.0, 7.0):
        section.expect(
            "labels",
            _disallows(entry, label) or _refuses(loss, 0.3, label),
            f"labels says {entry.labels!r}, but the target {label!r} is accepted without a word",
        )
    if len(numbers) == 2 and re.search(r"\b(or|and)\b", entry.labels):
        between = sum(numbers) / 2
        section.expect(
            "labels",
            _disallows(entry, between) or _refuses(loss, 0.3, between),
            f"labels says {entry.labels!r}, but the target {between!r} is accepted without a word;"
            " a network trained on such labels learns something else",
        )


def _disallows(entry: LossEntry, label: Any) -> bool:
    if entry.allows is None:
        return False
    try:
        return not entry.allows(label)
    except (TypeError, ValueError):
        return True


def _refuses(loss: Callable[..., Any], prediction: Any, label: Any) -> bool:
    try:
        loss(_values(prediction), label)
    except (InputError, DomainError, IndexError):
        return True
    return False


def _values(prediction: Any) -> Any:
    if isinstance(prediction, (list, tuple)):
        return [Value(x) for x in prediction]
    return Value(prediction)


# --- examples -------------------------------------------------------------------------------


def _examples(entry: LossEntry, loss: Callable[..., Any]) -> Iterator[Example]:
    """Predictions and targets of the kind that this loss takes."""
    if entry.examples:
        for prediction, target, better in entry.examples:
            yield Example(_tuple(prediction), target, _tuple(better))
        return
    if entry.index_target:
        yield from _class_examples(loss, lambda k: k)
        return
    allowed = [x for x in _LABELS if not _disallows(entry, x) and _works(loss, (0.3,), x)]
    if len(allowed) > 3:
        yield from _regression(allowed)
    elif allowed:
        high = max(allowed)
        for label in (x for x in allowed if x in (high, min(allowed))):
            towards = 1.0 if label == high else -1.0
            scale = 1.0 if _works(loss, (-0.3,), label) and _works(loss, (2.0,), label) else 0.0
            yield from _sided(label, towards, logits=bool(scale))
    elif not _disallows(entry, _ROW) and _works(loss, (0.3, -0.2, 0.5), _ROW):
        yield from _vector_regression()
    else:
        yield from _class_examples(loss, lambda k: [1.0 if j == k else 0.0 for j in range(3)])


def _tuple(prediction: Any) -> tuple[float, ...]:
    return tuple(prediction) if isinstance(prediction, (list, tuple)) else (prediction,)


def _works(loss: Callable[..., Any], prediction: Sequence[float], target: Any) -> bool:
    try:
        return math.isfinite(_loss(loss, prediction, target))
    except Exception:
        return False


def _regression(targets: Sequence[float]) -> Iterator[Example]:
    for target in targets:
        for distance in (0.37, -0.37, 2.3, -2.3):
            yield Example((target + distance,), target, (target + distance / 2,))
            yield Example((target + distance,), target, (target,), best=True)


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
    rows = logits if _works(loss, logits[0], name(0)) else probabilities
    for row in rows:
        for k in range(3):
            if _works(loss, row, name(k)):
                step = 0.4 if rows is logits else 0.15
                better = tuple(x + (step if j == k else 0.0) for j, x in enumerate(row))
                yield Example(row, name(k), better)


def _no_example(entry: LossEntry, loss: Callable[..., Any]) -> str:
    try:
        _loss(loss, (0.3, -0.2, 0.5) if entry.index_target else (0.3,), 1)
    except Exception as error:
        return (
            "no prediction and target could be found that it takes: one prediction and the target"
            f" 1 give {type(error).__name__}: {error}"
        )
    return "no prediction and target could be found that it takes"


# --- checks ---------------------------------------------------------------------------------


def _loss(loss: Callable[..., Any], prediction: Sequence[float], target: Any) -> float:
    values = [Value(x) for x in prediction]
    result = loss(values[0] if len(values) == 1 else values, target)
    return float(result)


def _gradient(loss: Callable[..., Any], example: Example) -> list[float]:
    values = [Value(x) for x in example.prediction]
    result = loss(values[0] if len(values) == 1 else values, example.target)
    return [float(g) for g in gradients(result, values)]


def _check_finite(loss: Callable[..., Any], examples: list[Example], section: Section) -> None:
    for example in examples:
        value = _loss(loss, example.prediction, example.target)
        section.expect("finite", math.isfinite(value), f"{example}: the loss is {value}")


def _check_gradient(loss: Callable[..., Any], examples: list[Example], section: Section) -> None:
    """The gradient with respect to the prediction against numeric slopes."""
    for example in examples:
        said = _gradient(loss, example)
        for k, x in enumerate(example.prediction):
            f = along(lambda *p, t=example.target: _loss(loss, p, t), example.prediction, k)
            numeric = slope(f, x)
            if numeric is None:
                continue
            holds = numeric.agrees(said[k], 1e-5) or between_sides(f, x, said[k])
            section.expect(
                "partials",
                holds,
                f"{example}: the gradient says {short(said[k])}, numeric"
                f" {short(round(numeric.value, 7))}; is a number taken out of the graph with .data,"
                " or a factor missing?",
            )
            if not holds:
                return


def _check_minimum(loss: Callable[..., Any], examples: list[Example], section: Section) -> None:
    """A prediction nearer to the target has a smaller loss, and the gradient points there."""
    for example in examples:
        far = _loss(loss, example.prediction, example.target)
        near = _loss(loss, example.better, example.target)
        place = "the target itself" if example.best else f"the better {listed(example.better)}"
        section.expect(
            "minimum",
            near <= far + 1e-12,
            f"{example}: the loss is {short(far)}, and {short(near)} for {place};"
            " the minimum has to be at the target: is a sign turned?",
        )
        if near > far + 1e-12:
            return
        direction = [b - p for b, p in zip(example.better, example.prediction, strict=True)]
        uphill = math.fsum(g * d for g, d in zip(_gradient(loss, example), direction, strict=True))
        section.expect(
            "gradient direction",
            uphill <= 1e-9,
            f"{example}: the loss rises along the way to {place} (slope {short(uphill)}),"
            " so training would move away from the target",
        )


def _check_same_again(loss: Callable[..., Any], examples: list[Example], section: Section) -> None:
    first = [_loss(loss, e.prediction, e.target) for e in examples]
    again = [_loss(loss, e.prediction, e.target) for e in reversed(examples)][::-1]
    section.expect("determinism", first == again, "the same examples gave another loss later")
    values = [Value(x) for x in examples[0].prediction]
    for value in values:
        value.grad = 7.0
    loss(values[0] if len(values) == 1 else values, examples[0].target)
    kept = [v.grad for v in values] == [7.0] * len(values)
    section.expect("no mutation", kept, "the gradient of the prediction changed in forward")


def _check_extremes(loss: Callable[..., Any], examples: list[Example], section: Section) -> None:
    """Scores of a thousand are large, not infinite; probabilities cannot be that large."""
    example = examples[0]
    if not _works(loss, tuple(5.0 * x + 3.0 for x in example.prediction), example.target):
        section.skipped("extremes", "predictions are probabilities")
        return
    for size in (1e3, -1e3):
        for k in range(len(example.prediction)):
            far = [size if j == k else x for j, x in enumerate(example.prediction)]
            try:
                value = _loss(loss, far, example.target)
                slopes = _gradient(loss, Example(tuple(far), example.target, ()))
                finite = all(map(math.isfinite, [value, *slopes]))
                problem = "" if finite else f"the loss is {value}"
            except (ArithmeticError, ValueError) as error:
                problem = str(error)
            section.expect(
                "extremes",
                not problem,
                f"prediction {listed(far)}, target {example.target}: {problem[:160]}; rewrite it"
                " so that no intermediate number overflows, for example with log1p or a shift by"
                " the maximum",
            )
            if problem:
                return
