r"""The algebra of vectors and matrices: what the words of a formula mean for lists of numbers.

Beside each other a matrix and a vector are multiplied; two vectors give their dot product, or with
``entrywise`` the products of their entries, as a norm's gain is written. A function that takes one
number takes each entry.

>>> algebra = MatrixAlgebra()
>>> algebra.product(Array([Array([1.0, 2.0]), Array([3.0, 4.0])]), Array([1.0, 1.0]), "")
Array([3.0, 7.0])
>>> Array([1.0, 2.0]) - 1.0
Array([0.0, 1.0])
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

from attrs import define, frozen

from neuroflow.checks.formulas.algebra import PlainAlgebra
from neuroflow.core.vectors import VectorOp
from neuroflow.errors import NeuroflowError


class Array(list[Any]):
    """A vector, or a matrix of rows, that is added, scaled and compared entry by entry."""

    def __repr__(self) -> str:
        return f"Array({super().__repr__()})"

    def __add__(self, other: Any) -> Any:
        return entrywise(operator.add, self, other)

    def __radd__(self, other: Any) -> Any:
        return entrywise(operator.add, other, self)

    def __sub__(self, other: Any) -> Any:
        return entrywise(operator.sub, self, other)

    def __rsub__(self, other: Any) -> Any:
        return entrywise(operator.sub, other, self)

    def __mul__(self, other: Any) -> Any:
        return entrywise(operator.mul, self, other)

    def __rmul__(self, other: Any) -> Any:
        return entrywise(operator.mul, other, self)

    def __truediv__(self, other: Any) -> Any:
        return entrywise(operator.truediv, self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return entrywise(operator.truediv, other, self)

    def __pow__(self, other: Any) -> Any:
        return entrywise(operator.pow, self, other)

    def __rpow__(self, other: Any) -> Any:
        return entrywise(operator.pow, other, self)

    def __neg__(self) -> Any:
        return entrywise(operator.mul, -1.0, self)

    def __abs__(self) -> Any:
        return Array(abs(x) for x in self)


def array(part: Any) -> Any:
    """Nested lists as arrays.

    >>> array([[1.0], [2.0]])
    Array([Array([1.0]), Array([2.0])])
    """
    return Array(map(array, part)) if isinstance(part, (list, tuple)) else part


def entrywise(combine: Callable[[Any, Any], Any], a: Any, b: Any) -> Any:
    """Two numbers, two arrays of one length, or a number with each entry.

    A vector meets each row of a matrix. Raises ValueError where the lengths differ.
    """
    if rank(a) < rank(b):
        return Array(entrywise(combine, a, y) for y in b)
    if rank(a) > rank(b):
        return Array(entrywise(combine, x, b) for x in a)
    if not isinstance(a, Array):
        return combine(a, b)
    return Array(entrywise(combine, x, y) for x, y in zip(a, b, strict=True))


def rank(a: Any) -> int:
    """0 for a number, 1 for a vector, 2 for a matrix."""
    depth = 0
    while isinstance(a, Array):
        depth, a = depth + 1, a[0] if a else 0.0
    return depth


def dot(a: Array, b: Array) -> float:
    """The sum of the products."""
    return math.fsum(x * y for x, y in zip(a, b, strict=True))


def transposed(a: Any) -> Any:
    """Rows as columns; a vector and a number stay as they are."""
    return Array(map(Array, zip(*a, strict=True))) if rank(a) == 2 else a


@frozen(eq=False)
class Waiting:
    """A factor in front of a function that has not met its argument: ``U f`` of ``U f(x)``."""

    factor: Any
    function: Callable[..., Any]
    sign: str


@define(eq=False)
class MatrixAlgebra(PlainAlgebra):
    """Formulas of arrays. ``entrywise``: what two vectors beside each other mean."""

    entrywise: bool = False

    def product(self, a: Any, b: Any, sign: str) -> Any:
        """``W x``, ``Q K``, ``w \\cdot x``, ``g \\odot x``; ``f (x)`` where f is a function."""
        if isinstance(a, Waiting):
            return self.product(a.factor, self.apply(a.function, [b]), a.sign)
        if callable(a):
            return self.apply(a, [b])
        if callable(b):
            return Waiting(a, b, sign)
        ranks = (rank(a), rank(b))
        if sign == r"\odot" or 0 in ranks or (ranks == (1, 1) and self.entrywise):
            return a * b
        if ranks == (1, 1):
            return dot(a, b)
        if ranks[0] == 1:
            return Array(dot(a, column) for column in transposed(b))
        if ranks[1] == 1:
            return Array(dot(row, b) for row in a)
        columns = transposed(b)
        return Array(Array(dot(row, column) for column in columns) for row in a)

    def entry(self, numbers: Any, k: int) -> Any:
        """The k-th entry; before the first one there are zeros: a state has not begun."""
        return numbers[0] * 0.0 if k < 0 else numbers[k]

    def transposed(self, a: Any) -> Any:
        """Rows as columns."""
        return transposed(a)

    def call(self, function: Callable[..., Any], name: str, numbers: Sequence[Any]) -> Any:
        """A function of numbers for each entry; the largest of one list is that of its entries."""
        if name in ("max", "min") and len(numbers) == 1 and rank(numbers[0]) == 1:
            return function(numbers[0])
        return _mapped(function, *numbers)

    def fold(self, sign: str, terms: Sequence[Any]) -> Any:
        """The sum, product or extreme of all terms, entry by entry."""
        if not any(isinstance(term, Array) for term in terms):
            return super().fold(sign, terms)
        step: Any = {
            r"\sum": operator.add, r"\prod": operator.mul, r"\max": max, r"\min": min,
        }[sign]  # fmt: skip
        return reduce(lambda a, b: entrywise(step, a, b), terms)

    def apply(self, function: Callable[..., Any], arguments: Sequence[Any]) -> Any:
        """An op or activation: of a number for each entry, of a list for each row."""
        if not isinstance(function, VectorOp):
            try:
                return _mapped(lambda *xs: float(function(*xs)), *arguments)
            except (TypeError, NeuroflowError):  # it takes the whole list
                pass
        if rank(arguments[0]) == 2:
            return Array(self.apply(function, [row]) for row in arguments[0])
        return _numbers(function(*[list(a) if isinstance(a, Array) else a for a in arguments]))


def _mapped(function: Callable[..., Any], *arguments: Any) -> Any:
    first = max(arguments, key=rank)
    if not isinstance(first, Array):
        return function(*arguments)
    rows = [a if isinstance(a, Array) else [a] * len(first) for a in arguments]
    return Array(_mapped(function, *each) for each in zip(*rows, strict=True))


def _numbers(part: Any) -> Any:
    return Array(map(_numbers, part)) if isinstance(part, (list, tuple)) else float(part)
