"""A formula in LaTeX as tokens, without what only changes its look."""

from __future__ import annotations

import re

from attrs import define

from neuroflow.errors import InputError


class UnreadableFormulaError(InputError):
    """A formula uses something that the reader does not know; says what."""


_TOKEN = re.compile(r"\\[a-zA-Z]+\*?|\\.|\d+\.?\d*|\.\d+|[a-zA-Z]|'|\S|\s+")
_SPACING = re.compile(
    r"\\(?:left|right|[bB]igg?[lrm]?|quad|qquad|displaystyle|limits|nolimits|,|;|!|:)(?![a-zA-Z])|~"
)


def _tidy(text: str) -> str:
    """Without what only changes the look."""
    text = re.sub(r"\\left\s*\.|\\right\s*\.", " ", text)
    return re.sub(r"(?<!\\)\\ ", " ", _SPACING.sub(" ", text))


def _right_side(tokens: list[str]) -> list[str]:
    """What stands behind the last equals sign that is not inside of anything."""
    depth, start = 0, 0
    for k, token in enumerate(tokens):
        depth += (token in ("{", "(", "[", r"\begin")) - (token in ("}", ")", "]", r"\end"))
        if token == "=" and depth == 0:
            start = k + 1
    return tokens[start:]


_WHERE = re.compile(r"[,;]?\s*\\(?:text|textrm|mathrm)\s*\{\s*,?\s*(?:where|with)\s*\}")


def tokens_of(text: str) -> tuple[Tokens, list[tuple[str, Tokens]]]:
    """The tokens of a formula, and what it defines behind a comma: ``e^2, e = p - y``.

    Of ``f(x) = ... = ...`` they are those of the last part.
    """
    tokens = [t for t in _TOKEN.findall(_WHERE.sub(", ", _tidy(text))) if not t.isspace()]
    first, *rest = _parts(tokens)
    if not all(len(part) > 2 and part[0][-1].isalpha() and part[1] == "=" for part in rest):
        return Tokens(text, _right_side(tokens)), []
    definitions = [(part[0].lstrip("\\"), Tokens(text, part[2:])) for part in rest]
    return Tokens(text, _right_side(first)), definitions


def _parts(tokens: list[str]) -> list[list[str]]:
    """What stands between the commas that are not inside of anything."""
    depth, parts = 0, [list[str]()]
    for token in tokens:
        depth += (token in ("{", "(", "[", r"\begin")) - (token in ("}", ")", "]", r"\end"))
        if token == "," and depth == 0:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts if parts[-1] else parts[:-1]


@define
class Tokens:
    """A formula as tokens, and the place up to which it was read."""

    text: str
    tokens: list[str]
    position: int = 0

    @property
    def now(self) -> str:
        """The token to be read next; empty at the end."""
        return self.tokens[self.position] if self.position < len(self.tokens) else ""

    @property
    def is_last(self) -> bool:
        """Whether nothing follows the next token."""
        return self.position + 1 >= len(self.tokens)

    def next(self) -> str:
        """Read one token."""
        self.position += 1
        return self.tokens[self.position - 1] if self.position <= len(self.tokens) else ""

    def back(self) -> None:
        """Take the last token back."""
        self.position -= 1

    def need(self, token: str) -> None:
        """Read a token that must come here."""
        if self.next() != token:
            self.back()
            raise self.problem(f"{token!r} was expected, but {self.now or 'the end'!r} came")

    def split_digit(self) -> None:
        """Of a number, only the first digit is the next token: LaTeX reads ``x^12`` as x^1 2."""
        if self.now[:1].isdigit() and len(self.now) > 1:
            digit, rest = self.now[0], self.now[1:]
            self.tokens[self.position : self.position + 1] = [digit, rest]

    def braced(self) -> str:
        """The plain words in ``{...}``."""
        self.need("{")
        words = []
        while self.now != "}":
            words.append(self.next())
        self.next()
        return "".join(words).strip().replace("\\_", "_")

    def problem(self, what: str) -> UnreadableFormulaError:
        """The error for what cannot be read here."""
        return UnreadableFormulaError(
            f"the formula {self.text!r} cannot be read: {what}", got=self.text
        )
