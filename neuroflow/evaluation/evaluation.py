"""An evaluation: all that is told of a model and some examples, as numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attrs import asdict, frozen

from neuroflow.core.protocols.shown import Shown
from neuroflow.data.dataset import Dataset
from neuroflow.evaluation import text
from neuroflow.evaluation.answers import Answers, has_nan, listed, no_probabilities
from neuroflow.evaluation.means import exact_mean
from neuroflow.evaluation.metrics import Metric
from neuroflow.evaluation.tables import (
    Calibration,
    ClassScores,
    Wrong,
    class_scores,
    confusion_matrix,
)

WORST = 5
"""So many of the most wrong examples are told."""

MOST_COLUMNS = 6
"""Of so many columns of a regression are the residuals shown as text."""


@frozen(repr=False)
class Evaluation(Shown, Mapping[str, float]):
    """What is told of a model and some examples; print it, save its picture, or read its fields.

    ``scores`` has the mean loss and every metric by name, and the evaluation itself is a mapping
    of these. Of classes ``confusion`` has a row per
    right class and a column per said one, ``classes`` the scores of each, and ``calibration``,
    if the loss gives probabilities, how far they are to be believed. Of a regression ``pairs``
    has the right and the predicted number of each example, a list per column. Of texts
    ``position_losses`` has the mean loss of the first token with a target, of the second, and so
    on. ``worst`` are the examples with the largest loss. ``note`` says what is left out, and why.
    """

    data: str
    part: str
    task: str
    examples: int
    labels: tuple[str, ...]
    scores: dict[str, float]
    confusion: list[list[int]] | None = None
    classes: tuple[ClassScores, ...] = ()
    calibration: Calibration | None = None
    pairs: tuple[tuple[tuple[float, float], ...], ...] = ()
    position_losses: tuple[float, ...] = ()
    worst: tuple[Wrong, ...] = ()
    note: str = ""

    def __str__(self) -> str:
        return "\n\n".join("\n".join(block) for block in self._blocks() if block)

    __repr__ = __str__

    def _blocks(self) -> Iterator[list[str]]:
        """Its tables, one after the other, as lines."""
        name = " ".join(filter(None, [self.data, self.part])) or "evaluation"
        yield [text.cut(f"{name}: {self.examples:,} examples")]
        yield [f"{score:<20} {value:.6g}" for score, value in self.scores.items()]
        if self.confusion is not None:
            yield text.confusion(self.confusion, self.labels)
            yield text.classes(self.classes)
        if self.calibration is not None:
            yield text.calibration(self.calibration)
        if self.note:
            yield text.wrapped(self.note)
        for column, pairs in enumerate(self.pairs[:MOST_COLUMNS]):
            yield text.residuals(pairs, f" of column {column}" if len(self.pairs) > 1 else "")
        if len(self.pairs) > MOST_COLUMNS:
            yield [f"and {len(self.pairs) - MOST_COLUMNS} other columns"]
        yield text.positions(self.position_losses)
        yield text.wrong(self.worst)

    def __getitem__(self, score: str) -> float:
        return self.scores[score]

    def __iter__(self) -> Iterator[str]:
        return iter(self.scores)

    def __len__(self) -> int:
        return len(self.scores)

    def to_dict(self) -> dict[str, Any]:
        """All of it, as JSON has it."""
        return asdict(self)


def evaluation_of(
    answers: Answers, metrics: Sequence[Metric], *, part: str = "", worst: int = WORST
) -> Evaluation:
    """The evaluation of answers by these metrics; what needs a class of each is left out if one
    has a nan."""
    data = answers.data
    scores = {"loss": answers.loss, **{metric.name: metric.of(answers) for metric in metrics}}
    details: dict[str, Any] = {}
    if data.classes and not answers.has_nan:
        details["confusion"] = confusion_matrix(answers.classes, data.targets, data.classes)
        details["classes"] = tuple(class_scores(answers.classes, data.targets, data.labels))
        if answers.loss_entry.probabilities is not None:
            details["calibration"] = Calibration.of(answers.probabilities, data.targets)
        else:
            details["note"] = f"no calibration: {no_probabilities(answers.loss_entry)}"
    if data.task == "regression":
        details["pairs"] = _pairs(answers)
    if data.task == "sequence":
        details["position_losses"] = _position_losses(answers)
    return Evaluation(
        data.name, part, data.task, len(data), data.labels, scores,
        worst=_worst(answers, worst), **details,
    )  # fmt: skip


def _pairs(answers: Answers) -> tuple[tuple[tuple[float, float], ...], ...]:
    """Targets beside answers; none where a loss of the caller's own takes other answers."""
    rows = list(zip(map(listed, answers.data.targets), map(listed, answers.numbers), strict=True))
    for right, said in rows:
        if len(right) != len(said) or any(isinstance(x, (list, tuple, dict)) for x in said):
            return ()
    by_example = [tuple(zip(right, said, strict=True)) for right, said in rows]
    return tuple(zip(*by_example, strict=True))


def _position_losses(answers: Answers) -> tuple[float, ...]:
    """The mean loss at each place of a target, counted from the first of its text."""
    loss = answers.loss_entry.load()
    found: list[list[float]] = []
    for said, targets in zip(answers.said, answers.data.targets, strict=True):
        for k, (logits, target) in enumerate(zip(said, targets, strict=True)):
            if k == len(found):
                found.append([])
            found[k].append(float(loss(logits, target)))
    return tuple(map(exact_mean, found))


def _worst(answers: Answers, count: int) -> tuple[Wrong, ...]:
    """Those with the largest loss, nan first; at equal losses in the order of the data."""
    losses = answers.losses
    order = sorted(range(len(losses)), key=lambda k: (losses[k] == losses[k], -losses[k]))
    return tuple(_wrong(answers, k) for k in order[:count])


def _wrong(answers: Answers, k: int) -> Wrong:
    data, loss = answers.data, answers.losses[k]
    if data.task == "sequence":
        tokens, targets = data.inputs[k], list(data.targets[k])
        said = [] if answers.has_nan else answers.tokens[k]
        return Wrong(k, _text(data, tokens), _text(data, targets), _text(data, said), loss)
    inputs = _raw_inputs(data, k)
    if not data.classes:
        return Wrong(k, inputs, data.targets[k], answers.numbers[k], loss)
    right = data.labels[data.targets[k]]
    if has_nan(answers.said[k]):
        return Wrong(k, inputs, right, None, loss)
    number = answers.class_at(k)
    gives = answers.loss_entry.probabilities is not None
    sure = answers.probabilities[k][number] if gives else None
    return Wrong(k, inputs, right, data.labels[number], loss, sure)


def _raw_inputs(data: Dataset, k: int) -> Any:
    """What went in, as it was in the data: a text, numbers by their columns, or numbers."""
    if data.tokenizer is not None:
        return _text(data, data.inputs[k])
    if data.shaped:
        return data.inputs[k]
    row = data.take([k]).raw_inputs[0]
    return dict(zip(data.columns, row, strict=True)) if data.columns else list(row)


def _text(data: Dataset, tokens: Sequence[int]) -> Any:
    """What tokens say; their numbers where no tokenizer reads them."""
    return data.tokenizer.decode(list(tokens)) if data.tokenizer is not None else list(tokens)
