"""Where a node was made: its source line, and which call of its module made it."""

from __future__ import annotations

import linecache
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from neuroflow.core.module import Module
from neuroflow.core.op import Op
from neuroflow.core.value import Value, building, context
from neuroflow.files import LIBRARY


class Place(str):
    """A scope that also knows the source line, and the number of the module's call."""

    __slots__ = ("call", "source")

    source: str
    """``path:line``, or nothing if it was not recorded."""
    call: int
    """Which call of the module made the node, counted from zero; -1 if not recorded."""

    def __new__(cls, scope: str, source: str = "", call: int = -1) -> Place:
        """The scope as it is, with what was recorded about it."""
        place = super().__new__(cls, scope)
        place.source, place.call = source, call
        return place


@contextmanager
def record_sources() -> Iterator[None]:
    """Let every node made inside remember the source line that made it.

    The line is the innermost one outside neuroflow itself: yours, or the layer's. It costs about
    a microsecond per node; receipts, anomalies and pictures show it.

    >>> import neuroflow as nf
    >>> with nf.record_sources():
    ...     y = nf.Value(2.0) * 3
    >>> source_of(y).endswith(":2")
    True
    """
    surrounding = context.get().build
    calls = _Calls()

    def build(op: Op, inputs: tuple[Any, ...]) -> Value:
        node = surrounding(op, inputs)
        source, call = _callers(sys._getframe(1))
        node.scope = Place(node.scope, source, calls.number(node.scope, call))
        return node

    with building(build):
        yield


def source_of(value: Value) -> str:
    """``path:line`` of the code that made the node; nothing if it was not recorded."""
    return getattr(value.scope, "source", "")


def call_of(value: Value) -> int:
    """Which call of its module made the node; -1 if that was not recorded."""
    return getattr(value.scope, "call", -1)


def short_source(source: str) -> str:
    """The place as people read it: relative to the working folder, or the bare file name.

    >>> short_source("/somewhere/else/model.py:12")
    'model.py:12'
    """
    path, _, line = source.rpartition(":")
    here = str(Path.cwd()) + os.sep
    if path.startswith(here) and f"{os.sep}." not in path[len(here) :]:
        return f"{path[len(here) :]}:{line}"
    return f"{Path(path).name}:{line}" if path else source


def source_text(source: str) -> str:
    """The line of code itself, if its file can be read."""
    path, _, line = source.rpartition(":")
    return linecache.getline(path, int(line)).strip() if path else ""


class _Calls:
    """Numbers the calls of each module."""

    def __init__(self) -> None:
        self._numbers: dict[int, tuple[object, int]] = {}
        self._counts: dict[str, int] = {}

    def number(self, scope: str, call: object) -> int:
        if call is None:
            return -1
        known = self._numbers.get(id(call))
        if known is None:
            count = self._counts.get(scope, 0)
            self._counts[scope] = count + 1
            known = self._numbers[id(call)] = (call, count)  # kept alive: ids are used again
        return known[1]


def users_line() -> str:
    """The innermost line outside neuroflow that runs now."""
    return _callers(sys._getframe(1))[0]


def _callers(frame: FrameType | None) -> tuple[str, object]:
    """The innermost line outside neuroflow, and what marks the innermost call of a module."""
    source, call = "", None
    while frame is not None and not (source and call):
        if frame.f_code is Module.__call__.__code__ and call is None:
            call = frame.f_locals.get("token")  # each call of a module sets the context anew
        elif not source and not frame.f_code.co_filename.startswith(LIBRARY):
            source = f"{frame.f_code.co_filename}:{frame.f_lineno}"
        frame = frame.f_back
    return source, call
