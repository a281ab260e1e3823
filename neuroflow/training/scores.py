"""Scores: how good answers are, beside their loss."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
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
    means = [_mean(column) for column in zip(*wanted, strict=True)]
    spread, spread_scale = _squares(zip(row, means, strict=True) for row in wanted)
    error, error_scale = _squares(map(zip, wanted, given))
    if not spread:
        return float(error == 0.0)
    return 1.0 - _scaled_up(error / spread, 2 * (error_scale - spread_scale))


def _squares(rows: Iterable[Iterable[tuple[float, float]]]) -> tuple[float, int]:
    """The sum of the squared half differences of pairs, and its scale: k for sum * 4^k.

    Answers of a model on its way to infinity have differences and squares that no float holds.
    """
    halves = [x / 2 - y / 2 for row in rows for x, y in row]
    k = _exponent(halves)
    return math.fsum(math.ldexp(x, -k) ** 2 for x in halves), k


def _exponent(numbers: Sequence[float]) -> int:
    """The k for which all numbers that are finite are at most 2^k."""
    return math.frexp(max((abs(x) for x in numbers if math.isfinite(x)), default=0.0))[1]


def _scaled_up(x: float, k: int) -> float:
    """x * 2^k, infinite where that is no float."""
    try:
        return math.ldexp(x, k)
    except OverflowError:
        return math.inf


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
    loss = _mean(runner.losses(places), lengths)  # per token
    scores = {"perplexity": _exp(loss)}
    if lengths != [len(tokens) for tokens in data.inputs]:  # questions and answers
        scores["accuracy"] = exact(runner.predict(data.inputs), data)
    return {"loss": loss, **scores} if with_loss else scores


def _mean(numbers: Sequence[float], weights: Sequence[int] | None = None) -> float:
    """The mean, with each number as often as its weight, at a scale at which no sum overflows."""
    weights = weights or [1] * len(numbers)
    k = _exponent(numbers)
    scaled = math.fsum(math.ldexp(x, -k) * n for x, n in zip(numbers, weights, strict=True))
    return math.ldexp(scaled / sum(weights), k)


def _exp(loss: float) -> float:
    return math.exp(min(loss, 700.0))  # beyond that it would not fit, and JSON has no infinity
