"""Traced functions: one trace and plan per structure of the inputs, kept in a bounded cache."""

from __future__ import annotations

import inspect
import warnings
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from typing import Any

import numpy as np
from attrs import Factory, define, field, frozen

from neuroflow.buffer import Buffer, kept_by
from neuroflow.core.module import Module
from neuroflow.core.protocols.modes import noting_questions
from neuroflow.core.value import Value
from neuroflow.engine.plan.grouping import plan_of_tape
from neuroflow.engine.plan.plan import Plan
from neuroflow.engine.trace.stamp import TracedCalls, stamping
from neuroflow.engine.trace.structure import (
    Named,
    Structure,
    describe,
    difference,
    flatten,
    rebuild,
)
from neuroflow.engine.trace.surroundings import Surroundings
from neuroflow.engine.trace.tape import Tape
from neuroflow.engine.trace.tracer import TracedWrites, Tracer, tracing
from neuroflow.errors import InputError, NeuroflowWarning, TraceError
from neuroflow.locks import lock

KEPT = 64
"""Structures whose traces a function keeps."""

ANY_MODE = "any"
"""Stands for the modes where no module was asked for its own: training and evaluation are one."""

_NEVER_SWITCHED = Module()
"""A module that evaluates only where all do."""

MANY_TRACES = 32
"""Traces after which a function is told that it keeps retracing."""


class RetraceWarning(NeuroflowWarning):
    """A function is traced again and again, because its inputs keep changing their structure."""


@define(eq=False)
class Trace:
    """What one trace gave: the plan, how outputs are nested, and the random inputs."""

    plan: Plan
    outputs: Structure
    random_inputs: list[Callable[[], float]]
    limits: dict[int, int]
    """For each integer input that chooses: how many there are to choose from."""

    written: tuple[Buffer, ...] = ()
    """The buffers that were written: the plan's outputs behind those of the function."""

    programs: dict[Any, int] = field(factory=dict)
    calls: TracedCalls | None = None
    """Which calls of modules are copies, as long as somebody wants to know."""

    positions_of_draws: Sequence[int] = ()
    """For a text that may be filled up: the first position that needs each random input."""


Taped = tuple[Tracer, list[int], Structure, tuple[Buffer, ...]]
"""What one run on a tape gave: the cells of the outputs and then of what was written, how outputs
are nested, and the buffers that were written."""


@frozen(eq=False)
class Fitted:
    """An example as a trace takes it, and what draws its random inputs."""

    numbers: list[float]
    structure: Structure
    trace: Trace
    draws: Sequence[Callable[[], float] | None]
    """None where a number is only filled in, for a position that the example does not have."""

    length: int = 0
    """How many positions are its own, where it is filled up."""


