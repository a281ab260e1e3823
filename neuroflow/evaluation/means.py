"""The mean of many numbers, rounded once, at a scale at which no sum overflows."""

from __future__ import annotations

import math
from collections.abc import Sequence

from neuroflow.errors import InputError


def exact_mean(numbers: Sequence[float], weights: Sequence[float] | None = None) -> float:
    """The mean, with each number as often as its weight; for authors of metrics.

    Sums are exact until they are rounded, so the order of the numbers does not matter, and
    numbers near the largest float do not overflow. A nan among them gives nan. Raises
    :class:`InputError` for no numbers.

    >>> exact_mean([0.1] * 10), exact_mean([1e308, 1e308]), exact_mean([1.0, 4.0], [2, 1])
    (0.1, 1e+308, 2.0)
    """
    if not numbers:
        raise InputError("no numbers have a mean", expected="at least one", got=numbers)
    weights = weights or [1] * len(numbers)
    k = exponent(numbers)
    scaled = _sum([math.ldexp(x, -k) * n for x, n in zip(numbers, weights, strict=True)])
    return math.ldexp(scaled / math.fsum(weights), k)


def exponent(numbers: Sequence[float]) -> int:
    """The k for which all numbers that are finite are at most 2^k.

    >>> exponent([3.0, -5.0, math.inf])
    3
    """
    return math.frexp(max((abs(x) for x in numbers if math.isfinite(x)), default=0.0))[1]


def _sum(numbers: Sequence[float]) -> float:
    """The exact sum; math.fsum raises for infinities of both signs, which have none."""
    return math.nan if {math.inf, -math.inf} <= {*numbers} else math.fsum(numbers)
