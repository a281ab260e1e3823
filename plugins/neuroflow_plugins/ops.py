"""The bundled ops: elementary functions and their derivatives, one table to read top to bottom.

Each rule is written with the elementary functions of neuroflow, so one text serves floats,
arrays, native code, symbols and Values. Source of the derivatives: Abramowitz and Stegun,
"Handbook of Mathematical Functions" (1964), chapters 3, 4 and 7.
"""

from __future__ import annotations

import math

import neuroflow as nf


@nf.op(formula="e^x", step="exp")
def exp(x):
    """The exponential function."""
    return nf.exp(x)


@exp.partials
def _(out, x):
    return (out,)


@nf.op(formula=r"\ln x", domain="(0, inf)", step="log")
def log(x):
    """The natural logarithm."""
    return nf.log(x)


@log.partials
def _(out, x):
    return (1.0 / x,)


@nf.op(formula=r"\ln(1 + x)", domain="(-1, inf)", step="log1p")
def log1p(x):
    """The logarithm of 1 + x, exact where x is tiny."""
    return nf.log1p(x)


@log1p.partials
def _(out, x):
    return (1.0 / (1.0 + x),)


@nf.op(formula="e^x - 1", step="expm1")
def expm1(x):
    """The exponential of x less one, exact where x is tiny."""
    return nf.expm1(x)


@expm1.partials
def _(out, x):
    return (out + 1.0,)


@nf.op(
    formula=r"\sqrt{x}",
    domain="(0, inf)",
    convention="no derivative at x = 0: an error",
    step="sqrt",
)
def sqrt(x):
    """The square root."""
    return nf.sqrt(x)


@sqrt.partials
def _(out, x):
    return (0.5 / out,)


@nf.op(formula=r"\sin x", step="sin")
def sin(x):
    """The sine of an angle in radians."""
    return nf.sin(x)


@sin.partials
def _(out, x):
    return (nf.cos(x),)


@nf.op(formula=r"\cos x", step="cos")
def cos(x):
    """The cosine of an angle in radians."""
    return nf.cos(x)


@cos.partials
def _(out, x):
    return (-nf.sin(x),)


@nf.op(formula=r"\tanh x", step="tanh")
def tanh(x):
    """The hyperbolic tangent, a smooth step from -1 to 1."""
    return nf.tanh(x)


@tanh.partials
def _(out, x):
    return (1.0 - out * out,)


@nf.op(formula=r"\operatorname{erf} x", step="erf")
def erf(x):
    """The error function, twice the area under the normal curve from 0 to x."""
    return nf.erf(x)


@erf.partials
def _(out, x):
    return (2.0 / math.sqrt(math.pi) * nf.exp(-x * x),)


@nf.op(formula=r"\max(0, x)", kinks=(0.0,), convention="relu'(0) = 0")
def relu(x):
    """Rectified linear unit: x where it is positive, else 0."""
    return nf.where(x > 0.0, x, 0.0)


@relu.partials
def _(out, x):
    return (nf.where(x > 0.0, 1.0, 0.0),)


@nf.op(
    vectors=True,
    formula=r"\max_i x_i",
    kinks=("ties",),
    convention="tied inputs share the gradient equally",
    step="maximum",
)
def maximum(xs):
    """The largest of any number of numbers."""
    return nf.maximum(*xs)


@maximum.partials
def _(out, xs):
    largest = [nf.where(x < out, 0.0, 1.0) for x in xs]
    return ([one / sum(largest) for one in largest],)


@nf.op(
    vectors=True,
    formula=r"\min_i x_i",
    kinks=("ties",),
    convention="tied inputs share the gradient equally",
    step="minimum",
)
def minimum(xs):
    """The smallest of any number of numbers."""
    return nf.minimum(*xs)


@minimum.partials
def _(out, xs):
    smallest = [nf.where(x > out, 0.0, 1.0) for x in xs]
    return ([one / sum(smallest) for one in smallest],)


@nf.op(
    formula=r"\begin{cases} a & \text{if } c \neq 0 \\ b & \text{otherwise} \end{cases}",
    convention="0 for the condition",
    step="where",
)
def where(c, a, b):
    """One of two numbers, chosen by a condition that is 1 or 0."""
    return nf.where(c, a, b)


@where.partials
def _(out, c, a, b):
    return (0.0, nf.where(c, 1.0, 0.0), nf.where(c, 0.0, 1.0))


def _comparison(formula, step):
    return nf.op(
        formula=formula, step=step, kinks=("a = b",), convention="0 everywhere: a step is flat"
    )


@_comparison("[a > b]", "greater")
def greater(a, b):
    """1 if a is greater than b, else 0."""
    return nf.where(a > b, 1.0, 0.0)


@_comparison(r"[a \geq b]", "greater_equal")
def greater_equal(a, b):
    """1 if a is at least b, else 0."""
    return nf.where(a >= b, 1.0, 0.0)


@_comparison("[a < b]", "less")
def less(a, b):
    """1 if a is less than b, else 0."""
    return nf.where(a < b, 1.0, 0.0)


@_comparison(r"[a \leq b]", "less_equal")
def less_equal(a, b):
    """1 if a is at most b, else 0."""
    return nf.where(a <= b, 1.0, 0.0)


def _flat(out, a, b):
    return (0.0, 0.0)


greater.partials(_flat)
greater_equal.partials(_flat)
less.partials(_flat)
less_equal.partials(_flat)

_OWN = [op for op in globals().values() if isinstance(op, nf.Op)]


@nf.hookimpl
def neuroflow_ops():
    """Arithmetic, which lives in the core, and the functions of this module."""
    return [*nf.arithmetic_ops, *_OWN]