@define(eq=False)
class TracedFunction:
    """``function(*statics, *inputs)``, traced once per structure of the inputs.

    It holds for what the function sees now: once :meth:`is_current` says no, make another.
    """

    function: Callable[..., Any]
    statics: tuple[Any, ...]
    parameters: list[Value]
    surroundings: Surroundings = field(
        default=Factory(lambda self: Surroundings((self.function, *self.statics)), takes_self=True)
    )
    writes: bool = False
    """Whether it may write buffers: only a training step can."""

    stamp: bool = True
    """Whether calls of pure modules that are alike are traced once; else each is."""

    keep_calls: bool = False
    """Whether traces tell which calls of modules are copies."""

    n_traces: int = 0
    _traces: OrderedDict[Any, Trace] = field(factory=OrderedDict)
    _warned: bool = False
    _lock: Any = field(factory=lambda: lock(1))
    """Held while the cache is changed, never while the function runs."""

    def is_current(self) -> bool:
        """Whether all that the function sees beside its inputs is what it was."""
        return self.surroundings.is_current()

    def has_writes(self) -> bool:
        """Whether any trace so far writes buffers."""
        return any(trace.written for trace in self._traces.values())

    def fitted(
        self, example: Sequence[Any], modes: tuple[bool, ...], known: dict[Any, Trace]
    ) -> Fitted:
        """An example as numbers, for the trace of its structure; ``known`` are the last ones."""
        numbers, structure = flatten(tuple(example))
        trace = known.get(structure)
        if trace is None:
            trace = known[structure] = self.trace(structure, modes)
        return Fitted(numbers, structure, trace, trace.random_inputs)

    def cut(self, outputs: Any, length: int) -> Any:
        """What a function gives for an example of which so many positions are its own."""
        return outputs

    def forget_calls(self) -> None:
        """Nobody asks any more which calls are copies."""
        self.keep_calls = False
        for trace in [*self._traces.values()]:
            trace.calls = None

    def trace(self, structure: Structure, modes: tuple[bool, ...] | None = None) -> Trace:
        """The trace for inputs of a structure.

        Training and evaluation are traced apart if any module asks which of them it is.

        ``modes`` are :meth:`modes` as they are now, for callers who have asked already.

        Threads that need a new one at once each make it, and all use the first that is done.
        """
        key: Any = (structure, self.modes() if modes is None else modes)
        if (structure, ANY_MODE) in self._traces:
            key = (structure, ANY_MODE)
        known = self._traces.get(key)
        if known is not None:
            with suppress(KeyError):  # another thread has just dropped it
                self._traces.move_to_end(key)
            return known
        if self.n_traces >= MANY_TRACES and not self._warned:
            self._warn(structure)
        with noting_questions() as asked:
            trace = self._trace(structure)
        return self._kept(key if asked else (structure, ANY_MODE), trace)

    def _kept(self, key: Any, trace: Trace) -> Trace:
        with self._lock:
            if key not in self._traces:
                self._traces[key] = trace
                self.n_traces += 1
                if len(self._traces) > KEPT:
                    self._traces.popitem(last=False)
            return self._traces[key]

    def modes(self) -> tuple[bool, ...]:
        """Which modules are in training and which in evaluation, when it was last asked for.

        That is what :meth:`is_current` does; within :func:`~neuroflow.evaluating` all evaluate.
        """
        return self.surroundings.modes if _NEVER_SWITCHED.training else ()

    def _warn(self, structure: Structure) -> None:
        self._warned = True
        last = next(reversed(self._traces))[0]
        cause = difference(last, structure) or "the model switched between training and evaluation"
        told = RetraceWarning(
            f"{_name(self.function)} was traced {self.n_traces} times, once per structure of its"
            f" inputs, and now again: {cause}",
            remedy="pad inputs to a few lengths, or sort them into such",
        )
        warnings.warn(told, stacklevel=5)

    def _check_inputs(self, structure: Structure) -> None:
        """Refuse another number of inputs than the function takes."""
        try:
            signature = inspect.signature(self.function)
            signature.bind(*self.statics, *structure)
        except TypeError as error:
            raise InputError(
                f"{_name(self.function)} got the inputs {describe(structure)}",
                expected=f"those of {_name(self.function)}{signature}: {error}",
            ) from error

    def _trace(self, structure: Structure) -> Trace:
        self._check_inputs(structure)
        states = self.surroundings.states()
        taped = self._taped(structure)
        self._check_draws(states, taped[0].tape, structure)
        self._check_untouched()
        return self._planned(structure, taped)

    def _planned(self, structure: Structure, taped: Taped) -> Trace:
        """The trace of a run that is on a tape, which is used up."""
        tracer, cells, outputs, written = taped
        plan = plan_of_tape(tracer.tape, cells)
        plan.n_numbers = tracer.n_inputs
        limits = _limits(plan)
        return Trace(plan, outputs, tracer.random_inputs, limits, written, calls=tracer.calls)

    def _taped(self, structure: Structure) -> Taped:
        """Run the function once, on a tape."""
        writes = TracedWrites(_name(self.function), self.writes)
        with (
            tracing(self.parameters, held=self.surroundings.values) as tracer,
            kept_by(writes),
            stamping(tracer, self.keep_calls) if self.stamp else nullcontext() as stamper,
        ):
            inputs = [
                rebuild(entry, lambda kind: tracer.input() if kind == "f" else tracer.index())
                for entry in structure
            ]
            result = self.function(*self.statics, *inputs)
            cells: list[int] = []
            outputs = _cells_of(result, tracer.cell, cells, _name(self.function))
            cells += [tracer.cell(number) for _, number in writes.written]
        written = tuple([buffer for buffer, _ in writes.written])
        del result, writes
        tracer.freeze()
        tracer.parameter_cells.clear()  # much memory, which the plan can use
        if stamper is not None and stamper.calls is not None:
            tracer.calls = TracedCalls(tracer.tape.forms, stamper.calls)
        return tracer, cells, outputs, written

    def _check_draws(self, states: dict[str, Any], tape: Tape, structure: Structure) -> None:
        """Refuse a function that drew a number itself: a random one, an iterator's next, the time.

        Where a generator moved on, another thread may have drawn from it: a second tape tells.
        Of a runner's function only random numbers count: its first example is held against plain
        Values, which tells the rest and names the layer.
        """
        now = self.surroundings.states(random_only=self.writes)
        drawn = [path for path, state in now.items() if state != states.get(path, state)]
        if drawn and not self._is_taped_again(structure, tape):
            raise TraceError(
                f"{_name(self.function)} drew from {self.surroundings.source(drawn[0])},"
                f" {drawn[0]}, while it was traced",
                remedy="the trace would freeze this one number for all runs; write"
                " nf.random_input(rng.random)",
                got=drawn[0],
            )

    def _is_taped_again(self, structure: Structure, tape: Tape) -> bool:
        """Whether another run of the function leaves the same numbers."""
        try:
            return bool(self._taped(structure)[0].tape.numbers == tape.numbers)
        except StopIteration:
            return False

    def _check_untouched(self) -> None:
        """Refuse a function that changes what it rests on: the next call would be another's."""
        if self.is_current():
            return
        for change in self.surroundings.changes():
            if change.is_plain:
                raise TraceError(
                    f"{_name(self.function)} changed what it rests on while it was traced:"
                    f" {change}",
                    remedy="a compiled run does not come by there again; keep numbers that change"
                    " in an nf.Buffer, or give them as inputs",
                    got=change.now,
                )
        self.surroundings.look()


