"""The compiled runner: training steps inside a backend, equal to the eager ones."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuroflow.engine.report import Profile, profile
from neuroflow.engine.run.backends import chosen_backend, make_executor
from neuroflow.engine.run.executor import Executor, Schedule, Training
from neuroflow.engine.run.schedule import Batcher, Row, Rows, outputs_of
from neuroflow.engine.runner import Runner
from neuroflow.engine.trace.function import Trace, TracedFunction
from neuroflow.engine.trace.structure import rebuild
from neuroflow.errors import DomainError


class CompiledRunner(Runner):
    """Runs steps on a backend; see :class:`~neuroflow.engine.runner.Runner`.

    With several threads each takes a part of the jobs of a step; gradients are added in the
    order of the threads, so that results depend on nothing but their number.
    """

    def __init__(
        self, *arguments: Any, backend: str = "auto", dtype: str = "float64", threads: int = 1,
        memory_limit: int | None = None,
    ) -> None:  # fmt: skip
        super().__init__(*arguments)
        self.backend = chosen_backend(backend, dtype)
        self.dtype, self.threads, self.memory_limit = dtype, threads, memory_limit
        self.executor = self._new_executor()
        limit = float("inf") if self.clip_norm is None else self.clip_norm
        self.executor.prepare_training(Training(self.rule, self.settings, self.l2, limit))
        self.loss = TracedFunction(self.example_loss, (self.model,), self.parameters)
        self.batcher = Batcher(self.loss, self.executor, "parameters", threads)
        self.rows = Rows(self.loss)
        self._helpers = [_Helper(self) for _ in range(threads - 1)]
        self._predictor: Batcher | None = None
        self._evaluator: Batcher | None = None

    def _new_executor(self) -> Executor:
        return make_executor(self.backend, self.dtype, len(self.parameters), self.memory_limit)

    # Steps

    def run(self, batches: Sequence[Sequence[int]], learning_rates: Sequence[float]) -> list[float]:
        rates = np.array(learning_rates, dtype=np.float64)
        results = self._steps(batches, rates, learn=True)
        for parameter, number in zip(self.parameters, self._numbers(), strict=True):
            parameter.data = number
        return results[:, 0].tolist()  # type: ignore[no-any-return]

    def gradients(self, batch: Sequence[int]) -> tuple[float, list[float]]:
        results = self._steps([batch], np.zeros(1), learn=False)
        return float(results[0, 0]), self.executor.gradients.astype(float).tolist()

    def _steps(self, batches: Sequence[Sequence[int]], rates: Any, learn: bool) -> NDArray[Any]:
        self._read_parameters(self.executor)
        if self.rows.drawn:  # random inputs serve one call; the next draws its own
            self.rows = Rows(self.loss)
        chosen = self._chosen(batches)
        schedule = self.batcher.schedule(self.rows, chosen)
        if self.threads == 1:
            results = self.executor.train(schedule, rates, self.steps + 1, learn)
        else:
            results = self._threaded(schedule, rates, learn)
        self._check_finite(results, batches)
        if learn:
            self.steps += len(results)
        if len(results):
            self.gradient_norm = float(results[-1, 1])
        return results

    def _chosen(self, batches: Sequence[Sequence[int]]) -> list[list[Row]]:
        """The rows of each batch; a batch that comes again is looked up once."""
        known: dict[tuple[int, ...], list[Row]] = {}
        chosen = []
        for batch in batches:
            key = tuple(batch)
            rows = known.get(key)
            if rows is None or (rows and rows[0].trace.draws):
                rows = known[key] = [self._row(k) for k in batch]
            chosen.append(rows)
        return chosen

    def _row(self, k: int) -> Row:
        return self.rows.row(k, self.examples[k])

    def _check_finite(self, results: NDArray[Any], batches: Sequence[Sequence[int]]) -> None:
        if len(results) and not np.isfinite(results[-1, 0]):
            step = len(results) - 1
            for parameter, number in zip(self.parameters, self._numbers(), strict=True):
                parameter.data = number
            self.steps += step
            batch = list(batches[step])
            shown = f"{batch[:8]}" if len(batch) <= 8 else f"{batch[:8]} and {len(batch) - 8} more"
            raise DomainError(
                f"the loss of step {self.steps + 1} is {results[-1, 0]}, on the examples {shown}",
                remedy="the parameters are those before that step; nf.replay(model, example_loss,"
                " examples, batch) finds the op where it happens",
                got=float(results[-1, 0]),
            )

    def _threaded(self, schedule: Schedule, rates: Any, learn: bool) -> NDArray[Any]:
        """One step at a time, its jobs divided among threads."""
        results = np.zeros((len(schedule.steps), 2))
        executor = self.executor
        with ThreadPoolExecutor(max(1, self.threads - 1)) as pool:
            for s, (first, end) in enumerate(schedule.steps.tolist()):
                bounds = np.linspace(first, end, self.threads + 1).astype(int).tolist()
                tasks = [
                    pool.submit(helper.gradient, schedule, bounds[k + 1], bounds[k + 2])
                    for k, helper in enumerate(self._helpers)
                ]
                loss = executor.step_gradient(schedule, bounds[0], bounds[1])
                for helper, task in zip(self._helpers, tasks, strict=True):
                    loss += task.result()
                    executor.gradients[:] += helper.executor.gradients
                squares, norm = executor.penalise()
                results[s] = loss + self.l2 * squares, norm
                if not np.isfinite(results[s, 0]):
                    return results[: s + 1]
                if learn:
                    executor.update(norm, rates[s], self.steps + 1 + s)
        return results

    # Looking

    def losses(self, batch: Sequence[int]) -> list[float]:
        if self._evaluator is None:
            self._evaluator = Batcher(
                TracedFunction(self.example_loss, (self.model,), self.parameters),
                self._new_executor(), "none",
            )  # fmt: skip
        examples = [self.examples[k] for k in batch]
        return self._outputs(self._evaluator, examples)

    def predict(self, inputs: Sequence[Any]) -> list[Any]:
        if self._predictor is None:
            function = TracedFunction(lambda model, x: model(x), (self.model,), self.parameters)
            self._predictor = Batcher(function, self._new_executor(), "none")
        return self._outputs(self._predictor, [(x,) for x in inputs])

    def _outputs(self, batcher: Batcher, examples: Sequence[Sequence[Any]]) -> list[Any]:
        rows = Rows(batcher.function)
        batch = [rows.new(example) for example in examples]
        self._read_parameters(batcher.executor)
        return outputs_of(batcher, rows, batch, _shaped)

    def profile(self, batch: Sequence[int]) -> Profile:
        self.gradients(batch)
        rows = [self._row(k) for k in batch]
        schedule = self.batcher.schedule(self.rows, [rows])
        return profile(self.executor, int(schedule.jobs[0, 0]))

    # State

    def _read_parameters(self, executor: Executor) -> None:
        executor.parameters[:] = [p.data for p in self.parameters]

    def _numbers(self) -> list[float]:
        return self.executor.parameters.astype(float).tolist()  # type: ignore[no-any-return]

    def _state(self) -> list[list[float]]:
        return self.executor.state_rows().astype(float).tolist()  # type: ignore[no-any-return]

    def _load_state(self, state: list[list[float]]) -> None:
        for row, numbers in zip(self.executor.state_rows(), state, strict=True):
            row[:] = numbers


class _Helper:
    """A second executor with the programs of the first, for one more thread."""

    def __init__(self, runner: CompiledRunner) -> None:
        self.main = runner.executor
        self.executor = runner._new_executor()
        self.executor.kernels = self.main.kernels

    def gradient(self, schedule: Schedule, first: int, end: int) -> float:
        """The loss of some jobs; their gradient lies in this executor."""
        executor = self.executor
        for program in self.main.programs[len(executor.programs) :]:
            executor.add(program, program.n_numbers)
        executor.parameters[:] = self.main.parameters
        return executor.step_gradient(schedule, first, end)


def _shaped(trace: Trace, numbers: list[float]) -> Any:
    each = iter(numbers)
    return rebuild(trace.outputs, lambda _: next(each))
