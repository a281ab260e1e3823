"""Scoring: how good the model of a run is now, on each part of the data of the run."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

from attrs import define, field, frozen

from neuroflow.core.module import evaluating
from neuroflow.data.dataset import Dataset
from neuroflow.engine.runner import Runner
from neuroflow.errors import InputError
from neuroflow.evaluation.answers import Answers
from neuroflow.evaluation.metrics import Metric, asked_metrics, usual_metrics
from neuroflow.registry.entries import LossEntry
from neuroflow.training.examples import AS_GIVEN
from neuroflow.training.fitting import is_scored
from neuroflow.training.loading import speaking_of
from neuroflow.training.scores import answers_of, scores_of

MOST_TRAIN_EXAMPLES = 2000
"""At most so many training examples are looked at for the training accuracy."""


@frozen(eq=False)
class RunData:
    """All data of a run, in the order of its examples: what it trains on, and what is held out."""

    train: Dataset
    test: Dataset | None = None
    validation: Dataset | None = None

    @property
    def held_out(self) -> list[tuple[str, Dataset]]:
        """The parts that are held out, by how the names of their scores begin."""
        parts = {"test_": self.test, "validation_": self.validation}
        return [(name, part) for name, part in parts.items() if part is not None]

    @property
    def parts(self) -> list[Dataset]:
        """All parts."""
        return [self.train, *(part for _, part in self.held_out)]

    @property
    def is_scored_by_its_test(self) -> bool:
        """Texts are scored on what was held out alone; on their own, by their perplexity."""
        return self.train.task == "sequence" and bool(self.held_out)

    @property
    def scored(self) -> list[str]:
        """How the names of scores begin, one for each part that is scored."""
        own = [] if self.is_scored_by_its_test else [""]
        return [*own, *(name for name, _ in self.held_out)]

    def part(self, name: str) -> tuple[str, Dataset, int]:
        """A part by its name, or the best to judge by, and the place of its first example."""
        parts = {"train": self.train}
        parts |= {each.removesuffix("_"): data for each, data in self.held_out}
        if name and name not in parts:
            raise InputError(
                f"the run has no {name!r}",
                expected=f"one of its parts: {', '.join(parts)}",
                remedy="hold examples out: data.test = 0.2",
                got=name,
            )
        name = name or next((each for each in parts if each != "train"), "train")
        before = itertools.takewhile(lambda each: each != name, parts)
        return name, parts[name], sum(len(parts[each]) for each in before)


def metrics_of_run(
    asked: Sequence[Any], model: Any, data: Dataset, loss: LossEntry
) -> list[Metric]:
    """The metrics of every evaluation: the usual ones, and those that are asked for.

    The usual ones need an answer that is right or wrong as it stands.
    """
    with speaking_of("train.metrics"):
        more = asked_metrics(asked, data, loss)
    if loss.labels == AS_GIVEN:
        with evaluating():
            if not is_scored(model(data.inputs[0]), data, loss):
                return more
    return [*usual_metrics(data), *more]


@define(eq=False)
class Scoring:
    """Scores the model of a run; ``runner_for`` gives who evaluates on a part of its data."""

    data: RunData
    metrics: Sequence[Metric]
    loss: LossEntry
    runner_for: Callable[[Dataset], Runner]
    _sample: Dataset | None = field(init=False, default=None)

    def scores(self) -> dict[str, float]:
        """How good the model is now, on the training data and on what was held out."""
        with evaluating():
            found = {} if self.data.is_scored_by_its_test else self._train_scores()
            first = len(self.data.train)
            for name, part in self.data.held_out:
                scores = self._scores(part, range(first, first + len(part)), with_loss=True)
                found.update({f"{name}{score}": number for score, number in scores.items()})
                first += len(part)
            return found

    def answers_of_part(self, part: str) -> tuple[str, Answers]:
        """The name of a part of the data, the best to judge by if none is said, and its answers."""
        name, data, first = self.data.part(part)
        return name, self._answers(data, range(first, first + len(data)))

    def _train_scores(self) -> dict[str, float]:
        """The scores on the training data, or on the first of them where there are many."""
        train = self.data.train
        count = min(len(train), MOST_TRAIN_EXAMPLES)
        self._sample = self._sample or train.take(range(count))
        return self._scores(self._sample, range(count), with_loss=False)

    def _scores(self, data: Dataset, places: Sequence[int], *, with_loss: bool) -> dict[str, float]:
        return scores_of(self._answers(data, places), self.metrics, with_loss=with_loss)

    def _answers(self, data: Dataset, places: Sequence[int]) -> Answers:
        """What the model says to data, whose examples the runner has at these places."""
        return answers_of(self.runner_for(data), data, places, self.loss)