def _cells_of(result: Any, cell: Callable[[Any], int], cells: list[int], name: str) -> Structure:
    if isinstance(result, (list, tuple)):
        return tuple([_cells_of(entry, cell, cells, name) for entry in result])
    if isinstance(result, dict):
        entries = [_cells_of(entry, cell, cells, name) for entry in result.values()]
        return Named(tuple(result), tuple(entries))
    if not isinstance(result, (Value, int, float)):
        raise TraceError(
            f"{name} returned {result!r} of type {type(result).__name__}",
            remedy="a compiled function returns a Value, or nested lists and dicts of Values",
            got=result,
        )
    cells.append(cell(result))
    return "f"


def _limits(plan: Plan) -> dict[int, int]:
    limits: dict[int, int] = {}
    for group in plan.groups:
        for number in [] if group.index is None else np.unique(group.index).tolist():
            limits[number] = min(group.arity, limits.get(number, group.arity))
    return limits


def check_indices(trace: Trace, numbers: Sequence[float], structure: Structure) -> None:
    """Refuse indices out of range; raises :class:`InputError` before anything is computed."""
    for number, limit in trace.limits.items():
        index = int(numbers[number])
        if not 0 <= index < limit:
            raise InputError(
                f"number {number} of the inputs {describe(structure)} is the index {index}",
                expected=f"0 to {limit - 1}",
                got=index,
            )


def _name(function: Callable[..., Any]) -> str:
    return getattr(function, "__name__", type(function).__name__)
