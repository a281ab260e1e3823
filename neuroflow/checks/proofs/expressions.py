"""Rules and formulas as expressions of sympy: every float becomes the number that it stands for.

A float with few decimals is that fraction. One that is the nearest float to a number which the
formula writes, such as the square root of two, is that number: rounding is no part of a proof.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any

from attrs import define, field

from neuroflow.checks.formulas.algebra import ALGEBRA, PlainAlgebra
from neuroflow.checks.formulas.latex import read, symbols_for
from neuroflow.checks.shared.subject import Subject
from neuroflow.core.vectors import VectorOp
from neuroflow.engine.lower.kernel import Kernel
from neuroflow.errors import NeuroflowError

sympy: Any = import_module("sympy")


class NoProofError(NeuroflowError):
    """Something cannot be shown with symbols; says what."""


MOST_AT_ONCE = 12
"""With more of them in one expression, symbols take minutes to be put together."""


def _well_known() -> dict[float, Any]:
    """Numbers that rules write as floats, whether the formula does or not."""
    numbers = [sympy.pi * sympy.Rational(share) for share in ("1/4", "1/2", "1")]
    return {float(x): x for x in (*numbers, sympy.log(2), sympy.log(10))}


@define(eq=False)
class Symbols(PlainAlgebra):
    """The algebra of symbols. ``constants`` are numbers that a formula writes, by their floats."""

    constants: dict[float, Any] = field(factory=_well_known)

    # What formulas are made of

    def number(self, x: float) -> Any:
        """A written number, as the fraction that its decimals say."""
        return sympy.Rational(repr(x))

    def call(self, function: Callable[..., Any], name: str, numbers: Sequence[Any]) -> Any:
        """A function of a formula, by its name."""
        return self.step(_SPELLED.get(name, name), [*map(self.exact, numbers)])

    def all_hold(self, relations: Sequence[tuple[str, Any, Any]]) -> Any:
        """All comparisons as one condition."""
        return sympy.And(*[self.relate(sign, a, b) for sign, a, b in relations])

    def choose(self, scope: Mapping[str, Any], rows: Sequence[Any]) -> Any:
        """Cases, as they are written."""
        return self.first([(holds(scope), value(scope)) for holds, value in rows])

    def fold(self, sign: str, terms: Sequence[Any]) -> Any:
        """All terms, added, multiplied or compared one after the other."""
        steps = {r"\sum": "add", r"\prod": "mul", r"\max": "maximum", r"\min": "minimum"}
        result, *rest = map(self.exact, terms)
        for term in rest:
            result = self.step(steps[sign], [result, term])
        return result

    # What kernels are made of

    def step(self, name: str, numbers: Sequence[Any]) -> Any:
        """An elementary step, or a function that formulas write."""
        if name in _BY_NAME:
            return getattr(sympy, name)(*numbers)
        if name not in _STEPS:
            raise NoProofError(f"{name} is no step of symbols")
        return _STEPS[name](self, *numbers)

    def run(self, kernel: Kernel, known: Mapping[str, Any]) -> list[Any]:
        """The results of a kernel as expressions in what is known."""
        known = dict(known)

        def operand(x: Any) -> Any:
            return known[x] if isinstance(x, str) else self.exact(x)

        for step in kernel.steps:
            known[step.name] = self.step(step.function, [operand(x) for x in step.operands])
        return [operand(x) for x in kernel.results]

    # What both are made of

    def relate(self, sign: str, a: Any, b: Any) -> Any:
        """A comparison as a condition."""
        relation = {
            "=": sympy.Eq, "<": sympy.Lt, ">": sympy.Gt, r"\le": sympy.Le, r"\leq": sympy.Le,
            r"\ge": sympy.Ge, r"\geq": sympy.Ge, r"\ne": sympy.Ne, r"\neq": sympy.Ne,
        }  # fmt: skip
        if sign not in relation:
            raise NoProofError(f"{sign} is no relation of symbols")
        return relation[sign](self.exact(a), self.exact(b))

    def first(self, rows: Sequence[tuple[Any, Any]]) -> Any:
        """The expression of the first condition that holds."""
        parts = [part for row in rows for part in row if isinstance(part, sympy.Basic)]
        met = {r for part in parts for r in part.atoms(sympy.core.relational.Relational)}
        if len(met) > MOST_AT_ONCE:
            raise NoProofError(f"it has more than {MOST_AT_ONCE} conditions")
        return sympy.Piecewise(*[(self.exact(value), condition) for condition, value in rows])

    def condition(self, x: Any) -> Any:
        """A truth value, or whether a number is not zero."""
        return sympy.sympify(x) if self._is_truth(x) else self.relate(r"\ne", x, 0)

    def _is_truth(self, x: Any) -> bool:
        logic = sympy.logic.boolalg
        kinds = (sympy.core.relational.Relational, logic.BooleanFunction, logic.BooleanAtom)
        return isinstance(x, (bool, *kinds))

    def exact(self, x: Any) -> Any:
        """An expression in which no number is rounded; a truth value is 1 or 0."""
        x = sympy.sympify(x)
        if self._is_truth(x):
            return sympy.Piecewise((sympy.S.One, x), (sympy.S.Zero, True))
        return x.xreplace({number: self._number(float(number)) for number in x.atoms(sympy.Float)})

    def _number(self, x: float) -> Any:
        return self.constants.get(x, sympy.Rational(repr(x)))


_BY_NAME = {
    "exp", "log", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh", "erf", "erfc", "asin",
    "acos", "atan", "asinh", "acosh", "atanh", "ceiling", "floor", "gamma",
}  # fmt: skip
_SPELLED = {
    "ln": "log", "max": "maximum", "min": "minimum", "sigma": "sigmoid", "sgn": "sign",
    "arcsin": "asin", "arccos": "acos", "arctan": "atan", "ceil": "ceiling",
    "ReLU": "relu", "Gamma": "gamma",
}  # fmt: skip


def _larger(s: Symbols, *xs: Any) -> Any:
    return _extreme(s, ">", xs)


def _smaller(s: Symbols, *xs: Any) -> Any:
    return _extreme(s, "<", xs)


def _extreme(s: Symbols, sign: str, xs: Sequence[Any]) -> Any:
    best, *rest = xs
    for x in rest:
        best = s.first([(s.relate(sign, best, x), best), (True, x)])
    return best


_STEPS: dict[str, Callable[..., Any]] = {
    "add": lambda s, a, b: a + b,
    "sub": lambda s, a, b: a - b,
    "mul": lambda s, a, b: a * b,
    "div": lambda s, a, b: a / b,
    "neg": lambda s, x: -x,
    "pow": lambda s, x, y: x**y,
    "identity": lambda s, x: x,
    "stop": lambda s, x: x,
    "greater": lambda s, a, b: s.relate(">", a, b),
    "greater_equal": lambda s, a, b: s.relate(r"\ge", a, b),
    "less": lambda s, a, b: s.relate("<", a, b),
    "less_equal": lambda s, a, b: s.relate(r"\le", a, b),
    "equal": lambda s, a, b: s.relate("=", a, b),
    "nonzero": lambda s, x: s.condition(x),
    "where": lambda s, c, a, b: s.first([(s.condition(c), a), (True, b)]),
    "maximum": _larger,
    "minimum": _smaller,
    "abs": lambda s, x: s.first([(s.relate("<", x, 0), -x), (True, x)]),
    "sign": lambda s, x: s.first([(s.relate(">", x, 0), 1), (s.relate("<", x, 0), -1), (True, 0)]),
    "relu": lambda s, x: _larger(s, x, sympy.S.Zero),
    "clip": lambda s, x, low, high: _smaller(s, _larger(s, x, low), high),
    "sigmoid": lambda s, x: 1 / (1 + sympy.exp(-x)),
    "softplus": lambda s, x: sympy.log(1 + sympy.exp(x)),
    "log1p": lambda s, x: sympy.log(1 + x),
    "expm1": lambda s, x: sympy.exp(x) - 1,
    "log2": lambda s, x: sympy.log(x, 2),
    "log10": lambda s, x: sympy.log(x, 10),
    "lg": lambda s, x: sympy.log(x, 10),
    "mod": lambda s, x, y: x - y * sympy.floor(x / y),
    "sech": lambda s, x: 1 / sympy.cosh(x),
    "coth": lambda s, x: 1 / sympy.tanh(x),
    "Phi": lambda s, x: sympy.erfc(-x / sympy.sqrt(2)) / 2,
    "phi": lambda s, x: sympy.exp(-x * x / 2) / sympy.sqrt(2 * sympy.pi),
}


def formula_of(subject: Subject, symbols: Symbols, xs: Sequence[Any]) -> Any:
    """The formula of a subject as an expression in its inputs; keeps the numbers that it writes."""
    op = subject.op
    if not subject.formula:
        raise NoProofError("there is no formula to hold it against")
    formula = read(subject.formula)
    values = [list(v) for v in op.split(list(xs))] if isinstance(op, VectorOp) else xs
    inputs = dict(zip(op.parameters, values, strict=True))
    if subject.output is not None:
        inputs |= dict.fromkeys("ijk", subject.output)
    scope = symbols_for(formula, inputs, {k: symbols.exact(x) for k, x in op.settings.items()})
    scope = {k: sympy.Integer(x) if type(x) is int else x for k, x in scope.items()}
    scope |= dict.fromkeys("ijk", subject.output) if subject.output is not None else {}
    scope |= {ALGEBRA: symbols, "e": sympy.E, r"\pi": sympy.pi}
    expression = symbols.exact(formula.node(scope))
    expression = expression.replace(sympy.Abs, lambda x: symbols.step("abs", [x]))
    parts = [*sympy.preorder_traversal(expression)]
    parts += [part.as_independent(*xs)[0] for part in parts if part.is_Mul]
    for part in parts:
        if part.is_number and part.is_real and part != 0:
            for number in (part, 1 / part, -part, -1 / part):
                symbols.constants[float(number)] = number
    return expression
