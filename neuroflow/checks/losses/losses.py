"""Checks of losses: the minimum is at the target, the gradient leads there, labels are kept."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from neuroflow.checks.losses.curvature import check_second
from neuroflow.checks.losses.examples import Example, examples_of, loss_of, no_example, works
from neuroflow.checks.losses.formula import check_formula
from neuroflow.checks.losses.labels import check_labels
from neuroflow.checks.ops.running import run_all
from neuroflow.checks.ops.table import guarded
from neuroflow.checks.shared.messages import listed, short
from neuroflow.checks.shared.numeric import along, between_sides, slope
from neuroflow.checks.shared.report import Results
from neuroflow.core.derivatives import gradients
from neuroflow.core.value import Value
from neuroflow.registry.entries import LossEntry


def check_loss(entry: LossEntry, results: Results) -> None:
    """All checks of a loss."""
    loss = entry.load()
    with guarded(results, "declared"):
        _check_declared(entry, results)
    with guarded(results, "labels"):
        check_labels(entry, loss, results)
    examples = list(examples_of(entry, loss))
    if not examples:
        results.failed("finite", no_example(entry, loss))
        return
    told = len(results.report.findings)
    for checks in (_CHECKS, _FINER_CHECKS):
        if not run_all(checks, results, loss, examples) or len(results.report.findings) > told:
            return  # what is wrong already would be told once more
    with guarded(results, "formula"):
        check_formula(entry, examples, results)


def _check_declared(entry: LossEntry, results: Results) -> None:
    results.expect("declared", bool(entry.formula), "there is no formula; declare it in LaTeX")
    results.expect("declared", bool(entry.labels), "labels does not say which targets are allowed")


def _gradient(loss: Callable[..., Any], example: Example) -> list[float]:
    values = [Value(x) for x in example.prediction]
    result = loss(values[0] if len(values) == 1 else values, example.target)
    return [float(g) for g in gradients(result, values)]


def _check_finite(loss: Callable[..., Any], examples: list[Example], results: Results) -> None:
    for example in examples:
        value = loss_of(loss, example.prediction, example.target)
        results.expect("finite", math.isfinite(value), f"{example}: the loss is {value}")


def _check_gradient(loss: Callable[..., Any], examples: list[Example], results: Results) -> None:
    """The gradient with respect to the prediction against numeric slopes."""
    for example in examples:
        said = _gradient(loss, example)
        for k, x in enumerate(example.prediction):
            f = along(lambda *p, t=example.target: loss_of(loss, p, t), example.prediction, k)
            numeric = slope(f, x)
            if numeric is None:
                continue
            holds = numeric.agrees(said[k], 1e-5) or between_sides(f, x, said[k])
            results.expect(
                "partials",
                holds,
                f"{example}: the gradient says {short(said[k])}, numeric"
                f" {short(round(numeric.value, 7))}; is a number taken out of the graph with .data,"
                " or a factor missing?",
            )
            if not holds:
                return


def _check_minimum(loss: Callable[..., Any], examples: list[Example], results: Results) -> None:
    """A prediction nearer to the target has a smaller loss, and the gradient points there."""
    for example in examples:
        far = loss_of(loss, example.prediction, example.target)
        near = loss_of(loss, example.better, example.target)
        place = "the target itself" if example.best else f"the better {listed(example.better)}"
        results.expect(
            "minimum",
            near <= far + 1e-12,
            f"{example}: the loss is {short(far)}, and {short(near)} for {place};"
            " the minimum has to be at the target: is a sign turned? Where it lies elsewhere, say"
            " so: best=...",
        )
        if near > far + 1e-12:
            return
        direction = [b - p for b, p in zip(example.better, example.prediction, strict=True)]
        uphill = math.fsum(g * d for g, d in zip(_gradient(loss, example), direction, strict=True))
        results.expect(
            "gradient direction",
            uphill <= 1e-9,
            f"{example}: the loss rises along the way to {place} (slope {short(uphill)}),"
            " so training would move away from the target",
        )


def _check_least(loss: Callable[..., Any], examples: list[Example], results: Results) -> None:
    """Nowhere close to the target is the loss smaller than there."""
    for example in (e for e in examples if e.best):
        least = loss_of(loss, example.better, example.target)
        for step in (-0.1, -0.01, 0.01, 0.1):
            for k in range(len(example.better)):
                beside = tuple(x + step * (j == k) for j, x in enumerate(example.better))
                if not works(loss, beside, example.target):
                    continue
                there = loss_of(loss, beside, example.target)
                results.expect("minimum", there >= least - 1e-12, (
                    f"for the target {example.target} the loss is {short(least)} at the best"
                    f" prediction, and smaller, {short(there)}, at {listed(beside)}: is something"
                    " added to the target, or is it multiplied? Where the minimum lies elsewhere,"
                    " say so: best=..."
                ))  # fmt: skip
                if there < least - 1e-12:
                    return


def _check_vanishing(loss: Callable[..., Any], examples: list[Example], results: Results) -> None:
    """Where a better prediction has a smaller loss, the gradient says so; no target is deaf."""
    slopes = [_gradient(loss, example) for example in examples]
    for target in {str(example.target): example.target for example in examples}.values():
        own = [g for e, g in zip(examples, slopes, strict=True) if e.target == target]
        flat = len(own) > 1 and not any(map(any, own))
        results.expect("vanishing gradient", not flat, (
            f"for the target {target} the gradient is 0 at all {len(own)} predictions that were"
            " tried: nothing is learned from it; is the label one that the loss is made for?"
        ))  # fmt: skip
        if flat:
            return
    for example, g in zip(examples, slopes, strict=True):
        far = loss_of(loss, example.prediction, example.target)
        lost = example.best and not any(g)
        lost = lost and loss_of(loss, example.better, example.target) < far - 1e-9
        results.expect("vanishing gradient", not lost, (
            f"{example}: the gradient is 0, and the loss {short(far)} is not the least: whatever is"
            " so far from its target stays there"
        ))  # fmt: skip
        if lost:
            return


def _check_same_again(loss: Callable[..., Any], examples: list[Example], results: Results) -> None:
    first = [loss_of(loss, e.prediction, e.target) for e in examples]
    again = [loss_of(loss, e.prediction, e.target) for e in reversed(examples)][::-1]
    results.expect("determinism", first == again, "the same examples gave another loss later")
    values = [Value(x) for x in examples[0].prediction]
    for value in values:
        value.grad = 7.0
    loss(values[0] if len(values) == 1 else values, examples[0].target)
    kept = [v.grad for v in values] == [7.0] * len(values)
    results.expect("no mutation", kept, "the gradient of the prediction changed in forward")


def _explodes(loss: Callable[..., Any], example: Example, k: int, size: float) -> bool:
    """Whether the loss itself is so large, as e^x is: there is no number for it at a thousand."""
    place = tuple(0.3 * size if j == k else x for j, x in enumerate(example.prediction))
    return works(loss, place, example.target) and loss_of(loss, place, example.target) > 1e100


def _check_extremes(loss: Callable[..., Any], examples: list[Example], results: Results) -> None:
    """Scores of a thousand are large, not infinite; probabilities cannot be that large."""
    example = examples[0]
    if not works(loss, tuple(5.0 * x + 3.0 for x in example.prediction), example.target):
        results.skipped("extremes", "predictions are probabilities")
        return
    for size in (1e3, -1e3):
        for k in range(len(example.prediction)):
            near = [
                math.copysign(1.5, size) if j == k else x for j, x in enumerate(example.prediction)
            ]
            if not works(loss, near, example.target):
                continue  # it is made for one side alone, as logarithms are
            far = [size if j == k else x for j, x in enumerate(example.prediction)]
            try:
                value = loss_of(loss, far, example.target)
                slopes = _gradient(loss, Example(tuple(far), example.target, ()))
                finite = all(map(math.isfinite, [value, *slopes]))
                problem = "" if finite else f"the loss is {value}"
            except (ArithmeticError, ValueError) as error:
                problem = "" if _explodes(loss, example, k, size) else str(error)
            results.expect(
                "extremes",
                not problem,
                f"prediction {listed(far)}, target {example.target}: {problem[:160]}; rewrite it"
                " so that no intermediate number overflows, for example with log1p or a shift by"
                " the maximum",
            )
            if problem:
                return


_CHECKS: dict[str, Callable[..., None]] = {
    "finite": _check_finite, "partials": _check_gradient, "minimum": _check_minimum,
    "determinism": _check_same_again, "extremes": _check_extremes,
}  # fmt: skip
_FINER_CHECKS: dict[str, Callable[..., None]] = {
    "second derivatives": check_second, "minimum": _check_least,
    "vanishing gradient": _check_vanishing,
}  # fmt: skip
