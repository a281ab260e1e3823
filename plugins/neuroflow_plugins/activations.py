"""Activations: what a layer applies to the numbers that it computes.

All but softmax and log_softmax map one number to one number and are ops: one definition serves
both the registry of ops (``x.sigmoid()``) and that of activations (``activation = "sigmoid"``).
The two that are left map a list to a list, and are composed of ops that stay visible.

Each rule is written so that no number overflows on its way, however large the input.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import neuroflow as nf
from neuroflow_plugins.ops import relu, tanh


def linear(x):
    """The number itself: no activation, and no node.

    >>> linear(3.0)
    3.0
    """
    return x


@nf.op(
    formula=r"\begin{cases} x & x > 0 \\ \text{slope} \cdot x & x \leq 0 \end{cases}",
    kinks=(0.0,),
    convention="leaky_relu'(0) = slope",
)
def leaky_relu(x, *, slope=0.01):
    """Rectified linear unit with a small slope where x is not positive, so that no unit dies.

    Source: Maas, Hannun and Ng, "Rectifier nonlinearities improve neural network acoustic
    models" (2013), section 2.

    >>> leaky_relu(-2.0), leaky_relu(-2.0, slope=0.5), leaky_relu(3.0)
    (-0.02, -1.0, 3.0)
    """
    return nf.where(x > 0.0, x, slope * x)


@leaky_relu.partials
def _(out, x, *, slope):
    return (nf.where(x > 0.0, 1.0, slope),)


@nf.op(formula=r"\frac{1}{1 + e^{-x}}")
def sigmoid(x):
    """Logistic sigmoid, a smooth step from 0 to 1.

    Computed from e^-|x|, which never overflows: 1 / (1 + e^-x) where x >= 0, and
    e^x / (1 + e^x), the same number, where x < 0.

    >>> sigmoid(0.0), sigmoid(-1000.0), sigmoid(1000.0)
    (0.5, 0.0, 1.0)
    """
    e = nf.exp(-nf.absolute(x))
    return nf.where(x >= 0.0, 1.0, e) / (1.0 + e)


@sigmoid.partials
def _(out, x):
    return (out * (1.0 - out),)


@nf.op(formula=r"\ln(1 + e^x)")
def softplus(x):
    """A smooth relu; its derivative is the sigmoid.

    Computed as max(x, 0) + ln(1 + e^-|x|), which never overflows.
    Source: Dugas et al., "Incorporating second-order functional knowledge" (2000), section 3.

    >>> softplus(0.0) == math.log(2.0), softplus(1000.0), softplus(-1000.0)
    (True, 1000.0, 0.0)
    """
    return nf.where(x > 0.0, x, 0.0) + nf.log1p(nf.exp(-nf.absolute(x)))


@softplus.partials
def _(out, x):
    return (sigmoid(x),)


@nf.op(
    formula=r"\begin{cases} x & x > 0 \\ \alpha (e^x - 1) & x \leq 0 \end{cases}",
    kinks=(0.0,),
    convention="elu'(0) = alpha, the slope from the left",
)
def elu(x, *, alpha=1.0):
    """Exponential linear unit: x where it is positive, else a curve down to -alpha.

    Source: Clevert, Unterthiner and Hochreiter, "Fast and accurate deep network learning by
    exponential linear units" (2016), equation 15.

    >>> elu(2.0), elu(0.0), elu(-1000.0, alpha=0.5)
    (2.0, 0.0, -0.5)
    """
    return nf.where(x > 0.0, x, alpha * nf.expm1(nf.where(x > 0.0, 0.0, x)))


@elu.partials
def _(out, x, *, alpha):
    return (nf.where(x > 0.0, 1.0, alpha * nf.exp(nf.where(x > 0.0, 0.0, x))),)


@nf.op(formula=r"x \, \sigma(x)")
def silu(x):
    """Sigmoid linear unit, also called swish: x times its sigmoid.

    Source: Elfwing, Uchibe and Doya, "Sigmoid-weighted linear units" (2018), equation 3.

    >>> silu(0.0), silu(1000.0)
    (0.0, 1000.0)
    """
    return x * sigmoid(x)


@silu.partials
def _(out, x):
    s = sigmoid(x)
    return (s * (1.0 + x * (1.0 - s)),)


_ROOT_HALF = math.sqrt(0.5)
_ROOT_TAU = math.sqrt(2.0 * math.pi)
_ROOT_2_OVER_PI = math.sqrt(2.0 / math.pi)
_CUBIC = 0.044715


@nf.op(formula=r"\frac{x}{2} \left(1 + \operatorname{erf} \frac{x}{\sqrt 2}\right)")
def gelu(x):
    r"""Gaussian error linear unit: x times the probability that a normal number is below x.

    Its derivative is :math:`\Phi(x) + x \, \varphi(x)`, with the distribution and the density
    of the standard normal.
    Source: Hendrycks and Gimpel, "Gaussian error linear units" (2016), section 2.

    >>> round(gelu(1.0), 12)
    0.841344746069
    """
    return 0.5 * x * (1.0 + nf.erf(x * _ROOT_HALF))


@gelu.partials
def _(out, x):
    distribution = 0.5 * (1.0 + nf.erf(x * _ROOT_HALF))
    density = nf.exp(-0.5 * x * x) / _ROOT_TAU
    return (distribution + x * density,)


@nf.op(formula=r"\frac{x}{2} \left(1 + \tanh\left(\sqrt{2/\pi} \, (x + 0.044715 x^3)\right)\right)")
def gelu_tanh(x):
    """The gelu with its error function replaced by a tanh, as in GPT-2; off by at most 0.0005.

    Source: Hendrycks and Gimpel, "Gaussian error linear units" (2016), section 2.

    >>> round(gelu_tanh(1.0), 12)
    0.841191990608
    """
    return 0.5 * x * (1.0 + nf.tanh(_ROOT_2_OVER_PI * (x + _CUBIC * x * x * x)))


@gelu_tanh.partials
def _(out, x):
    t = nf.tanh(_ROOT_2_OVER_PI * (x + _CUBIC * x * x * x))
    inner_slope = _ROOT_2_OVER_PI * (1.0 + 3.0 * _CUBIC * x * x)
    return (0.5 * (1.0 + t) + 0.5 * x * (1.0 - t * t) * inner_slope,)


def softmax(xs: Sequence[Any]) -> list[Any]:
    r"""A list of numbers as probabilities: :math:`e^{x_i} / \sum_j e^{x_j}`.

    The largest number is taken off first, which changes nothing and prevents overflow; it is
    cut off from the derivative (``stop_gradient``), to which it adds exactly nothing.

    Raises :class:`neuroflow.InputError` for anything but a list with at least one number.

    >>> [round(p, 10) for p in softmax([1.0, 2.0, 3.0])]
    [0.0900305732, 0.2447284711, 0.6652409558]
    """
    powers = [nf.exp(x) for x in shifted(xs, "softmax")]
    total = nf.sum(powers)
    return [power / total for power in powers]


def log_softmax(xs: Sequence[Any]) -> list[Any]:
    r"""The logarithm of the softmax: :math:`x_i - \ln \sum_j e^{x_j}`.

    Exact where the probability itself would vanish.

    Raises :class:`neuroflow.InputError` for anything but a list with at least one number.

    >>> log_softmax([0.0, 1000.0])
    [-1000.0, 0.0]
    """
    differences = shifted(xs, "log_softmax")
    log_total = nf.log(nf.sum([nf.exp(x) for x in differences]))
    return [x - log_total for x in differences]


def shifted(xs: Sequence[Any], name: str) -> list[Any]:
    """Each number less the largest one, which counts as a constant."""
    if not isinstance(xs, (list, tuple)) or not xs:
        raise nf.InputError(
            f"{name} acts on a list of at least one number, but got {xs!r};"
            " a layer with one neuron gives a bare number: give it two neurons or more"
        )
    largest = nf.stop_gradient(nf.maximum(*xs))
    return [x - largest for x in xs]


_OWN = [leaky_relu, sigmoid, softplus, elu, silu, gelu, gelu_tanh]


@nf.hookimpl
def neuroflow_ops():
    """The activations of one number; relu and tanh are among the elementary functions."""
    return _OWN


@nf.hookimpl
def neuroflow_activations():
    """The ops as activations, and the two that act on a list."""
    yield nf.ActivationEntry(
        name="linear", target=linear, formula="x", summary="The number itself: no activation."
    )
    for op in [relu, tanh, *_OWN]:
        yield nf.ActivationEntry(
            name=op.name,
            target=op,
            formula=op.formula,
            summary=op.summary,
            aliases={"silu": ("swish",)}.get(op.name, ()),
        )
    yield nf.ActivationEntry(
        name="softmax",
        target=softmax,
        elementwise=False,
        formula=r"\frac{e^{x_i}}{\sum_j e^{x_j}}",
        summary="A list of numbers as probabilities, which sum to 1.",
    )
    yield nf.ActivationEntry(
        name="log_softmax",
        target=log_softmax,
        elementwise=False,
        formula=r"x_i - \ln \sum_j e^{x_j}",
        summary="The logarithms of the softmax.",
    )
