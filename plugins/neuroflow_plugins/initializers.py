r"""Initializers: how weights are drawn.

Each draws one weight from ``rng`` for a neuron with ``fan_in`` inputs in a layer whose numbers
go to ``fan_out`` neurons. He and Xavier keep the size of the numbers alike from layer to layer:
a neuron sums ``fan_in`` products, so weights shrink with its square root.
"""

from __future__ import annotations

import math
from typing import Literal

import neuroflow as nf

Distribution = Literal["normal", "uniform"]


def uniform(rng, fan_in: int, fan_out: int, *, low: float = -1.0, high: float = 1.0) -> float:
    """Equally likely everywhere between ``low`` and ``high``; as in micrograd and the original.

    >>> uniform(nf.SplitMix32(0), 2, 16)
    -0.21574971731752157
    """
    return low + (high - low) * rng.random()


def normal(rng, fan_in: int, fan_out: int, *, mean: float = 0.0, std: float = 1.0) -> float:
    """Normally distributed around ``mean`` with standard deviation ``std``.

    >>> normal(nf.SplitMix32(0), 2, 16, mean=3.0, std=0.0)
    3.0
    """
    return rng.gauss(mean, std)


def he(rng, fan_in: int, fan_out: int, *, distribution: Distribution = "normal") -> float:
    r"""Variance :math:`2 / \text{fan\_in}`, for relu, which lets half of the numbers through.

    Source: He, Zhang, Ren and Sun, "Delving deep into rectifiers" (2015), equation 10.

    >>> abs(he(nf.SplitMix32(0), 6, 16, distribution="uniform")) < 1.0
    True
    """
    return _with_variance(rng, 2.0 / fan_in, distribution)


def xavier(rng, fan_in: int, fan_out: int, *, distribution: Distribution = "uniform") -> float:
    r"""Variance :math:`2 / (\text{fan\_in} + \text{fan\_out})`, for tanh and its like.

    Source: Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural
    networks" (2010), equation 16.

    >>> abs(xavier(nf.SplitMix32(0), 3, 3)) < 1.0
    True
    """
    return _with_variance(rng, 2.0 / (fan_in + fan_out), distribution)


def _with_variance(rng, variance: float, distribution: str) -> float:
    if distribution == "normal":
        return rng.gauss(0.0, math.sqrt(variance))
    if distribution == "uniform":
        bound = math.sqrt(3.0 * variance)  # a uniform number in [-b, b] has variance b^2 / 3
        return -bound + 2.0 * bound * rng.random()
    raise nf.InputError(f"unknown distribution {distribution!r}; expected 'normal' or 'uniform'")


@nf.hookimpl
def neuroflow_initializers():
    """The four ways to draw a weight."""
    entry = nf.InitializerEntry
    return [
        entry(
            name="uniform",
            target=uniform,
            formula=r"w \sim U(\text{low}, \text{high})",
            summary="Equally likely everywhere between two numbers, -1 and 1 by default.",
        ),
        entry(
            name="normal",
            target=normal,
            formula=r"w \sim N(\text{mean}, \text{std}^2)",
            summary="Normally distributed.",
        ),
        entry(
            name="he",
            target=he,
            formula=r"\operatorname{Var} w = 2 / \text{fan\_in}",
            summary="Variance 2 / fan_in, for relu.",
            aliases=("kaiming",),
        ),
        entry(
            name="xavier",
            target=xavier,
            formula=r"\operatorname{Var} w = 2 / (\text{fan\_in} + \text{fan\_out})",
            summary="Variance 2 / (fan_in + fan_out), for tanh.",
            aliases=("glorot",),
        ),
    ]
