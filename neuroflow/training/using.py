"""Using what was trained: predict, evaluate, explain and save, of every run alike."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from itertools import chain, count
from pathlib import Path
from typing import Any

from neuroflow.checkpoint import save
from neuroflow.core import chaining
from neuroflow.core.module import evaluating
from neuroflow.core.protocols.uncopied import Uncopied
from neuroflow.core.value import Value
from neuroflow.data.dataset import Dataset
from neuroflow.data.given import dataset_of
from neuroflow.errors import InputError
from neuroflow.evaluation.answers import Answers, class_of, listed
from neuroflow.training.examples import encoded, loss_of_examples
from neuroflow.training.loading import as_like
from neuroflow.training.predicting import predict
from neuroflow.training.scores import scores_of


class Trained(Uncopied):
    """What a run is for, in memory (:class:`Training`) or in a folder (:class:`Run`)."""

    __slots__ = ()

    @property
    @abstractmethod
    def _training(self) -> Any:
        """The run itself, a :class:`Training`."""

    def predict(self, X: Any, *, labels: bool = False) -> list[Any]:
        """What the model answers to raw rows; with ``labels`` the names of classes.

        Rows come as an array, a frame, a list or a generator; they are standardized as those that
        the run was trained on. See :func:`neuroflow.predict`.
        """
        training = self._training
        return predict(training.model, X, labels=labels)

    def evaluate(self, X: Any = None, y: Any = None) -> dict[str, float]:
        """How good the model is now: on the run's own examples, or on raw ones that are given.

        Those may be a dataset, or ``X`` and ``y`` as :func:`fit` takes them; classes are numbered
        as in training. Raises :class:`InputError` for examples of another task.
        """
        training = self._training
        if X is None:
            return dict(training.scores())
        began = training.dataset
        data = dataset_of(X, y, task=began.task, labels=began.labels, shaped=began.shaped)
        data = as_like(data, began)
        if began.standardization and data.standardization is None:
            data = data.standardized(began.standardization)
        return _scores(training, data)

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


def _scores(training: Any, data: Dataset) -> dict[str, float]:
    """Loss and metrics of answers to examples that the run does not have."""
    entry, loss = training.given.loss_of(training.configuration["loss"])
    example_loss = loss_of_examples(loss, data)

    def losses() -> list[float]:
        pairs = zip(said, encoded(data, entry), strict=True)
        return [float(example_loss(lambda _, a=answer: a, *given)) for answer, given in pairs]

    said = training.answers(data.inputs)
    answers = Answers(data, entry, lambda: said, losses)
    return scores_of(answers, training.scored_by, with_loss=True)
