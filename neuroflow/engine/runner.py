"""Runners: whole training steps, and many of them, on one backend.

A step is: the mean loss of a batch and its gradient, the L2 penalty, clipping by norm, and the
optimizer's update rule. :class:`EagerRunner` does it with plain Values and is the
specification; the compiled runner gives the same numbers.

    runner = EagerRunner(model, example_loss, examples, adam, {}, l2=0.0, clip_norm=None)
    losses = runner.run(batches=[[0, 1], [2, 3]], learning_rates=[0.1, 0.1])
    runner.predict([[0.5, -1.0]])
"""

from __future__ import annotations

import math
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any

from neuroflow.buffer import StepWrites, kept_by
from neuroflow.core.no_grad import no_grad
from neuroflow.core.protocols.uncopied import Uncopied
from neuroflow.core.update_rule import UpdateRule
from neuroflow.core.value import Value
from neuroflow.engine.numbers import write_numbers
from neuroflow.engine.run.undone import Standing, norm_of, not_made, why_not_made
from neuroflow.engine.run.workers import Workers
from neuroflow.engine.trace.surroundings import Surroundings
from neuroflow.errors import (
    BackendError,
    DefinitionError,
    DomainError,
    InputError,
    NeuroflowError,
    NeuroflowWarning,
    StateError,
    reason,
    short_repr,
)
from neuroflow.locks import lock
from neuroflow.long_work import working_through
from neuroflow.pythonic import finite_number, whole_number


class ModelChangedWarning(NeuroflowWarning):
    """A model was given other parameters while it was trained."""


