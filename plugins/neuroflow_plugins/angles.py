"""Angles and triangles: rules over the sine, the cosine and the arctangent.

Each keeps its digits: no difference of nearly equal numbers is formed, and no square overflows.

Source: Abramowitz and Stegun, "Handbook of Mathematical Functions" (1964), 4.3 and 4.4.
"""

import math

import neuroflow as nf


@nf.op(
    formula=r"\tan x",
    kinks=("cos(x) = 0",),
    convention="as everywhere else: no float is a pole",
)
def tan(x):
    """The tangent of an angle in radians: a slope.

    >>> tan(0.0), round(tan(0.25 * math.pi), 12)
    (0.0, 1.0)
    """
    return nf.sin(x) / nf.cos(x)


@tan.partials
def _(out, x):
    return (1.0 + out * out,)


@nf.op(
    formula=r"\arcsin x", domain="(-1, 1)", convention="no derivative at x = -1 and x = 1: an error"
)
def asin(x):
    """The angle between -pi/2 and pi/2 whose sine is x.

    Twice the angle of which x / (1 + cosine) is the tangent: half angles divide by no zero.

    >>> asin(0.0), asin(1.0)
    (0.0, 1.5707963267948966)
    """
    return 2.0 * nf.atan(x / (1.0 + other_leg(x)))


@asin.partials
def _(out, x):
    return (1.0 / other_leg(x),)


@nf.op(formula=r"\sqrt{1 - x^2}", domain="(-1, 1)")
def other_leg(x):
    """The cosine of the angle whose sine is x; near 1, the difference 1 - x is exact."""
    return nf.sqrt((1.0 - x) * (1.0 + x))


@other_leg.partials
def _(out, x):
    return (-x / out,)


@nf.op(
    formula=r"\arccos x", domain="(-1, 1)", convention="no derivative at x = -1 and x = 1: an error"
)
def acos(x):
    """The angle between 0 and pi whose cosine is x.

    Four times its quarter, from sine and cosine of its half.

    >>> acos(1.0), acos(-1.0) == math.pi
    (0.0, True)
    """
    return 4.0 * nf.atan(nf.sqrt(0.5 * (1.0 - x)) / (1.0 + nf.sqrt(0.5 * (1.0 + x))))


@acos.partials
def _(out, x):
    return (-1.0 / other_leg(x),)


@nf.op(
    formula=r"\sqrt{x^2 + y^2}",
    kinks=("abs(x) + abs(y) = 0",),
    convention="0 for both at the origin",
)
def hypot(x, y):
    """The length of the long side of a right triangle, from those of the other two.

    >>> hypot(3.0, -4.0), hypot(1e300, 1.0), hypot(0.0, 0.0)
    (5.0, 1e+300, 0.0)
    """
    long, short = nf.maximum(nf.abs(x), nf.abs(y)), nf.minimum(nf.abs(x), nf.abs(y))
    share = short / _not_zero(long)
    return long * nf.sqrt(1.0 + share * share)


@hypot.partials
def _(out, x, y):
    return (x / _not_zero(out), y / _not_zero(out))


def _not_zero(length):
    """The length, or 1 for none, to divide by."""
    return nf.where(length > 0.0, length, 1.0)


@nf.op(
    formula=r"\begin{cases} \arctan(y / x) & x > 0 \\ \pi / 2 - \arctan(x / y) & y > 0 \\"
    r" -\pi / 2 - \arctan(x / y) & y < 0 \\ \pi & x < 0 \\ 0 & \text{otherwise} \end{cases}",
    kinks=("abs(y) + abs(x) + x = 0",),
    convention="0 for both at the origin; from above where y = 0 and x < 0, -0 included",
)
def atan2(y, x):
    """The angle from the first axis to the point (x, y), from -pi to pi; y comes first.

    It jumps by a whole turn where y = 0 and x < 0.

    >>> atan2(1.0, 1.0) == 0.25 * math.pi, atan2(0.0, -1.0) == math.pi, atan2(0.0, 0.0)
    (True, True, 0.0)
    """
    wide, high = nf.abs(x), nf.abs(y)
    share = nf.minimum(wide, high) / _not_zero(nf.maximum(wide, high))
    angle = nf.atan(share)  # at most pi/4; what follows turns it where the point is
    angle = nf.where(high > wide, 0.5 * math.pi - angle, angle)
    angle = nf.where(x < 0.0, math.pi - angle, angle)
    return nf.where(y < 0.0, -angle, angle)


@atan2.partials
def _(out, y, x):
    length = _not_zero(hypot(x, y))
    return (x / length / length, -y / length / length)
