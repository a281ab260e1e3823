"""What a network says about many places at once, and what each of its neurons says there.

A plain function of floats, made from the graph of the model's own layers, gives both; it is
compared with the model before it is used.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from attrs import define

from neuroflow.core.module import evaluating
from neuroflow.core.value import Value
from neuroflow.errors import NeuroflowError
from neuroflow.evaluation.answers import listed
from neuroflow.live.floats import on_floats
from neuroflow.training import Training
from neuroflow.view.network import network_of

MOST_DRAWN = 18
"""Of a larger layer so many neurons are drawn."""

Numbers = list[list[float]]


@define(eq=False, slots=False)
class Inside:
    """The outputs of a model whose layers follow each other, and those of its neurons."""

    training: Training

    @cached_property
    def _layers(self) -> list[tuple[Any, list[str]]]:
        """The layers of neurons in order, each with the paths of its neurons."""
        modules = dict(self.training.model.named_modules())
        layers = network_of(self.training.model)["layers"]
        return [(modules[each["path"]], [n["path"] for n in each["neurons"]]) for each in layers]

    @property
    def paths(self) -> list[str]:
        """The neurons that are drawn."""
        return [path for _, paths in self._layers for path in paths[:MOST_DRAWN]]

    def _answers(self, xs: Sequence[Any]) -> list[Any]:
        """The outputs of the model, then those of the neurons that are drawn."""
        found, numbers = [], list(xs)
        for layer, _ in self._layers:
            numbers = list(listed(layer(numbers)))
            found += numbers[:MOST_DRAWN]
        return [*numbers, *found]

    @cached_property
    def is_known(self) -> bool:
        """Whether the layers one after the other are the whole model."""
        if not self._layers:
            return False
        row = self.training.dataset.inputs[0]
        try:
            with evaluating():
                own = _numbers(self.training.model([Value(x) for x in row]))
                found = _numbers(self._answers([Value(x) for x in row]))
            return all(map(math.isclose, own, found))
        except (NeuroflowError, TypeError, ValueError, AttributeError):
            return False

    @cached_property
    def _on_floats(self) -> Any:
        inputs = [Value(x) for x in self.training.dataset.inputs[0]]
        with evaluating():
            outputs = self._answers(inputs)
        return on_floats(outputs, inputs, self.training.runner.parameters)

    def numbers(self, rows: Sequence[Sequence[float]]) -> tuple[list[Any], Numbers]:
        """What the model answers to rows as it is trained on, and a list for each neuron drawn."""
        if not rows or not self.is_known:
            return self.training.answers(rows), []
        try:
            numbers = [p.data for p in self.training.runner.parameters]
            found = self._on_floats(numbers, rows)
        except (ArithmeticError, ValueError):  # the model itself says what is wrong
            return self.training.answers(rows), []
        count = len(found[0]) - len(self.paths)
        answers = [row[0] if count == 1 else row[:count] for row in found]
        return answers, [list(column) for column in zip(*(r[count:] for r in found), strict=True)]

    def answers(self, rows: Sequence[Sequence[float]]) -> list[Any]:
        """What the model answers alone, by the fastest way there is."""
        is_eager = self.training.backend == "eager" and self.is_known
        return self.numbers(rows)[0] if is_eager else self.training.answers(rows)

    def maps(self, rows: Sequence[Sequence[float]]) -> dict[str, list[Any]]:
        """A map of each neuron; none where layers do not follow each other."""
        _, neurons = self.numbers(rows) if self.is_known else ([], [])
        return dict(zip(self.paths, map(packed, neurons), strict=True)) if neurons else {}


def _numbers(outputs: Any) -> list[float]:
    values: list[Any] = list(listed(outputs))
    return [float(value.data) for value in values]


def packed(numbers: Sequence[float]) -> list[Any]:
    """Numbers as bytes from 0 to 254, 127 for zero: the largest size, and base64.

    >>> packed([-2.0, 0.0, 1.0])
    [2.0, 'AH+/']
    """
    most = max((abs(x) for x in numbers if math.isfinite(x)), default=0.0)
    scale = 127 / most if most else 0.0
    levels = bytes(127 + round(scale * x) if math.isfinite(x) else 255 for x in numbers)
    return [most, base64.b64encode(levels).decode()]
