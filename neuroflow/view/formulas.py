r"""Formulas that are derived, not retyped: rules run on sympy's symbols.

>>> from neuroflow import ops
>>> [(name, slope) for name, slope in partial_derivatives(ops.mul)]
[('\\frac{\\partial}{\\partial a}', 'b'), ('\\frac{\\partial}{\\partial b}', 'a')]
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from attrs import evolve

from neuroflow.core.value import Op

VECTOR_LENGTH = 3


def partial_derivatives(op: Op) -> list[tuple[str, str]]:
    """What each partial of an op is, as LaTeX; empty where symbols cannot tell.

    An op on vectors is shown with vectors of three entries.
    """
    return [
        (rf"\frac{{\partial}}{{\partial {name}}}", written)
        for name, written in _derivatives(op, _latex, _latex_cases)
    ]


def partials_as_text(op: Op) -> list[tuple[str, str]]:
    """The same for a terminal: the name of each input, and a formula of one or more lines.

    >>> from neuroflow import ops
    >>> partials_as_text(ops.mul)
    [('a', 'b'), ('b', 'a')]
    """
    return _derivatives(op, _pretty, _pretty_cases)


Rows = list[tuple[Any, Any]]


def _derivatives(
    op: Op, write: Callable[[Any], str], write_cases: Callable[[Rows], str]
) -> list[tuple[str, str]]:
    names, formulas = _derived(op)
    try:
        written = [write_cases(f) if isinstance(f, list) else write(f) for f in formulas]
    except Exception:  # a formula that cannot be written is as good as none
        return []
    return list(zip(names, written, strict=True))


@lru_cache(64)
def _derived(op: Op) -> tuple[list[str], list[Any]]:
    """The inputs and the partials by them, a formula or cases each; nothing if symbols fail.

    Kept, for the same is asked for as LaTeX and as text, and simplifying it can take seconds.
    """
    try:
        names, flat = _symbols(op)
        slopes = _slopes(op, flat)
        if len(flat) == 1 and _branches(slopes[0]):
            rows = _on_either_side(op, flat[0])
            return names, [rows[0][0] if len(rows) == 1 else rows]
        if any(_branches(slope) > 2 for slope in slopes):
            return [], []  # many comparisons: the convention says it better than cases in cases
        return names, slopes
    except Exception:  # a rule that no symbol can go through has no derived formula
        return [], []


def _slopes(op: Op, flat: Sequence[Any]) -> list[Any]:
    import sympy  # type: ignore[import-untyped]

    bound = _with_symbols(op)
    return [sympy.sympify(slope) for slope in bound.partials_at(bound.forward(*flat), *flat)]


def _branches(expression: Any) -> int:
    """How often a formula makes a choice."""
    import sympy

    return len(expression.atoms(sympy.Piecewise, sympy.Max, sympy.Min, sympy.Abs))


def _on_either_side(op: Op, x: Any) -> Rows:
    """Formulas and where they hold: one where both sides of 0 agree, else cases.

    At 0 the formula is what the rule says.
    """
    import sympy

    above, below = (
        _exact(_slopes(op, [side])[0]).subs(side, x)
        for side in (sympy.Symbol("x", positive=True), sympy.Symbol("x", negative=True))
    )
    if sympy.simplify(above - below) == 0:
        return [(above, True)]
    at_zero = _exact(_slopes(op, [sympy.Integer(0)])[0])
    rows = [(above, x > 0)]
    if sympy.simplify(at_zero - below.subs(x, 0)) == 0:
        rows.append((below, x <= 0))
    elif sympy.simplify(at_zero - above.subs(x, 0)) == 0:
        rows = [(above, x >= 0), (below, x < 0)]
    else:
        rows += [(below, x < 0), (at_zero, sympy.Eq(x, 0, evaluate=False))]
    return rows


def _latex_cases(rows: Rows) -> str:
    cells = [rf"{_latex(value)} & \text{{if }} {_latex(condition)}" for value, condition in rows]
    body = r" \\ ".join(cells)
    return rf"\begin{{cases}} {body} \end{{cases}}"


def _pretty_cases(rows: Rows) -> str:
    import sympy

    return _pretty(sympy.Piecewise(*rows, evaluate=False))


def _pretty(expression: Any) -> str:
    import sympy

    return str(sympy.pretty(_exact(expression), use_unicode=True, num_columns=100))


def _symbols(op: Op) -> tuple[list[str], list[Any]]:
    import sympy

    if op.vectors:
        names = [
            f"{parameter.removesuffix('s')}_{k + 1}"
            for parameter in op.parameters
            for k in range(VECTOR_LENGTH)
        ]
    else:
        names = list(op.parameters)
    return names, [sympy.Symbol(name, real=True) for name in names]


def _with_symbols(op: Op) -> Op:
    """The op with its settings as symbols, so that the formula shows them."""
    import sympy

    settings = {name: sympy.Symbol(name, real=True) for name in op.settings}
    return evolve(op, settings=settings)


def _exact(expression: Any) -> Any:
    """With exact constants in place of floats."""
    import sympy

    return sympy.sympify(expression).replace(
        lambda part: part.is_Float, lambda part: nice_number(float(part))
    )


def _latex(expression: Any) -> str:
    import sympy

    exact = _exact(expression)
    if exact.has(sympy.Piecewise):
        exact = sympy.piecewise_fold(exact)
    words = {s: rf"\mathrm{{{s.name}}}" for s in exact.free_symbols if _is_word(s.name)}
    return str(sympy.latex(exact, ln_notation=True, symbol_names=words))


def _is_word(name: str) -> bool:
    return name.isalpha() and len(name) > 1 and name not in _GREEK


_GREEK = ("alpha", "beta", "gamma", "delta", "epsilon", "lambda", "mu", "rho", "sigma", "theta")


def nice_number(x: float) -> Any:
    """A float as the constant it stands for: 0.5 as 1/2, 1.1283... as 2 / sqrt(pi).

    >>> nice_number(0.5), nice_number(1.1283791670955126)
    (1/2, 2/sqrt(pi))
    """
    import sympy

    for symbol in _constants():
        ratio = sympy.nsimplify(x / float(symbol), rational=True, tolerance=1e-15)
        if abs(ratio.q) <= 24 and abs(ratio.p) <= 1000:
            return ratio * symbol
    return sympy.Float(x, 6) if math.isfinite(x) else sympy.oo


def _constants() -> Sequence[Any]:
    import sympy

    roots = (
        sympy.Integer(1),
        sympy.sqrt(2),
        1 / sympy.sqrt(sympy.pi),
        sympy.sqrt(2) / sympy.sqrt(sympy.pi),
    )
    return (*roots, 1 / sympy.sqrt(2 * sympy.pi), sympy.pi)
