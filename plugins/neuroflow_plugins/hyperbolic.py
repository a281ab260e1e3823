"""Hyperbolic functions and their inverses: rules over exponentials and logarithms.

They are taken of halves, so that e^x may be too large where half of it is not; and no difference of
nearly equal numbers is formed.

Source: Abramowitz and Stegun, "Handbook of Mathematical Functions" (1964), 4.5 and 4.6.
"""

import math

import neuroflow as nf
from neuroflow_plugins.angles import hypot, other_leg


@nf.op(formula=r"\sinh x")
def sinh(x):
    """The hyperbolic sine, (e^x - e^-x) / 2.

    >>> sinh(0.0), sinh(1e-20)
    (0.0, 1e-20)
    """
    rise, fall = nf.expm1(0.5 * x), nf.expm1(-0.5 * x)  # of opposite signs: no digits cancel
    return 0.5 * (rise - fall) * (2.0 + (rise + fall))


@sinh.partials
def _(out, x):
    return (cosh(x),)


@nf.op(formula=r"\cosh x")
def cosh(x):
    """The hyperbolic cosine, (e^x + e^-x) / 2: how a chain hangs.

    >>> cosh(0.0), cosh(-710.0) == cosh(710.0)
    (1.0, True)
    """
    rise, fall = nf.exp(0.5 * x), nf.exp(-0.5 * x)
    return 0.5 * rise * rise + 0.5 * fall * fall


@cosh.partials
def _(out, x):
    return (sinh(x),)


_FAR = 2.0**30
"""Beyond it, sqrt(x^2 + 1) is x to all digits; the square itself may be too large."""


@nf.op(formula=r"\ln\left(x + \sqrt{x^2 + 1}\right)")
def asinh(x):
    """The number whose hyperbolic sine is x: a logarithm for both signs.

    >>> asinh(0.0), asinh(-1e-20), asinh(1e300) == math.asinh(1e300)
    (0.0, -1e-20, True)
    """
    size = nf.abs(x)
    near = nf.where(size > _FAR, 1.0, size)
    close = nf.log1p(near + near * near / (1.0 + nf.sqrt(near * near + 1.0)))
    result = nf.where(size > _FAR, _log_of_twice(size), close)
    return nf.where(x < 0.0, -result, result)


@asinh.partials
def _(out, x):
    return (1.0 / hypot(1.0, x),)


def _log_of_twice(x):
    """ln(2 x), where 2 x may be too large; for numbers above 1."""
    return nf.log(nf.where(x > 1.0, x, 1.0)) + math.log(2.0)


@nf.op(
    formula=r"\ln\left(x + \sqrt{x^2 - 1}\right)",
    domain="(1, inf)",
    convention="no derivative at x = 1: an error",
)
def acosh(x):
    """The number from 0 on whose hyperbolic cosine is x.

    >>> acosh(1.0), acosh(1e300) == math.acosh(1e300)
    (0.0, True)
    """
    above = nf.where(x > _FAR, 1.0, x - 1.0)
    close = nf.log1p(above + nf.sqrt(above) * nf.sqrt(above + 2.0))
    return nf.where(x > _FAR, _log_of_twice(x), close)


@acosh.partials
def _(out, x):
    return (1.0 / (nf.sqrt(x - 1.0) * nf.sqrt(x + 1.0)),)


@nf.op(formula=r"\frac{1}{2} \ln \frac{1 + x}{1 - x}", domain="(-1, 1)")
def atanh(x):
    """The number whose hyperbolic tangent is x.

    >>> atanh(0.0), atanh(-1e-20)
    (0.0, -1e-20)
    """
    return 0.5 * (nf.log1p(x) - nf.log1p(-x))  # of opposite signs: no digits cancel


@atanh.partials
def _(out, x):
    leg = other_leg(x)
    return (1.0 / (leg * leg),)
