"""Where a node was made: its source line, and which call of its module made it."""

from __future__ import annotations

import linecache
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from neuroflow.core.protocols.calls import Call
from neuroflow.core.value import Op, Value, builder, building
from neuroflow.files import LIBRARY, short_path


class Made:
    """The call in which a node was made, with what was recorded about it beside."""

    __slots__ = ("call", "number", "source")

    def __init__(self, call: object, source: str, number: int) -> None:
        self.call = call
        self.source = source
        self.number = number

    def __str__(self) -> str:
        return str(self.call)


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
    surrounding = builder.get()
    calls = _Calls()

    def build(op: Op, inputs: tuple[Any, ...]) -> Value:
        node = surrounding(op, inputs)
        node.call = Made(node.call, _line(sys._getframe(1)), calls.number(node.call))
        return node

    with building(build):
        yield


def source_of(value: Value) -> str:
    """``path:line`` of the code that made the node; nothing if it was not recorded."""
    return value.call.source if isinstance(value.call, Made) else ""


def call_of(value: Value) -> int:
    """Which call of its module made the node, counted from zero; -1 if that was not recorded."""
    return value.call.number if isinstance(value.call, Made) else -1


def short_source(source: str) -> str:
    """The place as people read it: relative to the working folder, or the bare file name.

    >>> short_source("/somewhere/else/model.py:12")
    'model.py:12'
    """
    path, _, line = source.rpartition(":")
    shown = short_path(path)
    if shown != path and not any(part.startswith(".") for part in Path(shown).parts):
        return f"{shown}:{line}"
    return f"{Path(path).name}:{line}" if path else source


def source_text(source: str) -> str:
    """The line of code itself, if its file can be read."""
    path, _, line = source.rpartition(":")
    return linecache.getline(path, int(line)).strip() if path else ""


class _Calls:
    """Numbers the calls of each module, in the order in which they first made a node."""

    def __init__(self) -> None:
        self._numbers: dict[Call, int] = {}
        self._counts: dict[str, int] = {}

    def number(self, call: object) -> int:
        """The number of a call; -1 outside of any."""
        if not isinstance(call, Call):
            return -1
        if call not in self._numbers:
            scope = str(call)
            self._numbers[call] = self._counts.get(scope, 0)
            self._counts[scope] = self._numbers[call] + 1
        return self._numbers[call]


def users_line() -> str:
    """The innermost line outside neuroflow that runs now."""
    return _line(sys._getframe(1))


def _line(frame: FrameType | None) -> str:
    """The innermost line outside neuroflow, from a frame on outwards."""
    while frame is not None:
        if not frame.f_code.co_filename.startswith(LIBRARY):
            return f"{frame.f_code.co_filename}:{frame.f_lineno}"
        frame = frame.f_back
    return ""
