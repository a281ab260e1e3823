"""Elementary functions as ops, for every kind of number: the alphabet in which rules are written.

The rule of ``exp`` is what the package of the number calls it: ``math.exp`` for a float, numpy's
for an array, sympy's for a symbol; a Value gives a node of this very op. So a rule written with
these functions is one text for all kinds.

Source of the derivatives: Abramowitz and Stegun, "Handbook of Mathematical Functions" (1964),
chapters 3, 4 and 7.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, Protocol

from neuroflow.core.inputs import Number
from neuroflow.core.kinds import PLAIN, VALUES, kind_of, library
from neuroflow.core.protocols.chaining import core_ops
from neuroflow.core.rules import Rule, refuse
from neuroflow.core.value import Op, core_op
from neuroflow.core.vectors import Vector, VectorOp
from neuroflow.errors import InputError, short_repr
from neuroflow.pythonic import pythonic

Partials = tuple[Number, ...]


class Elementary(Op):
    """An op that the packages of all kinds of numbers have a function for."""

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        self.on_floats = getattr(library("builtins"), self.name)

    def __call__(self, *numbers: Any, **settings: float) -> Any:
        """A new node if any input is a Value, else just the number: the quick way for floats."""
        if settings:
            self.bind(**settings)  # refuses them
        for x in numbers:
            if type(x) not in PLAIN:
                return super().__call__(*numbers)
        try:
            return self.on_floats(*numbers)
        except (TypeError, ArithmeticError, ValueError):  # which the slow way tells in words
            return super().__call__(*numbers)


class ElementaryOfMany(Elementary, VectorOp):
    """The same with any number of inputs."""


def of_any_kind(name: str) -> Rule:
    """The function of that name which the package of its numbers has; a node for Values."""
    on_floats = getattr(library("builtins"), name)

    def function(*numbers: Number) -> Number:
        for x in numbers:
            if type(x) not in PLAIN:
                refuse(name, numbers)
                kind = kind_of(numbers)
                op_or_function = core_ops[name] if kind == VALUES else getattr(library(kind), name)
                return op_or_function(*numbers)
        return on_floats(*numbers)

    return function


def elementary(**declared: Any) -> Callable[[Rule], Op]:
    """Decorator: an op that needs no body, for every kind of number has a function of its name."""

    def define(described: Rule) -> Op:
        name = described.__name__
        rule = wraps(described)(of_any_kind(name))
        return core_op(Elementary, step=name, **declared)(rule)

    return define


# Exponentials and roots


@elementary(formula="e^x")
def exp(x: Number) -> Number:
    """The exponential function, e to the power of x."""


@exp.partials
def _(out: Number, x: Number) -> Partials:
    return (out,)


@elementary(formula=r"\ln x", domain="(0, inf)")
def log(x: Number) -> Number:
    """The natural logarithm."""


@log.partials
def _(out: Number, x: Number) -> Partials:
    return (1.0 / x,)


@elementary(formula=r"\ln(1 + x)", domain="(-1, inf)")
def log1p(x: Number) -> Number:
    """The logarithm of 1 + x, exact where x is tiny."""


@log1p.partials
def _(out: Number, x: Number) -> Partials:
    return (1.0 / (1.0 + x),)


@elementary(formula="e^x - 1")
def expm1(x: Number) -> Number:
    """The exponential of x less one, exact where x is tiny."""


@expm1.partials
def _(out: Number, x: Number) -> Partials:
    return (exp(x),)  # out + 1 has no digits left where out is nearly -1


@elementary(formula=r"\sqrt{x}", domain="[0, inf)", convention="no derivative at x = 0: an error")
def sqrt(x: Number) -> Number:
    """The square root."""


@sqrt.partials
def _(out: Number, x: Number) -> Partials:
    return (0.5 / out,)


@elementary(
    formula="x^y",
    domain=("(0, inf)", "(-inf, inf)"),
    convention="0 for the exponent where x <= 0, and for the base where y = 0;"
    " a negative base is allowed with a whole exponent",
)
def pow(x: Number, y: Number) -> Number:
    """A number to the power of another."""


@pow.partials
def _(out: Number, x: Number, y: Number) -> Partials:
    zero, positive = abs(y) <= 0.0, x > 0.0
    log_x = log(where(positive, x, 1.0))
    less = y - 1.0
    lost = y - (less + 1.0)  # what rounding took from y - 1: for a huge x it counts
    slope = y * pow(where(zero, 1.0, x), less) * (1.0 + lost * log_x)
    root = pow(where(positive, x, 1.0), 0.5 * y)  # out may be too small to have digits
    return (slope, where(positive, root * log_x * root, 0.0))


# Waves and steps


@elementary(formula=r"\sin x")
def sin(x: Number) -> Number:
    """The sine of an angle in radians."""


@sin.partials
def _(out: Number, x: Number) -> Partials:
    return (cos(x),)


@elementary(formula=r"\cos x")
def cos(x: Number) -> Number:
    """The cosine of an angle in radians."""


@cos.partials
def _(out: Number, x: Number) -> Partials:
    return (-sin(x),)


@elementary(formula=r"\tanh x")
def tanh(x: Number) -> Number:
    """The hyperbolic tangent, a smooth step from -1 to 1."""


@tanh.partials
def _(out: Number, x: Number) -> Partials:
    return (sech(x) * sech(x),)  # 1 - out^2 has no digits left where out is nearly 1


@core_op(formula=r"\frac{2}{e^x + e^{-x}}")
def sech(x: Number) -> Number:
    """The hyperbolic secant, a bump of height 1 whose square is the slope of tanh.

    >>> sech(0.0), sech(1000.0)
    (1.0, 0.0)
    """
    small = exp(-abs(x))
    return 2.0 * small / (1.0 + small * small)


@sech.partials
def _(out: Number, x: Number) -> Partials:
    return (-out * tanh(x),)


# Choices


@elementary(formula="|x|", kinks=(0.0,), convention="0 at x = 0")
def abs(x: Number) -> Number:
    """The distance from zero."""


@abs.partials
def _(out: Number, x: Number) -> Partials:
    return (where(x > 0.0, 1.0, where(x < 0.0, -1.0, 0.0)),)


@elementary(
    formula=r"\begin{cases} a & \text{if } c \neq 0 \\ b & \text{otherwise} \end{cases}",
    convention="0 for the condition",
)
def where(c: Number, a: Number, b: Number) -> Number:
    """One of two numbers, chosen by a condition that is 1 or 0.

    Both are computed first: give the side that is not used a safe operand.
    """


@where.partials
def _(out: Number, c: Number, a: Number, b: Number) -> Partials:
    return (0.0, where(c, 1.0, 0.0), where(c, 0.0, 1.0))


_largest, _smallest = of_any_kind("maximum"), of_any_kind("minimum")


@core_op(
    ElementaryOfMany,
    step="maximum",
    formula=r"\max_i x_i",
    kinks=("ties",),
    convention="tied inputs share the gradient equally",
)
def maximum(xs: Vector) -> Number:
    """The largest of any number of numbers."""
    return _largest(*xs)


@maximum.partials
def _(out: Number, xs: Vector) -> tuple[Vector, ...]:
    largest = [where(x < out, 0.0, 1.0) for x in xs]
    return ([one / sum(largest) for one in largest],)


@core_op(
    ElementaryOfMany,
    step="minimum",
    formula=r"\min_i x_i",
    kinks=("ties",),
    convention="tied inputs share the gradient equally",
)
def minimum(xs: Vector) -> Number:
    """The smallest of any number of numbers."""
    return _smallest(*xs)


@minimum.partials
def _(out: Number, xs: Vector) -> tuple[Vector, ...]:
    smallest = [where(x > out, 0.0, 1.0) for x in xs]
    return ([one / sum(smallest) for one in smallest],)


# The number itself


@core_op(formula="x", step="identity", partials_rule=lambda out, x: (1.0,))
def identity(x: Number) -> Number:
    """The number itself: a linear unit, or a second name for a node."""
    return x


@core_op(
    formula=r"\operatorname{stop}(x)",
    convention="0 everywhere, by definition",
    partials_rule=lambda out, x: (0.0,),
)
def stop_gradient(x: Number) -> Number:
    """The number itself, treated as a constant by every derivative."""
    return x


# Comparisons: what ``<`` means for numbers that are not known yet


def _comparison(formula: str) -> Callable[[Rule], Op]:
    def define(rule: Rule) -> Op:
        kinks, convention = ("a = b",), "0 everywhere: a step is flat"
        step = rule.__name__
        made = core_op(formula=formula, kinks=kinks, convention=convention, step=step)(rule)
        made.partials(lambda out, a, b: (0.0, 0.0))
        return made

    return define


@_comparison("[a > b]")
def greater(a: Number, b: Number) -> Number:
    """1 if a is greater than b, else 0."""
    return where(a > b, 1.0, 0.0)


@_comparison(r"[a \geq b]")
def greater_equal(a: Number, b: Number) -> Number:
    """1 if a is at least b, else 0."""
    return where(a >= b, 1.0, 0.0)


@_comparison("[a < b]")
def less(a: Number, b: Number) -> Number:
    """1 if a is less than b, else 0."""
    return where(a < b, 1.0, 0.0)


@_comparison(r"[a \leq b]")
def less_equal(a: Number, b: Number) -> Number:
    """1 if a is at most b, else 0."""
    return where(a <= b, 1.0, 0.0)


class Index(Protocol):
    """An integer that is not known yet: an index input of a traced function."""

    def choose(self, values: Sequence[Any]) -> Any:
        """The entry at this index, as a node."""


def take(values: Sequence[Any], index: int | Index) -> Any:
    """The entry of ``values`` at ``index``, counted from zero; a row if entries are lists.

    Write this instead of ``values[index]`` where the index is data, such as a token id:
    then a traced function can be run for every index.

    >>> take([10.0, 20.0, 30.0], 2)
    30.0
    """
    index = index if isinstance(index, int) else pythonic(index)
    if not isinstance(index, int) and not hasattr(index, "choose"):
        what = f"take got the index {short_repr(index)}"
        raise InputError(what, expected="a whole number, counted from 0", got=index)
    if not isinstance(index, int):
        return index.choose(values)
    if not isinstance(values, (list, tuple)):
        refuse_vector = f"take got {short_repr(values)} to choose from"
        raise InputError(refuse_vector, expected="a list", got=values)
    if not 0 <= index < len(values):
        what = f"take got index {index}"
        raise InputError(what, expected=f"0 to {len(values) - 1}", got=index)
    return values[index]
