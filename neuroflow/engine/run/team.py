"""Teams: several executors that share the jobs of each step, each in a thread of its own."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

import numpy as np
from attrs import define
from numpy.typing import NDArray

from neuroflow.engine.run.executor import Executor, Floats, Schedule
from neuroflow.engine.run.workers import Workers


@define(eq=False)
class Team:
    """A ``leader``, which has the programs, the parameters and the optimizer, and its ``helpers``.

    Gradients are added in the order of the helpers, so that results depend on nothing but their
    number.
    """

    leader: Executor
    helpers: Sequence[Executor]

    def __attrs_post_init__(self) -> None:
        for helper in self.helpers:
            helper.kernels = self.leader.kernels

    def train(
        self, schedule: Schedule, rates: Floats, first_step: int, learn: bool
    ) -> NDArray[np.float64]:
        """Steps as :meth:`Executor.train` makes them, the jobs of each divided."""
        with ThreadPoolExecutor(max(1, len(self.helpers))) as pool:
            gradient = partial(self._step_gradient, pool)
            return self.leader.take_steps(gradient, schedule, rates, first_step, learn)

    def train_together(
        self, schedule: Schedule, rates: Floats, first_step: int, workers: Workers
    ) -> NDArray[np.float64]:
        """Steps as :meth:`Executor.train_together` makes them: each worker has a team."""
        with ThreadPoolExecutor(max(1, len(self.helpers))) as pool:

            def gradient(schedule: Schedule, first: int, end: int) -> float:
                loss = self._step_gradient(pool, schedule, first, end)
                return self.leader.add_up(workers, loss)

            return self.leader.take_steps(gradient, schedule, rates, first_step, learn=True)

    def _step_gradient(
        self, pool: ThreadPoolExecutor, schedule: Schedule, first: int, end: int
    ) -> float:
        """The weighted loss of some jobs; their gradient lies in the leader's memory."""
        bounds = np.linspace(first, end, len(self.helpers) + 2).astype(int).tolist()
        tasks: list[Future[float]] = [
            pool.submit(self._help, helper, schedule, bounds[k + 1], bounds[k + 2])
            for k, helper in enumerate(self.helpers)
        ]
        loss = self.leader.step_gradient(schedule, bounds[0], bounds[1])
        for helper, task in zip(self.helpers, tasks, strict=True):
            loss += task.result()
            self.leader.gradients[:] += helper.gradients
        return loss

    def _help(self, helper: Executor, schedule: Schedule, first: int, end: int) -> float:
        if helper.programs != self.leader.programs:
            helper.follow(self.leader)
        helper.parameters[:] = self.leader.parameters
        return helper.step_gradient(schedule, first, end)
