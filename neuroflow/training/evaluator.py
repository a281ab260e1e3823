"""Who evaluates: the runner of the steps, or where it is eager and would take long, a compiled one.

A compiled run gives the same scores; minutes at the end of an eager run would tell nothing more.
"""

from __future__ import annotations

from collections.abc import Callable

from attrs import define, field

from neuroflow.data.dataset import Dataset
from neuroflow.engine.runner import Runner
from neuroflow.errors import BackendError, TraceError

EAGER_WORK = 5_000_000
"""Parameters times inputs (rows, or tokens of texts) that are evaluated eagerly: about 2 s."""


@define(eq=False)
class Evaluator:
    """Finds the runner that evaluates; ``make_runner`` makes one of a backend's name.

    Size alone decides, and no clock, so that the same run has the same scores. A model that
    cannot be compiled is evaluated eagerly, which says how far it is
    (:mod:`neuroflow.long_work`).
    """

    make_runner: Callable[[str], Runner]
    _compiled: Runner | None = field(init=False, default=None)
    _cannot: bool = field(init=False, default=False)

    def of(self, runner: Runner, data: Dataset) -> Runner:
        """The runner that evaluates on data."""
        texts = data.task == "sequence"
        inputs = sum(map(len, data.inputs)) if texts else len(data)
        small = len(runner.parameters) * inputs <= EAGER_WORK
        if runner.backend != "eager" or small or self._cannot:
            return runner
        try:
            self._compiled = self._compiled or self.make_runner("auto")
            self._compiled.losses([0])
        except (TraceError, BackendError):
            self._cannot = True
        return runner if self._cannot or self._compiled is None else self._compiled
