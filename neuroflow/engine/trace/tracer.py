"""Trace: run a scalar function once on numbers that are not known yet, and get a tape."""

from __future__ import annotations

import linecache
import sys
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from sys import getrefcount
from typing import Any

from attrs import define, field

from neuroflow.buffer import Buffer, Keeper
from neuroflow.core import vectors
from neuroflow.core.functions import greater, greater_equal, less, less_equal
from neuroflow.core.random_input import RandomInputs
from neuroflow.core.value import Op, Value, building, div, here
from neuroflow.engine.trace.tape import INPUT, Take, Tape
from neuroflow.errors import InputError, TraceError, Where
from neuroflow.files import LIBRARY
from neuroflow.locks import lock

_DATA: Any = Value.__dict__["data"]
_TRACES: Any = Value.__dict__["inputs"]
"""The slots of a Value. A leaf has no inputs, so that theirs is free: while a parameter is traced,
it counts the traces that run."""


def _refuse_to_read(_: Value) -> float:
    raise unknown("read .data of", "stop_gradient(x) to use the number without its derivative")


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
        return _refuse_to_read(self)

    def __float__(self) -> float:
        raise unknown("took float() of", "the value itself: nf.exp and the other functions take it")

    def __int__(self) -> int:
        raise unknown("took int() of", "an index input: pass the integer in as an input of its own")

    def __index__(self) -> int:
        raise unknown("used as an index or a count", "nf.take(values, index), with index an input")

    def __bool__(self) -> bool:
        raise unknown("took the truth of", "nf.where(condition, a, b), which keeps both branches")

    def __round__(self, digits: int | None = None) -> float:
        raise unknown("rounded", "the value itself")

    def __floor__(self) -> int:
        raise unknown("rounded down", "nf.floor(x)")

    def __ceil__(self) -> int:
        raise unknown("rounded up", "nf.ops.ceil(x)")

    def __format__(self, spec: str) -> str:
        if spec:
            raise unknown("formatted the number of", "repr(x), or the print after the compiled run")
        return str(self)

    def __eq__(self, other: object) -> bool:
        """Values are compared by identity; with a number, the trace would freeze the answer."""
        if isinstance(other, (int, float)):
            instead = "nf.where(x < k, a, nf.where(x > k, a, b)) for x == k"
            raise unknown(f"compared with == {other!r}", instead)
        return self is other

    __hash__ = Value.__hash__

    def __lt__(self, other: Value | float) -> Any:
        return less(self, other)

    def __le__(self, other: Value | float) -> Any:
        return less_equal(self, other)

    def __gt__(self, other: Value | float) -> Any:
        return greater(self, other)

    def __ge__(self, other: Value | float) -> Any:
        return greater_equal(self, other)


def _hidden(name: str) -> Callable[[Value], Any]:
    def read(_: Value) -> Any:
        raise unknown(f"read .{name} of", "the compiled function's value_and_gradients(...)")

    return read


for _name in ("inputs", "op", "grad"):
    setattr(TracedValue, _name, property(_hidden(_name)))


def _refuse_to_write(_: Value, number: float) -> None:
    raise unknown(f"wrote {number!r} into", "a new Value, and use that from here on")


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


_TRACING: ContextVar[tuple[Tracer, ...]] = ContextVar("tracing", default=())
"""The traces that this thread or task is inside of, the innermost last."""

_MARKING = lock(1)
"""Held while parameters are marked as traced, or unmarked; no other code runs meanwhile."""


def _is_unknown(parameter: Value) -> bool:
    """Whether the code that asks is inside a trace of this parameter."""
    return any(tracer.knows(parameter) for tracer in _TRACING.get())


def _inside(traced: Any, outside: Any) -> Any:
    """A method with one meaning inside a trace of the parameter, and one for everybody else."""

    def method(self: Value, *given: Any) -> Any:
        return traced(self, *given) if _is_unknown(self) else outside(self, *given)

    return method


