"""Activations: what a layer applies to the numbers that it computes.

Those that map one number to one are ops; softmax and log_softmax map a list to a list and are
compositions of ops, so that every number inside them can be seen. The rules are written so that
no number of float64 overflows: exp() only ever sees what is at most zero.
"""

from __future__ import annotations

import math
from typing import Annotated

import neuroflow as nf


@nf.op(formula=r"\frac{1}{1 + e^{-x}}")
def sigmoid(x):
    """Logistic sigmoid, a smooth step from 0 to 1.

    >>> sigmoid(0.0), sigmoid(-1000.0)
    (0.5, 0.0)
    """
    small = nf.exp(-nf.abs(x))
    return nf.where(x > 0.0, 1.0, small) / (1.0 + small)


@sigmoid.partials
def _(out, x):
    half = nf.sech(0.5 * x)  # not out (1 - out): it and its slopes keep all digits
    return (0.25 * half * half,)


@nf.op(
    formula=r"\begin{cases} x & x > 0 \\ s \, x & x \leq 0 \end{cases}",
    kinks=(0.0,),
    convention="the slope s at x = 0",
)
def leaky_relu(x, *, slope: Annotated[float, nf.Setting("the slope below 0", "[0, inf)")] = 0.01):
    """x where it is positive, else a small multiple of it (Maas et al. 2013, section 2.2).

    >>> leaky_relu(-2.0), leaky_relu(-2.0, slope=0.25)
    (-0.02, -0.5)
    """
    return nf.where(x > 0.0, x, slope * x)


@leaky_relu.partials
def _(out, x, *, slope):
    return (nf.where(x > 0.0, 1.0, slope),)


@nf.op(formula=r"\ln(1 + e^x)")
def softplus(x):
    """A smooth relu, whose derivative is the sigmoid (Dugas et al. 2001).

    >>> softplus(-1000.0), softplus(1000.0)
    (0.0, 1000.0)
    """
    return nf.maximum(x, 0.0) + nf.log1p(nf.exp(-nf.abs(x)))


@softplus.partials
def _(out, x):
    return (sigmoid(x),)  # the op, not its rule: |x| would spoil higher derivatives at 0


@nf.op(
    formula=r"\begin{cases} x & x > 0 \\ \alpha (e^x - 1) & x \leq 0 \end{cases}",
    kinks=lambda alpha: () if alpha == 1.0 else (0.0,),  # both slopes are 1
    convention="alpha at x = 0",
)
def elu(x, *, alpha: Annotated[float, nf.Setting("minus the limit at -inf", "(0, inf)")] = 1.0):
    """Exponential linear unit (Clevert et al. 2016, equation 15).

    >>> elu(2.0), elu(-1000.0)
    (2.0, -1.0)
    """
    return nf.where(x > 0.0, x, alpha * nf.expm1(nf.where(x > 0.0, 0.0, x)))


@elu.partials
def _(out, x, *, alpha):
    return (nf.where(x > 0.0, 1.0, alpha * nf.exp(nf.where(x > 0.0, 0.0, x))),)


@nf.op(formula=r"\frac{x}{1 + e^{-x}}")
def silu(x):
    """x times its sigmoid, also called swish (Elfwing et al. 2018, equation 1).

    >>> silu(0.0)
    0.0
    """
    root = nf.exp(-0.5 * nf.abs(x))  # of e^-|x|, which may be too small to have all digits
    return nf.where(x > 0.0, x, x * root * root) / (1.0 + root * root)


@silu.partials
def _(out, x):
    half = nf.sech(0.5 * x)
    return (sigmoid(x) + 0.25 * x * half * half,)


@nf.op(formula=r"\frac{x}{2} \left(1 + \operatorname{erf} \frac{x}{\sqrt{2}}\right)")
def gelu(x):
    """x times the chance that a normal variable is below x (Hendrycks and Gimpel 2016).

    >>> round(gelu(1.0), 12)
    0.841344746069
    """
    return nf.normal_part(x, x)  # 1 + erf has no digits left where erf is nearly -1


@gelu.partials
def _(out, x):
    root = nf.gaussian(x, rate=0.25)  # of the normal curve times sqrt(2 pi)
    return (nf.normal_cdf(x) + x * root * root / math.sqrt(2.0 * math.pi),)


