"""Elementary functions on every kind of number: the alphabet in which rules are written.

``exp(2.0)`` is ``math.exp``; on an array it is numpy's, on a symbol sympy's, and on a Value a
node of the op registered as ``exp``. So a rule written with them is one text for all kinds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, Protocol

from neuroflow.core.kinds import PLAIN, kind_of, library
from neuroflow.core.vectors import refuse_what_is_no_number
from neuroflow.errors import InputError


def elementary(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a name and a docstring the meaning that each kind of number has for it."""
    name = function.__name__
    on_floats = getattr(library("builtins"), name)

    @wraps(function)
    def call(*numbers: Any) -> Any:
        for x in numbers:
            if type(x) not in PLAIN:
                refuse_what_is_no_number(name, numbers)
                return getattr(library(kind_of(numbers)), name)(*numbers)
        return on_floats(*numbers)

    return call


@elementary
def exp(x: Any) -> Any:
    """The exponential function, e to the power of x."""


@elementary
def log(x: Any) -> Any:
    """The natural logarithm; x > 0."""


@elementary
def log1p(x: Any) -> Any:
    """log(1 + x), exact where x is tiny; x > -1."""


@elementary
def expm1(x: Any) -> Any:
    """exp(x) - 1, exact where x is tiny."""


@elementary
def sqrt(x: Any) -> Any:
    """The square root; x >= 0."""


@elementary
def sin(x: Any) -> Any:
    """The sine of an angle in radians."""


@elementary
def cos(x: Any) -> Any:
    """The cosine of an angle in radians."""


@elementary
def tanh(x: Any) -> Any:
    """The hyperbolic tangent, between -1 and 1."""


@elementary
def erf(x: Any) -> Any:
    """The error function, between -1 and 1."""


@elementary
def absolute(x: Any) -> Any:
    """The distance of x from zero."""


@elementary
def power(x: Any, y: Any) -> Any:
    """x to the power of y; x > 0, or y a whole number."""


@elementary
def where(condition: Any, a: Any, b: Any) -> Any:
    """a where the condition holds, else b.

    Both are computed first: give the side that is not used a safe operand.
    """


@elementary
def maximum(*xs: Any) -> Any:
    """The largest of its arguments."""


@elementary
def minimum(*xs: Any) -> Any:
    """The smallest of its arguments."""


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
    if index is None or isinstance(index, (float, str)):
        raise InputError(f"take got the index {index!r}; expected a whole number, counted from 0")
    if not isinstance(index, int):
        return index.choose(values)
    if not 0 <= index < len(values):
        raise InputError(f"take got index {index}; expected 0 to {len(values) - 1}")
    return values[index]
