"""Elementary functions of vectors that are faster than the C library's, number by number."""

# mypy: ignore-errors
# ruff: noqa: F821
# types, W and other limits are names of the machine's language, not of Python

from __future__ import annotations

import math

from neuroflow.engine.native.language import exact
from neuroflow.engine.native.vectors import power_of_two, rounded, where

INFINITY = math.inf


@exact
def exp(x: Vector) -> Vector:
    """e^x = 2^k e^r with |r| <= ln 2 / 2: e^r by its series, 2^k by its exponent's bits."""
    k = rounded(x * 1.4426950408889634)
    k = where(k < LOWEST, LOWEST, where(k > HIGHEST, HIGHEST, k))
    r = (x - k * LN2) - k * LN2_REST
    s = r * 1.6059043836821613e-10 + 2.08767569878681e-09
    s = s * r + 2.505210838544172e-08
    s = s * r + 2.755731922398589e-07
    s = s * r + 2.7557319223985893e-06
    s = s * r + 2.48015873015873e-05
    s = s * r + 0.0001984126984126984
    s = s * r + 0.001388888888888889
    s = s * r + 0.008333333333333333
    s = s * r + 0.041666666666666664
    s = s * r + 0.16666666666666666
    s = s * r + 0.5
    y = (1.0 + (r + (r * r) * s)) * power_of_two(k)
    y = where(x < SMALLEST, 0.0, y)
    return where(x > LARGEST, INFINITY, where(x != x, x, y))
