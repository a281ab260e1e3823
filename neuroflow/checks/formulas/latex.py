r"""Reads the formulas of entries, so that a formula can be compared with what the rule computes.

It understands the LaTeX that formulas of scalar functions are written in: fractions, powers,
roots, named functions, cases, Iverson brackets, sums and extrema over an index.

>>> formula = read(r"\frac{1}{1 + e^{-x}}")
>>> formula({"x": 0.0})
0.5
>>> read(r"\sum_i a_i b_i")({"a": [1.0, 2.0], "b": [3.0, 4.0]})
11.0
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import frozen

from neuroflow.checks.formulas.reader import Node, Reader, Scope
from neuroflow.checks.formulas.tokens import (
    Tokens,
    UnreadableFormulaError,
    tokens_of,
    with_definitions,
)


@frozen(eq=False)
class Formula:
    """A formula that has been read; call it with numbers for its symbols.

    ``symbols`` are the names it uses, in order: ``x``, ``alpha``; vectors without their index.
    """

    text: str
    symbols: tuple[str, ...]
    node: Node

    def __call__(self, numbers: Mapping[str, Any]) -> float:
        """The value; a symbol without a number is an error, as in :func:`read`."""
        return float(self.node(dict(numbers)))


def read(text: str, free: Sequence[str] = (), wholes: Sequence[str] = ()) -> Formula:
    """Read a formula; of ``f(x) = ... = ...`` the last part counts, and then ``, e = p - y``.

    ``free`` are the indices of what comes out: ``y_t`` is there for each t, and ``x_{2t+1}`` is an
    entry then. ``wholes`` are names such as ``b_1`` that are no entry of b. Raises
    :class:`~neuroflow.checks.formulas.tokens.UnreadableFormulaError`, which names what could not be
    read.
    """
    return _read(text, *tokens_of(text), free, wholes)


def read_tokens(text: str, tokens: list[str]) -> Formula:
    """Read a part of a formula that is in tokens already, and what it defines behind a comma."""
    return _read(text, *with_definitions(text, tokens))


def _read(
    text: str, tokens: Tokens, defined: list[tuple[str, Tokens]], free: Sequence[str] = (),
    wholes: Sequence[str] = (),
) -> Formula:  # fmt: skip
    names = [*wholes, *(name for name, _ in defined)]
    reader = Reader(tokens, bound=[*free], defined=names, counts=bool(free))
    node = reader.everything()
    definitions: dict[str, Node] = {}
    for name, its_tokens in defined:
        within = Reader(its_tokens, bound=[*free], defined=names, counts=bool(free))
        definitions[name] = within.everything()
        reader.symbols += within.symbols
    symbols = [name for name in dict.fromkeys(reader.symbols) if name not in definitions]
    return Formula(text, tuple(symbols), _with(definitions, node))


def _with(definitions: Mapping[str, Node], node: Node) -> Node:
    """A formula in a scope with what it defines behind it, one after the other."""

    def value(scope: Scope) -> Any:
        waiting = dict(definitions)
        while waiting:  # in the order in which one needs another
            before = len(waiting)
            for name, definition in [*waiting.items()]:
                try:
                    scope = {**scope, name: definition(scope)}
                except UnreadableFormulaError:
                    if len(waiting) == 1:
                        raise
                    continue
                del waiting[name]
            if len(waiting) == before:
                scope = {**scope, **{name: each(scope) for name, each in waiting.items()}}
        return node(scope)

    return value if definitions else node


def symbols_for(
    formula: Formula, inputs: Mapping[str, Any], settings: Mapping[str, float]
) -> Scope:
    """Numbers for the symbols of a formula, from an op's inputs and settings.

    A vector ``xs`` is ``x`` in the formula, ``n`` and ``d`` are its length. A setting has its own
    name, or a Greek letter: settings without a symbol of their own take the others in order.
    """
    scope: Scope = {**settings, **inputs}
    for name, value in inputs.items():
        if isinstance(value, (list, tuple)):
            scope.setdefault(name.removesuffix("s"), value)
            for length in ("n", "d"):
                scope.setdefault(length, len(value))
    free = [s for s in formula.symbols if s not in scope]
    spare = [name for name in settings if name not in formula.symbols]
    scope.update({symbol: settings[name] for symbol, name in zip(free, spare, strict=False)})
    return scope
