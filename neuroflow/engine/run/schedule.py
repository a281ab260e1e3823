"""Batches: which examples fill the lanes of which programs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from attrs import define, field

from neuroflow.engine.lower.lower import lower
from neuroflow.engine.lower.program import padded
from neuroflow.engine.run.executor import Executor, Schedule
from neuroflow.engine.trace.function import Trace, TracedFunction, check_indices
from neuroflow.engine.trace.structure import Structure, flatten
from neuroflow.errors import InputError

LANE_BYTES = 4_000_000
"""Lanes are limited so that what a program works on stays about this large."""

MOST_LANES = 512


@define(eq=False)
class Row:
    """One example as numbers: where it starts among all, and what it looks like."""

    start: int
    structure: Structure
    trace: Trace


@define(eq=False)
class Rows:
    """Examples, flattened once and then found again by their number."""

    function: TracedFunction
    numbers: list[float] = field(factory=list)
    drawn: bool = False
    """Whether random numbers are among them."""

    _known: dict[int, Row] = field(factory=dict)
    _array: Any = None

    def row(self, key: int, example: Sequence[Any]) -> Row:
        """The row of an example: flattened once, unless random inputs are drawn each time."""
        row = self._known.get(key)
        if row is None or row.trace.draws or not self.function.is_current(row.trace):
            row = self._known[key] = self.new(example)
        return row

    def new(self, example: Sequence[Any]) -> Row:
        """A fresh row, with random numbers drawn for it."""
        numbers, structure = flatten(tuple(example))
        trace = self.function.trace(structure)
        check_indices(trace, numbers, structure)
        start = len(self.numbers)
        self.numbers.extend(numbers)
        self.numbers.extend([number() for number in trace.draws])
        self.drawn = self.drawn or bool(trace.draws)
        return Row(start, structure, trace)

    def arrays(self) -> tuple[Any, Any]:
        """All numbers, and the same as integers for those that choose."""
        if self._array is None or len(self._array[0]) != len(self.numbers) + 1:
            numbers = np.array([*self.numbers, 0.0])
            with np.errstate(invalid="ignore"):
                self._array = numbers, numbers.astype(np.int64)
        return self._array  # type: ignore[no-any-return]


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
        most = LANE_BYTES // (16 * max(cells, 1))
        most = max(width, min(MOST_LANES, most) // width * width)
        share = -(-count // self.threads)
        return min(most, padded(share, width))

    def program(self, trace: Trace, lanes: int) -> int:
        """The number of the program of a trace for so many lanes; made at first use."""
        key = (self, lanes)
        if key not in trace.programs:
            executor = self.executor
            program = lower(trace.plan, executor.kernels, lanes, executor.width, self.gradients)
            trace.programs[key] = executor.add(program, trace.plan.n_numbers)
        return trace.programs[key]

    def schedule(self, rows: Rows, batches: Sequence[Sequence[Row]]) -> Schedule:
        """A schedule with one step per batch; each example counts equally within its batch."""
        new = _Jobs([], {}, [], [])
        steps: list[tuple[int, int]] = []
        known: dict[tuple[int, ...], tuple[int, int]] = {}
        for batch in batches:
            key = tuple([row.start for row in batch])
            if key not in known:
                first = len(new.jobs)
                self._add_batch(batch, new)
                known[key] = (first, len(new.jobs))
            steps.append(known[key])
        numbers, integers = rows.arrays()
        return Schedule(
            np.array(new.jobs, dtype=np.int64).reshape(-1, 3),
            np.array(steps, dtype=np.int64).reshape(-1, 2),
            np.array(new.starts, dtype=np.int64),
            np.array(new.weights),
            numbers,
            integers,
        )

    def _add_batch(self, batch: Sequence[Row], new: _Jobs) -> None:
        """Jobs for one step: the examples of each structure, in lanes of one program."""
        if not batch:
            raise InputError("got an empty batch", expected="at least one example")
        groups: dict[Trace, list[int]] = {}
        for row in batch:
            groups.setdefault(row.trace, []).append(row.start)
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


def outputs_of(
    batcher: Batcher, rows: Rows, batch: Sequence[Row], use: Callable[[Trace, Any], Any]
) -> list[Any]:
    """Run the forward part alone; ``use(trace, numbers)`` shapes the outputs of each example."""
    executor = batcher.executor
    results: list[Any] = [None] * len(batch)
    groups: dict[Trace, list[int]] = {}
    for k, row in enumerate(batch):
        groups.setdefault(row.trace, []).append(k)
    for trace, members in groups.items():
        lanes = batcher.lanes_for(trace, len(members))
        number = batcher.program(trace, lanes)
        schedule = batcher.schedule(rows, [])
        executor.begin(number)
        for k in range(0, len(members), lanes):
            part = members[k : k + lanes]
            starts = [batch[j].start for j in part]
            starts += [starts[0]] * (lanes - len(part))
            values = executor.forward(number, starts, schedule).astype(float)
            for lane, j in enumerate(part):
                results[j] = use(trace, values[:, lane].tolist())
    return results
