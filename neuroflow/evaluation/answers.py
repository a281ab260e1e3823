"""Answers: what a model said to the examples of a dataset, in each form that a metric may need."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

from attrs import define

from neuroflow.data.dataset import Dataset
from neuroflow.errors import DomainError, InputError, short_repr
from neuroflow.evaluation.means import exact_mean
from neuroflow.registry.entries import LossEntry


@define(eq=False, slots=False)
class Answers:
    """What a model said to the examples of a dataset, and the losses; both asked for when needed.

    >>> from neuroflow import Dataset, get
    >>> data = Dataset([[0.0], [1.0]], [0, 1], "binary")
    >>> answers = Answers(data, get("loss", "hinge"), lambda: [-2.0, 0.5], lambda: [0.0, 0.5])
    >>> answers.classes, answers.scores, answers.loss
    ([0, 1], [[2.0, -2.0], [-0.5, 0.5]], 0.25)
    """

    data: Dataset
    loss_entry: LossEntry
    predict: Callable[[], Sequence[Any]]
    find_losses: Callable[[], Sequence[float]]

    @cached_property
    def said(self) -> list[Any]:
        """The answers as they are; those of a text that have targets."""
        said = list(self.predict())
        if self.data.task != "sequence":
            return said
        pairs = zip(said, self.data.targets, strict=True)
        return [answer[len(answer) - len(targets) :] for answer, targets in pairs]

    @cached_property
    def losses(self) -> list[float]:
        """The loss of each example; that of a text is the mean over its targets."""
        return list(self.find_losses())

    @property
    def loss(self) -> float:
        """The mean loss: of the examples, or of the tokens of all texts."""
        texts = self.data.task == "sequence"
        return exact_mean(self.losses, list(map(len, self.data.targets)) if texts else None)

    @cached_property
    def has_nan(self) -> bool:
        """Whether an answer has a nan, which is neither right nor wrong."""
        rows = [row for text in self.said for row in text] if self._of_texts else self.said
        return any(map(has_nan, rows))

    @cached_property
    def classes(self) -> list[int]:
        """The number of the class that each answer means."""
        return [class_of(answer) for answer in self.said]

    def class_at(self, k: int) -> int:
        """The number of the class that one answer means."""
        return class_of(self.said[k])

    @cached_property
    def tokens(self) -> list[list[int]]:
        """The likeliest token at each target of each text."""
        return [[class_of(logits) for logits in text] for text in self.said]

    @property
    def numbers(self) -> list[Any]:
        """The answers of a regression."""
        return self.said

    @cached_property
    def probabilities(self) -> list[list[float]]:
        """The probability of each class; raises :class:`InputError` if the loss gives none."""
        if self.loss_entry.probabilities is None:
            raise no_probabilities(self.loss_entry)
        return [class_probabilities(self.loss_entry, answer) for answer in self.said]

    @cached_property
    def scores(self) -> list[list[float]]:
        """One number per class that rises with its certainty: its probability, if there is one."""
        if self.loss_entry.probabilities is not None:
            return self.probabilities
        rows = [list(listed(answer)) for answer in self.said]
        return [[-row[0], row[0]] if len(row) == 1 else row for row in rows]

    @property
    def _of_texts(self) -> bool:
        return self.data.task == "sequence"


def class_probabilities(loss: LossEntry, answer: Any) -> list[float]:
    """The probability of each class, as a loss reads an answer: they sum to 1.

    One number stands for the second of two classes. Numbers that are probabilities each for
    itself, one class against the rest, are divided by their sum.

    >>> from neuroflow import get
    >>> class_probabilities(get("loss", "binary_cross_entropy"), 0.0)
    [0.5, 0.5]
    """
    if loss.probabilities is None:
        raise no_probabilities(loss)
    with loss.running():
        given = [float(p) for p in loss.probabilities(list(listed(answer)))]
    if len(given) == 1:
        return [1.0 - given[0], given[0]]
    total = sum(given)
    return [p / total for p in given] if total else [1.0 / len(given)] * len(given)


def no_probabilities(loss: LossEntry) -> InputError:
    """What to say where probabilities are asked of a loss that is no likelihood."""
    return InputError(
        f"loss {loss.name!r} gives scores, which are no probabilities of classes",
        expected="a loss that is minus the log of a probability",
        remedy="train with cross_entropy, or with binary_cross_entropy for two classes and one"
        " output",
        **loss.where,
    )


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


def listed(x: Any) -> Sequence[float]:
    """Several numbers as they are, one as a list of one."""
    return x if isinstance(x, (list, tuple)) else [x]