class TracedParameter(Value):
    """What a parameter is while traces of it run: the same object.

    Inside such a trace its data cannot be read. Code that is not, in another thread, sees the
    leaf that it always was: it may compute with it and change its number.
    """

    __slots__ = ()

    data = property(
        _inside(_refuse_to_read, _DATA.__get__), _inside(_refuse_to_write, _DATA.__set__)
    )
    inputs = property(_inside(_hidden("inputs"), lambda self: ()))
    __float__ = _inside(TracedValue.__float__, Value.__float__)
    __int__ = _inside(TracedValue.__int__, Value.__int__)
    __bool__ = _inside(TracedValue.__bool__, Value.__bool__)
    __eq__ = _inside(TracedValue.__eq__, Value.__eq__)
    __hash__ = Value.__hash__
    __round__ = _inside(TracedValue.__round__, Value.__round__)
    __lt__ = _inside(TracedValue.__lt__, Value.__lt__)
    __le__ = _inside(TracedValue.__le__, Value.__le__)
    __gt__ = _inside(TracedValue.__gt__, Value.__gt__)
    __ge__ = _inside(TracedValue.__ge__, Value.__ge__)

    def __reduce_ex__(self, protocol: Any) -> Any:
        """A copy that somebody takes meanwhile is a plain Value."""
        kept = {name: getattr(self, name) for name in Value.__slots__}
        return object.__new__, (Value,), (None, kept)


_LEAVES = (Value, TracedParameter)


def unknown(what: str, instead: str) -> TraceError:
    """The error for asking a number that only the compiled run knows; names the line."""
    place, where = _users_line()
    return TraceError(
        f"a traced function {what} a Value that is not known until the compiled run{place}",
        remedy=f"the trace would freeze this one number for all runs; write {instead}",
        **where,
    )


def _users_line() -> tuple[str, Where]:
    """The innermost line of the caller's own code: `` at file.py:3: `if x > 0:```, and where."""
    frame = sys._getframe(2)
    while frame is not None:
        name = frame.f_code.co_filename
        if not name.startswith((LIBRARY, "<")) or "<stdin>" in name:
            source = linecache.getline(name, frame.f_lineno).strip()
            told = f" at {Path(name).name}:{frame.f_lineno}" + (f": `{source}`" if source else "")
            return told, {"file": name, "line": frame.f_lineno}
        frame = frame.f_back  # type: ignore[assignment]
    return "", {}


_REMEMBERED = 4096
"""Constants that a trace remembers, to write each once: bounded, however many there are."""


@define(eq=False)
class Tracer(RandomInputs):
    """Builds tape nodes while a function runs; its ``build`` takes the place of the eager one."""

    tape: Tape = field(factory=Tape)
    random_inputs: list[Callable[[], float]] = field(factory=list)
    n_inputs: int = 0
    parameter_cells: dict[Value, int] = field(factory=dict)
    calls: Any = None
    """Which calls of modules are copies, if that was asked for."""

    _unread: frozenset[Value] = frozenset()
    _held: dict[Value, int] = field(factory=dict)
    _constants: dict[float, int] = field(factory=dict)
    _takes: dict[int, Take] = field(factory=dict)

    def build(self, op: Op, inputs: tuple[Any, ...]) -> Any:
        """One node on the tape."""
        if op is vectors.mean:
            return div(vectors.sum(list(inputs)), len(inputs))
        return TracedValue(self.tape.add(op, self.cells(inputs), here.get()))

    def cells(self, inputs: Sequence[Any]) -> array[int]:
        """The cells of an op's inputs; fast where many are traced values and parameters."""
        if len(inputs) > 3:
            known = self.parameter_cells
            with suppress(KeyError, TypeError):  # a plain number is among them
                return array("i", [x.cell if type(x) is TracedValue else known[x] for x in inputs])
        return array("i", [x.cell if type(x) is TracedValue else self.cell(x) for x in inputs])

    def cell(self, x: Any) -> int:
        """The cell of a traced value, a parameter or a plain number."""
        if isinstance(x, TracedValue):
            return x.cell
        if not isinstance(x, Value):
            return self.constant(float(x))
        if x in self.parameter_cells:
            return self.parameter_cells[x]
        if x.op is not None:
            raise TraceError(
                f"a traced function used {x!r}, which was computed before the trace",
                remedy="its history would be lost; compute it inside the function",
                got=x,
            )
        return self.held(x)

    def held(self, value: Value) -> int:
        """The cell of a Value that is no parameter: every run reads its number anew."""
        if value not in self._held:
            self._held[value] = self.tape.held(value)
        return self._held[value]

    def constant(self, number: float) -> int:
        """The cell of a constant; equal numbers share one, among the last some thousand."""
        key: Any = number if number else str(number)  # 0.0 and -0.0 are equal, and different
        cell = self._constants.get(key)
        if cell is None:
            if len(self._constants) >= _REMEMBERED:
                self._constants.clear()
            cell = self._constants[key] = self.tape.constant(number)
        return cell

    def parameters(self, values: Sequence[Value]) -> None:
        """Make leaf Values parameters of the tape."""
        cells = self.tape.parameters(len(values))
        self.parameter_cells.update(zip(values, cells, strict=True))

    def hide(self, values: Iterable[Value]) -> None:
        """Let nobody read the numbers of Values that are no parameters either."""
        self._unread = frozenset(values)

    def knows(self, value: Value) -> bool:
        """Whether a Value is one of this trace, whose number is not known."""
        return value in self.parameter_cells or value in self._unread

    def input(self) -> TracedValue:
        """The next number of the example."""
        self.n_inputs += 1
        return TracedValue(self.tape.leaf(INPUT, self.n_inputs - 1))

    def index(self) -> TracedIndex:
        """The next integer of the example; it gets a cell only if it is used as a number."""
        number = self.n_inputs
        self.n_inputs += 1
        traced = TracedIndex.__new__(TracedIndex)
        traced.choose = lambda values: self.choose(values, number)
        traced.make = lambda: self.tape.leaf(INPUT, number)
        traced.made = -1
        return traced

    def choose(self, values: Sequence[Any], number: int) -> Any:
        """``take`` with an index that is not known yet: one node, or a row of them."""
        if not len(values):
            raise InputError("take got no values to choose from", expected="at least one")
        if isinstance(values[0], (list, tuple)):
            return [self.choose(column, number) for column in zip(*values, strict=True)]
        take = self._takes.setdefault(number, Take(number))
        return TracedValue(self.tape.add(take, self.cells(values), here.get()))

    def random_input(self, number: Callable[[], float]) -> TracedValue:
        """A random number that each run draws anew: an input that fills itself."""
        self.random_inputs.append(number)
        return self.input()

    def freeze(self) -> None:
        """A Value that only this trace still holds can never change: its number is a constant.

        So ``Value(0.0)`` written in a function is one, and a Value that a module keeps is not.
        """
        self.held(Value(0.0))  # one that surely nobody else holds, to compare with
        held = self.tape.live
        ours = getrefcount(held[-1])
        for k in range(len(held)):
            if getrefcount(held[k]) == ours:
                self.tape.freeze(k, held[k].data)


