"""The normal curve and the areas under it, right to the last digits far into the tails.

Packages of ordinary numbers do not have all of these, so they are spelled out in arithmetic. Two
ideas do it: the square in e^(-x^2) is taken without rounding, and the area of a tail is written
as that curve times a function that hardly changes.

Source: Abramowitz and Stegun, "Handbook of Mathematical Functions" (1964), 7.1 and 26.2.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import wraps
from typing import Annotated

from neuroflow.core.functions import Partials, abs, elementary, exp, where
from neuroflow.core.inputs import Number
from neuroflow.core.kinds import PLAIN, kind_of, library
from neuroflow.core.rules import Rule
from neuroflow.core.settings import Setting
from neuroflow.core.value import Op, core_op

FARTHEST = 746.0
"""Beyond it, e^-x is zero in float64 too."""


def spelled_out(formula: str, exactly: Rule) -> Callable[[Rule], Op]:
    """Decorator: an op whose body is for numbers of so many digits.

    ``exactly`` says the same for symbols and long numbers, in the functions of their package.
    """

    def define(body: Rule) -> Op:
        @wraps(body)
        def rule(*numbers: Number, **settings: float) -> Number:
            for x in numbers:
                if type(x) not in PLAIN and (kind := kind_of(numbers)) in ("sympy", "mpmath"):
                    return exactly(library(kind), *numbers, **settings)
            return body(*numbers, **settings)

        return core_op(formula=formula)(rule)

    return define


@spelled_out("e^{-r x^2}", exactly=lambda exact, x, rate: exact.exp(-rate * x * x))
def gaussian(
    x: Number,
    *,
    rate: Annotated[float, Setting("r: all digits count if it is a power of 2", "(0, inf)")] = 1.0,
) -> Number:
    """The bell curve e^(-r x^2), right to the last digits far into its tails.

    A rounded x^2 would spoil as many digits as it has before the point. So x is taken apart into
    ``near``, of at most 26 bits, whose square is exact, and a tiny rest.

    >>> gaussian(0.0), gaussian(-26.0, rate=0.5)
    (1.0, 1.616088413820251e-147)
    """
    reach = 2.0 ** math.ceil(0.5 * math.log2(FARTHEST / rate))
    size = where(abs(x) > reach, reach, abs(x))
    near = (size + _COARSE * reach) - _COARSE * reach
    rest = rate * (size - near) * (size + near)
    curve = exp(-rate * (near * near))
    return curve - curve * (rest * (1.0 - rest * (0.5 - rest * (1.0 / 6.0))))


_COARSE = 1.5 * 2.0**26
"""So many times the largest number, added and taken away, leaves a number 26 bits."""


@gaussian.partials
def _(out: Number, x: Number, *, rate: float) -> Partials:
    root = gaussian(x, rate=0.5 * rate)  # out is its square, and may be too small to have digits
    return ((-2.0 * rate * root) * x * root,)


_SERIES = (
    1.5166423934227031e-09, 3.9845050491532807e-10, -1.5861013152445403e-08,
    -1.0434696798178227e-08, 9.000957702559024e-08, 1.1283751162263013e-07,
    -3.899406141962069e-07, -8.420855919977343e-07, 1.5499257787327596e-06,
    5.3937638238500675e-06, -6.853094930061578e-06, -3.3347375772689594e-05,
    4.3244789479725295e-05, 0.0002069536607356705, -0.0004172728282528189,
    -0.0011423916534282787, 0.004919772295675327, 0.00013901132706847728,
    -0.047680041156459164, 0.18429609584519932, -0.42284342267623737,
    0.6821337400817284, -0.7772583287886212, 0.5060161165394593,
)  # fmt: skip
"""Chebyshev's approximation of what is left in :func:`_tail`, as a polynomial, to 1e-17."""


def _tail(x: Number) -> Number:
    """e^(x^2) erfc(x) for x >= 0, which falls from 1 like 1 / (sqrt(pi) x).

    Written as (1 + x p / (x + 3)) / (1 + 2 x), where p depends on (x - 3) / (x + 3), within -1..1.
    """
    size = where(x > 64.0, 64.0, x)
    middle = (size - 3.0) / (size + 3.0)
    left = _SERIES[0] * middle + _SERIES[1]
    for coefficient in _SERIES[2:]:
        left = left * middle + coefficient
    return (1.0 + size / (size + 3.0) * left) / (1.0 + 2.0 * size)


@elementary(formula=r"\operatorname{erf} x")
def erf(x: Number) -> Number:
    """The error function, twice the area under e^(-t^2) / sqrt(pi) from 0 to x."""


@erf.partials
def _(out: Number, x: Number) -> Partials:
    return (2.0 / math.sqrt(math.pi) * gaussian(x),)


@spelled_out(r"1 - \operatorname{erf} x", exactly=lambda exact, x: exact.erfc(x))
def erfc(x: Number) -> Number:
    """What the error function lacks to 1, exact where that is tiny.

    >>> erfc(0.0), erfc(10.0)
    (1.0, 2.0884875837625452e-45)
    """
    tail = _tail(abs(x)) * gaussian(x)
    return where(x < 0.0, 2.0 - tail, tail)


@erfc.partials
def _(out: Number, x: Number) -> Partials:
    return (-2.0 / math.sqrt(math.pi) * gaussian(x),)


@spelled_out(
    r"\frac{1}{2} \operatorname{erfc}\left(-\frac{x}{\sqrt{2}}\right)",
    exactly=lambda exact, x: exact.erfc(-x / exact.sqrt(2)) / 2,
)
def normal_cdf(x: Number) -> Number:
    """The chance that a normal variable is below x: the area under the normal curve up to there.

    >>> normal_cdf(0.0), normal_cdf(-10.0)
    (0.5, 7.619853024160525e-24)
    """
    return normal_part(x, 1.0)


@normal_cdf.partials
def _(out: Number, x: Number) -> Partials:
    return (1.0 / math.sqrt(2.0 * math.pi) * gaussian(x, rate=0.5),)


@spelled_out(
    r"\frac{y}{2} \operatorname{erfc}\left(-\frac{x}{\sqrt{2}}\right)",
    exactly=lambda exact, x, y: y * exact.erfc(-x / exact.sqrt(2)) / 2,
)
def normal_part(x: Number, y: Number) -> Number:
    """y times the chance that a normal variable is below x.

    It has digits also where the chance alone is too small to have any.

    >>> normal_part(0.0, 3.0), normal_cdf(-38.6), normal_part(-38.6, 1e300)
    (1.5, 0.0, 5.102892564549018e-26)
    """
    tail = 0.5 * y * _tail(abs(x) * math.sqrt(0.5)) * gaussian(x, rate=0.5)
    return where(x < 0.0, tail, y - tail)


@normal_part.partials
def _(out: Number, x: Number, y: Number) -> Partials:
    root = gaussian(x, rate=0.25)
    return (y * root / math.sqrt(2.0 * math.pi) * root, normal_cdf(x))
