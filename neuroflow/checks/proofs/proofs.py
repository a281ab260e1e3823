"""Proofs: what a rule and its partials compute, as expressions, is the formula and its derivatives.

What is proved holds for every number of the domain, not only for those that were tried. The steps
of the rule, as every backend runs them, become an expression; less the formula it has to be zero,
and so has each partial less the derivative of the formula, between any two places where one of
their conditions turns. At such a place itself there may be no derivative, and the checks hold the
convention. What is not zero, such as an approximation, may still be *enclosed*: nowhere further
off than :data:`WITHIN`. Rounding is no part of either.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

from attrs import frozen

from neuroflow.checks.proofs.enclosures import bounded
from neuroflow.checks.proofs.expressions import NoProofError, Symbols, formula_of, sympy
from neuroflow.checks.proofs.regions import Region, regions
from neuroflow.checks.shared.findings import ENCLOSED, PROVED, SAMPLED, Grade
from neuroflow.checks.shared.subject import Subject
from neuroflow.engine.lower.kernel import backward_kernel, forward_kernel, rule_kernel
from neuroflow.errors import NeuroflowError

mpmath: Any = import_module("mpmath")

WITHIN = 1e-12
"""How far off what is enclosed may be, in parts of 1 or of what is right if that is more."""

LONGEST = 10**20
"""Fractions of more digits are in no identity; they come from the coefficients of polynomials."""


def grade_of(subject: Subject) -> Grade:
    """Whether value and partials are proved, or at least enclosed; if not, why not.

    >>> from neuroflow.core.functions import tanh
    >>> grade_of(Subject.of(tanh))
    Grade(word='proved', why='')
    """
    try:
        if subject.whole is not None:
            raise NoProofError("it is no op, but a function of several")
        if subject.why_not_compared:
            raise NoProofError(subject.why_not_compared)
        close = [
            equation.what for equation in _equations(subject) if not _is_proved(equation, subject)
        ]
    except NeuroflowError as error:
        return Grade(SAMPLED, error.what)
    return Grade(ENCLOSED, f"{', '.join(close)}: within {WITHIN:g}") if close else Grade(PROVED)


@frozen(eq=False)
class Equation:
    """``found`` has to be what is ``right``, for all numbers ``xs``."""

    what: str
    found: Any
    right: Any
    xs: list[Any]


def _equations(subject: Subject) -> Iterator[Equation]:
    symbols, count = Symbols(), len(subject.inputs)
    xs = [
        sympy.Symbol(f"x{k}", real=True, positive=all(i.low >= 0.0 for i in d.intervals) or None)
        for k, d in enumerate(subject.domains)
    ]
    formula = formula_of(subject, symbols, xs)
    names = {x.name: x for x in xs}
    (value,) = symbols.run(rule_kernel(subject.op, count), names)
    yield Equation("its rule", value, formula, xs)
    if subject.op.step:
        (run,) = symbols.run(forward_kernel(subject.op, count), names)
        yield Equation("its step", run, formula, xs)
    known = {**names, "g": sympy.S.One, "out": value}
    partials = symbols.run(backward_kernel(subject.op, count), known)
    for name, x, partial in zip(subject.inputs, xs, partials, strict=True):
        yield Equation(f"d/d{name}", partial, sympy.diff(formula, x), xs)


def _is_proved(equation: Equation, subject: Subject) -> bool:
    """Whether a equation is proved, or else enclosed. Raises :class:`NoProofError` for neither."""
    proved = True
    for region in regions(
        (equation.found - equation.right, equation.right), equation.xs, subject.domains
    ):
        difference, right = region.expressions
        if _may_be_zero(region) and _is_zero(difference):
            continue
        if not region.alone or not bounded(difference, right, region.low, region.high, WITHIN):
            raise NoProofError(f"{equation.what} is not shown to be that of the formula")
        proved = False
    return proved


def _may_be_zero(region: Region) -> bool:
    """Whether the difference is nothing but rounding at two numbers: else nobody simplifies it.

    Rounding becomes smaller if more digits are taken, and what is there does not.
    """
    difference, _ = region.expressions
    symbols = sorted(difference.free_symbols, key=str)
    low, high = max(region.low, -3.0, region.high - 6.0), min(region.high, 3.0, region.low + 6.0)
    function = sympy.lambdify(symbols, difference, "mpmath")
    for part in (0.29, 0.83):
        at = [mpmath.mpf(low) + part * (mpmath.mpf(high) - low) + k for k in range(len(symbols))]
        try:
            rough, fine = (_with_digits(digits, function, at) for digits in (40, 80))
        except (ArithmeticError, ValueError, TypeError):
            continue  # outside of the domain of several inputs
        if fine != 0 and abs(rough - fine) < abs(fine) / 1000:
            return False
    return True


def _with_digits(digits: int, function: Any, numbers: list[Any]) -> Any:
    with mpmath.workdps(digits):
        return function(*numbers)


def _is_zero(expression: Any) -> bool:
    """Whether an expression without conditions can be shown to be zero."""
    if sympy.expand(expression) == 0:
        return True
    if any(max(abs(x.p), x.q) > LONGEST for x in expression.atoms(sympy.Rational)):
        return False  # an approximation, which would be simplified for minutes in vain
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
