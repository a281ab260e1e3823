"""A formula in LaTeX as tokens, without what only changes its look."""

from __future__ import annotations

import re
from collections.abc import Sequence

from attrs import define

from neuroflow.errors import InputError


class UnreadableFormulaError(InputError):
    """A formula uses something that the reader does not know; says what."""


_NAMING = {r"\mathrm", r"\text", r"\operatorname", r"\textrm", r"\mathit", r"\rm"}
OPENING = ("{", "(", "[", r"\{", r"\begin")
CLOSING = ("}", ")", "]", r"\}", r"\end")
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
        depth += (token in OPENING) - (token in CLOSING)
        if token == "=" and depth == 0:
            start = k + 1
    return tokens[start:]


_WHERE = re.compile(r"[,;]?\s*\\(?:text|textrm|mathrm)\s*\{\s*,?\s*(?:where|with)\s*\}")


_AND = re.compile(r"[,;]?\s*\\(?:text|textrm|mathrm)\s*\{\s*,?\s*(?:and|then)\s*\}")
_ALIGNED = re.compile(
    r"\\(?:begin|end)\s*\{(?:aligned|align|split|gathered)\*?\}|&(?![^{]*\\end\{cases)"
)


def tokens_of(text: str) -> tuple[Tokens, list[tuple[str, Tokens]]]:
    """The tokens of a formula, and what it defines behind a comma: ``e^2, e = p - y``.

    Of ``f(x) = ... = ...`` they are those of the last part.
    """
    tokens = [t for t in _TOKEN.findall(_WHERE.sub(", ", _tidy(text))) if not t.isspace()]
    return with_definitions(text, tokens)


def with_definitions(text: str, tokens: list[str]) -> tuple[Tokens, list[tuple[str, Tokens]]]:
    """Tokens of a formula, and of what it defines behind commas."""
    first, *rest = _parts(tokens) or [[]]
    names = [_defines(part) for part in rest]
    if not all(names):
        return Tokens(text, _right_side(tokens)), []
    ends = [part.index("=") + 1 for part in rest]
    parts = [Tokens(text, part[end:]) for part, end in zip(rest, ends, strict=True)]
    return Tokens(text, _right_side(first)), [*zip(names, parts, strict=True)]


def _defines(part: list[str]) -> str:
    """The name that a part such as ``e = p - y`` or ``z_t = ...`` defines; empty if none."""
    if len(part) > 2 and part[0][-1].isalpha() and part[1] == "=":
        return part[0].lstrip("\\")
    if len(part) > 4 and part[0][-1].isalpha() and part[1] == "_" and part[3] == "=":
        return f"{part[0]}_{part[2]}".replace("\\", "")
    return ""


def statements_of(text: str) -> list[list[str]]:
    r"""The tokens of each statement: between commas, semicolons, ``\\\\`` and ``\text{and}``."""
    plain = _ALIGNED.sub(" ", _AND.sub(", ", _WHERE.sub(", ", _tidy(text))))
    tokens = [t for t in _TOKEN.findall(plain) if not t.isspace()]
    return [part for part in _parts(tokens, (",", ";", r"\\")) if part]


def _parts(tokens: list[str], marks: tuple[str, ...] = (",",)) -> list[list[str]]:
    """What stands between the commas that are not inside of anything."""
    depth, parts = 0, [list[str]()]
    for token in tokens:
        depth += (token in OPENING) - (token in CLOSING)
        if token in marks and depth == 0:
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
            raise (
                self.unfinished(f"; {token!r} was expected")
                if not self.now
                else self.problem(f"{token!r} was expected, but {self.now!r} came")
            )

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

    def plain(self) -> str:
        r"""The name in one token or in ``{...}``: ``t``, ``in`` of ``\mathrm{in}``, ``t-1``."""
        depth, words = 0, list[str]()
        while self.now:
            token = self.next()
            depth += (token == "{") - (token == "}")
            if token in _NAMING:
                continue
            if token not in ("{", "}"):
                words.append(token.lstrip("\\"))
            if depth <= 0:
                return "".join(words)
        raise self.unfinished("; '}' was expected")

    def indices(self, bound: Sequence[str], counts: bool = False) -> list[list[str]]:
        """The tokens of each of several indices in braces: ``{ik}``, ``{i, t_i}``; they stay.

        With ``counts`` an index may be computed of one: ``{2t + i}``.
        """
        if self.now != "{":
            return []
        end = self._closing()
        inner = self.tokens[self.position + 1 : end]
        if "," in inner:
            return _parts(inner)
        if counts and {*inner} & {*bound} and {*inner} & {"+", "-"}:
            return [inner]
        return [[token] for token in inner] if all(token in bound for token in inner) else []

    def _closing(self) -> int:
        """Where the brace ends that is to be read next."""
        depth = 0
        for k in range(self.position, len(self.tokens)):
            depth += (self.tokens[k] == "{") - (self.tokens[k] == "}")
            if depth == 0:
                return k
        raise self.unfinished("; '}' was expected")

    def find(self, token: str) -> int:
        """Where a token stands that is not inside of anything, from here on."""
        depth = 0
        for k in range(self.position, len(self.tokens)):
            now = self.tokens[k]
            depth += (now in OPENING) - (now in CLOSING)
            if now == token and depth == 0:
                return k
        raise self.problem(f"{token!r} was expected")

    def unexpected(self, token: str) -> UnreadableFormulaError:
        """The error for a token that nothing can be made of; an empty one is the end."""
        return self.problem(f"{token!r} was not expected") if token else self.unfinished()

    def unfinished(self, more: str = "") -> UnreadableFormulaError:
        """The error for a formula that ends too early."""
        last = self.tokens[-1] if self.tokens else ""
        return self.problem(f"unfinished after {last!r}{more}" if last else "there is nothing")

    def problem(self, what: str) -> UnreadableFormulaError:
        """The error for what cannot be read here."""
        return UnreadableFormulaError(
            f"the formula {self.text!r} cannot be read: {what}", got=self.text
        )
