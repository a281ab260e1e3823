"""Training as an iterator of steps: the command line, a notebook and a page all consume it.

    for step in train("moons"):
        print(step.step, step.loss)

There are no callbacks. What a step computes is in :mod:`neuroflow.engine.runner`; here is what
surrounds it: examples in batches, learning rates, reports and evaluation.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from attrs import define, field, frozen

from neuroflow.base.errors import (
    BackendError,
    ConfigurationError,
    DomainError,
    InputError,
    NeuroflowError,
    TraceError,
)
from neuroflow.core.arithmetic import mean
from neuroflow.core.random import SplitMix32
from neuroflow.core.value import no_grad
from neuroflow.data import Dataset
from neuroflow.engine.runner import Runner, make_runner, numbers_of
from neuroflow.floors import floors
from neuroflow.plugin import get
from neuroflow.registry import LossEntry
from neuroflow.spec import REQUIRED, Tree, build_model, configure, resolve, settings_of

MOST_TRAIN_EXAMPLES = 2000
"""At most so many training examples are looked at for the training accuracy."""

ROWS_WORTH_COMPILING = 500
"""From so many rows on, predicting is faster compiled, the compilation included."""


@frozen
class Step:
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


@define(eq=False)
class Training:
    """One run: all its parts, and how far it has come. Iterate to go on; see :func:`train`.

    ``model``, ``dataset`` (the training part), ``test`` (the held-out part or None), ``runner``
    and ``backend`` are there before the first step. Making it draws random numbers in a fixed
    order from one generator, ``rng``: data, split, initial weights. Where examples are shuffled,
    it then seeds a second generator for the orders, so that dropout cannot disturb them.
    """

    configuration: Tree
    rng: random.Random = field(init=False)
    dataset: Dataset = field(init=False)
    test: Dataset | None = field(init=False)
    model: Any = field(init=False)
    runner: Runner = field(init=False)
    note: str = field(init=False, default="")
    steps: int = field(init=False)
    metrics: dict[str, float] = field(init=False, factory=dict)
    loss: float = field(init=False, default=math.nan)
    seconds: float = field(init=False, default=0.0)
    _schedule: Callable[..., float] = field(init=False)
    _make_runner: Callable[[str], Runner] = field(init=False)
    _size: int = field(init=False)
    _sample: Dataset | None = field(init=False, default=None)
    _orders: random.Random | None = field(init=False, default=None)
    _order: list[int] = field(init=False, factory=list)
    _order_of: int = field(init=False, default=-1)
    _before_order: Any = field(init=False, default=None)

    def __attrs_post_init__(self) -> None:
        options = self.options
        self.rng = GENERATORS[options["generator"]](options["seed"])
        with _speaking_of("data"):
            self.dataset, self.test = load_data(self.configuration["data"], self.rng)
        self._fill_in_from_data()
        with _speaking_of("model"):
            self.model = build_model(self.configuration["model"], self.rng).train()
        entry = get("loss", self.configuration["loss"]["use"])
        assert isinstance(entry, LossEntry)
        examples = encoded(self.dataset, entry) + (encoded(self.test, entry) if self.test else [])
        loss = resolve("loss", self.configuration["loss"])
        example_loss = sequence_loss(loss) if self.dataset.task == "sequence" else row_loss(loss)
        _check_answers(self.model, self.dataset, entry)
        self._make_runner = self._runner_maker(example_loss, examples)
        self.runner = self._make_runner(options["backend"])
        self._schedule = resolve("schedule", self.configuration["optimizer"]["schedule"])
        size = min((options.get("batch") or len(self.dataset)), len(self.dataset))
        self._size = min(size * options["accumulation"], len(self.dataset))
        self.steps = options.get("steps") or options["epochs"] * self.steps_per_epoch
        if options["shuffle"] and self._size < len(self.dataset):
            self._orders = type(self.rng)(self.rng.getrandbits(32))

    @property
    def options(self) -> Tree:
        """The table ``train`` of the configuration."""
        return self.configuration["train"]  # type: ignore[no-any-return]

    @property
    def backend(self) -> str:
        """What runs the steps: eager, numpy, numba."""
        return self.runner.backend

    @property
    def steps_per_epoch(self) -> int:
        """How many steps go once over the training data."""
        return -(-len(self.dataset) // self._size)

    @property
    def step(self) -> int:
        """The updates made so far."""
        return self.runner.steps

    @property
    def epoch(self) -> int:
        """The finished passes over the training data."""
        return self.step // self.steps_per_epoch

    def __iter__(self) -> Iterator[Step]:
        """Run to the end, a :class:`Step` at each report."""
        every = self.options.get("report_every") or max(1, self.steps // 100)
        while self.step < self.steps:
            start = time.perf_counter()
            next_stop = min(_next_multiple(self.step, every), self._next_evaluation())
            report = self._advance(next_stop)
            self.seconds += time.perf_counter() - start
            yield report

    def run(self) -> Training:
        """Run to the end without reports; gives the run itself, for ``train(...).run().model``."""
        for _ in self:
            pass
        return self

    def evaluate(self) -> dict[str, float]:
        """How good the model is now, on the training data and on what was held out."""
        training = self.model.training
        self.model.eval()
        try:
            if self.dataset.task == "sequence" and self.test is not None:
                found = {}
            else:
                sample = self._sample = self._sample or self.dataset.take(
                    range(min(len(self.dataset), MOST_TRAIN_EXAMPLES))
                )
                found = self._scores(sample, range(len(sample)), with_loss=False)
            if self.test is not None:
                held_out = range(len(self.dataset), len(self.dataset) + len(self.test))
                scores = self._scores(self.test, held_out, with_loss=True)
                found.update({f"test_{name}": score for name, score in scores.items()})
            return found
        finally:
            self.model.train(training)

    def summary(self) -> dict[str, Any]:
        """What there is to say about the run so far."""
        return {
            "steps": self.step,
            "epochs": self.epoch,
            "loss": self.loss,
            **self.metrics,
            "parameters": len(self.runner.parameters),
            "examples": len(self.dataset),
            "test_examples": len(self.test) if self.test else 0,
            "backend": self.backend,
            **({"note": self.note} if self.note else {}),
            **({"floors": self.dataset.facts["floors"]} if "floors" in self.dataset.facts else {}),
            "seconds": self.seconds,
        }

    def state_dict(self) -> dict[str, Any]:
        """All that a checkpoint needs beside the parameters; plain numbers, lists and texts."""
        begun = self._order_of == self.epoch
        orders = self._orders.getstate() if self._orders else None
        return {
            "optimizer": self.runner.state_dict(),
            "random": self.rng.getstate(),
            "orders": self._before_order if begun else orders,
            "loss": self.loss,
            "metrics": dict(self.metrics),
            "seconds": self.seconds,
            "backend": self.backend,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a :meth:`state_dict`; the model holds its parameters already."""
        self.runner.load_state_dict(state["optimizer"])
        self.rng.setstate(as_state(state["random"]))
        if self._orders is not None:
            self._orders.setstate(as_state(state["orders"]))
        self._order_of = -1
        self.loss = state["loss"]
        self.metrics = dict(state["metrics"])
        self.seconds = state["seconds"]

    def _advance(self, stop: int) -> Step:
        """Run to step ``stop``, without returning to Python in between where compiled."""
        first = self.step
        rates = [self.learning_rate(k) for k in range(first, stop)]
        losses = self._losses_of([self._batch(k) for k in range(first, stop)], rates)
        for k, loss in enumerate(losses):
            if not math.isfinite(loss):
                raise self._diverged(first + k + 1, loss)
        self.loss = losses[-1]
        self.metrics.update(learning_rate=rates[-1], gradient_norm=self.runner.gradient_norm)
        metrics = {name: self.metrics[name] for name in ("learning_rate", "gradient_norm")}
        if self.step == self._last_evaluation():
            scores = self.evaluate()
            self.metrics.update(scores)
            metrics.update(scores)
        return Step(
            self.epoch, self.step, self.steps, self.loss, tuple(losses), metrics, self.model
        )

    def learning_rate(self, step: int) -> float:
        """The learning rate of the step that follows ``step`` updates."""
        base = self.configuration["optimizer"]["learning_rate"]
        return float(self._schedule(base, step, self.steps))

    def _batch(self, step: int) -> list[int]:
        """The positions of the examples of a step; batches follow each other through an epoch."""
        count, epoch = len(self.dataset), step // self.steps_per_epoch
        if epoch != self._order_of:
            self._order, self._order_of = list(range(count)), epoch
            if self._orders is not None:
                self._before_order = self._orders.getstate()
                self._orders.shuffle(self._order)
        start = step % self.steps_per_epoch * self._size
        return self._order[start : start + self._size]

    def _evaluation_period(self) -> int:
        return self.options.get("evaluate_every") or max(1, self.steps // 10)

    def _next_evaluation(self) -> int:
        return min(_next_multiple(self.step, self._evaluation_period()), self.steps)

    def _last_evaluation(self) -> int:
        if self.step == self.steps:
            return self.step
        return self.step // self._evaluation_period() * self._evaluation_period()

    def _scores(self, data: Dataset, places: Sequence[int], with_loss: bool) -> dict[str, float]:
        if data.task == "sequence":
            lengths = [len(target) for target in data.targets]
            means = zip(self.runner.losses(places), lengths, strict=True)
            loss = math.fsum(mean * n for mean, n in means) / sum(lengths)  # per token
            scores = {"perplexity": _exp(loss)}
            if lengths != [len(tokens) for tokens in data.inputs]:  # questions and answers
                scores["accuracy"] = exact(self.runner.predict(data.inputs), data)
        else:
            loss = 0.0
            if with_loss:
                losses = self.runner.losses(places)
                loss = math.fsum(losses) / len(losses)
            answers = self.runner.predict(data.inputs)
            name = "r2" if data.task == "regression" else "accuracy"
            scores = {name: score(answers, data)}
        return {"loss": loss, **scores} if with_loss else scores

    def _fill_in_from_data(self) -> None:
        """What only the data knows, such as how many tokens there are."""
        table = self.configuration["model"]
        settings = {setting.name: setting for setting in settings_of(get("layer", table["use"]))}
        if "vocab_size" not in settings or "vocab_size" in table:
            return
        if self.dataset.vocab_size:
            table["vocab_size"] = self.dataset.vocab_size
        elif settings["vocab_size"].default is REQUIRED:
            raise ConfigurationError(
                f"model.vocab_size: missing, and {_named(self.dataset)} has no vocabulary to take"
                " it from; train this model on text, or set it"
            )

    def _runner_maker(
        self, example_loss: Callable[..., Any], examples: list[Any]
    ) -> Callable[[str], Runner]:
        """What makes a runner for a backend."""
        options, table = self.options, self.configuration["optimizer"]
        beside = ("use", "learning_rate", "schedule")
        return lambda backend: make_runner(
            self.model,
            example_loss,
            examples,
            get("optimizer", table["use"]).load(),
            settings={name: value for name, value in table.items() if name not in beside},
            l2=options["l2"],
            clip_norm=options.get("clip_norm"),
            backend=backend,
            dtype=options["dtype"],
            threads=options["threads"],
        )

    def _losses_of(self, batches: list[list[int]], rates: list[float]) -> list[float]:
        """Run steps; a model that cannot be compiled runs eagerly if nobody chose a backend."""
        try:
            return self.runner.run(batches, rates)
        except (TraceError, BackendError) as error:
            if self.options["backend"] != "auto" or self.step:
                raise
            self.note = f"runs eagerly, as it cannot be compiled: {error}"
            self.runner = self._make_runner("eager")
            return self.runner.run(batches, rates)

    def _diverged(self, step: int, loss: float) -> DomainError:
        rate = self.learning_rate(step - 1)
        return DomainError(
            f"the loss is {loss} at step {step}, with the learning rate {rate:g};"
            " expected a finite number: lower optimizer.learning_rate or set train.clip_norm;"
            ' train with backend = "eager" to see the op and the inputs that did it'
        )


def train(
    source: Mapping[str, Any] | str | Path,
    changes: Mapping[str, Any] | Iterable[str] = (),
) -> Training:
    """Train what a tree, a TOML or JSON file, or a recipe describes.

    ``changes`` sets single keys: ``{"train.seed": 3}`` or ``["train.seed=3"]``. Nothing runs
    until you iterate over the result; ``train(...).run()`` goes to the end. The same source,
    changes, backend and machine give the same numbers to the last bit.

    Raises :class:`ConfigurationError` that lists every problem with its path.

    >>> run = train("moons", {"train.steps": 2, "train.backend": "eager"})
    >>> [step.step for step in run], run.backend
    ([1, 2], 'eager')
    """
    return Training(configure(source, changes))


def load_data(table: Mapping[str, Any], rng: random.Random) -> tuple[Dataset, Dataset | None]:
    """The dataset of a checked table: the training part, and the held-out part if there is one."""
    target = get("dataset", table["use"]).load()
    settings = {
        name: value for name, value in table.items() if name not in ("use", "test", "standardize")
    }
    dataset: Dataset = target(rng, **settings)
    test = None
    if table["test"]:
        dataset, test = dataset.split(table["test"], rng)
    if dataset.task == "sequence":
        dataset.facts.setdefault("floors", floors(dataset, test))
    if table["standardize"]:
        dataset = dataset.standardized()
        test = test.standardized(dataset.standardization) if test else None
    return dataset, test


@contextmanager
def _speaking_of(section: str) -> Iterator[None]:
    """Let an error about a setting or its data say which table of the configuration it is in."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{section}: {error}") from error


def row_loss(loss: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    """The loss of one example: of what the model answers to a row."""

    def example_loss(model: Any, inputs: Any, target: Any) -> Any:
        return loss(model(inputs), target)

    return example_loss


def sequence_loss(loss: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    """The loss of one text: the mean over its targets, which belong to the last answers."""

    def example_loss(model: Any, tokens: Any, targets: Any) -> Any:
        answers = model(tokens)
        pairs = zip(answers[len(answers) - len(targets) :], targets, strict=True)
        return mean([loss(logits, target) for logits, target in pairs])

    return example_loss


def encoded(data: Dataset, loss: LossEntry) -> list[tuple[Any, Any]]:
    """The examples with targets as the loss wants them.

    A class becomes its number for losses that take one, else -1 and +1 or 0 and 1 for two
    classes, and a one-hot list for more. Raises :class:`InputError` for a target that the loss
    does not allow.
    """
    allows = loss.allows or (lambda target: True)
    spelled: Callable[[Any], Any] = _as_it_is
    if data.task == "regression" and loss.index_target:
        raise InputError(
            f"loss {loss.name!r} wants the number of a class, but {_named(data)} has numbers"
            " to predict; choose a regression loss, such as mse"
        )
    if data.task == "binary" and not loss.index_target:
        spelled = _pair(allows, (-1.0, 1.0), (0.0, 1.0)).__getitem__
    elif data.task == "classes" and not loss.index_target:
        no, yes = _pair(allows, (0.0, 1.0), (-1.0, 1.0))
        spelled = lambda k: [yes if k == j else no for j in range(data.n_outputs)]  # noqa: E731
    examples = [(inputs, spelled(target)) for inputs, target in data]  # type: ignore[attr-defined]
    for k, (_, target) in enumerate(examples):
        for number in target if data.task == "sequence" else [target]:
            if not allows(number):
                raise InputError(
                    f"loss {loss.name!r} got the target {number!r} in row {k} of {_named(data)};"
                    f" allowed: {loss.labels}; choose another loss or repair the data"
                )
    return examples


def _as_it_is(target: Any) -> Any:
    return target


def _pair(allows: Callable[[Any], bool], *pairs: tuple[float, float]) -> tuple[float, float]:
    """The first pair of numbers that a loss allows both of."""
    return next((pair for pair in pairs if all(map(allows, pair))), pairs[-1])


def score(answers: Sequence[Any], data: Dataset) -> float:
    """The share of right classes, or the coefficient of determination for regression."""
    if data.task == "regression":
        return r2(answers, data.targets)
    right: int = sum(class_of(a) == target for a, target in zip(answers, data.targets, strict=True))
    return right / len(data)


def exact(answers: Sequence[Any], data: Dataset) -> float:
    """The share of texts whose every target is the likeliest token: what a greedy model writes."""
    right = 0
    for logits, targets in zip(answers, data.targets, strict=True):
        last = logits[len(logits) - len(targets) :]
        right += list(map(class_of, last)) == list(targets)
    return right / len(data)


def class_of(answer: Any) -> int:
    """The class that an answer means: the largest of several numbers, or the sign of one.

    >>> class_of(-0.3), class_of([0.1, 0.2, 0.0])
    (0, 1)
    """
    if isinstance(answer, (list, tuple)) and len(answer) > 1:
        return max(range(len(answer)), key=answer.__getitem__)
    number = answer[0] if isinstance(answer, (list, tuple)) else answer
    return int(number > 0)


def r2(answers: Sequence[Any], targets: Sequence[Any]) -> float:
    """The coefficient of determination: 1 is perfect, 0 no better than the mean of each column.

    >>> r2([1.0, 2.0, 3.0], [1.0, 2.0, 3.0]), r2([2.0, 2.0, 2.0], [1.0, 2.0, 3.0])
    (1.0, 0.0)
    """
    wanted, given = list(map(_list, targets)), list(map(_list, answers))
    means = [math.fsum(column) / len(wanted) for column in zip(*wanted, strict=True)]
    spread = math.fsum((x - m) ** 2 for row in wanted for x, m in zip(row, means, strict=True))
    error = math.fsum(
        (x - y) ** 2
        for row, answer in zip(wanted, given, strict=True)
        for x, y in zip(row, answer, strict=True)
    )
    return 1.0 - error / spread if spread else float(error == 0.0)


def predict(
    model: Any, rows: Sequence[Any], *, backend: str = "auto", dtype: str = "float64"
) -> list[Any]:
    """What a model answers to each row, as floats or lists of floats.

    ``model`` is a model, or the path of a saved one; then rows are standardized as its training
    data were. ``backend`` is "eager", "numpy", "numba", or "auto", which compiles where there
    are enough rows to make up for it.

    Raises :class:`InputError` for rows that are no lists of finite numbers.

    >>> from neuroflow import SplitMix32, build
    >>> predict(build("mlp", sizes=[2, 1], rng=SplitMix32(1)), [[0.0, 0.0]])
    [0.0]
    """
    if isinstance(model, (str, Path)):
        from neuroflow.checkpoint import load_with_facts

        model, saved = load_with_facts(model)
        rows = standardized_rows(rows, saved.data)
    if not rows:
        raise InputError("there are no rows to predict; give at least one")
    rows = [_checked_row(row, k) for k, row in enumerate(rows)]
    training = model.training
    model.eval()
    try:
        if backend == "eager" or (backend == "auto" and len(rows) < ROWS_WORTH_COMPILING):
            with no_grad():
                return [numbers_of(model(row)) for row in rows]
        from neuroflow.engine.compile import compile

        compiled = compile(lambda model, x: model(x), backend=backend, dtype=dtype)
        return compiled.batch_value(model, rows)
    finally:
        model.train(training)


def standardized_rows(rows: Sequence[Any], facts: Mapping[str, Any]) -> list[Any]:
    """Rows as the model of a file saw them in training."""
    from neuroflow.data import Standardization

    scale = facts.get("standardization")
    if not scale:
        return list(rows)
    fitted = Standardization(tuple(scale["means"]), tuple(scale["deviations"]))
    for k, row in enumerate(rows):
        _checked_row(row, k)
        if len(row) != len(fitted.means):
            raise InputError(
                f"row {k} has {len(row)} numbers; expected {len(fitted.means)},"
                " as in the data that the model was trained on"
            )
    return [fitted.apply(row) for row in rows]


def _checked_row(row: Any, k: int) -> Any:
    if not isinstance(row, (list, tuple)):
        raise InputError(f"row {k} is {row!r}; expected a list of numbers")
    for j, x in enumerate(row):
        number = isinstance(x, (int, float)) and not isinstance(x, bool)
        if not number or not math.isfinite(x):
            raise InputError(f"row {k}, number {j} is {x!r}; expected a finite number")
    return row


def _check_answers(model: Any, data: Dataset, loss: LossEntry) -> None:
    """Run the model once, to say early and clearly that it does not fit the data."""
    model.eval()
    try:
        with no_grad():
            answer = model(data.inputs[0])
    except NeuroflowError as error:
        given = f"{data.n_inputs} numbers" if data.n_inputs else f"{len(data.inputs[0])} tokens"
        raise InputError(
            f"the model cannot take the inputs of {_named(data)}, {given} each: {error}"
        ) from error
    finally:
        model.train()
    if data.task == "sequence":
        answer = answer[0]
    got = len(answer) if isinstance(answer, (list, tuple)) else 1
    expected = 2 if data.task == "binary" and loss.index_target else data.n_outputs
    if got != expected:
        of = {"classes": ", one per class", "sequence": ", one per token of the vocabulary"}
        raise InputError(
            f"the model answers with {got} number(s), but {_named(data)} needs"
            f" {expected}{of.get(data.task, '')}; change the size of its last layer"
        )


def _named(data: Dataset) -> str:
    return f"dataset {data.name!r}" if data.name else "the dataset"


def _list(x: Any) -> Sequence[float]:
    return x if isinstance(x, (list, tuple)) else [x]


def _exp(loss: float) -> float:
    return math.exp(min(loss, 700.0))  # beyond that it would not fit, and JSON has no infinity


def _next_multiple(step: int, every: int) -> int:
    return (step // every + 1) * every


def as_state(state: Any) -> Any:
    """The state of a generator as ``setstate`` wants it: tuples, where JSON made lists."""
    return tuple(map(as_state, state)) if isinstance(state, list) else state


GENERATORS: dict[str, Callable[[int], random.Random]] = {
    "splitmix32": SplitMix32,
    "python": random.Random,
}
