"""What the words of a formula mean for plain numbers; a scope may bring another algebra along.

The grammar is read once. PlainAlgebra give numbers, and symbols, by the algebra of
:mod:`neuroflow.checks.proofs.expressions`, give the formula as an expression.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from neuroflow.checks.formulas.words import FOLDS, RELATIONS

ALGEBRA = "\\algebra"
"""Under this name a scope keeps its algebra; no symbol of a formula can be called so."""

Row = tuple[Callable[[Any], Any], Callable[[Any], Any]]


class PlainAlgebra:
    """Formulas of plain numbers."""

    def number(self, x: float) -> Any:
        """A number that is written in the formula."""
        return x

    def call(self, function: Callable[..., Any], name: str, numbers: Sequence[Any]) -> Any:
        """A function of that name; ``function`` computes it for floats."""
        return function(*numbers)

    def product(self, a: Any, b: Any, sign: str) -> Any:
        """Two factors, with the sign between them, if there is one."""
        return a * b

    def transposed(self, a: Any) -> Any:
        """A number is its own transpose."""
        return a

    def apply(self, function: Callable[..., Any], arguments: Sequence[Any]) -> Any:
        """An op or activation of the registry."""
        return function(*arguments)

    def entry(self, numbers: Any, k: int) -> Any:
        """The k-th entry of a list."""
        return numbers[k]

    def all_hold(self, relations: Sequence[tuple[str, Any, Any]]) -> Any:
        """Whether each ``(sign, left, right)`` holds."""
        return all(RELATIONS[sign](a, b) for sign, a, b in relations)

    def choose(self, scope: Mapping[str, Any], rows: Sequence[Row]) -> Any:
        """The value of the first row of which the condition holds; nan if there is none."""
        return next((value(scope) for holds, value in rows if holds(scope)), math.nan)

    def fold(self, sign: str, terms: Sequence[Any]) -> Any:
        """The sum, product or extreme of all terms."""
        return FOLDS[sign](list(terms))


PLAIN = PlainAlgebra()


def algebra_of(scope: Mapping[str, Any]) -> Any:
    """The algebra of a scope: that of plain numbers, unless it has another."""
    return scope.get(ALGEBRA, PLAIN)
