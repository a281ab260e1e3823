r"""Pre-tokens: a text cut where no merge reaches across, by the patterns that models publish.

The patterns stand here letter by letter as in the files of the models. Python's :mod:`re` does
not know ``\p{L}``, a letter, and ``\p{N}``, a number, and counts four control characters as
white space that Unicode does not: :func:`compiled` writes all three out. What is a letter is what
:mod:`unicodedata` of this Python says; a letter that is newer is cut as a sign.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Sequence
from functools import cache
from itertools import groupby

DIGIT = r"\p{N}"
"""Each digit by itself, so that a number is read from its digits."""

GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
"""A word with the blank before it. Source: Radford et al. 2019, encoder.py."""

LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
"""Any sign may lead a word, and three digits make a piece. Source: tokenizer.json of Llama 3."""

QWEN2 = LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")
"""The same with single digits. Source: tokenizer.json of Qwen2."""

PATTERNS: dict[str, tuple[str, ...]] = {
    "gpt2": (GPT2,), "llama-3": (LLAMA3,), "smollm": (DIGIT, GPT2), "qwen2": (QWEN2,),
}  # fmt: skip
"""Whose patterns they are; of several, each cuts what those before it left."""

SPACES = r"\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
"""The white space of Unicode, as what stands between the brackets of a set."""


def pretokens(text: str, patterns: Sequence[str]) -> list[str]:
    """The parts of a text that its patterns find, and what lies between them; joined, the text.

    >>> pretokens("It's 2026,  now", PATTERNS["gpt2"])
    ['It', "'s", ' 2026', ',', ' ', ' now']
    >>> pretokens("It's 2026,  now", PATTERNS["smollm"])
    ['It', "'s", ' ', '2', '0', '2', '6', ',', ' ', ' now']
    """
    parts = [text]
    for pattern in patterns:
        parts = [piece for part in parts for piece in _cut(part, compiled(pattern))]
    return parts


def _cut(text: str, pattern: re.Pattern[str]) -> list[str]:
    pieces: list[str] = []
    end = 0
    for found in pattern.finditer(text):
        pieces += [text[end : found.start()], found[0]]
        end = found.end()
    return [piece for piece in (*pieces, text[end:]) if piece]


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    r"""A pattern for :mod:`re`, in which letters, numbers and white space are written out.

    >>> compiled(r"\p{N}+").findall("١٢ and ½"), compiled(r"\s").findall("\x1f ")
    (['١٢', '½'], [' '])
    """
    sets = re.split(r"(\[.*?\])", pattern.replace(r"\S", r"[^\s]"))
    sets[::2] = (_NAMED.sub(lambda name: f"[{_members(name[0])}]", each) for each in sets[::2])
    sets[1::2] = (_NAMED.sub(lambda name: _members(name[0]), each) for each in sets[1::2])
    return re.compile("".join(sets))


_NAMED = re.compile(r"\\s|\\p\{[LN]\}")


def _members(name: str) -> str:
    """What stands between the brackets for ``\\s``, ``\\p{L}`` or ``\\p{N}``."""
    return SPACES if name == r"\s" else _ranges()[name[3]]


@cache
def _ranges() -> dict[str, str]:
    """For letters, L, and numbers, N, the ranges in which they lie."""
    found = {"L": "", "N": ""}
    first = 0
    every = range(sys.maxunicode + 1)
    for kind, run in groupby(unicodedata.category(chr(k))[0] for k in every):
        end = first + sum(1 for _ in run)
        if kind in found:
            found[kind] += rf"\U{first:08x}-\U{end - 1:08x}"
        first = end
    return found
