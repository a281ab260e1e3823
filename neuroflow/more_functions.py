"""Elementary functions that fewer rules need: other logarithms, the arctangent, whole numbers.

They are as those of :mod:`neuroflow.core.functions`, for every kind of number.
"""

from __future__ import annotations

from neuroflow.core.functions import Partials, abs, elementary, where
from neuroflow.core.inputs import Number

_PER_LN_2, _PER_LN_10 = 1.4426950408889634, 0.4342944819032518
"""1 / ln 2 and 1 / ln 10, each rounded once; a divisor such as ln(10) x may be too large."""


@elementary(formula=r"\frac{\ln x}{\ln 2}", domain="(0, inf)")
def log2(x: Number) -> Number:
    """The logarithm to base 2, exact for the powers of 2."""


@log2.partials
def _(out: Number, x: Number) -> Partials:
    return (_PER_LN_2 / x,)


@elementary(formula=r"\frac{\ln x}{\ln 10}", domain="(0, inf)")
def log10(x: Number) -> Number:
    """The logarithm to base 10, exact for the powers of 10."""


@log10.partials
def _(out: Number, x: Number) -> Partials:
    return (_PER_LN_10 / x,)


@elementary(formula=r"\arctan x")
def atan(x: Number) -> Number:
    """The angle between -pi/2 and pi/2 whose tangent is x."""


@atan.partials
def _(out: Number, x: Number) -> Partials:
    inside, small = up_to_one(x)
    return (where(inside, 1.0, small * small) / (1.0 + small * small),)


def up_to_one(x: Number) -> tuple[Number, Number]:
    """Whether a number is at most 1 in size; and it, or else 1 / x, whose square is no overflow.

    >>> up_to_one(0.5), up_to_one(-4.0)
    ((True, 0.5), (False, -0.25))
    """
    inside = abs(x) <= 1.0
    return inside, where(inside, x, 1.0 / where(inside, 1.0, x))


# Whole numbers


@elementary(
    formula=r"\lfloor x \rfloor",
    kinks=("x = round(x)",),
    convention="0 everywhere: a step is flat",
)
def floor(x: Number) -> Number:
    """The largest whole number that is not above x."""


@floor.partials
def _(out: Number, x: Number) -> Partials:
    return (0.0,)


@elementary(
    formula=r"x \bmod y",
    domain=("(-inf, inf)", "(-inf, 0) | (0, inf)"),
    kinks=("x = y * round(x / y)",),
    convention="1 for x, and minus the whole quotient for y, at its jumps too",
)
def mod(x: Number, y: Number) -> Number:
    """What a division leaves over, x - y floor(x / y) without rounding, with the sign of y.

    So it is with ``%`` of Python, ``torch.remainder`` and ``numpy.mod``; what ``%`` of C,
    ``math.fmod`` and ``torch.fmod`` leave over has the sign of x.
    """


@mod.partials
def _(out: Number, x: Number, y: Number) -> Partials:
    return (1.0, -floor((x - out) / y + 0.5))  # x / y, rounded, may be beyond the whole number
