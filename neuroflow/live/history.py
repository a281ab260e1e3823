"""Snapshots of a run: enough to go back to any part of it, and never too many."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from attrs import define, field, frozen

from neuroflow.live.frames import where_it_stands
from neuroflow.training import Training

MOST = 120
"""So many snapshots are kept; then some between the first and the last go."""
MOST_NUMBERS = 2_000_000
"""The records of a run that is watched have no more numbers in all."""


@frozen
class Snapshot:
    """A run as it stood after ``step`` updates."""

    step: int
    parameters: array[float]
    state: dict[str, Any]

    @classmethod
    def of(cls, training: Training) -> Snapshot:
        """The parameters, the optimizer's numbers and the random generators."""
        state = training.state_dict()
        state["optimizer"] = {
            name: array("d", numbers) if isinstance(numbers, list) else numbers
            for name, numbers in state["optimizer"].items()
        }
        return cls(training.step, array("d", [p.data for p in training.runner.parameters]), state)

    def restore(self, training: Training) -> None:
        """Set a run back to where this one stood."""
        for parameter, number in zip(training.runner.parameters, self.parameters, strict=True):
            parameter.data = number
        optimizer = {
            name: numbers.tolist() if isinstance(numbers, array) else numbers
            for name, numbers in self.state["optimizer"].items()
        }
        training.load_state_dict({**self.state, "optimizer": optimizer})


@frozen
class Record:
    """What a page shows of a step that was made before it was opened: numbers, no generators."""

    standing: dict[str, Any]
    losses: int
    """So many losses there were by then."""
    parameters: array[float]

    @classmethod
    def of(cls, training: Training, losses: int) -> Record:
        """The run as it stands."""
        numbers = array("d", [p.data for p in training.runner.parameters])
        return cls(where_it_stands(training), losses, numbers)

    @property
    def step(self) -> int:
        """The updates that were made."""
        return int(self.standing["step"])

    @contextmanager
    def shown(self, training: Training) -> Iterator[None]:
        """The model has these numbers for a while; then those that it had, to the bit."""
        parameters = training.runner.parameters
        now = [p.data for p in parameters]
        try:
            _give(parameters, self.parameters)
            yield
        finally:
            _give(parameters, now)


def _give(parameters: Iterable[Any], numbers: Iterable[float]) -> None:
    for parameter, number in zip(parameters, numbers, strict=True):
        parameter.data = number


@define
class Records:
    """The records of a run that goes on elsewhere, thinned out as they become many."""

    kept: list[Record] = field(factory=list)

    def add(self, record: Record) -> None:
        """One more; of a large model only so many that they do not fill the memory."""
        self.kept.append(record)
        if len(self.kept) > max(2, min(2 * MOST, MOST_NUMBERS // max(1, len(record.parameters)))):
            self.kept = [*self.kept[:-1:2], record]

    @property
    def steps(self) -> list[int]:
        """The steps that can be shown."""
        return [record.step for record in self.kept]

    def after(self, step: int) -> list[Record]:
        """Those of later steps."""
        return [record for record in self.kept if record.step > step]

    def at(self, step: int) -> Record | None:
        """The last one that is not after a step."""
        return next((r for r in reversed(self.kept) if r.step <= step), None)


@define
class History:
    """The snapshots of a run in order, evenly thinned out; the first and the last always stay."""

    snapshots: list[Snapshot] = field(factory=list)
    every: int = 1

    @property
    def steps(self) -> list[int]:
        """The steps that one can go back to."""
        return [snapshot.step for snapshot in self.snapshots]

    def take(self, training: Training, now: bool = False) -> None:
        """Keep the run as it is, if the last snapshot is ``every`` steps ago, or in any case."""
        step = training.step
        if not now and self.snapshots and 0 <= step - self.snapshots[-1].step < self.every:
            return
        self.forget_after(step - 1)
        self.snapshots.append(Snapshot.of(training))
        if len(self.snapshots) > MOST:
            self.every = max(2 * self.every, math.ceil(2 * step / MOST))
            self._thin_out()

    def _thin_out(self) -> None:
        first, *between, last = self.snapshots
        kept = [first]
        for snapshot in between:
            if snapshot.step - kept[-1].step >= self.every:
                kept.append(snapshot)
        self.snapshots = [*kept, last]

    def forget_after(self, step: int) -> None:
        """Drop what lies after a step: from there the run goes another way."""
        self.snapshots = [s for s in self.snapshots if s.step <= step]

    def nearest(self, step: int) -> Snapshot:
        """The last snapshot that is not after ``step``."""
        return next((s for s in reversed(self.snapshots) if s.step <= step), self.snapshots[0])
