"""What to do where an op has no finite value: advice that fits its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import Any

GROWN = 1e100
"""Numbers beyond this are those of a run that diverges; the op at hand is not to blame."""

SMALLER = "lower the learning rate, set clip_norm, or scale the data"
OTHER_DIVISOR = "add a small number, such as 1e-8, or choose another with where"
POSITIVE = (
    "make it positive, for example with exp or softplus, or cut it off with maximum(x, 1e-12)"
)


def advice(op: Any, numbers: Sequence[float], problem: str = "") -> str:
    """How to avoid that an op has no finite value, or derivative, at some numbers.

    >>> from neuroflow.core.value import div, mul
    >>> advice(div, [1.0, 0.0])
    'its divisor is 0: add a small number, such as 1e-8, or choose another with where'
    >>> advice(mul, [1e198, 1e198])
    'its inputs have grown to 1e+198: lower the learning rate, set clip_norm, or scale the data'
    """
    largest = max(map(abs, numbers))
    if not isfinite(largest):
        return "look where the first of its inputs that is not finite comes from"
    if largest > GROWN:
        return f"its inputs have grown to {largest:.3g}: {SMALLER}"
    if op.step == "div":
        return f"its divisor is {numbers[-1]:.3g}: {OTHER_DIVISOR}"
    if op.step in ("exp", "expm1"):
        return f"its input is {largest:.3g}: subtract the largest number first, as softmax does"
    outside = [x for x, domain in zip(numbers, op.domain, strict=False) if x not in domain]
    if not outside and "derivative" not in problem:
        return "make its inputs smaller, or compute with their logarithms"
    if outside and outside[0] < 0.0:
        return f"its input is {outside[0]:.3g}: {POSITIVE}"
    return "keep its inputs there, for example with maximum(x, 1e-12) or a smaller step"
