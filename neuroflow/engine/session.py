"""A session: one function on one backend, and all that a call of it needs.

In front of it stand :mod:`~neuroflow.engine.compile`, :mod:`~neuroflow.engine.compiled_runner`
and :mod:`neuroflow.generation.forward`. Each call flattens its examples, reads the parameters,
runs a program, and gives numbers back.

Any number of threads may use one session: each gets the answer to its own examples. They take
turns, for a session has one memory: its ``lock`` is held from the reading of the parameters until
the answers are out of the memory. Functions are traced and random inputs drawn *before*, without
the lock, so a function may call other compiled functions, and those again others, in any order.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from attrs import define, field
from numpy.typing import NDArray

from neuroflow.engine.numbers import read_numbers, write_numbers
from neuroflow.engine.plan.function import Trace, TracedFunction
from neuroflow.engine.run.backends import make_executor
from neuroflow.engine.run.executor import Executor, Schedule
from neuroflow.engine.run.held_inputs import HeldInputs
from neuroflow.engine.run.schedule import Batcher, FlatExample, FlatExamples
from neuroflow.engine.trace.structure import Structure, rebuild
from neuroflow.errors import DomainError, InputError
from neuroflow.locks import lock

MOST_JOBS = 100
"""From so many runs of a step's program on, one of more lanes is worth making."""


@define(eq=False)
class Session:
    """``function`` on an ``executor``.

    ``gradients`` says by what there are any: "none", "parameters", or "all" for the inputs too.
    ``threads`` is how many share the jobs of a step, for batches to be cut accordingly, and
    ``usual`` is how many examples a step has, if that is known: outputs are then computed by the
    programs of steps, unless there are very many.
    """

    function: TracedFunction
    executor: Executor
    gradients: str
    threads: int = 1
    usual: int = 0
    batcher: Batcher = field(init=False)
    lock: Any = field(init=False, factory=lock)

    def __attrs_post_init__(self) -> None:
        self.batcher = Batcher(self.function, self.executor, self.gradients, self.threads)

    @classmethod
    def on(
        cls, backend: str, function: TracedFunction, gradients: str, *, dtype: str,
        memory_limit: int | None = None, threads: int = 1, device: str = "auto",
    ) -> Session:  # fmt: skip
        """A session on the backend of this name."""
        executor = make_executor(backend, dtype, len(function.parameters), memory_limit, device)
        return cls(function, executor, gradients, threads)

    # Answers

    def outputs(
        self, examples: Sequence[Sequence[Any]], each: Callable[[float], float] = float
    ) -> list[Any]:
        """What the function gives for each example, nested like its result; numbers by ``each``."""
        given, batch = self.flattened(examples)
        with self.lock:
            self.read_parameters()
            found = self._forward(given, batch)
        return [
            self.function.cut(_nested(flat.trace.outputs, map(each, numbers)), flat.length)
            for flat, numbers in zip(batch, found, strict=True)
        ]

    def value_and_gradients(self, example: Sequence[Any]) -> tuple[float, list[float], Any]:
        """The value, its derivatives by the parameters, and those by the inputs, nested alike.

        Raises :class:`DomainError` if a number is not finite.
        """
        given, (flat,) = self.flattened([example])
        check_scalar(flat.trace)
        with self.lock:
            self.read_parameters()
            number, executor = self.batcher.program(flat.trace, 1), self.executor
            executor.gradients[:] = 0.0
            executor.begin(number)
            inputs = Schedule.of_inputs(*given.arrays())
            value = float(executor.forward(number, [flat.start], inputs)[0, 0])
            executor.backward(number, 1.0)
            executor.end(number)
            slopes = self._slopes_of_inputs(number)
            gradients = self.gradient_numbers()
        self.finite(value)
        check_slopes([*gradients, *slopes])
        return value, gradients, _nested(flat.structure, iter(slopes))

    def mean_and_gradients(self, examples: Sequence[Sequence[Any]]) -> tuple[float, list[float]]:
        """The mean value over examples, and the derivatives of that mean by the parameters."""
        given, batch = self.flattened(examples)
        for flat in batch:
            check_scalar(flat.trace)
        with self.lock:
            self.read_parameters()
            schedule = self.batcher.schedule(given, [batch])
            mean = self.executor.step_gradient(schedule, 0, len(schedule.jobs))
            gradients = self.gradient_numbers()
        self.finite(mean)
        check_slopes(gradients)
        return mean, gradients

    def finite(self, number: float) -> float:
        """The number itself; raises :class:`DomainError` if a run made it infinite or nan."""
        return finite(number, dtype=str(self.executor.dtype))

    def flattened(
        self, examples: Sequence[Sequence[Any]]
    ) -> tuple[FlatExamples, list[FlatExample]]:
        """Examples as numbers; the function is traced for those of a new structure."""
        given = FlatExamples(self.function)
        return given, given.add(examples)

    # One program again and again

    def begin(self, trace: Trace) -> int:
        """Read the parameters, compute what depends on them alone; the number of the program."""
        with self.lock:
            number = self.batcher.program(trace, 1)
            self.read_parameters()
            self.executor.begin(number)
        return number

    def held(self, number: int, numbers: NDArray[np.float64]) -> HeldInputs:
        """The inputs of a program, to run it again and again while only some of them change."""
        with self.lock:
            return HeldInputs(self.executor, number, numbers)

    # Numbers in and out of the memory; the caller holds the lock

    def read_parameters(self) -> None:
        """Put the parameters' numbers as they are now into the memory."""
        self.executor.parameters[:] = self.executor.held(read_numbers(self.function.parameters))

    def write_parameters(self) -> None:
        """Give the numbers in the memory to the parameters."""
        numbers = self.executor.parameters.astype(float).tolist()
        write_numbers(self.function.parameters, numbers)

    def gradient_numbers(self) -> list[float]:
        """The parameters' gradients after a run."""
        return self.executor.gradients.astype(float).tolist()  # type: ignore[no-any-return]

    def _forward(self, given: FlatExamples, batch: Sequence[FlatExample]) -> list[list[float]]:
        """The outputs of each example, flat: examples of one trace share the lanes of a program."""
        inputs = Schedule.of_inputs(*given.arrays())
        results: list[list[float]] = [[]] * len(batch)
        for trace, members in _by_trace(batch).items():
            lanes = self._lanes(trace, len(members))
            number = self.batcher.program(trace, lanes)
            self.executor.begin(number)
            for k in range(0, len(members), lanes):
                part = members[k : k + lanes]
                starts = [batch[j].start for j in part]
                starts += [starts[0]] * (lanes - len(part))
                values = self.executor.forward(number, starts, inputs).astype(float)
                for j, column in zip(part, values.T.tolist(), strict=False):
                    results[j] = column
        return results

    def _lanes(self, trace: Trace, count: int) -> int:
        """How many examples to run side by side: as a step does, for which there is a program."""
        as_steps = self.batcher.lanes_for(trace, self.usual)
        is_worth = not self.usual or count > MOST_JOBS * as_steps
        return self.batcher.lanes_for(trace, count) if is_worth else as_steps

    def _slopes_of_inputs(self, number: int) -> list[float]:
        """The derivatives by each number of the example, which lies in the memory."""
        program = self.executor.programs[number]
        numbers = [0.0] * program.plan.n_numbers
        slopes = self.executor.numbers(program.input_offsets + program.shift).tolist()
        for k, slope in zip(program.plan.input_numbers.tolist(), slopes, strict=True):
            numbers[k] = float(slope)
        return numbers