class Runner(Uncopied, ABC):
    """Trains a model in place; made by :func:`make_runner`.

    ``backend`` is the name of what runs ("eager", "numpy", "llvm"); ``steps`` counts the
    updates made so far, so that the next one has ``step = steps + 1``; ``gradient_norm`` is that
    of the last step, penalty included, before clipping. Several threads may use one runner: some
    predict while another trains. A compiled prediction sees the parameters of one moment, between
    two calls of :meth:`run`; an eager one reads each when it needs it.
    """

    copy_instead = "copy its model, make a runner of it, and give that the state_dict() of this one"
    backend: str

    def __init__(
        self,
        model: Any,
        example_loss: Callable[..., Any],
        examples: Sequence[Sequence[Any]],
        rule: UpdateRule,
        settings: dict[str, float],
        l2: float,
        clip_norm: float | None,
        workers: Workers | None = None,
    ) -> None:
        self.model = model
        self.example_loss = example_loss
        self.examples = examples
        self.rule = rule
        self.settings = rule.check(settings)
        check_moves(rule.bind(**self.settings))
        self.l2 = finite_number(l2, "l2", low=0.0)
        limited = clip_norm is not None
        self.clip_norm = finite_number(clip_norm, "clip_norm", low=0.0) if limited else None
        self.starts: dict[str, Callable[[str], float]] = {}
        """For a state of the rule that does not start at zero: by the parameter's name, where."""

        self.workers = workers
        """Who shares the batches of :meth:`run`; all else is done by each worker for itself."""

        self.steps = 0
        self.gradient_norm = 0.0
        self._looking = lock()
        self._look()

    def example(self, k: int) -> Sequence[Any]:
        """The example of a number. Raises :class:`InputError` for one that there is not."""
        if type(k) is not int or not 0 <= k < len(self.examples):
            k = whole_number(k, "the number of an example", high=len(self.examples) - 1)
        return self.examples[k]

    def bits_depend_on(self) -> str:
        """What the last bits of the steps depend on, beside the program; empty for nothing."""
        own = self._own_bits_depend_on()
        shared = f"{self.workers.count} workers" if self.workers else ""
        return ", ".join(filter(None, (own, shared)))

    def _own_bits_depend_on(self) -> str:
        return ""

    # What was there at the last call, and may be another now

    def _look(self) -> None:
        """Take the model and all that the loss sees as they are now."""
        frozen, named = set(self.model.frozen), self.model.named_parameters()
        self.frozen: list[Value] = []
        self.parameters: list[Value] = []
        for name, x in named:
            (self.frozen if name in frozen else self.parameters).append(x)
        if frozen and not self.parameters:
            raise InputError(
                "all parameters of the model are frozen: there is nothing to train",
                remedy="let some be trained: model.unfreeze(pattern)",
            )
        self.surroundings = Surroundings((self.example_loss, self.model))
        self._seen_roots = (self.model, self.example_loss)
        self._seen_settings = self._step_settings()

    @property
    def names(self) -> list[str]:
        """The dotted name of each parameter: made when asked for, a model has many."""
        frozen = set(self.model.frozen)
        return [name for name, _ in self.model.named_parameters() if name not in frozen]

    def _step_settings(self) -> tuple[Any, ...]:
        """What a step does beside the gradient."""
        self.settings = self.rule.check(self.settings)
        return self.rule, dict(self.settings), self.l2, self.clip_norm

    def look_again(self) -> None:
        """Notice what changed since the last call; each call of the runner begins with this.

        A layer, a parameter, a setting of the model, of the loss or of the optimizer may be
        another: the next step is one with what is there now. Parameters that stay keep the
        optimizer's numbers, new ones start afresh, and a ``ModelChangedWarning`` says so.
        """
        with self._looking:
            roots = (self.model, self.example_loss) == self._seen_roots
            if not roots or not self.surroundings.is_current():
                self._take_over()
            elif (self.rule, self.settings, self.l2, self.clip_norm) != self._seen_settings:
                self._take_over_settings()

    def _take_over(self) -> None:
        """Go on with another model, or with one that is no longer what it was."""
        with self._exclusively():
            before, known, rows = self.parameters, {*self.parameters, *self.frozen}, self._state()
            state = {p: [row[k] for row in rows] for k, p in enumerate(before)}
            self._look()
            self._prepare()
            self._load_state(self._moved(state))
        self._tell(known)

    def _take_over_settings(self) -> None:
        """Go on with another rule, or with other settings of it."""
        with self._exclusively():
            before, self._seen_settings = self._seen_settings, self._step_settings()
            state = dict(zip(before[0].state, self._state(), strict=True))
            self._prepare_steps()
            fresh = {s: [self._start(s, name) for name in self.names] for s in self.rule.state}
            self._load_state([state.get(s, row) for s, row in fresh.items()])

    def _moved(self, state: dict[Value, list[float]]) -> list[list[float]]:
        """The optimizer's numbers by state: those of a parameter that stays, fresh ones of others.

        What names decide is decided anew.
        """
        rows = []
        for k, name in enumerate(self.rule.state):
            rows.append([
                state[p][k] if p in state and name not in self.starts else self._start(name, of)
                for p, of in zip(self.parameters, self.names, strict=True)
            ])  # fmt: skip
        return rows

    def _start(self, state: str, parameter: str) -> float:
        return self.starts[state](parameter) if state in self.starts else 0.0

    def _tell(self, before: set[Value]) -> None:
        new = [n for n, p in zip(self.names, self.parameters, strict=True) if p not in before]
        gone = len(before.difference(self.parameters, self.frozen))
        if new or gone:
            some = f" ({', '.join(new[:3])}{', ...' if len(new) > 3 else ''})" if new else ""
            told = ModelChangedWarning(
                f"the model changed after step {self.steps}: {len(new)} parameters are new{some}"
                f" and {gone} are gone",
                remedy="new parameters start with an optimizer state of zero; those that stay keep"
                " theirs",
            )
            warnings.warn(told, stacklevel=5)

    @abstractmethod
    def _exclusively(self) -> Any:
        """A lock that no step runs without."""

    @abstractmethod
    def _prepare(self) -> None:
        """Make ready what runs the loss of the model as it is."""

    @abstractmethod
    def _prepare_steps(self) -> None:
        """Make ready what a step does beside the gradient; its state may be lost."""

    # What it does

    @abstractmethod
    def run(self, batches: Sequence[Sequence[int]], learning_rates: Sequence[float]) -> list[float]:
        """One step per batch, each a list of positions in ``examples``.

        Returns the loss of each step, as it was before its update: the mean over the batch,
        plus ``l2`` times the sum of the squared parameters. The model's parameters hold the
        new numbers when it returns, and its buffers what each step wrote (:meth:`Buffer.write`);
        the other methods write none.

        Raises :class:`DomainError` for a step whose loss, gradient or new numbers are not finite:
        the steps before it are made, and all else is as it was before that step, Python's and
        numpy's generators of random numbers too; other sources of them go on.
        """

    @abstractmethod
    def gradients(self, batch: Sequence[int]) -> tuple[float, list[float]]:
        """The loss of one batch and its gradient (penalty included), without an update."""

    @abstractmethod
    def losses(self, batch: Sequence[int]) -> list[float]:
        """The loss of each example now, without the penalty."""

    @abstractmethod
    def predict(self, inputs: Sequence[Any]) -> list[Any]:
        """``model(x)`` for each x, with floats in place of Values."""

    def profile(self, batch: Sequence[int]) -> Any:
        """Where the time of a step on this batch goes; ``print`` it.

        Raises :class:`BackendError` on the eager backend, which has nothing to tell.
        """
        raise BackendError(
            f"the backend {self.backend} has no profile",
            remedy="use numpy or llvm, or Python's cProfile",
            got=self.backend,
        )

    @abstractmethod
    def _state(self) -> list[list[float]]:
        """One list per name in ``rule.state``, in the order of the parameters."""

    @abstractmethod
    def _load_state(self, state: list[list[float]]) -> None: ...

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint needs beside the model: the step, and the optimizer's numbers."""
        self.look_again()
        return {"steps": self.steps, **dict(zip(self.rule.state, self._state(), strict=True))}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over a :meth:`state_dict`; raises :class:`StateError` if it does not fit."""
        self.look_again()
        for name in self.rule.state:
            got = len(state.get(name, ()))
            if got != len(self.parameters):
                raise StateError(
                    f"the state {name!r} of {self.rule.name} holds {got} numbers",
                    expected=f"{len(self.parameters)}, one per parameter",
                    got=got,
                    remedy="resume with the optimizer and the model that the checkpoint was"
                    " written with",
                )
        unknown = sorted(set(state) - {"steps", *self.rule.state})
        if unknown:
            raise StateError(
                f"the optimizer {self.rule.name} keeps no {unknown[0][:60]!r}",
                expected=" and ".join(self.rule.state) or "no state",
                got=unknown,
                remedy="resume with the optimizer that the checkpoint was written with",
            )
        self.steps = int(state["steps"])
        self._load_state([[float(x) for x in state[name]] for name in self.rule.state])


class EagerRunner(Runner):
    """Plain Values, ``backward()``, and the update rule on floats: the specification."""

    backend = "eager"

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._lock = lock()
        self._prepare()

    def _exclusively(self) -> Any:
        return self._lock

    def _prepare(self) -> None:
        self._prepare_steps()

    def _prepare_steps(self) -> None:
        self._move = self.rule.bind(**self.settings)
        self._state_of = [[0.0] * len(self.rule.state) for _ in self.parameters]

    def run(self, batches: Sequence[Sequence[int]], learning_rates: Sequence[float]) -> list[float]:
        self.look_again()
        losses = []
        with self._lock:
            for batch, learning_rate in zip(batches, learning_rates, strict=True):
                rate = finite_number(learning_rate, "the learning rate")
                losses.append(self._step(batch, rate))
        return losses

    def _step(self, batch: Sequence[int], learning_rate: float) -> float:
        """One step, or an error and nothing changed: a loss, a gradient or a new number that is
        not finite ends the run."""
        standing = Standing.of(self.surroundings.generators())
        try:
            with kept_by(StepWrites(self.model)) as writes:
                loss, gradient = self._gradients(batch, self.workers)
            means = writes.means()
            norm = norm_of(gradient)
            moved = self._new_numbers(gradient, norm, learning_rate)
        except ArithmeticError as error:
            standing.restore()
            cause = error if isinstance(error, DomainError) else None
            what = f"step {self.steps + 1} failed: {reason(error)}"
            raise not_made(what, learning_rate, batch, cause) from error
        if not all(map(math.isfinite, (loss, norm, *chain.from_iterable(moved)))):
            standing.restore()
            raise not_made(why_not_made(self.steps + 1, loss, norm), learning_rate, batch)
        self.steps += 1
        self.gradient_norm = norm
        write_numbers(self.parameters, [number for number, *_ in moved])
        write_numbers([*means], [*means.values()])
        self._state_of = [state for _, *state in moved]
        return loss

    def gradients(self, batch: Sequence[int]) -> tuple[float, list[float]]:
        self.look_again()
        with self._lock, kept_by(StepWrites()):
            return self._gradients(batch)

    def _gradients(
        self, batch: Sequence[int], workers: Workers | None = None
    ) -> tuple[float, list[float]]:
        """By ``backward()``, which leaves the sums over the batch in the parameters' ``grad``."""
        for parameter in (*self.parameters, *self.frozen):
            parameter.grad = 0.0
        total = self._total(batch) if workers is None else self._own_total(batch, workers)
        sums = [total, *(p.grad for p in self.parameters)]
        total, *slopes = sums if workers is None else workers.summed(sums)
        w = [p.data for p in self.parameters]
        gradient = [
            slope / len(batch) + 2.0 * self.l2 * x for slope, x in zip(slopes, w, strict=True)
        ]
        return total / len(batch) + self.l2 * sum(x * x for x in w), gradient

    def _total(self, examples: Sequence[int]) -> float:
        total = 0.0
        for k in examples:
            loss = self._loss_of(k)
            loss.backward()
            total += loss.data
        return total

    def _own_total(self, batch: Sequence[int], workers: Workers) -> float:
        """That of the own share. Where examples draw numbers or write buffers, all others are
        computed too, in their order: each worker then draws and writes what one alone would."""
        share = workers.share(len(batch))
        if not (self.surroundings.generators() or self.model.buffers()):
            return self._total(batch[share])
        self._go_through(batch[: share.start])
        total = self._total(batch[share])
        self._go_through(batch[share.stop :])
        return total

    def _go_through(self, examples: Sequence[int]) -> None:
        with no_grad():
            for k in examples:
                self._loss_of(k)

    def _new_numbers(self, gradient: list[float], norm: float, learning_rate: float) -> list[Any]:
        """For each parameter its new number, and those of the optimizer."""
        scale, step = clip_scale(norm, self.clip_norm), float(self.steps + 1)
        return [
            self._move(parameter.data, scale * g, *state, learning_rate=learning_rate, step=step)
            for parameter, g, state in zip(self.parameters, gradient, self._state_of, strict=True)
        ]

    def losses(self, batch: Sequence[int]) -> list[float]:
        with no_grad(), kept_by(StepWrites()):
            return [self._loss_of(k).data for k in working_through(batch, "evaluating")]

    def _loss_of(self, k: int) -> Value:
        """The loss of one example; a plain number is one that depends on no parameter."""
        loss = self.example_loss(self.model, *self.example(k))
        return loss if isinstance(loss, Value) else Value(loss)

    def predict(self, inputs: Sequence[Any]) -> list[Any]:
        with no_grad(), kept_by(StepWrites()):
            return [numbers_of(self.model(x)) for x in working_through(inputs, "predicting")]

    def _state(self) -> list[list[float]]:
        return [list(column) for column in zip(*self._state_of, strict=True)]

    def _load_state(self, state: list[list[float]]) -> None:
        if state:
            self._state_of = [list(row) for row in zip(*state, strict=True)]


