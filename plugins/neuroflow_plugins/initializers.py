"""Initializers: how weights are drawn, one number at a time, or a matrix at once.

``fan_in`` is the number of inputs of the unit that the weight belongs to, ``fan_out`` the number
of units that share those inputs.
"""

from __future__ import annotations

import math
from operator import mul
from typing import Annotated

import neuroflow as nf

_ROOT_TWO = math.sqrt(2.0)
Gain = Annotated[float, nf.Setting("what the deviation is multiplied with", "(0, inf)")]


def uniform(
    rng,
    fan_in,
    fan_out,
    *,
    low: Annotated[float, nf.Setting("the smallest weight")] = -1.0,
    high: Annotated[float, nf.Setting("the largest weight")] = 1.0,
):
    """Evenly between ``low`` and ``high``; the original's and micrograd's way.

    >>> uniform(nf.SplitMix32(0), 2, 1)
    -0.21574971731752157
    """
    low_below_high(low, high)
    return low + (high - low) * rng.random()


def normal(
    rng,
    fan_in,
    fan_out,
    *,
    mean: Annotated[float, nf.Setting("the middle of the weights")] = 0.0,
    std: Annotated[float, nf.Setting("their standard deviation", "[0, inf)")] = 0.02,
):
    """From the normal distribution."""
    return rng.gauss(mean, std)


def he(rng, fan_in, fan_out, *, gain: Gain = _ROOT_TWO):
    """Normal with deviation gain / sqrt(fan_in), which keeps the size of relu outputs.

    Source: He et al. 2015, equation 10.
    """
    return rng.gauss(0.0, gain / math.sqrt(fan_in))


def xavier(rng, fan_in, fan_out, *, gain: Gain = 1.0):
    """Evenly within gain sqrt(6 / (fan_in + fan_out)), which keeps sizes in both directions.

    Source: Glorot and Bengio 2010, equation 16.
    """
    limit = gain * math.sqrt(6.0 / (fan_in + fan_out))
    return uniform(rng, fan_in, fan_out, low=-limit, high=limit)


def orthogonal(
    rng,
    fan_in,
    fan_out,
    *,
    gain: Annotated[float, nf.Setting("the length of each row", "(0, inf)")] = 1.0,
):
    """Rows at right angles, or columns if there are fewer of them: no length is lost or won.

    Source: Saxe, McClelland and Ganguli 2014, section 3.

    >>> (a, b), (c, d) = orthogonal(nf.SplitMix32(1), 2, 2)
    >>> round(a * c + b * d, 9), round(a * a + b * b, 9)
    (0.0, 1.0)
    """
    short, long = sorted((fan_in, fan_out))
    rows: list[list[float]] = []
    for _ in range(short):
        rows.append(_at_right_angles([rng.gauss(0.0, 1.0) for _ in range(long)], rows))
    scaled = [[gain * x for x in row] for row in rows]
    return scaled if fan_out <= fan_in else [list(column) for column in zip(*scaled, strict=True)]


def _at_right_angles(row, rows):
    """A row of length 1 without what it has in common with others (Gram and Schmidt).

    Twice if little is left: what rounding leaves over is gone after the second time.
    """
    before, length = math.inf, math.hypot(*row)
    while length < 0.7 * before:
        before = length
        for other in rows:
            shared = sum(map(mul, row, other))
            row = [x - shared * y for x, y in zip(row, other, strict=True)]
        length = math.hypot(*row)
    return [x / length for x in row]


def low_below_high(low, high):
    """Raise :class:`neuroflow.InputError` for an interval that is upside down."""
    if low > high:
        raise nf.InputError(f"low = {low}, high = {high}", expected="low at most high")


def zeros(rng, fan_in, fan_out):
    """Zero, as biases start."""
    return 0.0


_FORMULAS = {
    uniform: r"w \sim U(\mathrm{low}, \mathrm{high})",
    normal: r"w \sim N(\mu, \sigma^2)",
    he: r"w \sim N(0, g^2 / n_\mathrm{in})",
    xavier: r"w \sim U(-a, a), \quad a = g \sqrt{6 / (n_\mathrm{in} + n_\mathrm{out})}",
    zeros: "w = 0",
    orthogonal: r"W W^\top = g^2 I",
}


@nf.hookimpl
def neuroflow_initializers():
    """All initializers by name."""
    for draw, formula in _FORMULAS.items():
        summary = (draw.__doc__ or "").split("\n", 1)[0]
        relations = low_below_high if draw is uniform else None
        yield nf.InitializerEntry(
            name=draw.__name__, target=draw, summary=summary, formula=formula, relations=relations,
            matrix=draw is orthogonal,
        )  # fmt: skip
