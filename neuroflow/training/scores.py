"""Scores: how good the model of a run is on some data, by the names that its metrics have."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from neuroflow.data.dataset import Dataset
from neuroflow.engine.runner import Runner
from neuroflow.evaluation.answers import Answers
from neuroflow.evaluation.metrics import Metric
from neuroflow.registry.entries import LossEntry
from neuroflow.training.examples import encoded, loss_of_examples


def answers_of(runner: Runner, data: Dataset, places: Sequence[int], loss: LossEntry) -> Answers:
    """What a runner's model says to data, whose examples the runner has at these places."""
    return Answers(data, loss, lambda: runner.predict(data.inputs), lambda: runner.losses(places))


def answers_by(
    predict: Callable[[], list[Any]],
    data: Dataset,
    entry: LossEntry,
    loss: Callable[[Any, Any], Any],
) -> Answers:
    """What a model says to data that no runner has: the losses are made of its answers."""
    said = cache(predict)

    def losses() -> list[float]:
        example_loss = loss_of_examples(loss, data)
        pairs = zip(said(), encoded(data, entry), strict=True)
        return [float(example_loss(lambda _, a=answer: a, *given)) for answer, given in pairs]

    return Answers(data, entry, said, losses)


def scores_of(answers: Answers, metrics: Sequence[Metric], *, with_loss: bool) -> dict[str, float]:
    """The mean loss, if asked for, and the value of each metric by its name."""
    loss = {"loss": answers.loss} if with_loss else {}
    return {**loss, **{metric.name: metric.of(answers) for metric in metrics}}
