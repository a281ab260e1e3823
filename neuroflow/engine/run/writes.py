"""What the examples of a compiled step write into buffers: outputs of programs, lane by lane."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

from neuroflow.buffer import Buffer, StepWrites
from neuroflow.engine.run.executor import Executor, Schedule
from neuroflow.engine.run.schedule import FlatExample
from neuroflow.engine.run.workers import Workers
from neuroflow.engine.trace.tape import Ints
from neuroflow.errors import DomainError


class LaneWrites:
    """Runs the jobs of one step, and has the ``means`` of what its ``batch`` wrote."""

    def __init__(
        self, executor: Executor, batch: Sequence[FlatExample], model: Any,
        workers: Workers | None = None,
    ) -> None:  # fmt: skip
        self.means: dict[Buffer, float] = {}
        self.loss: float | None = None
        """The loss of a step that is not made, because what it would write is not finite."""
        self.error: DomainError | None = None
        """What says so, with the number and the buffer."""

        self._executor = executor
        self._batch = batch
        self._model = model
        self._workers = workers
        self._numbers: dict[int, list[float]] = {}
        """What each example wrote, by where it starts among the numbers."""

    def step_gradient(self, schedule: Schedule, first: int, end: int) -> float:
        """The loss; nan where a mean would not be finite, so that the step is not made."""
        look = partial(self._look, schedule.starts)
        loss = self._executor.step_gradient(schedule, first, end, look)
        if self._workers is not None:
            loss = self._executor.add_up(self._workers, loss)
            self._hear_others(self._workers)
        try:
            self.means = self._in_order().means() if math.isfinite(loss) else {}
        except DomainError as error:
            self.loss, self.error = loss, error
            return math.nan
        return loss

    def _look(self, starts: Ints, slots: slice, outputs: Any) -> None:
        columns = outputs[1:].astype(float).T.tolist()
        self._numbers.update(zip(starts[slots].tolist(), columns, strict=True))

    def _hear_others(self, workers: Workers) -> None:
        """Add what the examples of other workers wrote: nothing but zeros is added to a number."""
        own = range(len(self._batch))[workers.share(len(self._batch))]
        written: list[float] = []
        for k, flat in enumerate(self._batch):
            zeros = [0.0] * len(flat.trace.written)
            written += self._numbers[flat.start] if k in own else zeros
        all_written = iter(workers.summed(written) if written else ())
        for flat in self._batch:
            self._numbers[flat.start] = [next(all_written) for _ in flat.trace.written]

    def _in_order(self) -> StepWrites:
        """All that was written, as an eager step would have met it."""
        writes = StepWrites(self._model)
        for flat in self._batch:
            for buffer, number in zip(flat.trace.written, self._numbers[flat.start], strict=True):
                writes.write(buffer, number)
        return writes
