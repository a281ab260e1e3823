"""Using what was trained: predict, evaluate, explain and save, of every run alike."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from itertools import chain, count
from pathlib import Path
from typing import Any

from neuroflow.checkpoint import save
from neuroflow.core.module import evaluating
from neuroflow.core.protocols import chaining
from neuroflow.core.protocols.shown import Shown
from neuroflow.core.protocols.uncopied import Uncopied
from neuroflow.core.value import Value
from neuroflow.data.shapes import is_structured
from neuroflow.engine.runner import numbers_of
from neuroflow.errors import InputError, short_repr
from neuroflow.evaluation.answers import Answers, class_of, listed
from neuroflow.evaluation.evaluation import WORST, Evaluation, evaluation_of
from neuroflow.evaluation.metrics import as_tables, asked_metrics
from neuroflow.training.loading import raw_like, speaking_of
from neuroflow.training.predicting import predict
from neuroflow.training.scores import answers_by


class Trained(Uncopied, Shown):
    """What a run is for, in memory (``Training``) or in a folder (``Run``)."""

    __slots__ = ()

    @property
    @abstractmethod
    def _training(self) -> Any:
        """The run itself, a :class:`Training`."""

    @property
    def step(self) -> int:
        """The updates made so far."""
        return int(self._training.step)

    @property
    def epoch(self) -> int:
        """The finished passes over the training data."""
        return int(self._training.epoch)

    @property
    def loss(self) -> float:
        """The loss of the last step, before its update; nan before the first."""
        return float(self._training.loss)

    @property
    def metrics(self) -> dict[str, float]:
        """The metrics of the last report or evaluation, by their names."""
        return dict(self._training.metrics)

    @property
    def note(self) -> str:
        """What is unusual about the run, in words; empty if nothing is."""
        return str(self._training.note)

    @property
    def learning_rate(self) -> float:
        """What the schedule begins from; assign another to go on with that, see :meth:`set`."""
        return float(self._training.configuration["optimizer"]["learning_rate"])

    @learning_rate.setter
    def learning_rate(self, rate: float) -> None:
        self.set({"optimizer.learning_rate": rate})

    @abstractmethod
    def set(self, changes: Any) -> None:
        """Change settings of what comes next."""

    def predict(self, X: Any, *, labels: bool = False) -> list[Any]:
        """What the model answers to raw rows; with ``labels`` the names of classes.

        Rows come as an array, a frame, a list or a generator; they are standardized as those that
        the run was trained on. See :func:`neuroflow.predict`.
        """
        training = self._training
        return predict(training.model, X, labels=labels)

    def evaluate(
        self,
        X: Any = None,
        y: Any = None,
        *,
        part: str = "",
        metrics: Sequence[Any] = (),
        worst: int = WORST,
    ) -> Evaluation:
        """How good the model is now: scores, and where and how it is wrong.

        It answers to a ``part`` of the run's own examples: ``"test"``, ``"validation"`` or
        ``"train"``, the first of them that there is if none is said; or to raw ones that are
        given, a dataset, or ``X`` and ``y`` as :func:`fit` takes them, with the classes of the
        training. ``metrics`` are told beside those of the run. Raises :class:`InputError` for
        examples of another task, and for a part that there is not.
        """
        training = self._training
        part, answers = training.answers_of_part(part) if X is None else ("", self._to(X, y))
        with speaking_of("metrics"):
            more = asked_metrics(as_tables(metrics), answers.data, answers.loss_entry)
        with evaluating():
            return evaluation_of(answers, [*training.scored_by, *more], part=part, worst=worst)

    def _to(self, X: Any, y: Any) -> Answers:
        """The answers to raw examples."""
        training, facts = self._training, self._training.model.trained_on
        data = raw_like(X, y, facts)
        entry, loss = training.given.loss_of(training.configuration["loss"])
        return answers_by(lambda: training.answers(data.inputs), data, entry, loss)

    def explain(self, x: Any, output: int | None = None) -> Any:
        """Why the model answers as it does to one raw row: how each number in it moves the answer.

        Numbers without names of columns are called x0, x1, ... ``output`` is which of several
        numbers is explained; that of the class that the model names, or the first, if it is left
        out. ``print`` what comes back.
        """
        training = self._training
        facts = training.model.trained_on
        names = chain(facts.columns, (f"x{k}" for k in count(len(facts.columns))))
        inputs = _as_values(facts.inputs(x), names)
        with evaluating():
            answer = training.model(inputs)
        if is_structured(numbers_of(answer)):
            raise InputError(
                f"the model answers with {short_repr(numbers_of(answer))}",
                expected="a number or a list of numbers, one of which is explained",
                remedy="nf.explain takes the Value that you choose from model(x)",
                got=x,
            )
        numbers = listed(answer)
        if output is None:
            output = class_of(_data(answer)) if facts.labels and len(numbers) > 1 else 0
        if not 0 <= output < len(numbers):
            what = f"there is no output {output}"
            raise InputError(what, expected=f"0 to {len(numbers) - 1}", got=output)
        return chaining.public("explain")(numbers[output])

    def save_model(self, path: str | Path) -> None:
        """Write the model alone, with what it knows of its data, for :func:`neuroflow.load`."""
        save(self._training.model, path, given=self._training.given.model is not None)


def _as_values(part: Any, names: Iterator[str]) -> Any:
    """Floats as Values that can be asked for; whole numbers choose, and stay."""
    if isinstance(part, dict):
        return {key: _as_values(entry, names) for key, entry in part.items()}
    if isinstance(part, (list, tuple)):
        return type(part)([_as_values(entry, names) for entry in part])
    return Value(part, name=next(names)) if isinstance(part, float) else part


def _data(answer: Any) -> list[float]:
    return [x.data if isinstance(x, Value) else x for x in listed(answer)]
