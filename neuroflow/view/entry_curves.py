"""The curves of an entry: a function of one number and its derivative, to be drawn anywhere."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from attrs import frozen

from neuroflow.core.derivatives import gradients
from neuroflow.core.value import Op, Value
from neuroflow.registry.entries import Entry

WIDEST = 4.0
"""A function is drawn from -4 to 4, as far as its domain reaches."""


@frozen
class Curves:
    """A function, its derivative, the range over which both are drawn, and what they are called."""

    f: Callable[[float], float]
    slope: Callable[[float], float]
    low: float
    high: float
    names: tuple[str, str]
    over: str = "x"
    kinks: tuple[float, ...] = ()


def curves_of(entry: Entry) -> Curves | None:
    """The curves of an op of one number, or of a loss over the prediction; None for all else.

    >>> from neuroflow import get
    >>> curves = curves_of(get("op", "log"))
    >>> curves.f(1.0), curves.slope(2.0), curves.low
    (0.0, 0.5, 0.0)
    """
    target = entry.load()
    if isinstance(target, Op):
        return _of_op(entry.name, target) if target.arity == 1 else None
    return _of_loss(target) if entry.kind == "loss" else None


def _of_op(name: str, op: Op) -> Curves:
    domain = op.domain[0]
    low = max(-WIDEST, min(i.low for i in domain.intervals))
    high = min(WIDEST, max(i.high for i in domain.intervals))
    kinks = tuple(k for k in op.kinks if isinstance(k, float))

    def f(x: float) -> float:
        return float(op.forward(x)) if x in domain else math.nan

    def slope(x: float) -> float:
        return float(op.partials_at(op.forward(x), x)[0]) if x in domain else math.nan

    return Curves(f, slope, low, high, (f"{name}(x)", "its derivative"), kinks=kinks)


def _of_loss(loss: Callable[..., Any]) -> Curves | None:
    """A loss for the target 1; None for one of lists of numbers."""

    def f(p: float) -> float:
        return _guarded(lambda: float(loss(Value(p), 1)))

    def slope(p: float) -> float:
        prediction = Value(p)
        return _guarded(lambda: float(gradients(loss(prediction, 1), [prediction])[0]))

    if not math.isfinite(f(0.5)):
        return None
    return Curves(f, slope, -3.0, WIDEST, ("loss for the target 1", "its derivative"), "prediction")


def _guarded(compute: Callable[[], float]) -> float:
    """nan where a loss has no value, or takes lists and not numbers."""
    try:
        return compute()
    except Exception:
        return math.nan