def check_moves(rule: UpdateRule) -> None:
    """A rule gives the new parameter and its state: tried before a run, and not in every step.

    Raises :class:`DefinitionError` if it does not; what it makes of numbers comes out in the run.
    """
    try:
        moved: Any = rule(0.5, 0.25, *[0.0] * len(rule.state), learning_rate=0.1, step=1)
    except (NeuroflowError, ArithmeticError):
        return
    if not isinstance(moved, Sequence) or len(moved) != 1 + len(rule.state):
        names = ", ".join(("w", *rule.state))
        raise DefinitionError(
            f"{rule.name} gives {short_repr(moved)}",
            expected=f"a tuple, the new parameter and state: ({names},)",
            remedy="mend its return",
            got=moved,
        )


def clip_scale(norm: float, limit: float | None) -> float:
    """What to multiply a gradient with so that its norm is at most ``limit``."""
    return 1.0 if limit is None or norm <= limit else limit / norm


def numbers_of(outputs: Any) -> Any:
    """The data of Values, however nested in lists, tuples and dicts."""
    if isinstance(outputs, dict):
        return {key: numbers_of(x) for key, x in outputs.items()}
    if isinstance(outputs, (list, tuple)):
        return [numbers_of(x) for x in outputs]
    return outputs.data if isinstance(outputs, Value) else outputs


def check_eager(dtype: str) -> None:
    """Refuse a dtype that plain Python numbers do not have."""
    if dtype != "float64":
        raise InputError(
            f"the eager backend computes in float64, not in {dtype}",
            remedy='use the backend numpy or llvm, or dtype="float64"',
            got=dtype,
        )