def _by_trace(batch: Sequence[FlatExample]) -> dict[Trace, list[int]]:
    """The places of the examples of each trace."""
    places: dict[Trace, list[int]] = {}
    for k, flat in enumerate(batch):
        places.setdefault(flat.trace, []).append(k)
    return places


def _nested(structure: Structure, numbers: Iterator[float]) -> Any:
    return rebuild(structure, lambda _: next(numbers))


def check_scalar(trace: Trace) -> None:
    """Refuse a function of several outputs where gradients are asked for."""
    if trace.outputs != "f":
        raise InputError(
            f"the function gives {len(trace.plan.outputs)} numbers in a list",
            remedy="gradients are of one number: reduce them, for example with nf.sum(...)",
        )


def finite(
    number: float,
    how: str = "call the function itself inside `with nf.detect_anomalies() as found:`",
    dtype: str = "float64",
) -> float:
    """The number itself; raises :class:`DomainError` if a run made it infinite or nan."""
    if not math.isfinite(number):
        remedy = f"the op that made it is named by the eager run: {how}"
        if narrow := dtype == "float32":
            remedy += '; or compile with dtype="float64", which has more room'
        raise DomainError(
            f"a compiled run gave {number}{' in float32' * narrow}",
            expected="numbers up to 3.4e38, weights and constants too" if narrow else "",
            remedy=remedy,
            got=number,
        )
    return number


def check_slopes(slopes: Sequence[float]) -> None:
    """Raise :class:`DomainError` for a derivative that is infinite or nan."""
    if not np.isfinite(slopes).all():
        number = next(slope for slope in slopes if not math.isfinite(slope))
        raise DomainError(
            f"a compiled run gave the derivative {number}",
            expected="a finite number, and no infinity or nan in a branch that is not taken: a"
            " compiled run multiplies it by 0, where an eager one sends nothing on",
            remedy="the op that has none is named by the eager run: call the function with Values"
            " and .backward() on what it gives",
            got=number,
        )
