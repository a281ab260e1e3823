"""Numbers that are not known yet: what a function computes with while it is traced.

Whatever would freeze a number of this one run into the tape raises :class:`TraceError`, which
names the line and says what to write instead.
"""

from __future__ import annotations

import linecache
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import neuroflow
from neuroflow.core.resolver import resolver
from neuroflow.core.value import Value
from neuroflow.errors import TraceError

_LIBRARY = str(Path(neuroflow.__file__).parent)

CELL: Any = Value.__dict__["inputs"]
"""Where a parameter keeps its cell: a leaf has no inputs, so their slot is free."""


class TracedValue(Value):
    """A number of the compiled run: it knows its cell on the tape, and no data."""

    __slots__ = ("cell",)

    cell: int

    def __init__(self, cell: int) -> None:
        self.cell = cell

    def __repr__(self) -> str:
        return f"TracedValue(cell {self.cell})"

    @property
    def data(self) -> float:  # type: ignore[override]
        raise unknown("read .data of", "stop_gradient(x) to use the number without its derivative")

    def __float__(self) -> float:
        raise unknown("took float() of", "the value itself: nf.exp and the other functions take it")

    def __int__(self) -> int:
        raise unknown("took int() of", "an index input: pass the integer in as an input of its own")

    def __index__(self) -> int:
        raise unknown("used as an index or a count", "nf.take(values, index), with index an input")

    def __bool__(self) -> bool:
        raise unknown("took the truth of", "nf.where(condition, a, b), which keeps both branches")

    def __round__(self, digits: int = 0) -> float:
        raise unknown("rounded", "the value itself")

    def __lt__(self, other: Value | float) -> Any:
        return resolver.need("less")(self, other)

    def __le__(self, other: Value | float) -> Any:
        return resolver.need("less_equal")(self, other)

    def __gt__(self, other: Value | float) -> Any:
        return resolver.need("greater")(self, other)

    def __ge__(self, other: Value | float) -> Any:
        return resolver.need("greater_equal")(self, other)


def _hidden(name: str) -> Callable[[Value], Any]:
    def read(_: Value) -> Any:
        raise unknown(f"read .{name} of", "the compiled function's value_and_gradients(...)")

    return read


for _name in ("inputs", "op", "grad"):
    setattr(TracedValue, _name, property(_hidden(_name)))


class TracedIndex(TracedValue):
    """An integer input: a number in arithmetic, and an index in ``take``.

    It becomes an input of its own when it is first read as a number.
    """

    __slots__ = ("choose", "made", "make")

    choose: Callable[[Sequence[Any]], Any]
    make: Callable[[], int]
    made: int

    @property
    def cell(self) -> int:  # type: ignore[override]
        if self.made < 0:
            self.made = self.make()
        return self.made

    def __eq__(self, other: object) -> bool:
        raise unknown("compared with == a", "nf.where(index >= k, a, b), or nf.take(values, index)")

    __hash__ = Value.__hash__


class TracedParameter(Value):
    """What a parameter is while a trace runs: the same object, but its data cannot be read.

    Its cell stands where a node has its inputs: a leaf has none.
    """

    __slots__ = ()

    cell: int = CELL
    inputs = property(_hidden("inputs"))

    data = TracedValue.data  # type: ignore[misc]
    __float__ = TracedValue.__float__
    __int__ = TracedValue.__int__
    __bool__ = TracedValue.__bool__
    __lt__ = TracedValue.__lt__
    __le__ = TracedValue.__le__
    __gt__ = TracedValue.__gt__
    __ge__ = TracedValue.__ge__


def unknown(what: str, instead: str) -> TraceError:
    """The error for asking a number that only the compiled run knows; names the line."""
    place = _users_line()
    return TraceError(
        f"a traced function {what} a Value that is not known until the compiled run{place};"
        f" the trace would freeze this one number for all runs; write {instead}"
    )


def _users_line() -> str:
    """The innermost line of the caller's own code, as `` at file.py:3: `if x > 0:```."""
    frame = sys._getframe(2)
    while frame is not None:
        name = frame.f_code.co_filename
        if not name.startswith((_LIBRARY, "<")) or "<stdin>" in name:
            source = linecache.getline(name, frame.f_lineno).strip()
            return f" at {Path(name).name}:{frame.f_lineno}" + (f": `{source}`" if source else "")
        frame = frame.f_back  # type: ignore[assignment]
    return ""
