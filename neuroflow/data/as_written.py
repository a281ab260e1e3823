"""Formulas as people write them, in Python's notation: ``2x`` is ``2*x``, ``x²`` is ``x**2``."""

from __future__ import annotations

import re
from keyword import iskeyword

_SIGNS = {"^": "**", "π": "pi", "·": "*", "×": "*", "÷": "/", "−": "-", "√": "sqrt"}
_RAISED = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-", strict=True))
_TOKEN = re.compile(
    r"(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?P<name>[A-Za-z_]\w*)|(?P<other>\S)"
)
_LETTERS = ("x", "pi", "e")
"""What stands for a number: before a bracket or a name it is a factor."""


def in_python(text: str) -> str:
    """A formula in Python's notation; what is in it already stays as it is.

    >>> in_python("2x² + 3 sin(πx)"), in_python("|x| / (x+1)(x-1)"), in_python("1e-20*x")
    ('2*x**(2) + 3*sin(pi*x)', 'abs(x) / (x+1)*(x-1)', '1e-20*x')
    """
    raised = "".join(_RAISED)
    text = re.sub(f"[{raised}]+", lambda m: f"**({''.join(map(_RAISED.get, m[0]))})", text)  # type: ignore[arg-type]
    text = re.sub(r"π(?=\w)", "pi ", text)
    for sign, word in _SIGNS.items():
        text = text.replace(sign, word)
    text = re.sub(r"\|([^|]+)\|", r"abs(\1)", text)
    return _with_products(text)


def _with_products(text: str) -> str:
    """A sign of multiplication between factors that stand side by side."""
    written, before, end = "", "", 0
    for token in _TOKEN.finditer(text):
        word = token[0]
        between = text[end : token.start()]
        product = _ends_factor(before) and _begins_factor(token, before)
        written += ("*" if product else between) + word
        before, end = word, token.end()
    return written + text[end:]


def _ends_factor(word: str) -> bool:
    return word == ")" or word[:1].isdigit() or word[:1] == "." or word in _LETTERS


def _begins_factor(token: re.Match[str], before: str) -> bool:
    """Whether a word is a letter, a call, or a bracket behind what is no function."""
    word, rest = token[0], token.string[token.end() :].lstrip()
    if token.lastgroup == "name":
        return (len(word) == 1 and word not in "jJ") or word in _LETTERS or _is_call(word, rest)
    if word == "(":
        return before not in _LETTERS
    return token.lastgroup == "number" and before == ")"


def _is_call(word: str, rest: str) -> bool:
    return rest.startswith("(") and not iskeyword(word)
