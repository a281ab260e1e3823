"""What a trained model has learned, as numbers that pictures and sketches are drawn from.

Everything is asked of the model itself, on the scale of the data before standardization.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from neuroflow.data.dataset import Dataset
from neuroflow.training import class_of

if TYPE_CHECKING:
    from neuroflow.training import Run, Training

Losses = list[tuple[float, float]]


@frozen
class History:
    """The losses of a run, read from its metrics file: ``(step, loss)`` in each list.

    ``baselines`` are the losses of the simplest models of its text, if it learns from text.
    """

    train: Losses
    test: Losses
    baselines: dict[str, float] = field(factory=dict)

    @classmethod
    def of(cls, run: Run) -> History:
        """The history of a run folder."""
        from neuroflow.training import read_metrics

        lines = read_metrics(run.folder)
        return cls(
            [(line["step"], line["loss"]) for line in lines],
            [(line["step"], line["test_loss"]) for line in lines if "test_loss" in line],
            dict(run.training.dataset.facts.get("baselines", {})),
        )


@frozen
class Outcome:
    """A model beside its data, with standardization taken into account on both sides."""

    training: Training

    @property
    def kind(self) -> str:
        """What there is to see: plane, curve, images, copies, or nothing but the loss."""
        data = self.training.dataset
        if data.task in ("binary", "classes") and data.n_inputs == 2:
            return "plane"
        if data.task == "regression" and data.n_inputs == 1 and data.n_outputs == 1:
            return "curve"
        if self.image_shape and data.task == "classes":
            return "images"
        if self.image_shape and data.n_outputs == data.n_inputs:
            return "copies"
        return "loss"

    @property
    def image_shape(self) -> tuple[int, int] | None:
        """Rows and columns of an input that is an image, where the dataset says so."""
        shape = self.training.dataset.facts.get("image")
        return tuple(shape) if shape else None

    def answers(self, rows: Sequence[Sequence[float]]) -> list[Any]:
        """What the model answers to rows on the scale of the data."""
        training, scale = self.training, self.training.dataset.standardization
        inputs = [scale.apply(row) if scale else list(row) for row in rows]
        was_training = training.model.training
        training.model.eval()
        try:
            return training.runner.predict(inputs)
        finally:
            training.model.train(was_training)

    def classes(self, rows: Sequence[Sequence[float]]) -> list[int]:
        """The class that the model gives to each row."""
        return [class_of(answer) for answer in self.answers(rows)]

    def numbers(self, rows: Sequence[Sequence[float]]) -> list[float]:
        """The single number that the model answers to each row."""
        return [a[0] if isinstance(a, (list, tuple)) else a for a in self.answers(rows)]

    def rows(self, data: Dataset) -> list[list[float]]:
        """The inputs of a dataset on their own scale."""
        scale = data.standardization
        if scale is None:
            return [list(row) for row in data.inputs]
        return [
            [x * d + m for x, m, d in zip(row, scale.means, scale.deviations, strict=True)]
            for row in data.inputs
        ]

    def third_party(self) -> list[str]:
        """The entries in this run that other distributions provide, with their providers."""
        from neuroflow.config import parts_of
        from neuroflow.registry.manager import get

        parts = dict.fromkeys(parts_of(self.training.configuration))
        entries = [get(kind, use) for kind, use in parts]
        return [f"{e.kind} {e.name} by {e.credit}" for e in entries if e.credit]


def ends(numbers: Sequence[float], margin: float = 0.0) -> tuple[float, float]:
    """The least and the largest number, moved apart by a share of their distance.

    >>> ends([1.0, 3.0], 0.5), ends([2.0])
    ((0.0, 4.0), (1.5, 2.5))
    """
    finite = [x for x in numbers if math.isfinite(x)]
    low, high = min(finite, default=0.0), max(finite, default=1.0)
    if low == high:
        low, high = low - 0.5, high + 0.5
    room = (high - low) * margin
    return low - room, high + room
