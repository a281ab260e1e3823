"""Plots: a run, data, or a model beside data, as a figure of matplotlib (extra ``plot``).

A figure belongs to whoever asked for it: pyplot neither keeps it nor shows it by itself. In a
notebook it is shown as the last value of a cell; ``figure.savefig("run.png")`` writes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import frozen

from neuroflow.core.module import Module
from neuroflow.data.dataset import Dataset
from neuroflow.errors import InputError, require, short_repr
from neuroflow.training import Run, Training, predict, read_run
from neuroflow.view.outcome import Outcome
from neuroflow.view.plots import figure_of_data, figure_of_outcome, figure_of_run

if TYPE_CHECKING:
    from neuroflow.view.figure import PlainFigure


@frozen
class Asked:
    """A model beside data, with as much of a run as its picture needs."""

    dataset: Dataset
    model: Module
    test: Dataset | None = None
    backend: str = "eager"

    def answers_to_rows(self, rows: Sequence[Sequence[float]]) -> list[Any]:
        """What the model answers to raw rows."""
        return predict(self.model, rows)


def plot(thing: Any, data: Dataset | None = None) -> PlainFigure:
    """A figure of a run (or its folder), of a dataset, or of a model beside ``data``.

    A run shows what it has learned beside its loss; data with two columns and classes are points,
    with one column and numbers a curve; a model then shows what it answers between them.

    Raises :class:`InputError` for what has no such picture, and without matplotlib.
    """
    require(data, (Dataset, type(None)), "the data", "a neuroflow.Dataset")
    if isinstance(thing, (str, Path)):
        folder = Path(thing)
        return figure_of_run(Run(folder, read_run(folder)))
    if isinstance(thing, Run):
        return figure_of_run(thing)
    if isinstance(thing, Training):
        return figure_of_outcome(Outcome(thing))
    if isinstance(thing, Dataset):
        return figure_of_data(thing)
    if isinstance(thing, Module) and data is not None:
        asked: Any = Asked(data, thing)
        return figure_of_outcome(Outcome(asked))
    raise InputError(
        f"{short_repr(thing)} cannot be plotted",
        expected="a run or its folder, a dataset, or a model with data",
        remedy="give the data too: nf.plot(model, data)" if isinstance(thing, Module) else "",
        got=thing,
    )
