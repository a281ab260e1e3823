"""Examples as a loss wants them, and the loss of one example."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from neuroflow.core.vectors import mean
from neuroflow.data.dataset import Dataset
from neuroflow.data.shapes import is_structured
from neuroflow.data.table import is_number
from neuroflow.errors import InputError, short_repr
from neuroflow.registry.entries import LossEntry

AS_GIVEN = "whatever the data say"
"""The ``labels`` of a loss of the caller's own, which takes targets as they were given."""


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


def position_losses(loss: Callable[[Any, Any], Any]) -> Callable[..., list[Any]]:
    """The losses of a text of which each token has a target, one for each answer."""

    def losses(model: Any, tokens: Any, targets: Any) -> list[Any]:
        answers = model(tokens)
        pairs = zip(answers, targets[len(targets) - len(answers) :], strict=True)
        return [loss(logits, target) for logits, target in pairs]

    return losses


def weighted_loss(example_loss: Callable[..., Any]) -> Callable[..., Any]:
    """The loss of one example, as often as its weight says."""

    def weighted(model: Any, inputs: Any, target: Any, weight: Any) -> Any:
        return weight * example_loss(model, inputs, target)

    return weighted


def loss_of_examples(loss: Callable[[Any, Any], Any], data: Dataset) -> Callable[..., Any]:
    """The loss of one example of a dataset, as :func:`encoded` spells its examples."""
    plain = sequence_loss(loss) if data.task == "sequence" else row_loss(loss)
    return plain if data.weights is None else weighted_loss(plain)


def encoded(data: Dataset, loss: LossEntry) -> list[tuple[Any, ...]]:
    """The examples with targets as the loss wants them, and with their weights if they have some.

    A class becomes its number for losses that take one, else -1 and +1 or 0 and 1 for two
    classes, and a one-hot list for more. For a function of the caller's own, classes that are
    numbers are these numbers. Raises :class:`InputError` for a target that the loss
    does not allow.
    """
    pairs = _as_given(data) if loss.labels == AS_GIVEN else _encoded(data, loss)
    if data.weights is None:
        return pairs
    return [(*pair, weight) for pair, weight in zip(pairs, data.weights, strict=True)]


def _encoded(data: Dataset, loss: LossEntry) -> list[tuple[Any, ...]]:
    if data.task == "regression" and is_structured(data.targets[0]):
        raise InputError(
            f"loss {loss.name!r} got the target {short_repr(data.targets[0])} in row 0 of"
            f" {name_of(data)}",
            expected="a number, or a list of numbers",
            remedy="give a loss of your own, a function (prediction, target), which takes the"
            " target as you gave it",
            got=data.targets[0],
            **loss.where,
        )
    allows = loss.allows or (lambda target: True)
    spelled: Callable[[Any], Any] = _as_it_is
    if data.task == "regression" and loss.index_target:
        raise InputError(
            f"loss {loss.name!r} wants the number of a class, but {name_of(data)} has numbers to"
            " predict",
            remedy=f"choose a regression loss, such as mse{_or_classes(data)}",
            **loss.where,
        )
    if data.task == "binary" and not loss.index_target:
        spelled = _pair(allows, (-1.0, 1.0), (0.0, 1.0)).__getitem__
    elif data.task == "classes" and not loss.index_target:
        no, yes = _pair(allows, (0.0, 1.0), (-1.0, 1.0))
        spelled = lambda k: [yes if k == j else no for j in range(data.n_outputs)]  # noqa: E731
    examples: list[tuple[Any, ...]] = [(x, spelled(y)) for x, y in data]  # type: ignore[attr-defined]
    for k, (_, target) in enumerate(examples):
        for number in target if data.task == "sequence" else [target]:
            if not allows(number):
                raise InputError(
                    f"loss {loss.name!r} got the target {number!r} in row {k} of {name_of(data)}",
                    expected=loss.labels,
                    remedy=f"choose another loss or repair the data{_or_classes(data)}",
                    got=number,
                    **loss.where,
                )
    return examples


def _or_classes(data: Dataset) -> str:
    """What else to do about few different whole numbers, which may be classes."""
    kinds = {target for target in data.targets if isinstance(target, float)}
    few = 2 <= len(kinds) <= 100 and all(target.is_integer() for target in kinds)
    if data.task != "regression" or not few:
        return ""
    named = ", ".join(f"{target:.0f}" for target in sorted(kinds)[:5])
    return f'; if {named}{" ..." if len(kinds) > 5 else ""} are classes, set data.task = "classes"'


def _as_given(data: Dataset) -> list[tuple[Any, ...]]:
    """The examples with targets as they came, and texts as the numbers of their classes."""
    numeric = data.classes and all(map(is_number, data.labels))
    numbers = [_number(label) for label in data.labels] if numeric else range(data.classes)
    return [(x, numbers[target] if data.classes else target) for x, target in data]  # type: ignore[attr-defined]


def _number(label: str) -> float:
    """The number that a class is called, whole if it is: it may choose."""
    number = float(label)
    return int(number) if number.is_integer() else number


def _as_it_is(target: Any) -> Any:
    return target


def _pair(allows: Callable[[Any], bool], *pairs: tuple[float, float]) -> tuple[float, float]:
    """The first pair of numbers that a loss allows both of."""
    return next((pair for pair in pairs if all(map(allows, pair))), pairs[-1])


def name_of(data: Dataset) -> str:
    return f"dataset {data.name!r}" if data.name else "the dataset"
