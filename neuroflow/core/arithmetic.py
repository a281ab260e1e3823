"""Arithmetic as ops: what ``a + b`` means for Values, and the sums that networks are made of."""

from __future__ import annotations

import builtins
from operator import mul as times

from neuroflow.core.functions import absolute, log, power, where
from neuroflow.core.op import op
from neuroflow.core.value import Value, context


@op(formula="a + b", step="add")
def add(a, b):
    """The sum of two numbers."""
    return a + b


@add.partials
def _(out, a, b):
    return (1.0, 1.0)


@op(formula="a - b", step="sub")
def sub(a, b):
    """The difference of two numbers."""
    return a - b


@sub.partials
def _(out, a, b):
    return (1.0, -1.0)


@op(formula=r"a \, b", step="mul")
def mul(a, b):
    """The product of two numbers."""
    return a * b


@mul.partials
def _(out, a, b):
    return (b, a)


@op(formula=r"\frac{a}{b}", domain=("(-inf, inf)", "(-inf, 0) | (0, inf)"), step="div")
def div(a, b):
    """The quotient of two numbers."""
    return a / b


@div.partials
def _(out, a, b):
    return (1.0 / b, -out / b)


@op(
    formula="x^y",
    domain=("(0, inf)", "(-inf, inf)"),
    convention="0 for the exponent where x <= 0, and for the base where y = 0;"
    " a negative base is allowed with a whole exponent",
    step="pow",
)
def pow(x, y):
    """A number to the power of another."""
    return power(x, y)


@pow.partials
def _(out, x, y):
    zero = absolute(y) <= 0.0
    slope = y * power(where(zero, 1.0, x), y - 1.0)
    positive = x > 0.0
    return (slope, where(positive, out * log(where(positive, x, 1.0)), 0.0))


@op(formula="-x", step="neg")
def neg(x):
    """The number with its sign turned."""
    return -x


@neg.partials
def _(out, x):
    return (-1.0,)


@op(formula="|x|", kinks=(0.0,), convention="0 at x = 0", step="abs")
def abs(x):
    """The distance from zero."""
    return absolute(x)


@abs.partials
def _(out, x):
    return (where(x > 0.0, 1.0, where(x < 0.0, -1.0, 0.0)),)


@op(formula="x", step="identity")
def identity(x):
    """The number itself: a linear unit, or a second name for a node."""
    return x


@identity.partials
def _(out, x):
    return (1.0,)


@op(formula=r"\operatorname{stop}(x)", convention="0 everywhere, by definition")
def stop_gradient(x):
    """The number itself, treated as a constant by every derivative."""
    return x


@stop_gradient.partials
def _(out, x):
    return (0.0,)


@op(vectors=True, formula=r"\sum_i x_i", step="sum")
def sum(xs):
    """The sum of any number of numbers."""
    return builtins.sum(xs)


@sum.partials
def _(out, xs):
    return ([1.0] * len(xs),)


@op(vectors=True, formula=r"\frac{1}{n} \sum_{i=1}^{n} x_i")
def mean(xs):
    """The arithmetic mean of any number of numbers."""
    return builtins.sum(xs) / len(xs)


@mean.partials
def _(out, xs):
    return ([1.0 / len(xs)] * len(xs),)


@op(vectors=True, formula=r"\sum_i a_i b_i", step="dot")
def dot(a, b):
    """The inner product of two equally long vectors."""
    return builtins.sum(map(times, a, b))


@dot.partials
def _(out, a, b):
    return (b, a)


arithmetic_ops = (add, sub, mul, div, pow, neg, abs, identity, stop_gradient, sum, mean, dot)


def _give_value_its_operators() -> None:
    """``a + b`` builds a node of ``add``, whichever side the Value is on."""
    binary = {"add": add, "sub": sub, "mul": mul, "truediv": div, "pow": pow}
    for symbol, op_ in binary.items():
        setattr(Value, f"__{symbol}__", lambda a, b, op=op_: context.get().build(op, (a, b)))
        setattr(Value, f"__r{symbol}__", lambda b, a, op=op_: context.get().build(op, (a, b)))
    for symbol, op_ in {"neg": neg, "abs": abs}.items():
        setattr(Value, f"__{symbol}__", lambda x, op=op_: op(x))


_give_value_its_operators()
