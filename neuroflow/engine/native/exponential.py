"""Elementary functions of vectors that are faster than the C library's, number by number."""

# mypy: ignore-errors
# ruff: noqa: F821
# types, W and other limits are names of the machine's language, not of Python

from __future__ import annotations

from neuroflow.engine.native.language import exact
from neuroflow.engine.native.vectors import power_of_two, rounded, where


@exact
def exponential(x: Vector) -> Vector:
    """e^x = 2^k e^r with |r| <= ln 2 / 2: e^r by its series, 2^k by its exponent's bits.

    2^k is applied by halves: where e^x has fewer digits, or none, or is infinite, the second
    half rounds it as it must be.
    """
    y = where(x < LOWEST, LOWEST, where(x > HIGHEST, HIGHEST, x))
    k = rounded(y * 1.4426950408889634)
    r = (y - k * LN2) - k * LN2_REST
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
    half = rounded(k * 0.5)
    y = (1.0 + (r + (r * r) * s)) * power_of_two(half) * power_of_two(k - half)
    return where(x != x, x, y)
