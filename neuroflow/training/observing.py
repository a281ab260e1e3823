"""Observing: who sees the reports of a run, and can change nothing of it.

An observer is told what the command line is told, step by step. It gets numbers, not the run: the
metrics are a copy, and there is no model. What goes wrong in one is told once, and the run goes on
without it.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from typing import Any

from attrs import define, evolve, field

from neuroflow.config import resolve
from neuroflow.errors import NeuroflowWarning, raised
from neuroflow.observer import Observed
from neuroflow.registry.capture import silenced
from neuroflow.registry.entries import BUNDLED
from neuroflow.registry.manager import get

Step = Any
"""A :class:`neuroflow.Step`, which is made where this file is used."""


class ObserverWarning(NeuroflowWarning):
    """An observer failed, and sees no more of the run."""


@define
class _Watching:
    """An observer under its name, until it fails."""

    name: str
    make: Any
    is_bundled: bool
    observer: Any = None
    failed: bool = False

    def tell(self, method: str, *facts: Any) -> str:
        """Call it; gives what went wrong."""
        if self.failed:
            return ""
        try:
            with self._kept_off_standard_output():
                if self.observer is None:
                    self.observer = self.make()
                getattr(self.observer, method)(*facts)
        except (Exception, SystemExit) as error:  # whatever it does, the run goes on
            self.failed = True
            if method == "step":
                self._end_anyway()
            return f"the observer {self.name} failed, and sees no more: {raised(error)}"
        return ""

    def _end_anyway(self) -> None:
        """Let one that failed close what it has opened; that it failed is told already."""
        with suppress(Exception, SystemExit), self._kept_off_standard_output():
            self.observer.end()

    def _kept_off_standard_output(self) -> AbstractContextManager[Any]:
        return nullcontext() if self.is_bundled else silenced()


@define
class Observers:
    """All who see the reports of one run."""

    training: Any
    watching: Sequence[_Watching] = field(init=False)

    def __attrs_post_init__(self) -> None:
        asked = self.training.options.get("observers") or ()
        workers = self.training.workers
        self.watching = [_watching(each) for each in asked if workers is None or workers.is_first]

    def watch(self, steps: Iterator[Step], folder: Path | None) -> Iterator[Step]:
        """The steps, each shown to all before it is given on."""
        training = self.training
        tree = copy.deepcopy(training.configuration)
        self._tell("begin", Observed(tree, training.step, training.steps, folder))
        try:
            for step in steps:
                for each in self.watching:
                    seen = evolve(step, metrics=dict(step.metrics), model=None)
                    self._note(each.tell("step", seen))
                yield step
        finally:
            self._tell("end")

    def _tell(self, method: str, *facts: Any) -> None:
        for each in self.watching:
            self._note(each.tell(method, *facts))

    def _note(self, problem: str) -> None:
        """Tell what went wrong, once: now, and in the run's summary."""
        if problem:
            self.training.add_note(problem)
            warnings.warn(ObserverWarning(problem), stacklevel=2)


def watched(training: Any, steps: Iterator[Step], folder: Path | None = None) -> Iterator[Step]:
    """The steps of a run, seen by the observers that its configuration names."""
    observers = Observers(training)
    return observers.watch(steps, folder) if observers.watching else steps


def _watching(part: Any) -> _Watching:
    """An observer to be made from its table."""
    entry = get("observer", part if isinstance(part, str) else part["use"])
    make = resolve("observer", part)
    return _Watching(entry.shortest_name, make, entry.namespace == BUNDLED)
