"""Scores: how good answers are, beside their loss."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from neuroflow.data.dataset import Dataset
from neuroflow.engine.runner import Runner
from neuroflow.errors import DomainError, short_repr


def score(answers: Sequence[Any], data: Dataset) -> float:
    """The share of right classes, or the coefficient of determination for regression.

    An answer that has a nan is neither right nor wrong: the score is nan then.
    """
    if data.task == "regression":
        return r2(answers, data.targets)
    if any(map(has_nan, answers)):
        return math.nan
    right: int = sum(class_of(a) == target for a, target in zip(answers, data.targets, strict=True))
    return right / len(data)


def exact(answers: Sequence[Any], data: Dataset) -> float:
    """The share of texts whose every target is the likeliest token: what a greedy model writes."""
    right = 0
    for logits, targets in zip(answers, data.targets, strict=True):
        last = logits[len(logits) - len(targets) :]
        if any(map(has_nan, last)):
            return math.nan
        right += list(map(class_of, last)) == list(targets)
    return right / len(data)


def class_of(answer: Any) -> int:
    """The class that an answer means: the largest of several numbers, or the sign of one.

    Raises :class:`DomainError` for a nan, which is neither large nor small.

    >>> class_of(-0.3), class_of([0.1, 0.2, 0.0])
    (0, 1)
    """
    numbers = listed(answer)
    if has_nan(numbers):
        raise DomainError(
            f"the answer {short_repr(answer)} means no class: it has a nan",
            expected="numbers, of which the largest is that of the class",
            remedy="nf.find_anomalies(outputs, model) names where the nan comes from",
            got=answer,
        )
    if len(numbers) > 1:
        return max(range(len(numbers)), key=numbers.__getitem__)
    return int(numbers[0] > 0)


def has_nan(answer: Any) -> bool:
    """Whether a number, or one of several, is nan."""
    return any(x != x for x in listed(answer))


def r2(answers: Sequence[Any], targets: Sequence[Any]) -> float:
    """The coefficient of determination: 1 is perfect, 0 no better than the mean of each column.

    >>> r2([1.0, 2.0, 3.0], [1.0, 2.0, 3.0]), r2([2.0, 2.0, 2.0], [1.0, 2.0, 3.0])
    (1.0, 0.0)
    """
    wanted, given = list(map(listed, targets)), list(map(listed, answers))
    means = [math.fsum(column) / len(wanted) for column in zip(*wanted, strict=True)]
    spread = math.fsum((x - m) ** 2 for row in wanted for x, m in zip(row, means, strict=True))
    error = math.fsum(
        (x - y) ** 2
        for row, answer in zip(wanted, given, strict=True)
        for x, y in zip(row, answer, strict=True)
    )
    return 1.0 - error / spread if spread else float(error == 0.0)


def listed(x: Any) -> Sequence[float]:
    return x if isinstance(x, (list, tuple)) else [x]


def scores_of(
    runner: Runner, data: Dataset, places: Sequence[int], with_loss: bool
) -> dict[str, float]:
    """The scores of a runner's model on data, whose examples it has at these places."""
    if data.task == "sequence":
        return _scores_of_texts(runner, data, places, with_loss)
    answers = runner.predict(data.inputs)
    name = "r2" if data.task == "regression" else "accuracy"
    loss = {"loss": _mean(runner.losses(places))} if with_loss else {}
    return {**loss, name: score(answers, data)}


def _scores_of_texts(
    runner: Runner, data: Dataset, places: Sequence[int], with_loss: bool
) -> dict[str, float]:
    lengths = [len(target) for target in data.targets]
    means = zip(runner.losses(places), lengths, strict=True)
    loss = math.fsum(mean * n for mean, n in means) / sum(lengths)  # per token
    scores = {"perplexity": _exp(loss)}
    if lengths != [len(tokens) for tokens in data.inputs]:  # questions and answers
        scores["accuracy"] = exact(runner.predict(data.inputs), data)
    return {"loss": loss, **scores} if with_loss else scores


def _mean(numbers: Sequence[float]) -> float:
    return math.fsum(numbers) / len(numbers)


def _exp(loss: float) -> float:
    return math.exp(min(loss, 700.0))  # beyond that it would not fit, and JSON has no infinity
