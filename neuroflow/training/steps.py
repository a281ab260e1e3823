"""A run: steps one after the other, with reports and evaluations in between."""

from __future__ import annotations

import copy
import math
import random
import time
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from attrs import asdict, define, evolve, field, frozen

from neuroflow.checkpoint.origin import Origin
from neuroflow.checkpoint.schema import check
from neuroflow.config import Tree, build_model, check_schedule, configure, differences, paths_of
from neuroflow.core.module import evaluating
from neuroflow.core.protocols.shown import Shown
from neuroflow.core.update_rule import UpdateRule
from neuroflow.data.dataset import Dataset
from neuroflow.data.facts import DataFacts
from neuroflow.engine.decay import set_no_decay
from neuroflow.engine.groups import ParameterGroup, grouped, set_groups
from neuroflow.engine.make_runner import make_runner
from neuroflow.engine.run.workers import Workers
from neuroflow.engine.runner import Runner
from neuroflow.errors import (
    BackendError,
    DomainError,
    InputError,
    NeuroflowError,
    StateError,
    TraceError,
    raised,
)
from neuroflow.evaluation.answers import Answers
from neuroflow.evaluation.metrics import Metric
from neuroflow.registry.entries import LossEntry
from neuroflow.tensors.package import has_torch
from neuroflow.training.batches import Batches
from neuroflow.training.best import Best, best_of, give_numbers, numbers_of_model
from neuroflow.training.evaluator import Evaluator
from neuroflow.training.examples import encoded, loss_of_examples, position_losses
from neuroflow.training.fitting import (
    check_answers,
    check_loss,
    fill_in_from_data,
    whole_where_needed,
)
from neuroflow.training.given import GIVEN, NOTHING, Given, separated
from neuroflow.training.in_tensors import tensors_runner, too_large_to_trace
from neuroflow.training.loading import GENERATORS, fitting, go_on_from, load_data, speaking_of
from neuroflow.training.looking_ahead import refuse_looking_ahead
from neuroflow.training.observing import watched
from neuroflow.training.resuming import SettingsChange, check_changes, with_values
from neuroflow.training.scoring import RunData, Scoring, metrics_of_run
from neuroflow.training.shapes import fit_shapes
from neuroflow.training.state import STATE
from neuroflow.training.using import Trained
from neuroflow.training.workers import check_alike

HAND_OVER = "nf.train(source, {0}), or nf.Run.resume(folder, {0})"
"""Where whoever made a run gives again what no name builds."""

BESIDE_RULE = ("use", GIVEN, "learning_rate", "schedule", "no_decay", "groups")
"""What the table of an optimizer has that is no setting of its rule."""

NO_GRADIENT = (
    "no gradient reaches any parameter at the first step, where the loss is {0:.4g}: nothing is"
    " learned unless the loss depends on the parameters through Values (not through .data or"
    " float), and not all units are dead"
)
"""What to say where a first step moves nothing, though the loss is not 0."""

PIECE = 0.25
"""Compiled steps are made in pieces of about so many seconds: between them a run can stop."""


@frozen(repr=False)
class Step(Shown):
    """Where a run stands after ``step`` updates.

    ``epoch`` counts finished passes over the training data, ``loss`` is that of the last step
    before its update (the mean over the batch, L2 penalty included) and ``losses`` those of all
    steps since the report before this one. ``metrics`` always has ``learning_rate`` and
    ``gradient_norm``; after an evaluation also ``accuracy``, ``r2`` or ``perplexity``, and
    ``test_loss`` and ``test_accuracy``, ``test_r2`` or ``test_perplexity`` if examples were held
    out. ``model`` is the model itself, not a copy.
    """

    epoch: int
    step: int
    steps: int
    loss: float
    losses: tuple[float, ...]
    metrics: dict[str, float]
    model: Any

    def __repr__(self) -> str:
        return f"<Step {self.step} of {self.steps}, epoch {self.epoch}, loss {self.loss:.4g}>"


@frozen
class LastNumbers:
    """What a model had after its last step, where the best numbers were given back to it."""

    numbers: list[float]
    metrics: dict[str, float]


