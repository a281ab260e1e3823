"""Trace: run a scalar function once on numbers that are not known yet, and get a tape.

Whatever would freeze a number of this one run into the tape raises :class:`TraceError`, which
names the line and says what to write instead.
"""

from __future__ import annotations

import linecache
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from attrs import define, field

import neuroflow
from neuroflow.base.errors import InputError, TraceError
from neuroflow.base.resolver import resolver
from neuroflow.core import arithmetic
from neuroflow.core.op import Op
from neuroflow.core.value import Value, building, context
from neuroflow.engine.draws import Draws
from neuroflow.engine.tape import CONSTANT, INPUT, PARAMETER, Take, Tape

_LIBRARY = str(Path(neuroflow.__file__).parent)
_PLUGINS = "neuroflow_plugins"


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


for _name in ("inputs", "op", "grad"):

    def _hidden(self: TracedValue, name: str = _name) -> Any:
        raise unknown(f"read .{name} of", "the compiled function's value_and_gradients(...)")

    setattr(TracedValue, _name, property(_hidden))


class TracedIndex(TracedValue):
    """An integer input: a number in arithmetic, and an index in ``take``."""

    __slots__ = ("choose",)

    choose: Callable[[Sequence[Any]], Any]

    def __eq__(self, other: object) -> bool:
        raise unknown("compared with == a", "nf.where(index >= k, a, b), or nf.take(values, index)")

    __hash__ = Value.__hash__


class TracedParameter(Value):
    """What a parameter is while a trace runs: the same object, but its data cannot be read."""

    __slots__ = ()

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


@define(eq=False)
class Tracer(Draws):
    """Builds tape nodes while a function runs; its ``build`` takes the place of the eager one."""

    tape: Tape = field(factory=Tape)
    draws: list[Callable[[], float]] = field(factory=list)
    n_inputs: int = 0
    _leaves: dict[Value, int] = field(factory=dict)
    _constants: dict[float, int] = field(factory=dict)
    _takes: dict[int, Take] = field(factory=dict)

    def build(self, op: Op, inputs: tuple[Any, ...]) -> Any:
        """One node on the tape, unless it changes nothing."""
        same = _simpler(op, inputs)
        if same is not None:
            return same
        cells = [x.cell if type(x) is TracedValue else self.cell(x) for x in inputs]
        return TracedValue(self.tape.add(op, cells, context.get().scope))

    def cell(self, x: Any) -> int:
        """The cell of a traced value, a parameter or a plain number."""
        if isinstance(x, TracedValue):
            return self.cell_of_index(x) if x.cell < 0 else x.cell
        if isinstance(x, TracedParameter):
            return self._leaves[x]
        if isinstance(x, Value) and x.op is not None:
            raise TraceError(
                f"a traced function used {x!r}, which was computed before the trace;"
                " its history would be lost; compute it inside the function"
            )
        return self.live_constant(x) if isinstance(x, Value) else self.constant(float(x))

    def live_constant(self, value: Value) -> int:
        """The cell of a Value that is no parameter: every run reads its number anew."""
        if value not in self._leaves:
            self._leaves[value] = self.tape.leaf(CONSTANT, len(self.tape.constants))
            self.tape.constants.append(value)
        return self._leaves[value]

    def constant(self, number: float) -> int:
        """The cell of a constant; equal numbers share one."""
        key = number if number else str(number)  # 0.0 and -0.0 are equal, and different
        if key not in self._constants:
            self._constants[key] = self.tape.leaf(CONSTANT, len(self.tape.constants))  # type: ignore[index]
            self.tape.constants.append(number)
        return self._constants[key]  # type: ignore[index]

    def parameter(self, value: Value) -> None:
        """Make a leaf Value a parameter of the tape."""
        self._leaves[value] = self.tape.leaf(PARAMETER, len(self.tape.parameters))
        self.tape.parameters.append(value)

    def input(self) -> TracedValue:
        """The next number of the example."""
        self.n_inputs += 1
        return TracedValue(self.tape.leaf(INPUT, self.n_inputs - 1))

    def index(self) -> TracedIndex:
        """The next integer of the example; it gets a cell only if it is used as a number."""
        number = self.n_inputs
        self.n_inputs += 1
        traced = TracedIndex(-1 - number)
        traced.choose = lambda values: self.choose(values, number)
        return traced

    def cell_of_index(self, x: TracedValue) -> int:
        """An index input used in arithmetic: from now on it is an ordinary input as well."""
        x.cell = self.tape.leaf(INPUT, -1 - x.cell)
        return x.cell

    def choose(self, values: Sequence[Any], number: int) -> Any:
        """``take`` with an index that is not known yet: one node, or a row of them."""
        if not len(values):
            raise InputError("take got no values to choose from; expected at least one")
        if isinstance(values[0], (list, tuple)):
            return [self.choose(column, number) for column in zip(*values, strict=True)]
        take = self._takes.setdefault(number, Take(number))
        cells = [self.cell(x) for x in values]
        return TracedValue(self.tape.add(take, cells, context.get().scope))

    def draw(self, number: Callable[[], float]) -> TracedValue:
        """A random number that each run draws anew: an input that fills itself."""
        self.draws.append(number)
        return self.input()


def _simpler(op: Op, inputs: tuple[Any, ...]) -> Any:
    """x for x + 0 and x * 1, which Python's own ``sum`` leaves behind; x * x for x ** 2."""
    if len(inputs) != 2:
        return None
    a, b = inputs
    if op is arithmetic.add or op is arithmetic.mul:
        neutral = 0 if op is arithmetic.add else 1
        if not isinstance(a, Value) and a == neutral:
            return b
        if not isinstance(b, Value) and b == neutral:
            return a
    if op is arithmetic.pow and not isinstance(b, Value):
        return {1: a, 2: a * a}.get(b) if b in (1, 2) else None
    return None


@contextmanager
def tracing(parameters: Sequence[Value]) -> Iterator[Tracer]:
    """Build nodes on a new tape for a while; ``parameters`` cannot be read meanwhile."""
    tracer = Tracer()
    plain = [p for p in parameters if type(p) is Value]
    for value in parameters:
        tracer.parameter(value)
    for value in plain:
        value.__class__ = TracedParameter
    try:
        with building(tracer.build):
            yield tracer
    finally:
        for value in plain:
            value.__class__ = Value
