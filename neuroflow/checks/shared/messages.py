"""Numbers as people write them, for messages that teach."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from neuroflow.errors import told_of


def short(x: float) -> str:
    """A number as a person would write it.

    >>> short(12.0), short(0.30000000000000004)
    ('12.0', '0.3')
    """
    text = repr(round(x, 10)) if abs(x) > 1e-6 else repr(x)
    return text if len(text) <= 12 else f"{x:.8g}"


def close(a: Any, b: Any, relative: float, absolute: float = 0.0) -> bool:
    a, b = float(a), float(b)
    if math.isnan(a) or math.isnan(b):
        return math.isnan(a) and math.isnan(b)
    return bool(a == b or abs(a - b) <= relative * max(abs(a), abs(b)) + absolute)


def fraction(ratio: float) -> str:
    """``2/3`` for 0.6666666667, and a decimal number where no small fraction is meant."""
    fraction = Fraction(ratio).limit_denominator(12) if math.isfinite(ratio) else None
    if fraction is not None and fraction and close(ratio, float(fraction), 1e-5):
        return str(fraction)
    return f"{ratio:.6g}"


def tidy(x: float) -> float:
    """A numeric slope without its noise: 12.0 for 11.999999999997."""
    return round(x, 7) + 0.0


def listed(xs: Sequence[Any]) -> str:
    return ", ".join(short(x) if isinstance(x, float) else str(x) for x in xs)


def first_line(error: BaseException) -> str:
    lines = told_of(error).splitlines() or [type(error).__name__]
    return lines[0][:100]