@define(eq=False, repr=False)
class Training(Trained):
    """One run: all its parts, and how far it has come. Iterate to go on; see :func:`train`.

    It is there to predict, evaluate, explain and save, as every run is.

    ``model``, ``dataset`` (the training part), ``test`` and ``validation`` (held-out parts or
    None), ``batches``, ``runner`` and ``backend`` are there before the first step. Making it draws
    random numbers in a fixed order from one generator, ``rng``: data, test, validation, initial
    weights. Where examples are shuffled, it then seeds a second generator for the orders, so that
    dropout cannot disturb them.

    With ``workers`` it is one of several that make the same steps, each with its share of every
    batch; see :func:`joined_workers`. All of them evaluate, and what the first finds counts.
    """

    copy_instead = "copy its model, or train() again from the same configuration"
    configuration: Tree
    given: Given = NOTHING
    workers: Workers | None = None
    rng: random.Random = field(init=False)
    dataset: Dataset = field(init=False)
    test: Dataset | None = field(init=False)
    validation: Dataset | None = field(init=False)
    model: Any = field(init=False)
    runner: Runner = field(init=False)
    note: str = field(init=False, default="")
    steps: int = field(init=False)
    metrics: dict[str, float] = field(init=False, factory=dict)
    loss: float = field(init=False, default=math.nan)
    seconds: float = field(init=False, default=0.0)
    batches: Batches = field(init=False)
    origin: Origin | None = field(init=False, default=None)
    scored_by: list[Metric] = field(init=False)
    best: Best | None = field(init=False, default=None)
    begun: Tree = field(init=False)
    changes: list[SettingsChange] = field(init=False, factory=list)
    _last: LastNumbers | None = field(init=False, default=None)
    _stopped: bool = field(init=False, default=False)
    _schedule: Callable[..., float] = field(init=False)
    _make_runner: Callable[[str], Runner] = field(init=False)
    _data: RunData = field(init=False)
    _scoring: Scoring = field(init=False)
    _too_large: str = field(init=False, default="")
    _pace: int = field(init=False, default=1)  # so many steps make a piece

    def __attrs_post_init__(self) -> None:
        options = self.options
        self.given.require(self.configuration, HAND_OVER)
        self.rng = GENERATORS[options["generator"]](options["seed"])
        with speaking_of("data"):
            parts = load_data(self.configuration["data"], self.rng, self.given.datasets)
        self.dataset, self.test, self.validation = parts.train, parts.test, parts.validation
        fill_in_from_data(self.configuration["model"], self.dataset, self.loss_entry)
        with fitting("model"):
            fit_shapes(self.configuration["model"], self.dataset, self.loss_entry)
        with speaking_of("model"):
            self.model = self._first_model().train()
            if not self.model.parameters():
                raise InputError(
                    "the model has no parameters: there is nothing to train",
                    remedy="give it a layer that has some, such as mlp",
                )
        with speaking_of("train.freeze"):
            self.model.freeze(*patterns) if (patterns := options.get("freeze")) else None
        self.begun = copy.deepcopy(self.configuration)
        facts = DataFacts.of(self.dataset)
        self.model.trained_on = evolve(
            facts, loss=None if self.given.loss else self.loss_entry.shortest_name
        )
        asked = self.given.metrics_of(options.get("metrics") or [])
        self.scored_by = metrics_of_run(asked, self.model, self.dataset, self.loss_entry)
        self._data = RunData(self.dataset, self.test, self.validation)
        with speaking_of("train"):
            self.best = best_of(options, self.scored_by, self._data.scored)
        self._make_runner = self._runner_maker()
        self._scoring = self._new_scoring()
        self.runner = self._make_runner(options["backend"])
        self._schedule = self.given.schedule_of(self.configuration["optimizer"])
        self.batches = self._all_batches()
        self.steps = options.get("steps") or options["epochs"] * self.steps_per_epoch
        check_schedule(self.configuration, self.steps)
        self.add_note(self._note_of_rising_rate())
        self.add_note(self._too_large)
        inferred = self.dataset.facts.get("inferred")
        self.add_note(f"the task is {inferred}" if inferred else "")
        self.add_note(self.dataset.facts.get("recognised", ""))

    def _first_model(self) -> Any:
        """The model with its first numbers: the one that was given, or a new one."""
        if self.given.model is None:
            return build_model(self.configuration["model"], self.rng)
        self.dataset = whole_where_needed(self.given.model, self.dataset)
        if self.dataset.shaped:
            test, validation = self.test, self.validation
            self.test = test and whole_where_needed(self.given.model, test)
            self.validation = validation and whole_where_needed(self.given.model, validation)
        return self.given.model

    def _new_scoring(self) -> Scoring:
        evaluator = Evaluator(self._make_runner)
        return Scoring(
            self._data,
            self.scored_by,
            self.loss_entry,
            lambda data: evaluator.of(self.runner, data),
        )

    @property
    def options(self) -> Tree:
        """The table ``train`` of the configuration."""
        return self.configuration["train"]  # type: ignore[no-any-return]

    @property
    def loss_entry(self) -> LossEntry:
        """The entry of the loss."""
        return self.given.loss_of(self.configuration["loss"])[0]

    @property
    def backend(self) -> str:
        """What runs the steps: eager, or the name of a backend."""
        return self.runner.backend

    @property
    def steps_per_epoch(self) -> int:
        """How many steps go once over the training data."""
        return self.batches.per_epoch

    @property
    def step(self) -> int:
        """The updates made so far."""
        return self.runner.steps

    @property
    def epoch(self) -> int:
        """The finished passes over the training data."""
        return self.step // self.steps_per_epoch

    def __repr__(self) -> str:
        model = self.configuration["model"]
        name = model.get("use") or type(self.model).__name__
        return f"<Training of {name} on {self.dataset!r}: {self.standing}>"

    @property
    def standing(self) -> str:
        """How far it is, in a few words."""
        loss = f", loss {self.loss:.4g}" if self.step else ""
        return f"step {self.step} of {self.steps}{loss}"

    def __iter__(self) -> Iterator[Step]:
        """Run to the end, a :class:`Step` at each report."""
        return watched(self, (step for step, _ in self.advances(lambda: False)))

    def advances(self, is_asked: Callable[[], bool]) -> Iterator[tuple[Step, bool]]:
        """Run to the end, and say at each report, and before it when asked, where the run stands.

        Beside the step stands whether it is a report. The question is put about four times a
        second, as long as steps are shorter than that. A report has the losses since the last
        step that was given. Of several workers one that is asked stops all at the same step.
        """
        every = self.options.get("report_every") or max(1, self.steps // 100)
        self._stopped = False
        self._check_alike()
        if not self.is_over:
            self._take_back_best()  # of a run that was over, and has more steps now
        while not self.is_over and not self._stopped:
            start = time.perf_counter()
            next_stop = min(_next_multiple(self.step, every), self._next_evaluation())
            step = self._advance(next_stop, is_asked)
            self.seconds += time.perf_counter() - start
            yield step, self.step == next_stop
        self._give_back_best()

    @property
    def is_over(self) -> bool:
        """Whether all steps are made, or no evaluation was better for as long as was waited."""
        return self.step >= self.steps or (self.best is not None and self.best.over)

    def run(self) -> Training:
        """Run to the end without reports; gives the run itself, for ``train(...).run().model``."""
        for _ in self:
            pass
        return self

    @property
    def _training(self) -> Training:
        return self

    def stop(self) -> None:
        """End the loop after the report that was given; iterating again goes on from there."""
        self._stopped = True

    def set(self, changes: Mapping[str, Any] | Iterable[str]) -> None:
        """Change settings of what comes next: ``{"optimizer.learning_rate": 0.01}``.

        They are those of :func:`train`; such as may change on the way are the optimizer's but for
        its name, ``train.steps``, ``train.epochs``, ``train.l2``, ``train.clip_norm`` and
        ``train.freeze``. Checkpoints keep them, each with its step, so a run that is resumed goes
        on as this one does. Raises :class:`ConfigurationError` for others, and for wrong values.
        """
        changes = changes if isinstance(changes, Mapping) else list(changes)
        check_changes(paths_of(changes))
        tree = configure(self.configuration, changes)
        new = {path: pair[1] for path, pair in differences(self.configuration, tree).items()}
        self.change(new, self.step)

    def change(self, values: Mapping[str, Any], step: int) -> None:
        """Go on with other values by their paths, as from a step; None takes a setting away."""
        if not values:
            return
        self.changes.append(SettingsChange(step, dict(values)))
        self.configuration = with_values(self.configuration, values)
        self._schedule = self.given.schedule_of(self.configuration["optimizer"])
        self.steps = self.options.get("steps") or self.options["epochs"] * self.steps_per_epoch
        check_schedule(self.configuration, self.steps)
        if "train.freeze" in values:
            self.model.unfreeze().freeze(*self.options["freeze"])
        if any(path.startswith("optimizer.groups") for path in values):
            self.runner.rule = self._rule()
        for name, value in self._step_settings().items():
            setattr(self.runner, name, value)
        self._name_parameters(self.runner)
        if self.best is not None:
            self.best.patience = self.options.get("patience")

    def _step_settings(self) -> dict[str, Any]:
        """What a step does beside the gradient, in the order in which runners take it."""
        table, options = self.configuration["optimizer"], self.options
        settings = {name: value for name, value in table.items() if name not in BESIDE_RULE}
        return {"settings": settings, "l2": options["l2"], "clip_norm": options.get("clip_norm")}

    def _rule(self) -> UpdateRule:
        """The update rule; one that knows of groups where there are some."""
        rule, groups = self.given.rule_of(self.configuration["optimizer"]), self._groups()
        return grouped(rule, groups) if groups else rule

    def _groups(self) -> list[ParameterGroup]:
        table = self.configuration["optimizer"]
        return [
            ParameterGroup.of(each, table["learning_rate"]) for each in table.get("groups") or ()
        ]

    def _name_parameters(self, runner: Runner) -> None:
        """Tell a runner which parameters do not decay, and which are of what group."""
        if "no_decay" in self.configuration["optimizer"]:
            set_no_decay(runner, self.configuration["optimizer"]["no_decay"])
        if groups := self._groups():
            set_groups(runner, groups)

    def save(self, path: str | Path) -> None:
        """Write the model, with what it knows of its data: see :meth:`save_model`.

        A run that can be gone on with later is one of a folder, see :class:`Run`.
        """
        self.save_model(path)

    def answers_of_part(self, part: str) -> tuple[str, Answers]:
        """The name of a part of the data, the best to judge by if none is said, and its answers."""
        return self._scoring.answers_of_part(part)

    def scores(self) -> dict[str, float]:
        """How good the model is now, on the training data and on what was held out."""
        return self._scoring.scores()

    def answers(self, inputs: Sequence[Any]) -> list[Any]:
        """What the model says to inputs such as it is trained on: standardized, if those are."""
        with evaluating():
            return self.runner.predict(inputs)

    def answers_to_rows(self, rows: Sequence[Sequence[float]]) -> list[Any]:
        """What the model says to rows on the scale that the data had before standardization."""
        scale = self.dataset.standardization
        return self.answers([scale.apply(row) for row in rows] if scale else rows)

    def summary(self) -> dict[str, Any]:
        """What there is to say about the run so far."""
        return {
            "steps": self.step,
            "epochs": self.epoch,
            "loss": self.loss,
            **self.metrics,
            "parameters": len(self.runner.parameters) + len(self.runner.frozen),
            **({"frozen": len(self.runner.frozen)} if self.runner.frozen else {}),
            "examples": len(self.dataset),
            **{f"{name}examples": len(part) for name, part in self._data.held_out},
            "test_examples": len(self.test) if self.test else 0,
            **({"best": self.best.summary()} if self.best else {}),
            "backend": self.backend,
            **({"workers": self.workers.count} if self.workers else {}),
            **({"note": self.note} if self.note else {}),
            **(
                {"baselines": self.dataset.facts["baselines"]}
                if "baselines" in self.dataset.facts
                else {}
            ),
            "seconds": self.seconds,
        }

    def add_note(self, note: str) -> None:
        """Say once more in the summary what is not as one would expect; nothing if empty."""
        if note not in self.note:
            self.note = "; ".join(filter(None, [self.note, note]))

    def state_dict(self) -> dict[str, Any]:
        """All that a checkpoint needs beside the parameters; plain numbers, lists and texts."""
        return {
            "optimizer": self.runner.state_dict(),
            "random": self.rng.getstate(),
            "orders": self.batches.state(self.step),
            "loss": self.loss,
            "metrics": dict(self.metrics),
            "seconds": self.seconds,
            "backend": self.backend,
            "bits_depend_on": self.runner.bits_depend_on(),
            "changes": [asdict(change) for change in self.changes],
            **({"best": self.best.state_dict()} if self.best else {}),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a :meth:`state_dict`; the model holds its parameters already.

        Raises :class:`StateError` for what is no such state.
        """
        missing = [k for k in self.state_dict() if not isinstance(state, Mapping) or k not in state]
        if missing:
            raise StateError(
                f"the state of a run lacks {', '.join(missing)}",
                expected="what state_dict() of a run gave",
                remedy="resume from a checkpoint, or train anew",
            )
        check(state, STATE, "state")
        self.runner.load_state_dict(state["optimizer"])
        go_on_from(state["random"], self.rng)
        self.batches.load_state(state["orders"])
        self.loss = state["loss"]
        self.metrics = dict(state["metrics"])
        self.seconds = state["seconds"]
        if self.best is not None:
            self.best.load_state_dict(state["best"], len(numbers_of_model(self.model)))
            if self.is_over:
                self._give_back_best()
        self.add_note(_other_bits(state["bits_depend_on"], self.runner.bits_depend_on()))

    def _advance(self, stop: int, is_asked: Callable[[], bool]) -> Step:
        """Run to step ``stop``, or to where it is asked how far the run has come."""
        losses: list[float] = []
        while self.step < stop and not (losses and self.any_worker(is_asked())):
            start = time.perf_counter()
            new = self._piece(min(stop, self.step + self._pace))
            pace = max(1, int(PIECE * len(new) / max(time.perf_counter() - start, 1e-9)))
            self._pace = self._as_first(pace)
            losses += new
        self.loss = losses[-1]
        metrics = {name: self.metrics[name] for name in ("learning_rate", "gradient_norm")}
        if self.step == self._last_evaluation():
            with _evaluating_after(self.step, metrics["learning_rate"]):
                scores = self._as_first(self.scores())
            self.metrics.update(scores)
            metrics.update(scores)
            if self.best is not None:
                keeps = self.options["keep"] == "best"
                self.best.see(self.step, scores, numbers_of_model(self.model) if keeps else [])
        return Step(
            self.epoch, self.step, self.steps, self.loss, tuple(losses), metrics, self.model
        )

    def any_worker(self, is_so: bool) -> bool:
        """Whether it is so for one of the workers, who all ask at the same step."""
        return self.workers.any(is_so) if self.workers else is_so

    def _as_first(self, thing: Any) -> Any:
        """What the first worker has of something, so that all decide alike."""
        return self.workers.told_by_first(thing) if self.workers else thing

    def _check_alike(self) -> None:
        """Raise ``WorkerError`` where the workers would not make the same steps."""
        if self.workers is not None:
            origin, names = Origin.of(self.configuration, self.parts), self.model.state_dict()
            standing = (self.step, *names.values())
            things = {
                "settings": origin.configuration.encode(),
                "data": origin.examples.encode(),
                "numbers in its model": array("d", standing).tobytes(),
            }
            check_alike(self.workers, things)

    def _piece(self, stop: int) -> list[float]:
        """Run to step ``stop``, without returning to Python in between where compiled."""
        first = self.step
        rates = [self.rate_at(k) for k in range(first, stop)]
        losses = self._losses_of([self.batches.at(k) for k in range(first, stop)], rates)
        self.metrics.update(learning_rate=rates[-1], gradient_norm=self.runner.gradient_norm)
        if stop == 1 and not self.runner.gradient_norm and losses[0]:
            self.add_note(NO_GRADIENT.format(losses[0]))
        return losses

    def rate_at(self, step: int) -> float:
        """The learning rate of the step that follows ``step`` updates."""
        base = self.configuration["optimizer"]["learning_rate"]
        try:
            rate = self._schedule(base, step, self.steps)
            number = float(rate)
        except NeuroflowError:
            raise
        except Exception as error:  # a function of somebody else
            raise InputError(
                f"the schedule gave no learning rate at step {step}: {raised(error)}",
                expected="a function (learning_rate, step, steps) that gives a number",
            ) from error
        if not math.isfinite(number):
            raise InputError(
                f"the schedule gave {number} at step {step}", expected="a finite learning rate"
            )
        return number

    def _evaluation_period(self) -> int:
        return self.options.get("evaluate_every") or max(1, self.steps // 10)

    def _next_evaluation(self) -> int:
        return min(_next_multiple(self.step, self._evaluation_period()), self.steps)

    def _last_evaluation(self) -> int:
        if self.step == self.steps:
            return self.step
        return self.step // self._evaluation_period() * self._evaluation_period()

    def _give_back_best(self) -> None:
        """Give the model the numbers of the best evaluation, if they were kept, and its scores."""
        if self.best is not None and self.best.numbers and self._last is None:
            self._last = LastNumbers(numbers_of_model(self.model), dict(self.metrics))
            give_numbers(self.model, self.best.numbers)
            self.metrics.update(self.best.scores)

    @contextmanager
    def as_after_its_last_step(self) -> Iterator[None]:
        """Have the numbers of the last step, where the model was given back the best ones."""
        was_given_back = self._take_back_best()
        try:
            yield
        finally:
            if was_given_back:
                self._give_back_best()

    def _take_back_best(self) -> bool:
        """Give the model the numbers of its last step again; whether it had the best ones."""
        last, self._last = self._last, None
        if last is not None:
            give_numbers(self.model, last.numbers)
            self.metrics = dict(last.metrics)
        return last is not None

    @contextmanager
    def as_at_its_best(self) -> Iterator[None]:
        """Have the numbers of the best evaluation for a while."""
        now = numbers_of_model(self.model)
        if self.best is not None and self.best.numbers:
            give_numbers(self.model, self.best.numbers)
        try:
            yield
        finally:
            give_numbers(self.model, now)

    @property
    def parts(self) -> list[Dataset]:
        """All data of the run: what it trains on, and what is held out."""
        return self._data.parts

    def _all_batches(self) -> Batches:
        """The batches of the run; the orders of the examples get a generator of their own."""
        count, size = len(self.dataset), self._batch_size()
        shuffled = self.options["shuffle"] and size < count
        orders = type(self.rng)(self.rng.getrandbits(32)) if shuffled else None
        return Batches(count, size, orders)

    def _batch_size(self) -> int:
        """How many examples a step has."""
        count = len(self.dataset)
        size = int(self.options.get("batch") or count) * int(self.options["accumulation"])
        return min(size, count)

    def _runner_maker(self) -> Callable[[str], Runner]:
        """What makes a runner for a backend."""
        entry, loss = self.given.loss_of(self.configuration["loss"])
        with fitting("loss"):
            examples = [example for part in self.parts for example in encoded(part, entry)]
        example_loss = loss_of_examples(loss, self.dataset)
        with fitting("model"):
            check_answers(self.model, self.dataset, entry)
            check_loss(self.model, examples[0], self.dataset, entry)
            if self.dataset.task == "sequence":
                refuse_looking_ahead(self.model, self.dataset)

        def of_backend(backend: str) -> Runner:
            parts = (self.model, example_loss, examples, self._rule())
            runner = self._runner_of(backend, parts, loss)
            self._name_parameters(runner)
            return runner

        return of_backend

    def _runner_of(self, backend: str, parts: tuple[Any, ...], loss: Any) -> Runner:
        """A runner of scalars, or of tensors where they are asked for or the model is too large."""
        options, step = self.options, self._step_settings()
        self._too_large = too_large_to_trace(self.model, self.dataset, options)
        if options["tensors"] or (self._too_large and has_torch()):
            by_token = self.dataset.task == "sequence"
            arguments = (*parts, *step.values(), self.workers)
            return tensors_runner(arguments, loss, by_token, options)
        return make_runner(
            *parts,
            **step,
            backend=backend,
            dtype=options["dtype"],
            device=options["device"],
            threads=options["threads"],
            compare=options["compare"],
            stamp=options["stamp"],
            workers=self.workers,
            losses=position_losses(loss) if self._is_padded else None,
            batch=self._batch_size(),
        )

    @property
    def _is_padded(self) -> bool:
        """Whether texts of many lengths may be compiled as texts of a few."""
        return self.dataset.task == "sequence" and bool(self.options["padding"])

    def _losses_of(self, batches: list[list[int]], rates: list[float]) -> list[float]:
        """Run steps; a model that cannot be compiled runs eagerly if nobody chose a backend."""
        try:
            return self.runner.run(batches, rates)
        except (TraceError, BackendError) as error:
            if self.options["backend"] != "auto" or self.step:
                raise
            why = f"runs eagerly, as it cannot be compiled: {error}"
            self.add_note(why)
            self.runner = self._make_runner("eager")
            return self.runner.run(batches, rates)

    def _note_of_rising_rate(self) -> str:
        base, last = self.configuration["optimizer"]["learning_rate"], self.steps - 1
        with speaking_of("optimizer.schedule"):
            end = self.rate_at(last)
        if end <= base:
            return ""
        return (
            f"the learning rate rises from {base:g} to {end:g}; if that is not meant, let"
            " optimizer.schedule end below optimizer.learning_rate"
        )


def train(
    source: Mapping[str, Any] | str | Path,
    changes: Mapping[str, Any] | Iterable[str] = (),
    *,
    workers: Workers | None = None,
    **parts: Any,
) -> Training:
    """Train what a tree, a TOML or JSON file, or a recipe describes.

    ``changes`` sets single keys: ``{"train.seed": 3}`` or ``["train.seed=3"]``. Parts of your own
    take the place of those described: ``model``, a module; ``data``, a :class:`Dataset`, a pair
    ``(X, y)`` or a generator of pairs, and ``test`` alike; ``loss`` and ``schedule``, functions;
    ``metrics``, a list of names and functions; ``optimizer``, an update rule. They may stand in a
    tree too. :func:`fit` is shorter where there are only those. ``workers`` are the processes that
    share each batch, see :func:`joined_workers`. Nothing runs until you iterate over the result;
    ``train(...).run()`` goes to the end. The same source, changes, backend and machine give the
    same numbers to the last bit.

    Raises :class:`ConfigurationError` that lists every problem with its path.

    >>> run = train("moons", {"train.steps": 2, "train.backend": "eager"})
    >>> [step.step for step in run], run.backend
    ([1, 2], 'eager')
    """
    source, given = separated(source, **parts)
    return Training(configure(source, changes), given, workers)


@contextmanager
def _evaluating_after(step: int, rate: float) -> Iterator[None]:
    """Let a model that has no finite answers say how it came there."""
    try:
        yield
    except DomainError as error:
        what = f"the evaluation after step {step} failed: {error.what}, with the learning rate"
        raise DomainError(f"{what} {rate:g}", **error.rest) from error


def _next_multiple(step: int, every: int) -> int:
    return (step // every + 1) * every


def _other_bits(then: str, now: str) -> str:
    """What to say of a run that goes on where numbers are added up in another way."""
    if then == now:
        return ""
    return (
        f"begun where the last bits depend on {then or 'the program alone'}; here they depend on"
        f" {now or 'the program alone'}, so from here on numbers are equal to rounding (a relative"
        " 1e-12 a step in float64, 1e-4 in float32), not to the bit; the backend portable has the"
        " same bits everywhere"
    )
