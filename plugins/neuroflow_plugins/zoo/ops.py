"""Ops and activations with one mistake each. Find it before you read on."""

from __future__ import annotations

import math

import neuroflow as nf
from neuroflow_plugins.zoo.twin import twin


@twin("the relu that assigns", "no mutation", "It resets the gradient of its input, so what"
      " other uses had added is lost. Gradients are added up, never assigned.")  # fmt: skip
def relu_1(x):
    """Rectified linear unit: x where it is positive, else 0."""
    if isinstance(x, nf.Value):
        x.grad = 0.0  # bug
    return nf.ops.relu(x)


@twin("the relu that branches", "branch-free", "A Python if looks at one number; an array or a"
      " traced Value has no single truth. where(x > 0, x, 0.0) keeps both sides.")  # fmt: skip
@nf.op(formula=r"\max(0, x)", kinks=(0.0,), convention="0 at x = 0")
def relu_2(x):
    """Rectified linear unit: x where it is positive, else 0."""
    if x > 0.0:  # bug
        return x
    return 0.0 * x


@relu_2.partials
def _(out, x):
    return (nf.where(x > 0.0, 1.0, 0.0),)


_ROOT = math.sqrt(2.0 / math.pi)


@twin("the gelu with a wrong constant", "formula", "0.44715 for 0.044715: forward and partials"
      " agree with each other, and neither with the formula.")  # fmt: skip
@nf.op(formula=r"\frac{x}{2} \left(1 + \tanh\left(\sqrt{2 / \pi} (x + 0.044715 x^3)\right)\right)")
def gelu_1(x):
    """GELU in its approximation by tanh."""
    c = 0.44715  # bug
    return 0.5 * x * (1.0 + nf.tanh(_ROOT * (x + c * x * x * x)))


@twin("the cube with the slope of a square", "partials", "The derivative of x^3 is 3 x^2.")
@nf.op(formula="x^3")
def cube_1(x):
    """The cube of x."""
    return x * x * x


@cube_1.partials
def _(out, x):
    return (2.0 * x * x,)  # bug


@twin("the quotient with swapped partials", "partials", "The tuple has one derivative for each"
      " input, in the order of the inputs.")  # fmt: skip
@nf.op(formula=r"\frac{a}{b}", domain=("(-inf, inf)", "(0, inf)"))
def ratio_1(a, b):
    """The quotient of two numbers."""
    return a / b


@ratio_1.partials
def _(out, a, b):
    return (-out / b, 1.0 / b)  # bug


@twin("the sigmoid without its chain factor", "partials", "The inner function 2x has the slope 2,"
      " which multiplies.")  # fmt: skip
@nf.op(formula=r"\frac{1}{1 + e^{-2x}}")
def sigmoid_1(x):
    """A steep logistic sigmoid."""
    small = nf.exp(-2.0 * nf.abs(x))
    return nf.where(x > 0.0, 1.0, small) / (1.0 + small)


@sigmoid_1.partials
def _(out, x):
    return (out * (1.0 - out),)  # bug


@twin("the cosine with a turned sign", "partials", "The derivative of cos is -sin.")
@nf.op(formula=r"\cos x")
def cos_1(x):
    """The cosine of an angle in radians."""
    return nf.cos(x)


@cos_1.partials
def _(out, x):
    return (nf.sin(x),)  # bug


@twin("the sine of degrees", "partials", "With x in degrees the inner derivative is pi/180.")
@nf.op(formula=r"\sin\left(\frac{\pi}{180} x\right)")
def sin_1(x):
    """The sine of an angle in degrees."""
    return nf.sin(math.pi / 180.0 * x)


@sin_1.partials
def _(out, x):
    return (nf.cos(math.pi / 180.0 * x),)  # bug


@twin("the square that changes its input", "no mutation", "x += 1 makes a new number of a float,"
      " and overwrites an array in place.")  # fmt: skip
@nf.op(formula="(x + 1)^2")
def square_1(x):
    """The square of x + 1."""
    x += 1.0  # bug
    return x * x


@square_1.partials
def _(out, x):
    return (2.0 * x + 2.0,)


_CALLS: list[int] = []


@twin("the square that remembers", "determinism", "A counter outside of the rule changes the"
      " result from call to call.")  # fmt: skip
@nf.op(formula="x^2")
def square_2(x):
    """The square of x."""
    _CALLS.append(1)
    return x * x * (1.0 + 1e-12 * len(_CALLS))  # bug


@square_2.partials
def _(out, x):
    return (2.0 * x,)


_LAST: dict[str, object] = {}


@twin("the exponential with a cache", "determinism", "partials takes what forward left behind,"
      " which belongs to the last call and not to this node. Use out.")  # fmt: skip
@nf.op(formula="e^x")
def exp_1(x):
    """The exponential function."""
    _LAST["y"] = nf.exp(x)
    return _LAST["y"]


@exp_1.partials
def _(out, x):
    return (_LAST["y"],)  # bug


@twin("the tanh without a second derivative", "second derivatives", "float(out) is right for the"
      " first derivative and cuts the graph that the second one needs.")  # fmt: skip
