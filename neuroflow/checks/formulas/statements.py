r"""Formulas of several statements, of what is drawn at random, and those that are in words.

>>> first, second = statements(r"v \leftarrow m v + g, \quad w \leftarrow w - \eta v")
>>> first.name, first.formula({"m": 0.5, "v": 4.0, "g": 1.0})
('v', 3.0)
>>> drawn = distribution(r"w \sim U(-a, a), \quad a = 3 g")
>>> drawn.family, drawn.symbols, [part({"g": 2.0}) for part in drawn.parts]
('uniform', ('g',), [-6.0, 6.0])
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from attrs import frozen

from neuroflow.checks.formulas.latex import Formula, read_tokens
from neuroflow.checks.formulas.reader import Reader
from neuroflow.checks.formulas.tokens import (
    CLOSING,
    OPENING,
    Tokens,
    UnreadableFormulaError,
    statements_of,
)

_ASSIGNS = (r"\leftarrow", r"\gets", "=", r"\coloneqq")
_SMALL_WORDS = {"if", "otherwise", "else", "where", "with", "and", "or", "for", "then", "on", "in"}


def in_words(text: str) -> bool:
    r"""Whether a formula says itself that it is prose: ``\text{...}`` with a sentence in it.

    >>> in_words(r"\text{the median of } x"), in_words(r"\begin{cases} x & \text{if } x > 0")
    (True, False)
    """
    groups = re.findall(r"\\(?:text|textrm)\s*\{([^}]*)\}", text)
    return any({*group.split()} - _SMALL_WORDS and " " in group for group in groups)


@frozen(eq=False)
class Statement:
    """One line of an algorithm: the formula is the new value of what has the name."""

    name: str
    formula: Formula


def statements(text: str) -> list[Statement]:
    r"""The statements of ``v \leftarrow m v + g, \quad w \leftarrow w - \eta v``, in order."""
    found = []
    for tokens in statements_of(text):
        at = next((k for k, token in enumerate(tokens) if token in _ASSIGNS), None)
        if not at:
            raise Tokens(text, tokens).problem(
                f"{' '.join(tokens)!r} says of nothing what it becomes: write w \\leftarrow ..."
            )
        found.append(Statement(_name(text, tokens[:at]), read_tokens(text, tokens[at + 1 :])))
    return found


def _name(text: str, tokens: list[str]) -> str:
    reader = Reader(Tokens(text, list(tokens)))
    reader.everything()
    if len(reader.symbols) != 1:
        raise Tokens(text, tokens).problem(f"{' '.join(tokens)!r} is no name")
    return reader.symbols[0]


@frozen(eq=False)
class Distribution:
    """What is drawn: the family, and its parts as formulas; ``symbols`` are those of all parts.

    ``normal`` has its mean and its *variance*, ``uniform`` and ``choice`` their ends and numbers,
    ``laplace`` its middle and its scale, ``constant`` the number.
    """

    family: str
    parts: tuple[Formula, ...]

    @property
    def symbols(self) -> tuple[str, ...]:
        """The names that its parts use, in order."""
        return tuple(dict.fromkeys(name for part in self.parts for name in part.symbols))

    def at(self, numbers: Mapping[str, Any]) -> list[float]:
        """The parts as numbers."""
        return [part(numbers) for part in self.parts]


_FAMILIES = {
    "N": "normal", "Normal": "normal", "U": "uniform", "Uniform": "uniform",
    "Laplace": "laplace", "L": "laplace",
}  # fmt: skip


def distribution(text: str) -> Distribution:
    r"""What ``w \sim N(\mu, \sigma^2)``, ``w \sim U(-a, a), a = ...`` or ``w = 0`` draws."""
    first, *rest = statements_of(text) or [[]]
    definitions = [token for part in rest for token in (",", *part)]
    if r"\sim" not in first:
        at = next((k + 1 for k, token in enumerate(first) if token == "="), 0)
        return Distribution("constant", (read_tokens(text, first[at:] + definitions),))
    tokens = Tokens(text, first[first.index(r"\sim") + 1 :])
    start = next((k for k, token in enumerate(tokens.tokens) if token in ("(", r"\{", "[")), 0)
    word = Tokens(text, ["{", *tokens.tokens[:start], "}"]).plain().removeprefix("mathcal")
    family = "choice" if tokens.tokens[start : start + 1] == [r"\{"] else _FAMILIES.get(word, "")
    if not family:
        raise tokens.problem(
            f"{word or 'nothing'!r} is no distribution that is known: N, U, Laplace"
        )
    inner = tokens.tokens[start + 1 : -1]
    parts = tuple(read_tokens(text, part + definitions) for part in _between_commas(inner))
    if family != "choice" and len(parts) != 2:
        raise tokens.problem(f"{word} has {len(parts)} numbers; two were expected")
    return Distribution(family, parts)


def _between_commas(tokens: list[str]) -> list[list[str]]:
    depth, parts = 0, [list[str]()]
    for token in tokens:
        depth += (token in OPENING) - (token in CLOSING)
        if token == "," and depth == 0:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def unreadable(error: UnreadableFormulaError) -> str:
    """What a finding says about a formula that cannot be read."""
    return (
        f"{error}; see the page of formulas that can be read, or say in words what it computes:"
        r" formula=r'\text{...}'"
    )
