"""Silence: what a plugin prints goes to standard error; results on standard output stay whole.

Python's prints are caught, and so is what reaches file descriptor 1 past Python: from a C
library, a child process, or ``os.write``.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import tempfile
from collections.abc import Iterator

STANDARD_OUTPUT = 1


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
    try:
        with _descriptor_caught(said), contextlib.redirect_stdout(printed):
            yield said
    finally:
        if printed.getvalue():
            said.append(printed.getvalue())
        sys.stderr.write("".join(said))


@contextlib.contextmanager
def _descriptor_caught(said: list[str]) -> Iterator[None]:
    """Let descriptor 1 be a file for a while; where it cannot be moved, leave it."""
    _flush()
    try:
        before = os.dup(STANDARD_OUTPUT)
    except OSError:  # closed, as in a process without a console
        yield
        return
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), STANDARD_OUTPUT)
        try:
            yield
        finally:
            _flush()
            os.dup2(before, STANDARD_OUTPUT)
            os.close(before)
            file.seek(0)
            text = file.read().decode(errors="replace")
            said.extend([text] if text else [])


def _flush() -> None:
    """Write out what Python and the C library still hold back for standard output."""
    if sys.__stdout__ is not None and not sys.__stdout__.closed:
        sys.__stdout__.flush()
    with contextlib.suppress(ImportError, OSError, AttributeError, TypeError):
        import ctypes

        ctypes.CDLL(None).fflush(None)