@nf.op(formula=r"\tanh x")
def tanh_1(x):
    """The hyperbolic tangent."""
    return nf.tanh(x)


@tanh_1.partials
def _(out, x):
    y = float(out)  # bug
    return (1.0 - y * y,)


@twin("the detached silu", "partials", "float(x) takes the number out of the graph, so the slope"
      " of the sigmoid is lost.")  # fmt: skip
@nf.op(formula=r"\frac{x}{1 + e^{-x}}")
def silu_1(x):
    """x times its sigmoid."""
    gate = nf.ops.sigmoid(float(x))  # bug
    return x * gate


@twin("the softplus for floats alone", "branch-free", "math.exp knows no arrays, symbols or"
      " Values; nf.exp knows them all.")  # fmt: skip
@nf.op(formula=r"\ln(1 + e^x)", domain="(-30, 30)")
def softplus_1(x):
    """A smooth relu."""
    return math.log1p(math.exp(x))  # bug


@softplus_1.partials
def _(out, x):
    return (1.0 / (1.0 + nf.exp(-x)),)


@twin("the softplus that overflows", "extremes", "exp(1000) is beyond all floats, though the"
      " result is 1000: max(x, 0) + log1p(exp(-|x|)) is the same and never overflows.")  # fmt: skip
@nf.op(formula=r"\ln(1 + e^x)")
def softplus_2(x):
    """A smooth relu."""
    return nf.log1p(nf.exp(x))  # bug


@softplus_2.partials
def _(out, x):
    return (nf.ops.sigmoid(x),)


@twin("the unstable softmax", "extremes", "exp(1000) overflows. Subtract the largest x first: it"
      " changes nothing else.")  # fmt: skip
def softmax_1(xs):
    """Positive numbers that sum to 1, in the proportions of exp(x)."""
    powers = [nf.exp(x) for x in xs]  # bug
    total = nf.sum(powers)
    return [p / total for p in powers]


@twin("the softmax that heats the wrong way", "formula", "A temperature divides: at 1 nobody sees"
      " that it multiplies here.")  # fmt: skip
def softmax_2(xs, *, temperature=1.0):
    """Positive numbers that sum to 1, the more alike the higher the temperature."""
    largest = xs[0]
    for x in xs:
        largest = nf.maximum(largest, x)
    powers = [nf.exp((x - largest) * temperature) for x in xs]  # bug
    total = nf.sum(powers)
    return [p / total for p in powers]


@twin("the activation that sorts", "no mutation", "sort() reorders the caller's own list;"
      " sorted(xs) gives a new one.")  # fmt: skip