@nf.op(
    formula=r"\frac{x}{2} \left(1 + \tanh\left(\sqrt{\frac{2}{\pi}}"
    r" \left(x + 0.044715 \, x^3\right)\right)\right)"
)
def gelu_tanh(x):
    """GELU in its approximation by tanh (Hendrycks and Gimpel 2016, section 2).

    >>> round(gelu_tanh(1.0), 12)
    0.841191990608
    """
    fade = _fade(x)  # (1 + tanh u) / 2 is 1 / (1 + e^-2u)
    whole = nf.where(x > 0.0, x, x * fade * fade)
    return whole - whole * (fade * fade / (1.0 + fade * fade))


@gelu_tanh.partials
def _(out, x):
    fade = _fade(x)
    total = 1.0 + fade * fade
    gate = nf.where(x > 0.0, 1.0, fade * fade) / total
    return (gate + 2.0 * _near(x) * _inner_slope(x) * fade * fade / (total * total),)


_FAR = 22.0
_LINEAR = (0.7978845536708832, 7.131982177168955e-09)
_CUBIC = (0.035675048828125, 2.359308175124388e-06)
"""sqrt(2/pi), and 0.044715 times it, in two parts: the first has few digits, see :func:`_fade`."""


@nf.op(formula=r"e^{-\sqrt{2 / \pi} \left(|x| + 0.044715 \, |x|^3\right)}")
def _fade(x):
    """How fast the tails of gelu_tanh fade.

    An exponent of hundreds, rounded, would spoil three digits. So x is taken apart into ``near``,
    of so few bits that products with it are exact, and a rest; and the exponent is the sum of two
    numbers (Dekker 1971).
    """
    size = nf.where(nf.abs(x) > _FAR, _FAR, nf.abs(x))
    near = (size + 1.5 * 2.0**43) - 1.5 * 2.0**43  # so large a sum drops what is below 2^-9
    a, b = _CUBIC[0] * (near * near * near), _LINEAR[0] * near
    high = a + b
    lost = (a - (high - (high - a))) + (b - (high - a))
    slope = sum(_LINEAR) + sum(_CUBIC) * (size * size + size * near + near * near)
    low = lost + _CUBIC[1] * (near * near * near) + _LINEAR[1] * near + (size - near) * slope
    exponent = high + low
    fade = nf.exp(-exponent)
    return fade - fade * (low - (exponent - high))


@_fade.partials
def _(out, x):
    slope = out * _inner_slope(x)
    return (nf.where(x > 0.0, -slope, slope),)


def _inner_slope(x):
    return sum(_LINEAR) + 3.0 * sum(_CUBIC) * _near(x) * _near(x)


def _near(x):
    return nf.where(x > _FAR, _FAR, nf.where(x < -_FAR, -_FAR, x))  # beyond, fade^2 is 0


def linear(x):
    """The number itself: no activation, and no node.

    >>> linear(3.0)
    3.0
    """
    return x


@nf.pure
def softmax(xs):
    """Positive numbers that sum to 1, in the proportions of exp(x).

    The largest x is subtracted first, which changes nothing but keeps exp() in range; it is a
    constant to the derivative. Source: Bridle 1990, equation 5.

    >>> [round(p, 4) for p in softmax([1.0, 2.0, 3.0])]
    [0.09, 0.2447, 0.6652]
    """
    powers = [nf.exp(x) for x in below_largest(xs, "softmax")]
    total = nf.sum(powers)
    return [p / total for p in powers]


@nf.pure
def log_softmax(xs):
    """The logarithm of the softmax, without ever forming numbers that underflow.

    >>> log_softmax([0.0, 1000.0])
    [-1000.0, 0.0]
    """
    shifted = below_largest(xs, "log_softmax")
    others = nf.sum([_other(x) for x in shifted])  # 1 + e^-50 is 1: the largest is left out
    tied = nf.sum([_is_largest(x) for x in shifted]) - 1.0
    log_total = nf.log1p(others + tied)
    return [x - log_total for x in shifted]


