"""What processors give where Python raises: infinity and nan, as IEEE 754 defines them."""

from __future__ import annotations

from collections.abc import Sequence
from math import copysign, inf, isnan, nan

from neuroflow.core.rules import Rule

POLES = {"log": 0.0, "log2": 0.0, "log10": 0.0, "log1p": -1.0}
"""Where a step goes to minus infinity."""


def unraised(step: str, rule: Rule, numbers: Sequence[float]) -> float:
    """What a rule of floats gives that computes a ``step``; where it raises, what IEEE 754 gives.

    >>> from math import exp, sqrt
    >>> unraised("exp", exp, [1000.0]), unraised("sqrt", sqrt, [-1.0])
    (inf, nan)
    """
    try:
        return float(rule(*numbers))
    except (ArithmeticError, ValueError) as error:
        x, y = numbers[0], numbers[-1]
        if step == "div":
            return nan if x == 0.0 or isnan(x) else copysign(inf, x) * copysign(1.0, y)
        if step == "pow":
            return _power(x, y)
        overflow = isinstance(error, OverflowError)
        return -inf if x == POLES.get(step) else inf if overflow else nan


def _power(x: float, y: float) -> float:
    """x to the power of y where Python refuses: a pole, an overflow, a root of what is negative."""
    if x < 0.0 and y % 1.0 != 0.0:
        return nan
    return copysign(inf, x) if y % 2.0 == 1.0 else inf
