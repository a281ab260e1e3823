"""Steps and ends: the sign of a number, the whole number above it, and what is cut off."""

from typing import Annotated

import neuroflow as nf


@nf.op(formula=r"\operatorname{sgn}(x)", kinks=(0.0,), convention="0 everywhere: a step is flat")
def sign(x):
    """1 for a positive number, -1 for a negative one, 0 for 0.

    >>> sign(-3.0), sign(0.0), sign(0.5)
    (-1.0, 0.0, 1.0)
    """
    return nf.where(x > 0.0, 1.0, nf.where(x < 0.0, -1.0, 0.0))


@sign.partials
def _(out, x):
    return (0.0,)


@nf.op(
    formula=r"\lceil x \rceil",
    kinks=("x = round(x)",),
    convention="0 everywhere: a step is flat",
)
def ceil(x):
    """The smallest whole number that is not below x.

    >>> ceil(0.5), ceil(-0.5), ceil(3.0)
    (1.0, 0.0, 3.0)
    """
    return 0.0 - nf.floor(-x)  # and not -floor(-x), which is -0


@ceil.partials
def _(out, x):
    return (0.0,)


def low_below_high(low, high):
    """Raise :class:`neuroflow.InputError` for an interval that is upside down."""
    if low > high:
        raise nf.InputError(f"low = {low}, high = {high}", expected="low at most high")


@nf.op(
    formula=r"\min(\max(x, \mathrm{low}), \mathrm{high})",
    kinks=("low", "high"),
    convention="1 at both ends, as between them",
    relations=low_below_high,
)
def clip(
    x,
    *,
    low: Annotated[float, nf.Setting("the least that is let through")] = -1.0,
    high: Annotated[float, nf.Setting("the most")] = 1.0,
):
    """The number, kept between two ends; also called clamp.

    >>> clip(3.0), clip(3.0, low=0.0, high=2.5), clip(-3.0, low=0.0)
    (1.0, 2.5, 0.0)
    """
    return nf.where(x < low, low, nf.where(x > high, high, x))


@clip.partials
def _(out, x, *, low, high):
    return (nf.where(x < low, 0.0, nf.where(x > high, 0.0, 1.0)),)
