"""Proofs: what a rule and its partials compute, as expressions, is the formula and its derivatives.

What is proved holds for every number of the domain, not only for those that were tried. The steps
of the rule, as every backend runs them, become an expression; less the formula it has to be zero,
and so has each partial less the derivative of the formula, between any two places where one of
their conditions turns. At such a place itself there may be no derivative, and the checks hold the
convention. Rounding is no part of a proof.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise, product
from typing import Any

from neuroflow.checks.subject import Subject
from neuroflow.checks.symbols import NoProofError, Symbols, formula_of, sympy
from neuroflow.core.domain import Domain
from neuroflow.engine.lower.kernel import backward_kernel, forward_kernel, rule_kernel
from neuroflow.errors import NeuroflowError

MOST_CONDITIONS = 6
"""So many conditions on several inputs are taken apart, each of them both ways."""


def no_proof(subject: Subject) -> str:
    """Why value and partials of a subject are not proved; empty if they are.

    >>> from neuroflow.core.functions import tanh
    >>> no_proof(Subject.of(tanh))
    ''
    """
    try:
        if subject.whole is not None:
            raise NoProofError("it is no op, but a function of several")
        if subject.why_not_compared:
            raise NoProofError(subject.why_not_compared)
        for what, expression, xs in _have_to_be_zero(subject):
            for piece in _pieces(expression, xs, subject.domains):
                if not _is_zero(piece):
                    raise NoProofError(f"{what}, as far as can be shown")
    except NeuroflowError as error:
        return error.what
    return ""


def _have_to_be_zero(subject: Subject) -> Iterator[tuple[str, Any, list[Any]]]:
    symbols, count = Symbols(), len(subject.inputs)
    xs = [
        sympy.Symbol(f"x{k}", real=True, positive=_is_positive(domain) or None)
        for k, domain in enumerate(subject.domains)
    ]
    formula = formula_of(subject, symbols, xs)
    names = {x.name: x for x in xs}
    (value,) = symbols.run(rule_kernel(subject.op, count), names)
    yield "its rule is not the formula", value - formula, xs
    (run,) = symbols.run(forward_kernel(subject.op, count), names)
    yield "what is run for its rule is not the formula", run - formula, xs
    known = {**names, "g": sympy.S.One, "out": value}
    partials = symbols.run(backward_kernel(subject.op, count), known)
    for name, x, partial in zip(subject.inputs, xs, partials, strict=True):
        yield f"d/d{name} is not that of the formula", partial - sympy.diff(formula, x), xs


def _is_positive(domain: Domain) -> bool:
    return all(interval.low >= 0.0 for interval in domain.intervals)


def _pieces(expression: Any, xs: Sequence[Any], domains: Sequence[Domain]) -> Iterator[Any]:
    """The expression without its conditions, for each way in which they can hold."""
    relations = expression.atoms(sympy.core.relational.Relational)
    borders = {_border(relation) for relation in relations}
    if len(xs) == 1:
        yield from _between(expression, xs[0], domains[0], borders)
        return
    if len(borders) > MOST_CONDITIONS:
        raise NoProofError(f"it has {len(borders)} conditions on {len(xs)} inputs")
    for signs in product((1, -1), repeat=len(borders)):
        side = dict(zip(borders, signs, strict=True))
        yield expression.xreplace({r: _holds(r, side) for r in relations})


def _border(relation: Any) -> Any:
    """What is zero where a condition turns, the same for ``a < b`` and ``b < a``."""
    border = relation.lhs - relation.rhs
    return -border if border.could_extract_minus_sign() else border


def _holds(relation: Any, side: dict[Any, int]) -> Any:
    """Whether a condition holds on that side of its border; on the border nothing is asked."""
    border = relation.lhs - relation.rhs
    sign = side[border] if border in side else -side[-border]
    above = isinstance(relation, (sympy.Gt, sympy.Ge))
    if isinstance(relation, (sympy.Eq, sympy.Ne)):
        return sympy.sympify(isinstance(relation, sympy.Ne))
    return sympy.sympify((sign > 0) == above)


def _between(expression: Any, x: Any, domain: Domain, borders: set[Any]) -> Iterator[Any]:
    """The expression on each open interval of the domain on which no condition turns."""
    ends = {end for interval in domain.intervals for end in (interval.low, interval.high)}
    turns = {sympy.nsimplify(end) for end in ends if abs(end) != float("inf")} | {sympy.S.Zero}
    for border in borders:
        roots = sympy.solveset(border, x, sympy.S.Reals)
        if not isinstance(roots, (sympy.FiniteSet, sympy.sets.sets.EmptySet)):
            raise NoProofError(f"where {border} is zero is not known")
        turns |= set(roots)
    places = sorted(turns)
    middles = [(a + b) / 2 for a, b in pairwise(places)]
    for middle in [places[0] - 1, *middles, places[-1] + 1]:
        if float(middle) not in domain:
            continue
        sure = {r: r.subs(x, middle) for r in expression.atoms(sympy.core.relational.Relational)}
        sign = {"positive": True} if middle > 0 else {"negative": True}
        yield expression.xreplace(sure).xreplace({x: sympy.Symbol("x", **sign)})


def _is_zero(expression: Any) -> bool:
    """Whether an expression without conditions can be shown to be zero."""
    if sympy.expand(expression) == 0:
        return True
    general = _with_plain_arguments(expression)
    forms = (
        lambda e: sympy.expand(sympy.numer(sympy.together(e.rewrite(sympy.exp)))),
        sympy.simplify,
        lambda e: sympy.simplify(sympy.expand(sympy.together(e.rewrite(sympy.exp)))),
    )
    return any(form(e) == 0 for e in dict.fromkeys((general, expression)) for form in forms)


def _with_plain_arguments(expression: Any) -> Any:
    """The same for any arguments of its functions: what is zero then is zero for these too.

    ``tanh(c (x + x^3))`` is taken apart as ``tanh(u)``, which is all that most identities need.
    """
    functions = expression.atoms(sympy.exp, sympy.tanh, sympy.cosh, sympy.sinh, sympy.log)
    plain: dict[Any, Any] = {}
    changes = {}
    for function in sorted(functions, key=sympy.count_ops):
        argument = sympy.expand(function.args[0])
        if argument.is_number or argument.as_coeff_Mul()[1].is_Symbol:
            continue
        sign = -1 if argument.could_extract_minus_sign() else 1
        u = plain.setdefault(sign * argument, sympy.Dummy("u", real=True))
        changes[function] = function.func(sign * u)
    return expression.xreplace(changes)
