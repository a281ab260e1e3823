"""Initializers with one mistake each."""

from __future__ import annotations

import math
import random

import neuroflow as nf
from neuroflow_plugins.zoo.twin import twin


@twin("the variance in the place of the deviation", "formula", "gauss takes a deviation: the root"
      " of 1 / fan_in is missing, and the weights are much too small.")  # fmt: skip
def gauss_1(rng, fan_in, fan_out):
    """Normal, with variance 1 / fan_in."""
    return rng.gauss(0.0, 1.0 / fan_in)  # bug


@twin("the outputs in the place of the inputs", "formula", "The sum runs over fan_in inputs, so"
      " that is what the deviation has to make up for.")  # fmt: skip
def gauss_2(rng, fan_in, fan_out):
    """Normal, with variance 1 / fan_in."""
    return rng.gauss(0.0, 1.0 / math.sqrt(fan_out))  # bug


@twin("the uniform one that is half as wide", "formula", "A uniform weight from -a to a has the"
      " deviation a / sqrt(3): the 6 of Glorot's formula became a 3.")  # fmt: skip
def even_1(rng, fan_in, fan_out):
    """Evenly within sqrt(6 / (fan_in + fan_out))."""
    limit = math.sqrt(3.0 / (fan_in + fan_out))  # bug
    return rng.uniform(-limit, limit)


@twin("the one that is always positive", "formula", "random() lies between 0 and 1: without the"
      " 2 x - 1 all units push in one direction.")  # fmt: skip
def even_2(rng, fan_in, fan_out):
    """Evenly between -1 and 1."""
    return rng.random()  # bug


@twin("the one with a shape of its own", "formula", "Mean and deviation are right, and yet it is no"
      " normal distribution: the weights lie evenly.")  # fmt: skip
def gauss_3(rng, fan_in, fan_out):
    """Standard normal."""
    return math.sqrt(3.0) * rng.uniform(-1.0, 1.0)  # bug


@twin("the weights of nobody's seed", "seeds", "`random` is one generator for the whole program:"
      " the seed of the run does not reach it.")  # fmt: skip
def gauss_4(rng, fan_in, fan_out):
    """Standard normal."""
    return random.gauss(0.0, 1.0)  # bug


_SPARE: list[float] = []


@twin("the one that keeps a spare", "seeds", "Two are drawn at once, and one is kept for later: the"
      " next run, with another seed, begins with it.")  # fmt: skip
def gauss_5(rng, fan_in, fan_out):
    """Standard normal."""
    if _SPARE:
        return _SPARE.pop()  # bug
    first, second = rng.gauss(0.0, 1.0), rng.gauss(0.0, 1.0)
    _SPARE.append(second)  # bug
    return first


@twin("the gain that ends at 1", "formula", "A gain of 2 makes the weights twice as wide; here it"
      " counts only below 1.")  # fmt: skip
def even_3(rng, fan_in, fan_out, *, gain=1.0):
    """Evenly within gain / sqrt(fan_in)."""
    return rng.uniform(-1.0, 1.0) * min(gain, 1.0) / math.sqrt(fan_in)  # bug


@twin("the wide layer that is another", "formula", "From 256 inputs on it counts the outputs"
      " instead.")  # fmt: skip
def gauss_6(rng, fan_in, fan_out):
    """Normal, with variance 2 / fan_in."""
    fan = fan_in if fan_in < 256 else fan_out  # bug
    return rng.gauss(0.0, math.sqrt(2.0 / fan))


@twin("the three that are two", "formula", "Mean and deviation are those of -1, 0 and 1, and yet no"
      " weight is 0.")  # fmt: skip
def ternary_1(rng, fan_in, fan_out):
    """One of -1, 0 and 1."""
    return math.sqrt(2.0 / 3.0) * (1.0 if rng.random() < 0.5 else -1.0)  # bug


@twin("the tails that are too short", "formula", "A Laplace distribution of scale 1 has the"
      " deviation sqrt(2), and so has this one, which is normal.")  # fmt: skip
def laplace_1(rng, fan_in, fan_out):
    """Laplace, with scale 1."""
    return rng.gauss(0.0, math.sqrt(2.0))  # bug


def _initializer(target, formula):
    summary = (target.__doc__ or "").split("\n", 1)[0]
    return nf.InitializerEntry(
        name=target.__name__, target=target, summary=summary, formula=formula
    )


INITIALIZERS = [
    _initializer(gauss_5, r"w \sim N(0, 1)"),
    _initializer(even_3, r"w \sim U(-a, a), \quad a = g / \sqrt{n_\mathrm{in}}"),
    _initializer(gauss_6, r"w \sim N(0, 2 / n_\mathrm{in})"),
    _initializer(ternary_1, r"w \sim \{-1, 0, 1\}"),
    _initializer(laplace_1, r"w \sim \text{Laplace}(0, 1)"),
    _initializer(gauss_1, r"w \sim N(0, 1 / n_\mathrm{in})"),
    _initializer(gauss_2, r"w \sim N(0, 1 / n_\mathrm{in})"),
    _initializer(even_1, r"w \sim U(-a, a), \quad a = \sqrt{6 / (n_\mathrm{in} + n_\mathrm{out})}"),
    _initializer(even_2, r"w \sim U(-1, 1)"),
    _initializer(gauss_3, r"w \sim N(0, 1)"),
    _initializer(gauss_4, r"w \sim N(0, 1)"),
]