def centred_1(xs):
    """The numbers less their median."""
    order = xs
    order.sort()  # bug
    return [x - order[len(order) // 2] for x in xs]


@twin("sin(x)/x at zero", "finite", "It is 0/0 at x = 0; where() has to give it the limit 1, and"
      " a safe operand to divide by.")  # fmt: skip
@nf.op(formula=r"\frac{\sin x}{x}")
def sinc_1(x):
    """sin(x) / x, a wave that fades away."""
    return nf.sin(x) / x  # bug


@sinc_1.partials
def _(out, x):
    return ((nf.cos(x) - out) / x,)


@twin("the length with no slope at zero", "kinks", "x / out is 0/0 at the kink: say with where()"
      " what the convention promises.")  # fmt: skip
@nf.op(formula=r"\sqrt{x^2}", kinks=(0.0,), convention="0 at x = 0")
def length_1(x):
    """The length of a vector of one number."""
    return nf.abs(x)


@length_1.partials
def _(out, x):
    return (x / out,)  # bug


@twin("the hard tanh with secret kinks", "undeclared kinks", "The slope jumps at -1 and at 1;"
      " declare both, and the convention.")  # fmt: skip
@nf.op(formula=r"\max(-1, \min(1, x))")  # bug
def hard_tanh_1(x):
    """x, cut off at -1 and at 1."""
    return nf.maximum(-1.0, nf.minimum(1.0, x))


@hard_tanh_1.partials
def _(out, x):
    return (nf.where(x > -1.0, nf.where(x < 1.0, 1.0, 0.0), 0.0),)


@twin("the saturation with a pole", "undeclared kinks", "It divides by zero at x = -1.7; declare"
      " the domain (0, inf), where it is meant to be used.")  # fmt: skip
@nf.op(formula=r"\frac{x}{1.7 + x}")  # bug
def saturation_1(x):
    """Rises steeply, then ever less: how fast an enzyme works."""
    return x / (1.7 + x)


@saturation_1.partials
def _(out, x):
    return (1.7 / ((1.7 + x) * (1.7 + x)),)


@twin("the distance that breaks its word", "kinks", "The convention says 0 at x = 0, and"
      " x >= 0 gives 1 there.")  # fmt: skip
@nf.op(formula="|x|", kinks=(0.0,), convention="0 at x = 0")
def abs_1(x):
    """The distance from zero."""
    return nf.abs(x)


@abs_1.partials
def _(out, x):
    return (nf.where(x >= 0.0, 1.0, -1.0),)  # bug


@twin("relu6 with its kink at 5", "kinks", "The upper kink is at 6.")
@nf.op(
    formula=r"\min(\max(x, 0), 6)",
    kinks=(0.0, 5.0),  # bug
    convention="the slope is 0 at both kinks",
)
def relu6_1(x):
    """relu, cut off at 6."""
    return nf.minimum(nf.maximum(x, 0.0), 6.0)


@relu6_1.partials
def _(out, x):
    return (nf.where(x > 0.0, nf.where(x < 6.0, 1.0, 0.0), 0.0),)


@twin("the blend with one partial", "partials", "Two inputs need two derivatives.")
@nf.op(formula=r"0.25 a + 0.75 b")
def blend_1(a, b):
    """A mixture of two numbers."""
    return 0.25 * a + 0.75 * b


@blend_1.partials
def _(out, a, b):
    return (0.25,)  # bug


@twin("the error function with a rounded constant", "high precision", "2 / sqrt(pi) was typed"
      " with eight digits; write it as a formula.")  # fmt: skip
@nf.op(formula=r"\operatorname{erf} x")
def erf_1(x):
    """The error function."""
    return nf.erf(x)


@erf_1.partials
def _(out, x):
    return (1.1283792 * nf.exp(-x * x),)  # bug


@twin("the logarithm that loses digits", "high precision", "1 + x forgets the digits of a small"
      " x; log1p(x) does not.")  # fmt: skip
@nf.op(formula=r"\ln(1 + x)", domain="(-1, inf)")
def log1p_1(x):
    """The logarithm of 1 + x."""
    return nf.log(1.0 + x)  # bug


@log1p_1.partials
def _(out, x):
    return (1.0 / (1.0 + x),)


@twin("the attention score without 1/sqrt(d)", "formula", "Without the factor the scores grow"
      " with the size of the vectors, and softmax saturates.")  # fmt: skip
@nf.op(vectors=True, formula=r"\frac{1}{\sqrt{d}} \sum_i q_i k_i")
def score_1(q, k):
    """How relevant a key is to a query: their scaled inner product."""
    return nf.dot(q, k)  # bug


@twin("the leaky relu that ignores its setting", "partials", "The slope is 0.01 only by default:"
      " partials has to take the setting too.")  # fmt: skip
@nf.op(formula=r"\max(0, x) + s \min(0, x)", kinks=(0.0,), convention="the setting s at x = 0")
def leaky_relu_1(x, *, slope=0.01):
    """x where it is positive, else a small multiple of it."""
    return nf.where(x > 0.0, x, slope * x)


@leaky_relu_1.partials
def _(out, x):
    return (nf.where(x > 0.0, 1.0, 0.01),)  # bug


@twin("the mean with the slopes of a sum", "partials", "Each input counts for 1/n.")
@nf.op(vectors=True, formula=r"\frac{1}{n} \sum_i x_i")
def mean_1(xs):
    """The arithmetic mean."""
    return nf.sum(xs) / len(xs)


@mean_1.partials
def _(out, xs):
    return ([1.0] * len(xs),)  # bug


@twin("the product with a patch", "search", "A patch that was meant for one case stays in the"
      " partials of all: it shows where both inputs are large at once.")  # fmt: skip
@nf.op(formula="a b")
def product_1(a, b):
    """The product of two numbers."""
    return a * b


@product_1.partials
def _(out, a, b):
    both = nf.where(a > 6.0, 1.0, 0.0) * nf.where(b > 9.0, 1.0, 0.0)
    return (b + both, a)  # bug


@twin("the sum with a step in a corner", "formula", "Nobody looks at the corner where the one is"
      " small and the other large; the formula does.")  # fmt: skip
@nf.op(formula="a + b")
def plus_1(a, b):
    """The sum of two numbers."""
    corner = nf.where(a < -7.5, 1.0, 0.0) * nf.where(b > 7.5, 1.0, 0.0)
    return a + b + 0.001 * nf.where(corner > 0.0, 1.0, 0.0) * (a + 7.5) * (b - 7.5)  # bug


OPS = [op for op in globals().values() if isinstance(op, nf.Op)]
ACTIVATIONS = [
    nf.ActivationEntry(
        name="relu_1", target=relu_1, summary="Rectified linear unit.", formula=r"\max(0, x)"
    ),
    nf.ActivationEntry(
        name="softmax_1",
        target=softmax_1,
        elementwise=False,
        summary="Positive numbers that sum to 1.",
        formula=r"\frac{e^{x_i}}{\sum_j e^{x_j}}",
    ),
    nf.ActivationEntry(
        name="softmax_2",
        target=softmax_2,
        elementwise=False,
        summary="Positive numbers that sum to 1.",
        formula=r"\frac{e^{x_i / T}}{\sum_j e^{x_j / T}}",
    ),
    nf.ActivationEntry(
        name="centred_1",
        target=centred_1,
        elementwise=False,
        summary="The numbers less their median.",
        formula=r"x_i - \operatorname{median}",
    ),
]
