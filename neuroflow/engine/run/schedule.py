"""Batches: which examples fill the lanes of which programs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from threading import RLock
from typing import Any
from weakref import finalize

import numpy as np
from attrs import define, field
from numpy.typing import NDArray

from neuroflow.core.value import Value
from neuroflow.engine.lower.gradient_buffers import share_gradients
from neuroflow.engine.lower.lower import lower
from neuroflow.engine.lower.program import padded
from neuroflow.engine.plan.function import Fitted, Trace, TracedFunction, check_indices
from neuroflow.engine.run.executor import Executor, Schedule
from neuroflow.engine.run.workers import Workers
from neuroflow.engine.trace.structure import Structure
from neuroflow.engine.trace.tape import Ints
from neuroflow.errors import InputError

FILLED_IN = 0.5
"""What stands for a random number of a position that an example does not have."""

FEW_NUMBERS = 10_000
"""Numbers of examples that became others are kept up to here, whatever their share."""

MANY_VECTORS = 8
"""With so many vectors for each matrix, a product of one example is as fast as that of many."""


@define(eq=False)
class FlatExample:
    """One example as numbers: where it starts among all, and what it looks like."""

    start: int
    structure: Structure
    trace: Trace
    draws: Sequence[Callable[[], float] | None] = ()
    """What drew its random numbers; None for one that is only filled in."""

    length: int = 0
    """How many positions are its own, where it is filled up to those of its trace."""


@define(eq=False)
class FlatExamples:
    """Examples, flattened once and then found again by their number; several threads may add."""

    function: TracedFunction
    lock: Any = field(factory=RLock)
    numbers: list[float] = field(factory=list)
    drawn: bool = False
    """Whether random numbers are among them."""

    _replaced: int = 0
    """How many numbers are of examples that became others."""

    _kept: dict[tuple[bool, ...], _Kept] = field(factory=lambda: defaultdict(_Kept))
    """Examples that have numbers, by the modes of the function."""

    _array: Any = None

    def numbered(
        self, numbers: Sequence[int], examples: Iterable[Sequence[Any]], modes: tuple[bool, ...]
    ) -> list[FlatExample]:
        """The ``examples`` of these numbers, each flattened anew where it is not what it was.

        So it is where random inputs are drawn each time. ``modes`` are those of the function now.
        """
        kept = self._kept[modes]
        given = list(examples)
        if _is_equal(given, [kept.copies.get(k) for k in numbers]):  # all at once, which is fast
            return [kept.flat[k] for k in numbers]
        return [self._numbered(k, x, kept) for k, x in zip(numbers, given, strict=True)]

    def _numbered(self, number: int, example: Sequence[Any], kept: _Kept) -> FlatExample:
        if not _is_equal(example, kept.copies.get(number)):
            before, flat = kept.flat.get(number), self.add([example])[0]
            self._replaced += before.trace.plan.n_numbers if before else 0
            if flat.trace.random_inputs:
                return flat
            kept.flat[number], kept.copies[number] = flat, _copied(example)
        return kept.flat[number]

    def is_outdated(self) -> bool:
        """Whether to begin anew: the examples keep changing, and most numbers are of old ones."""
        return self._replaced > max(FEW_NUMBERS, len(self.numbers) // 2)

    def add(self, examples: Iterable[Sequence[Any]]) -> list[FlatExample]:
        """More examples, with random numbers drawn for them; traces what has a new structure."""
        modes = self.function.modes()
        traces: dict[Structure, Trace] = {}
        flat = [self._flattened(example, modes, traces) for example in examples]
        placed = []
        with self.lock:
            for numbers, it in flat:
                start = len(self.numbers)
                placed.append(FlatExample(start, it.structure, it.trace, it.draws, it.length))
                self.numbers += numbers
        return placed

    def _flattened(
        self, example: Sequence[Any], modes: tuple[bool, ...], traces: dict[Structure, Trace]
    ) -> tuple[list[float], Fitted]:
        """One example, and its numbers with the random ones; ``traces`` are those before it."""
        fitted = self.function.fitted(example, modes, traces)
        numbers = fitted.numbers
        check_indices(fitted.trace, numbers, fitted.structure)
        if fitted.draws:
            numbers = numbers + [FILLED_IN if draw is None else draw() for draw in fitted.draws]
            self.drawn = True
        return numbers, fitted

    def drawn_for(self, flat: FlatExample) -> list[float]:
        """The random numbers that were drawn for one of the examples."""
        end = flat.start + flat.trace.plan.n_numbers
        numbers = self.numbers[end - len(flat.draws) : end]
        return [x for x, draw in zip(numbers, flat.draws, strict=True) if draw is not None]

    def arrays(self) -> tuple[Any, Any]:
        """All numbers, and the same as integers for those that choose."""
        with self.lock:
            if self._array is None or len(self._array[0]) != len(self.numbers) + 1:
                numbers = np.array([*self.numbers, 0.0], dtype=np.float64)
                self._array = numbers, as_integers(numbers)
            return self._array  # type: ignore[no-any-return]


@define(eq=False)
class _Kept:
    """Flat examples by number, and copies of what each was made of."""

    flat: dict[int, FlatExample] = field(factory=dict)
    copies: dict[int, Any] = field(factory=dict)


def _copied(example: Any) -> Any:
    """An example as it is now, to compare with later; a Value in it is read anew every time."""
    if isinstance(example, (list, tuple)):
        parts = [_copied(part) for part in example]
        return parts if isinstance(example, list) else tuple(parts)
    if isinstance(example, dict):
        return {key: _copied(part) for key, part in example.items()}
    if isinstance(example, Value):
        return object()
    return example.tolist() if hasattr(example, "tolist") else example


def _is_equal(example: Any, copy: Any) -> bool:
    """Whether an example is what it was."""
    try:
        return bool(example == copy)
    except ValueError:  # arrays, which compare entry by entry
        return bool(_copied(example) == copy)


def as_integers(numbers: NDArray[Any]) -> Ints:
    """The numbers as indices; those that do not choose may be of any size."""
    with np.errstate(invalid="ignore"):
        return numbers.astype(np.int64)


@define(eq=False)
class Batcher:
    """Makes schedules for one function on one executor."""

    function: TracedFunction
    executor: Executor
    gradients: str
    """"none", "parameters" or "all"."""

    threads: int = 1

    def lanes_for(self, trace: Trace, count: int) -> int:
        """How many lanes to run ``count`` examples in: one, or whole vectors."""
        width = self.executor.width
        if count < max(2, 3 * width // 4):  # fewer are faster one by one
            return 1
        cells = trace.plan.n_cells - trace.plan.n_uniform
        fitting = self.executor.most_lanes(cells)
        if fitting < width and trace.plan.vectors_per_matrix >= MANY_VECTORS:
            return 1  # the caches hold one example, and its products are large enough
        most = max(width, fitting // width * width)
        share = -(-count // self.threads)
        n_jobs = -(-share // most)
        return padded(-(-share // n_jobs), width)

    def program(self, trace: Trace, lanes: int) -> int:
        """The number of the program of a trace for so many lanes; made at first use.

        It is the trace's as long as there is the trace: hold one to use the other.
        """
        key = (self, lanes)
        if key not in trace.programs:
            executor = self.executor
            program = lower(trace.plan, executor.kernels, lanes, executor.width, self.gradients)
            if executor.shares_gradients and self.gradients == "parameters":
                program = share_gradients(program, executor.width)
            number = trace.programs[key] = executor.add(program)
            finalize(trace, executor.drop, number)
        return trace.programs[key]

    def schedule(
        self, given: FlatExamples, batches: Sequence[Sequence[FlatExample]],
        workers: Workers | None = None,
    ) -> Schedule:  # fmt: skip
        """A schedule with one step per batch; each example counts equally within its batch.

        With ``workers`` it has the own share of each batch. A list that comes again among
        ``batches`` is worked out once.
        """
        new = _Jobs([], {}, [], [])
        steps: list[tuple[int, int]] = []
        known: dict[int, tuple[int, int]] = {}
        for batch in batches:
            if id(batch) not in known:  # the same list again: the same jobs
                first = len(new.jobs)
                self._add_batch(batch, new, workers)
                known[id(batch)] = (first, len(new.jobs))
            steps.append(known[id(batch)])
        numbers, integers = given.arrays()
        return Schedule(
            np.array(new.jobs, dtype=np.int64).reshape(-1, 3),
            np.array(steps, dtype=np.int64).reshape(-1, 2),
            np.array(new.starts, dtype=np.int64),
            np.array(new.weights),
            numbers,
            integers,
        )

    def alone(self, given: FlatExamples, flat: FlatExample, count: int) -> Schedule:
        """A step with one example, in the program for ``count`` of its kind."""
        lanes = self.lanes_for(flat.trace, count)
        number = self.program(flat.trace, lanes)
        numbers, integers = given.arrays()
        return Schedule(
            np.array([[number, 0, 0]], dtype=np.int64),
            np.array([[0, 1]], dtype=np.int64),
            np.full(lanes, flat.start, dtype=np.int64),
            np.eye(1, lanes)[0],
            numbers,
            integers,
        )

    def _add_batch(self, batch: Sequence[FlatExample], new: _Jobs, workers: Workers | None) -> None:
        """Jobs for one step: the examples of each structure, in lanes of one program."""
        if not batch:
            raise InputError("got an empty batch", expected="at least one example")
        groups: dict[Trace, list[int]] = {}
        for flat in batch[workers.share(len(batch))] if workers else batch:
            groups.setdefault(flat.trace, []).append(flat.start)
        weight = 1.0 / len(batch)
        for trace, starts in groups.items():
            lanes = self.lanes_for(trace, len(starts))
            number = self.program(trace, lanes)
            for k in range(0, len(starts), lanes):
                filled = starts[k : k + lanes]
                spare = lanes - len(filled)  # the last job repeats an example, with weight zero
                new.weights.extend([weight] * len(filled) + [0.0] * spare)
                filled = filled + [filled[0]] * spare
                content = new.contents.setdefault((number, *filled), len(new.contents))
                new.jobs.append((number, len(new.starts), content))
                new.starts.extend(filled)


@define(eq=False)
class _Jobs:
    """The columns of a schedule while it is made."""

    jobs: list[tuple[int, int, int]]
    contents: dict[tuple[int, ...], int]
    starts: list[int]
    weights: list[float]
