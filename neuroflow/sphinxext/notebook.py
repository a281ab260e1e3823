"""A page's Python: blocks of code in; what they print, give and raise out, as at Python's prompt.

This file needs the standard library alone, for it is also sent to the browser, where
``static/snippets-worker.js`` runs it.
"""

from __future__ import annotations

import ast
import contextlib
import io
import linecache
import traceback
from collections.abc import Callable
from typing import Any

NAME = "block "  # and its number: what a traceback calls the reader's code
LONGEST = 20_000  # characters of one block's output; more would only make the page slow
Tell = Callable[[str, str], object]


class Notebook:
    """The names that the blocks of one page share.

    ``tell(channel, text)`` hears of everything at once, so that a long run can be watched; the
    channels are ``printed``, ``value`` and ``error``.
    """

    def __init__(self, tell: Tell) -> None:
        self.tell = tell
        self.scope: dict[str, Any] = {"__name__": "page"}

    def run(self, code: str, number: int) -> bool:
        """Run one block; whether it came to its end."""
        name = f"{NAME}{number}"
        # known to linecache, so that tracebacks and rules show their source
        linecache.cache[name] = (len(code), None, code.splitlines(keepends=True), name)
        told = Bounded(self.tell)
        try:
            with contextlib.redirect_stdout(Printed(told)):
                for statement in ast.parse(code, name).body:
                    self._run(statement, name, told)
        except BaseException as error:  # SystemExit too: there is nothing here to leave
            self.tell("error", trimmed(error))
            return False
        return True

    def _run(self, statement: ast.stmt, name: str, told: Tell) -> None:
        if not isinstance(statement, ast.Expr):
            exec(compile(ast.Module([statement], []), name, "exec"), self.scope)
            return
        value = eval(compile(ast.Expression(statement.value), name, "eval"), self.scope)
        if value is not None:
            told("value", f"{value!r}\n")


class Printed(io.TextIOBase):
    """What is printed is told at once."""

    def __init__(self, tell: Tell) -> None:
        self._told = tell

    def write(self, text: str) -> int:
        """Hand it on."""
        self._told("printed", text)
        return len(text)


class Bounded:
    """Tells until it is too much, then says so once."""

    def __init__(self, tell: Tell) -> None:
        self.tell = tell
        self.left = LONGEST

    def __call__(self, channel: str, text: str) -> None:
        if self.left <= 0:
            return
        self.tell(channel, text[: self.left])
        self.left -= len(text)
        if self.left <= 0:
            self.tell("error", f"\nAfter {LONGEST:,} characters no more is shown.\n")


def trimmed(error: BaseException) -> str:
    """The traceback as far as it is the reader's own code, and what went wrong."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename.startswith(NAME)]
    told = traceback.format_exception_only(error)
    if not frames:
        return "".join(told)
    return "".join(["Traceback (most recent call last):\n", *traceback.format_list(frames), *told])
