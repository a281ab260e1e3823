"""The mean of many numbers, rounded once, at a scale at which no sum overflows; moving means."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from neuroflow.errors import InputError, require, short_repr
from neuroflow.pythonic import pythonic, whole_number


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


def moving_average(numbers: Sequence[float], window: int = 10) -> list[float]:
    """For each number the mean of the last ``window`` up to it: a curve of losses, smoothed.

    At the beginning there are fewer, and the mean is of those. The last one says how a run stands
    now. Raises :class:`InputError` for a window that is no whole number from 1 on.

    >>> moving_average([4.0, 2.0, 0.0, 1.0], window=2)
    [4.0, 3.0, 1.0, 0.5]
    """
    window = whole_number(window, "the window of a moving average", 1)
    numbers = pythonic(numbers)
    require(numbers, (list, tuple), "what is averaged", "a list of numbers, such as losses")
    floats = [_float(x, k) for k, x in enumerate(numbers)]
    return [exact_mean(floats[max(0, k + 1 - window) : k + 1]) for k in range(len(floats))]


def _float(number: Any, k: int) -> float:
    """A number, or what holds one such as a Value, as a float."""
    try:
        return float(number + 0.0)  # a text would be read as a number by float alone
    except TypeError as error:
        what = f"number {k} of a moving average is {short_repr(number)}"
        raise InputError(what, expected="a number", got=number) from error


def exponent(numbers: Sequence[float]) -> int:
    """The k for which all numbers that are finite are at most 2^k.

    >>> exponent([3.0, -5.0, math.inf])
    3
    """
    return math.frexp(max((abs(x) for x in numbers if math.isfinite(x)), default=0.0))[1]


def _sum(numbers: Sequence[float]) -> float:
    """The exact sum; math.fsum raises for infinities of both signs, which have none."""
    return math.nan if {math.inf, -math.inf} <= {*numbers} else math.fsum(numbers)