class TracedWrites(Keeper):
    """What a function that is traced wrote into buffers, in order; their numbers are not known."""

    def __init__(self, name: str, allowed: bool) -> None:
        self.name = name
        self.allowed = allowed
        self.written: list[tuple[Buffer, Any]] = []

    def read(self, buffer: Buffer) -> float:
        return _refuse_to_read(buffer)

    def write(self, buffer: Buffer, number: Any) -> None:
        if not self.allowed:
            raise TraceError(
                f"{self.name} wrote into {buffer!r} while it was traced",
                expected="a function that writes no buffers: only a training step knows when",
                remedy="call model.eval() first, or train with nf.make_runner or nf.train",
                got=buffer,
            )
        self.written.append((buffer, number))


@contextmanager
def tracing(
    parameters: Sequence[Value], tracer: Tracer | None = None, held: Sequence[Value] = ()
) -> Iterator[Tracer]:
    """Build nodes on a new tape for a while, in this thread or task alone.

    The function that is traced cannot read the numbers of ``parameters`` meanwhile, nor of other
    Values that are ``held`` where it finds them; others can.
    """
    tracer = Tracer() if tracer is None else tracer
    tracer.parameters(parameters)
    unread = [v for v in held if type(v) in _LEAVES and v.op is None and not tracer.knows(v)]
    tracer.hide(unread)
    token = _TRACING.set((*_TRACING.get(), tracer))
    try:
        with _marked([*parameters, *unread]), building(tracer.build):
            yield tracer
    finally:
        _TRACING.reset(token)


@contextmanager
def _marked(parameters: Sequence[Value]) -> Iterator[None]:
    """Let parameters know that they are traced: several traces may run at once."""
    marked: list[Value] = []
    try:
        with _MARKING:
            for value in parameters:
                if type(value) is Value:
                    value.__class__ = TracedParameter
                    _TRACES.__set__(value, 1)
                    marked.append(value)
                elif type(value) is TracedParameter:
                    _TRACES.__set__(value, _TRACES.__get__(value) + 1)
                    marked.append(value)
        yield
    finally:
        with _MARKING:
            for value in marked:
                traces = _TRACES.__get__(value) - 1
                _TRACES.__set__(value, traces or ())
                if not traces:  # the last makes it a plain Value again
                    value.__class__ = Value
