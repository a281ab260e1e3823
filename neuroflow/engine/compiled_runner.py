"""The compiled runner: training steps inside a backend, equal to the eager ones."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuroflow.engine.comparison import (
    MOST_EXAMPLES,
    ComparedExample,
    LossAndGradient,
    hold_against_eager,
)
from neuroflow.engine.numbers import write_numbers
from neuroflow.engine.padding.padded import (
    FilledUp,
    LengthsFunction,
    PaddableFunction,
    masked,
    texts_of,
)
from neuroflow.engine.plan.function import TracedFunction
from neuroflow.engine.report import Profile, profile
from neuroflow.engine.run.backends import chosen_backend, make_executor
from neuroflow.engine.run.executor import Executor, StepSettings
from neuroflow.engine.run.schedule import FlatExample, FlatExamples
from neuroflow.engine.run.team import Team
from neuroflow.engine.run.undone import Standing, not_made, why_not_made
from neuroflow.engine.run.writes import LaneWrites
from neuroflow.engine.runner import Runner
from neuroflow.engine.session import Session
from neuroflow.errors import DomainError, TraceError
from neuroflow.locks import lock
from neuroflow.pythonic import whole_number

MOST_THREADS = 1024
"""More than any machine would gain by."""

Chosen = list[list[FlatExample]]
"""The examples of each batch."""


class CompiledRunner(Runner):
    """Runs steps on a backend; see :class:`~neuroflow.engine.runner.Runner`.

    With several ``threads`` each takes a part of the jobs of a step; steps that write buffers have
    one.
    """

    def __init__(
        self, *arguments: Any, backend: str = "auto", dtype: str = "float64", threads: int = 1,
        memory_limit: int | None = None, compare: bool = True, device: str = "auto",
        losses: Callable[..., Any] | None = None, batch: int = 0,
        stamp: bool = True,
    ) -> None:  # fmt: skip
        super().__init__(*arguments)
        self.batch = batch
        self.losses_at_positions = losses
        self._texts = texts_of(self.examples)
        self._comparing = lock()
        self._unwritten: DomainError | None = None
        self.compare, self.stamp = compare, stamp
        self.backend = chosen_backend(backend, dtype, device)
        self.threads = whole_number(threads, "threads", low=1, high=MOST_THREADS)
        self.dtype, self.memory_limit, self.device = dtype, memory_limit, device
        self._prepare()

    def _exclusively(self) -> Any:
        return self.session.lock

    def _prepare(self) -> None:
        each = self.losses_at_positions
        self.loss = self._traced(self.example_loss, masked(each) if each else None)
        self.loss.keep_calls = self.compare
        self.session = self._session(self.loss, "parameters", self.threads, self.batch)
        self.flat = FlatExamples(self.loss, lock(1))
        self.__dict__.pop("_predictor", None)
        helpers = [self._new_executor() for _ in range(self.threads - 1)]
        self._trainer = Team(self.executor, helpers) if helpers else self.executor
        self._prepare_steps()
        self._compared = not self.compare

    def _prepare_steps(self) -> None:
        limit = float("inf") if self.clip_norm is None else self.clip_norm
        settings = self.rule.check(self.settings)
        self.executor.prepare_steps(StepSettings(self.rule, settings, self.l2, limit))

    def _traced(self, function: Callable[..., Any], filled_up: Any = None) -> TracedFunction:
        """A function, traced for each structure, or for texts that ``filled_up`` can take."""
        common = ((self.model,), self.parameters, self.surroundings)
        if self._texts is None:
            return TracedFunction(function, *common, writes=True, stamp=self.stamp)
        if self.losses_at_positions is None:
            return LengthsFunction(
                function, *common, writes=True, stamp=self.stamp, texts=self._texts,
                why_not="no loss is known for each of their tokens",
            )  # fmt: skip
        filled = FilledUp(
            filled_up or function, *common, writes=True, texts=self._texts,
            masked=filled_up is not None, stamp=self.stamp,
        )  # fmt: skip
        return PaddableFunction(
            function, *common, writes=True, texts=self._texts, filled=filled, stamp=self.stamp
        )

    @property
    def executor(self) -> Executor:
        """What runs the steps; touch it while holding the session's lock."""
        return self.session.executor

    def _own_bits_depend_on(self) -> str:
        return self.executor.bits_depend_on()

    def _new_executor(self) -> Executor:
        return make_executor(
            self.backend, self.dtype, len(self.parameters), self.memory_limit, self.device
        )

    def _session(
        self, function: TracedFunction, gradients: str, threads: int = 1, usual: int = 0
    ) -> Session:
        return Session(function, self._new_executor(), gradients, threads, usual)

    # Steps

    def run(self, batches: Sequence[Sequence[int]], learning_rates: Sequence[float]) -> list[float]:
        rates = np.array(learning_rates, dtype=np.float64)
        with self._ready(batches) as (flat, chosen, standing):
            results = self._steps(flat, chosen, rates, learn=True)
            made = len(results) - (not _all_finite(results))
            self.session.write_parameters()
            self.steps += made
            if made < len(results):
                standing.restore()
                standing.draw_again(_draws(chosen[:made]))
        losses: list[float] = results[:, 0].tolist()
        if made < len(results) and self._stops_filling_up(chosen[made]):
            return losses[:made] + self.run(batches[made:], learning_rates[made:])
        self._check_finite(results, batches, learning_rates)
        return losses

    def gradients(self, batch: Sequence[int]) -> tuple[float, list[float]]:
        with self._ready([batch]) as (flat, chosen, _):
            results = self._steps(flat, chosen, np.zeros(1), learn=False)
            gradients = self.session.gradient_numbers()
        if not _all_finite(results) and self._stops_filling_up(chosen[0]):
            return self.gradients(batch)
        self._check_finite(results, [batch], [None])
        return float(results[0, 0]), gradients

    @contextmanager
    def _ready(
        self, batches: Sequence[Sequence[int]]
    ) -> Iterator[tuple[FlatExamples, Chosen, Standing]]:
        """The examples of each batch, for a session that is current and ours alone meanwhile.

        Also where the generators stood before random inputs were drawn for them.
        """
        while True:
            self.look_again()
            session = self.session
            standing = Standing.of(self.surroundings.generators())
            flat, chosen = self._chosen(batches)
            if not self._compared and chosen and chosen[0]:
                with self._comparing:  # no other thread makes a step before this has ended
                    if not self._compared and not self._is_like_eager(flat, batches[0], chosen[0]):
                        standing.restore()
                        continue
            with session.lock:
                if session is self.session:  # nobody changed the model in between
                    yield flat, chosen, standing
                    return

    def _is_like_eager(
        self, flat: FlatExamples, batch: Sequence[int], chosen: Sequence[FlatExample]
    ) -> bool:
        """Whether an example gives what plain Values give; not if to fill it up made it another.

        Raises :class:`TraceError` where it is another as it is.
        """
        try:
            self._hold_against_eager(flat, batch, chosen)
        except TraceError:
            if self._stops_filling_up(chosen):
                return False
            raise
        return True

    def _stops_filling_up(self, batch: Sequence[FlatExample]) -> bool:
        """Whether some of a batch were filled up; from here on none are.

        What fills an example up counts zero times, which an infinite number would survive.
        """
        if self._texts is None or not any(flat.length for flat in batch):
            return False
        self._texts.stop("what a text is filled up with changes its loss")
        self.flat = FlatExamples(self.loss, lock(1))
        return True

    def _hold_against_eager(
        self, flat: FlatExamples, batch: Sequence[int], chosen: Sequence[FlatExample]
    ) -> None:
        """Compare an example with what plain Values give, the smallest of a batch."""
        placed = dict(sorted(zip(batch, chosen, strict=True), key=_size)[:MOST_EXAMPLES])
        examples = [
            ComparedExample(k, self.examples[k], flat.drawn_for(f), f.trace.calls)
            for k, f in placed.items()
        ]
        hold_against_eager(
            self,
            examples,
            lambda example: self._outcome(flat, placed[example.number], len(chosen)),
            max(f.trace.plan.n_traced for f in placed.values()),
        )
        self._compared = True
        self.loss.forget_calls()
        if not self.surroundings.is_current():  # a cache that a plain call filled
            self.surroundings.look()

    def _outcome(self, flat: FlatExamples, one: FlatExample, n_batch: int) -> LossAndGradient:
        """The loss of one example and its gradient, penalty included, in a program of the batch."""
        with self.session.lock:
            self.session.read_parameters()
            schedule = self.session.batcher.alone(flat, one, n_batch)
            (loss, *_), *_ = self.executor.train(schedule, np.zeros(1), 1, learn=False).tolist()
            return LossAndGradient(loss, self.session.gradient_numbers())

    def _steps(self, flat: FlatExamples, batches: Chosen, rates: Any, learn: bool) -> NDArray[Any]:
        """Loss and gradient norm of each step that was made; the caller holds the lock."""
        self.session.read_parameters()
        self._unwritten = None
        if self.loss.has_writes():
            results = self._writing_steps(flat, batches, rates, learn)
        elif learn and self.workers is not None:
            schedule = self.session.batcher.schedule(flat, batches, self.workers)
            results = self._trainer.train_together(schedule, rates, self.steps + 1, self.workers)
        else:
            schedule = self.session.batcher.schedule(flat, batches)
            results = self._trainer.train(schedule, rates, self.steps + 1, learn)
        if len(results) and _all_finite(results):
            self.gradient_norm = float(results[-1, 1])
        return results

    def _writing_steps(
        self, flat: FlatExamples, batches: Chosen, rates: Any, learn: bool
    ) -> NDArray[Any]:
        """Steps one by one: each reads the buffers that the one before it wrote."""
        results = np.zeros((len(batches), 3))
        workers = self.workers if learn else None
        for k, batch in enumerate(batches):
            schedule = self.session.batcher.schedule(flat, [batch], workers)
            writes = LaneWrites(self.executor, batch, self.model, workers)
            rate, step = rates[k : k + 1], self.steps + 1 + k
            results[k] = self.executor.take_steps(writes.step_gradient, schedule, rate, step, learn)
            if writes.loss is not None:  # what was written is not finite
                results[k], self._unwritten = (writes.loss, 0.0, math.nan), writes.error
            if not _all_finite(results[: k + 1]):
                return results[: k + 1]
            if learn:
                write_numbers([*writes.means], [*writes.means.values()])
        return results

    def _chosen(self, batches: Sequence[Sequence[int]]) -> tuple[FlatExamples, Chosen]:
        """The examples of each batch; a batch that comes again is looked up once."""
        # random inputs serve one call; the next draws its own
        if self.flat.drawn or self.flat.is_outdated():
            self.flat = FlatExamples(self.loss, lock(1))
        flat, modes = self.flat, self.loss.modes()
        known: dict[tuple[int, ...], list[FlatExample]] = {}
        chosen: Chosen = []
        before: Sequence[int] | None = None
        for batch in batches:
            if batch is not before or _draws_anew(chosen[-1]):
                key, before = tuple(batch), batch
                if key not in known or _draws_anew(known[key]):
                    known[key] = flat.numbered(batch, map(self.example, batch), modes)
            chosen.append(known[key])
        return flat, chosen

    def _check_finite(
        self, results: NDArray[Any], batches: Sequence[Sequence[int]],
        rates: Sequence[float | None],
    ) -> None:  # fmt: skip
        if not _all_finite(results):
            last, (loss, norm, _) = len(results) - 1, results[-1].tolist()
            what, cause = why_not_made(self.steps + 1, loss, norm), self._unwritten
            if cause is not None:
                what = f"step {self.steps + 1} failed: {cause.what}"
            raise not_made(what, rates[last], batches[last], cause) from cause

    # Looking

    def losses(self, batch: Sequence[int]) -> list[float]:
        self.look_again()
        examples = [self.example(k) for k in batch]
        losses = self.session.outputs(examples)
        if self._texts and not self._texts.why_not and not all(map(math.isfinite, losses)):
            self._texts.stop("what a text is filled up with changes its loss")
            return self.session.outputs(examples)
        return losses

    def predict(self, inputs: Sequence[Any]) -> list[Any]:
        self.look_again()
        return self._predictor.outputs([(x,) for x in inputs])

    @cached_property
    def _predictor(self) -> Session:
        return self._session(self._traced(_answer), "none")

    def profile(self, batch: Sequence[int]) -> Profile:
        self.gradients(batch)
        with self._ready([batch]) as (flat, chosen, _):
            schedule = self.session.batcher.schedule(flat, chosen)
            return profile(self.executor, int(schedule.jobs[0, 0]))

    # State

    def _state(self) -> list[list[float]]:
        with self.session.lock:
            return self.executor.state_rows().astype(float).tolist()  # type: ignore[no-any-return]

    def _load_state(self, state: list[list[float]]) -> None:
        with self.session.lock:
            for row, numbers in zip(self.executor.state_rows(), state, strict=True):
                row[:] = numbers


def _size(placed: tuple[int, FlatExample]) -> int:
    return placed[1].trace.plan.n_traced


def _draws_anew(batch: Sequence[FlatExample]) -> bool:
    """Whether examples have random inputs, which serve one call."""
    return bool(batch and batch[0].trace.random_inputs)


def _answer(model: Any, x: Any) -> Any:
    return model(x)


def _all_finite(results: NDArray[Any]) -> bool:
    """Whether the last step was made: a run stops at the first that is not."""
    return not len(results) or bool(np.isfinite(results[-1]).all())


def _draws(batches: Chosen) -> Iterator[Callable[[], float]]:
    """What drew the random numbers of some steps, in order."""
    for flat in chain.from_iterable(batches):
        yield from filter(None, flat.draws)
