"""The error for a mistake in an op: whose it is, in which lines, and how things are shown."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Sequence
from typing import Any

from neuroflow.errors import DefinitionError, short_repr

Rule = Callable[..., Any]
"""Plain mathematics on any kind of number."""


def defined(rule: Rule, name: str = "") -> str:
    """An op as its messages name it: ``sq (mine.py:5)``."""
    code = getattr(inspect.unwrap(rule), "__code__", None)
    name = name or getattr(rule, "__name__", repr(rule))
    return f"{name} ({os.path.basename(code.co_filename)}:{code.co_firstlineno})" if code else name


def mistake(
    rule: Rule, name: str, what: str, expected: str = "", remedy: str = ""
) -> DefinitionError:
    """The error for an op that is declared wrongly; names the lines of its function."""
    code = getattr(inspect.unwrap(rule), "__code__", None)
    place: Any = {"file": code.co_filename, "line": code.co_firstlineno} if code else {}
    told = f"the op {defined(rule, name)} {what}"
    return DefinitionError(told, expected=expected, remedy=remedy, op=name, **place)


def listed(inputs: Sequence[Any]) -> str:
    """Inputs as a message shows them: the numbers alone, and not too many."""
    return ", ".join([*map(_shown, inputs[:4]), *["..."] * (len(inputs) > 4)])


def _shown(x: Any) -> str:
    try:
        return short_repr(getattr(x, "data", x), 24)
    except Exception:  # a traced number has none to show
        return short_repr(x, 24)


def many(n: int, word: str) -> str:
    return f"{n} {word}{'' if n == 1 else 's'}"
