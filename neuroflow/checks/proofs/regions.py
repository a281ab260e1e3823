"""Regions: an expression with conditions as expressions without, one for each way they can hold."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise, product
from typing import Any

from attrs import frozen

from neuroflow.checks.proofs.expressions import NoProofError, sympy
from neuroflow.core.domain import Domain

MOST_CONDITIONS = 6
"""So many conditions on several inputs are taken apart, each of them both ways."""


@frozen(eq=False)
class Region:
    """Expressions without conditions; of one input, on the open interval from low to high."""

    expressions: tuple[Any, ...]
    low: float = -math.inf
    high: float = math.inf
    alone: bool = True


def regions(
    expressions: Sequence[Any], xs: Sequence[Any], domains: Sequence[Domain]
) -> Iterator[Region]:
    """The expressions for each way in which their conditions can hold together.

    At a place where a condition turns nothing is said, for there may be no derivative; but what
    asks whether numbers are equal, as ``where`` asks of its condition, is looked at there too.
    """
    relations = {r for e in expressions for r in e.atoms(sympy.core.relational.Relational)}
    borders = {_border(relation) for relation in relations}
    if len(xs) == 1:
        yield from _between(expressions, xs[0], domains[0], relations, borders)
        return
    if len(borders) > MOST_CONDITIONS:
        raise NoProofError(f"it has {len(borders)} conditions on {len(xs)} inputs")
    asked = {_border(r) for r in relations if isinstance(r, (sympy.Eq, sympy.Ne))}
    for signs in product(*[(1, -1, 0) if border in asked else (1, -1) for border in borders]):
        side = dict(zip(borders, signs, strict=True))
        sure = {r: _holds(r, side) for r in relations}
        on = {
            border: sympy.S.Zero for border, sign in side.items() if not sign and border.is_Symbol
        }
        yield Region(tuple(e.xreplace(sure).xreplace(on) for e in expressions), alone=False)


def _border(relation: Any) -> Any:
    """What is zero where a condition turns, the same for ``a < b`` and ``b < a``."""
    border = relation.lhs - relation.rhs
    return -border if border.could_extract_minus_sign() else border


def _holds(relation: Any, side: dict[Any, int]) -> Any:
    """Whether a condition holds on that side of its border."""
    border = relation.lhs - relation.rhs
    sign = side[border] if border in side else -side[-border]
    if isinstance(relation, (sympy.Eq, sympy.Ne)):
        return sympy.sympify((sign == 0) == isinstance(relation, sympy.Eq))
    if sign == 0:
        return sympy.sympify(isinstance(relation, (sympy.Ge, sympy.Le)))
    return sympy.sympify((sign > 0) == isinstance(relation, (sympy.Gt, sympy.Ge)))


def _between(
    expressions: Sequence[Any], x: Any, domain: Domain, relations: set[Any], borders: set[Any]
) -> Iterator[Region]:
    """The expressions on each open interval of the domain on which no condition turns."""
    ends = {end for interval in domain.intervals for end in (interval.low, interval.high)}
    turns = {sympy.nsimplify(end) for end in ends if math.isfinite(end)} | {sympy.S.Zero}
    for border in borders:
        roots = sympy.solveset(border, x, sympy.S.Reals)
        if not isinstance(roots, (sympy.FiniteSet, sympy.sets.sets.EmptySet)):
            raise NoProofError(f"where {border} is zero is not known")
        turns |= set(roots)
    for low, high in pairwise([-sympy.oo, *sorted(turns), sympy.oo]):
        middle = low + 1 if high == sympy.oo else high - 1 if low == -sympy.oo else (low + high) / 2
        if float(middle) in domain:
            inside = sympy.Symbol("x", **{"positive" if middle > 0 else "negative": True})
            sure = {r: r.subs(x, middle) for r in relations}
            known = tuple(e.xreplace(sure).xreplace({x: inside}) for e in expressions)
            yield Region(known, float(low), float(high))
    for border in {_border(r) for r in relations if isinstance(r, (sympy.Eq, sympy.Ne))}:
        for root in sympy.solveset(border, x, sympy.S.Reals):
            yield Region(tuple(e.subs(x, root) for e in expressions), alone=False)
