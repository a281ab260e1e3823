"""Modes: which modules were asked whether they train, while a function ran."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_asked: ContextVar[list[Any] | None] = ContextVar("asked", default=None)


@contextmanager
def noting_questions() -> Iterator[list[Any]]:
    """The modules that are asked for their ``training``, in this thread or task.

    >>> from neuroflow import Module
    >>> with noting_questions() as asked:
    ...     was_training = Module().training
    >>> len(asked)
    1
    """
    outer, asked = _asked.get(), list[Any]()
    token = _asked.set(asked)
    try:
        yield asked
    finally:
        _asked.reset(token)
        if outer is not None:
            outer += asked


def note_question(module: Any) -> None:
    """A module is asked for its ``training``."""
    if (asked := _asked.get()) is not None:
        asked.append(module)
