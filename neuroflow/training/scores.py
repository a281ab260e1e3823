"""Scores: how good the model of a run is on some data, by the names that its metrics have."""

from __future__ import annotations

from collections.abc import Sequence

from neuroflow.data.dataset import Dataset
from neuroflow.engine.runner import Runner
from neuroflow.evaluation.answers import Answers
from neuroflow.evaluation.metrics import Metric
from neuroflow.registry.entries import LossEntry


def answers_of(runner: Runner, data: Dataset, places: Sequence[int], loss: LossEntry) -> Answers:
    """What a runner's model says to data, whose examples the runner has at these places."""
    return Answers(data, loss, lambda: runner.predict(data.inputs), lambda: runner.losses(places))


def scores_of(answers: Answers, metrics: Sequence[Metric], *, with_loss: bool) -> dict[str, float]:
    """The mean loss, if asked for, and the value of each metric by its name."""
    loss = {"loss": answers.loss} if with_loss else {}
    return {**loss, **{metric.name: metric.of(answers) for metric in metrics}}