@nf.op(formula=r"[x \geq 0]", kinks=(0.0,), convention="0 everywhere: a step is flat")
def _is_largest(x):
    """1 for the largest of some numbers, which is 0, else 0."""
    return nf.where(x < 0.0, 0.0, 1.0)


@_is_largest.partials
def _(out, x):
    return (0.0,)


@nf.op(formula=r"e^x - [x \geq 0]")
def _other(x):
    """e^x for a number below 0, and nothing for 0 itself; both have the slope e^x."""
    return nf.exp(x) - _is_largest(x)


@_other.partials
def _(out, x):
    return (nf.exp(x),)


def below_largest(xs, name):
    """Each number less the largest one, which is a constant to the derivative.

    Raises :class:`neuroflow.InputError` for anything but a list of at least one number; the
    message says that ``name`` got it.

    >>> below_largest([1.0, 3.0], "softmax")
    [-2.0, 0.0]
    """
    shift = nf.stop_gradient(nf.maximum(*require_numbers(xs, name)))
    return [x - shift for x in xs]


NO_NUMBERS = (bool, str, bytes, list, tuple, dict, set, type(None))
"""What is easily given in place of a number; numbers themselves are of many kinds."""


def require_number(x, got):
    """Raise :class:`neuroflow.InputError` for what is no number; ``got`` says who got it."""
    if isinstance(x, NO_NUMBERS):
        raise nf.InputError(
            f"{got}, {x!r}",
            expected="one number",
            remedy="flatten nested lists and convert texts first",
            got=x,
        )


def require_numbers(xs, name):
    """The list itself; raises :class:`neuroflow.InputError` unless it has numbers, at least one.

    >>> require_numbers([1.0, 3.0], "softmax")
    [1.0, 3.0]
    """
    if not isinstance(xs, (list, tuple)) or not xs:
        raise nf.InputError(
            f"{name} takes a list of at least one number, but got {xs!r}",
            remedy="a layer of one neuron gives a bare number: give it one neuron per class",
            got=xs,
        )
    for k, x in enumerate(xs):
        require_number(x, f"{name} got number {k}")
    return xs


_OPS = [op for op in globals().values() if isinstance(op, nf.Op) and not op.name.startswith("_")]
_SPELLED = {"leaky_relu": ("leakyRelu",)}
"""Ops that have another spelling too: that of the JavaScript original."""
_NAMED_ELSEWHERE = ("neuroflow_plugins.ops:relu", "neuroflow:tanh", "neuroflow:sin")


def _of(op):
    return nf.ActivationEntry(
        target=op, name=op.name, summary=op.summary, formula=op.formula, tensors=_form_of(op.name),
        aliases=_SPELLED.get(op.name, ()),
    )  # fmt: skip


def _form_of(name):
    """The function of tensors of an activation; None where its rule runs as it is."""
    known = ("relu", "gelu", "silu", "softmax", "log_softmax")
    return f"neuroflow_plugins.tensor_forms:{name}" if name in known else None


@nf.hookimpl
def neuroflow_ops():
    """The elementwise activations are ops, so they chain: ``x.gelu()``."""
    return [nf.OpEntry.of(op, aliases=_SPELLED.get(op.name, ())) for op in _OPS]


@nf.hookimpl
def neuroflow_activations():
    """All activations by name."""
    yield nf.ActivationEntry(
        name="linear", target=linear, summary="The number itself: no activation.", formula="x"
    )
    yield from (_of(op) for op in _OPS)
    for target in _NAMED_ELSEWHERE:
        name = target.partition(":")[2]
        yield nf.ActivationEntry(name=name, target=target, tensors=_form_of(name))
    yield nf.ActivationEntry(
        name="softmax",
        target=softmax,
        tensors=_form_of("softmax"),
        elementwise=False,
        summary="Positive numbers that sum to 1, in the proportions of exp(x).",
        formula=r"\frac{e^{x_i}}{\sum_j e^{x_j}}",
    )
    yield nf.ActivationEntry(
        name="log_softmax",
        target=log_softmax,
        tensors=_form_of("log_softmax"),
        elementwise=False,
        summary="The logarithm of the softmax.",
        formula=r"x_i - \ln \sum_j e^{x_j}",
    )
