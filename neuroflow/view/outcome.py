"""What a trained model has learned, as numbers that pictures and sketches are drawn from.

Everything is asked of the model itself, on the scale of the data before standardization.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from neuroflow.data.dataset import Dataset
from neuroflow.evaluation import class_of

if TYPE_CHECKING:
    from neuroflow.training import Run, Training

Losses = list[tuple[float, float]]


@frozen
class LossCurve:
    """The losses of a run, read from its metrics file: ``(step, loss)`` in each list.

    ``baselines`` are the losses of the simplest models of its text, if it learns from text.
    """

    train: Losses
    test: Losses
    baselines: dict[str, float] = field(factory=dict)

    @classmethod
    def of(cls, run: Run) -> LossCurve:
        """The losses of a run folder."""
        from neuroflow.training import read_metrics

        lines = read_metrics(run.folder)
        return cls(
            _points(lines, "loss"),
            _points(lines, "test_loss"),
            dict(run.training.dataset.facts.get("baselines", {})),
        )


def _points(lines: Sequence[Mapping[str, Any]], name: str) -> Losses:
    """Where a number is known: not every step has a test loss, and what was not finite is None."""
    return [(line["step"], line[name]) for line in lines if line.get(name) is not None]


def sight_of(data: Dataset) -> str:
    """What there is to see of a model that learned this: the picture that every view chooses by.

    ``text``, the ``curve`` of a function, the classes of a ``plane``, ``images`` and their
    classes, ``copies`` of images, or else nothing but the ``loss``.

    >>> sight_of(Dataset([[0.0], [1.0]], [0.5, 2.0], "regression"))
    'curve'
    """
    if data.task == "sequence":
        return "text" if data.tokenizer is not None else "loss"
    if data.task in ("binary", "classes") and data.n_inputs == 2:
        return "plane"
    if data.task == "regression" and data.n_inputs == 1 and data.n_outputs == 1:
        return "curve"
    if image_shape(data) and data.task == "classes":
        return "images"
    return "copies" if image_shape(data) and data.n_outputs == data.n_inputs else "loss"


def image_shape(data: Dataset) -> tuple[int, int] | None:
    """Rows and columns of an input that is an image, where the dataset says so."""
    shape = data.facts.get("image")
    return tuple(shape) if shape else None


@frozen
class Outcome:
    """A model beside its data, with standardization taken into account on both sides."""

    training: Training

    @property
    def sight(self) -> str:
        """What there is to see; see :func:`sight_of`."""
        return sight_of(self.training.dataset)

    @property
    def image_shape(self) -> tuple[int, int] | None:
        """Rows and columns of an input that is an image."""
        return image_shape(self.training.dataset)

    def classes(self, rows: Sequence[Sequence[float]]) -> list[int]:
        """The class that the model gives to each row."""
        return [class_of(answer) for answer in self.training.answers_to_rows(rows)]

    def numbers(self, rows: Sequence[Sequence[float]]) -> list[float]:
        """The single number that the model answers to each row."""
        answers = self.training.answers_to_rows(rows)
        return [a[0] if isinstance(a, (list, tuple)) else a for a in answers]

    def third_party(self) -> list[str]:
        """The entries in this run that other distributions provide, with their providers."""
        from neuroflow.config import parts_of
        from neuroflow.registry.manager import get

        parts = dict.fromkeys(parts_of(self.training.configuration))
        entries = [get(kind, use) for kind, use in parts]
        return [f"{e.kind} {e.name} by {e.credit}" for e in entries if e.credit]
