"""Captured output: what plugins print goes to standard error; results stay whole.

Python's prints are caught, and so is what reaches file descriptor 1 past Python: from a C
library, a child process, or ``os.write``. Several threads may capture at once: each gets what it
printed itself, and what other threads print meanwhile goes where it always went. Only text that
went past Python, which belongs to no thread, goes to whoever is done first.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import tempfile
import threading
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from typing import Any

from attrs import define, field

from neuroflow.locks import lock
from neuroflow.registry.points import THREAD

STANDARD_OUTPUT = 1

_printed: ContextVar[io.StringIO | None] = ContextVar("printed", default=None)
"""What this thread or task has printed, while it is captured."""


@contextlib.contextmanager
def silenced() -> Iterator[list[str]]:
    """Pass on to standard error what is printed inside; afterwards the list holds it.

    >>> with silenced() as said:
    ...     print("hello")
    >>> said
    ['hello\\n']
    """
    said: list[str] = []
    printed = io.StringIO()
    token = _printed.set(printed)
    _capture.enter()
    try:
        yield said
    finally:
        past_python = _capture.leave()
        _printed.reset(token)
        said += [text for text in (past_python, printed.getvalue()) if text]
        sys.stderr.write("".join(said))


class _Router:
    """Stands for ``sys.stdout``: what captured code prints is kept, what a thread of a plugin
    prints is no result, and all else goes on its way.
    """

    def __init__(self, before: Any, aside: Any) -> None:
        self.before = before  # here, what captured code writes past this stand-in ends up caught
        self.aside = aside  # and this leads to the terminal meanwhile

    def write(self, text: str) -> int:
        if hasattr(threading.current_thread(), THREAD):
            return int(sys.stderr.write(text))
        return int((_printed.get() or self.aside).write(text))

    def close(self) -> None:
        """What is not one's own is not closed."""

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.aside if _printed.get() is None else self.before, name)


@define(eq=False)
class _Capture:
    """The process's standard output, moved aside as long as anybody captures."""

    captures: int = 0
    router: Any = None
    descriptor: int = -1  # a copy of descriptor 1 as it was
    file: Any = None  # what descriptor 1 is meanwhile
    position: int = 0  # so much of the file was read
    _lock: Any = field(factory=lambda: lock(1))

    def enter(self) -> None:
        with self._lock:
            self.captures += 1
            if self.captures == 1:
                self._move_aside()

    def leave(self) -> str:
        """What went past Python since the last one left."""
        with self._lock:
            self.captures -= 1
            _flush()
            text = self._read()
            if not self.captures:
                self._put_back()
            return text

    def _move_aside(self) -> None:
        _flush()
        aside = sys.stdout or io.StringIO()
        with contextlib.suppress(OSError):  # closed, as in a process without a console
            self.descriptor = os.dup(STANDARD_OUTPUT)
            self.file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115  closed in _put_back
            self.position = 0
            os.dup2(self.file.fileno(), STANDARD_OUTPUT)
            if _writes_to(STANDARD_OUTPUT, aside):  # others need another way to the terminal
                aside = open(  # noqa: SIM115  closed in _put_back
                    self.descriptor, "w", encoding=aside.encoding, errors=aside.errors,
                    buffering=1, closefd=False,
                )  # fmt: skip
        self.router = _Router(sys.stdout, aside)
        sys.stdout = self.router

    def _put_back(self) -> None:
        before, aside = self.router.before, self.router.aside
        self.router.aside = before  # for those who hold the stand-in still
        if sys.stdout is self.router:
            sys.stdout = before
        if aside is not before:
            aside.close()
        if self.file is not None:
            os.dup2(self.descriptor, STANDARD_OUTPUT)
            os.close(self.descriptor)
            self.file.close()
            self.file = None

    def _read(self) -> str:
        if self.file is None:
            return ""
        self.file.seek(self.position)
        found: bytes = self.file.read()
        self.position += len(found)
        return found.decode(errors="replace")


def _writes_to(descriptor: int, stream: Any) -> bool:
    with contextlib.suppress(OSError, AttributeError, ValueError):
        return bool(stream.fileno() == descriptor)
    return False


def _flush() -> None:
    """Write out what Python and the C library still hold back for standard output."""
    if sys.__stdout__ is not None and not sys.__stdout__.closed:
        sys.__stdout__.flush()
    with contextlib.suppress(ImportError, OSError, AttributeError, TypeError):
        import ctypes

        ctypes.CDLL(None).fflush(None)


_capture = _Capture()
