"""What a page draws, computed from the model itself: curves, backgrounds, the network."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from attrs import define, field

from neuroflow.data.dataset import Dataset
from neuroflow.data.expression import parse_expression
from neuroflow.errors import InputError
from neuroflow.evaluation.answers import Answers, class_of, listed
from neuroflow.live.inside import Inside
from neuroflow.training import Training
from neuroflow.view.network import network_of

ACROSS = 121
"""Places at which a curve is computed."""
GRID = 26
"""Rows and columns of a background."""
COARSE = 14
"""Rows and columns of the map of a neuron."""
MOST_EXAMPLES = 24
"""So many examples are listed where no other picture suits the data."""


def plain(x: Any) -> Any:
    """Numbers as JSON has them: no nan and no infinity, which become null."""
    if isinstance(x, float):
        return x if math.isfinite(x) else None
    if isinstance(x, dict):
        return {key: plain(value) for key, value in x.items()}
    return [plain(value) for value in x] if isinstance(x, (list, tuple)) else x


@define(eq=False)
class Picture:
    """The part of a page that is its own, beside the loss curve and the network."""

    training: Training
    inside: Inside = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.inside = Inside(self.training)

    def scaled(self, rows: list[list[float]]) -> list[list[float]]:
        """Rows as the model is trained on them."""
        scale = self.training.dataset.standardization
        return [scale.apply(row) for row in rows] if scale else rows

    def still(self) -> dict[str, Any]:
        """What stays the same during a run."""
        return {}

    def now(self) -> dict[str, Any]:
        """What the model says now."""
        return {}


@define(eq=False)
class Curve(Picture):
    """A function of x: its points, its true curve, and the curve of the model."""

    _xs: list[float] = field(init=False, factory=list)

    def still(self) -> dict[str, Any]:
        data = self.training.dataset
        inputs = [row[0] for row in data.raw_inputs]
        low, high = min(inputs), max(inputs)
        margin = 0.08 * (high - low)
        step = (high - low + 2 * margin) / (ACROSS - 1)
        self._xs = [low - margin + k * step for k in range(ACROSS)]
        return {
            "xs": self._xs,
            "truth": self._truth(),
            "points": [[x, float(y)] for x, y in zip(inputs, data.targets, strict=True)],
            "test": self._held_out(),
            "range": [low, high],
        }

    def _truth(self) -> list[float | None]:
        text = self.training.dataset.facts.get("f")
        if not text:
            return []
        rule = parse_expression(text)
        found: list[float | None] = []
        for x in self._xs:
            try:
                found.append(float(rule(x)))
            except InputError:  # outside the range of the data it may have no value
                found.append(None)
        return found

    def _held_out(self) -> list[list[float]]:
        test = self.training.test
        if test is None:
            return []
        return [[row[0], y] for row, y in zip(test.raw_inputs, test.targets, strict=True)]

    def now(self) -> dict[str, Any]:
        rows = self.scaled([[x] for x in self._xs])
        return {"curve": self.inside.answers(rows), "neurons": self.inside.maps(rows)}


@define(eq=False)
class Plane(Picture):
    """Points of several classes, and what the model says about every place between them."""

    _grid: list[list[float]] = field(init=False, factory=list)
    _coarse: list[list[float]] = field(init=False, factory=list)

    def still(self) -> dict[str, Any]:
        data, test = self.training.dataset, self.training.test
        inputs = data.raw_inputs
        held_out = test.raw_inputs if test else []
        box = _box(inputs + held_out)
        self._grid, self._coarse = _places(box, GRID), _places(box, COARSE)
        return {
            "box": box,
            "grid": GRID,
            "coarse": COARSE,
            "labels": list(data.labels),
            "points": [[*row, k] for row, k in zip(inputs, data.targets, strict=True)],
            "test": [[*r, k] for r, k in zip(held_out, test.targets, strict=True)] if test else [],
        }

    def now(self) -> dict[str, Any]:
        data = self.training.dataset
        said = self.inside.answers(data.inputs)
        background = self.inside.answers(self.scaled(self._grid))
        (accuracy, *_), loss = self.training.scored_by, self.training.loss_entry
        return {
            "background": background,
            "neurons": self.inside.maps(self.scaled(self._coarse)),
            "answers": said,
            "classes": [class_of(answer) for answer in said],
            "accuracy": accuracy.of(Answers(data, loss, lambda: said, list)),
        }


@define(eq=False)
class Examples(Picture):
    """The first examples, and what the model says to them: for all other data."""

    def still(self) -> dict[str, Any]:
        first = self._first()
        inputs = first.inputs if self._is_text else first.raw_inputs
        return {
            "examples": [
                {"row": k, "inputs": row, "target": self._named(target)}
                for k, (row, target) in enumerate(zip(inputs, first.targets, strict=True))
            ],
            "count": len(self.training.dataset),
            "inputs": first.n_inputs,
            "columns": list(first.columns),
            "side": 0 if self._is_text else _side(first.n_inputs),
            "sequence": self._is_text,
        }

    def now(self) -> dict[str, Any]:
        first = self._first()
        said = self.training.answers(first.inputs)
        pairs = zip(said, first.targets, strict=True)
        return {"said": [self._judged(answer, target) for answer, target in pairs]}

    @property
    def _is_text(self) -> bool:
        return self.training.dataset.task == "sequence"

    def _first(self) -> Dataset:
        data = self.training.dataset
        return data.take(range(min(len(data), MOST_EXAMPLES)))

    def _named(self, target: Any) -> Any:
        labels = self.training.dataset.labels
        return labels[target] if labels and isinstance(target, int) else target

    def _judged(self, answer: Any, target: Any) -> dict[str, Any]:
        """What an answer means, and how far it is from the target."""
        if self._is_text:
            last = [class_of(logits) for logits in answer[len(answer) - len(target) :]]
            return {"words": last, "outputs": [], "right": last == list(target)}
        outputs = list(listed(answer))
        if self.training.dataset.task == "regression":
            error = math.dist(outputs, listed(target)) / math.sqrt(len(outputs))
            return {"words": answer, "outputs": outputs, "error": error}
        found = class_of(answer)
        return {"words": self._named(found), "outputs": outputs, "right": found == target}


def _side(count: int) -> int:
    """The side of the square picture that so many numbers make; 0 if they make none."""
    side = math.isqrt(count)
    return side if side >= 4 and side * side == count else 0


def _box(rows: list[list[float]]) -> list[float]:
    """Left, right, bottom and top, with a margin; as wide as it is high."""
    xs, ys = [row[0] for row in rows], [row[1] for row in rows]
    half = 0.58 * max(max(xs) - min(xs), max(ys) - min(ys), 0.5)
    x, y = (max(xs) + min(xs)) / 2, (max(ys) + min(ys)) / 2
    return [x - half, x + half, y - half, y + half]


def _places(box: list[float], count: int) -> list[list[float]]:
    """So many places across and upwards in a box, row by row from below."""
    left, right, bottom, top = box
    steps = [k / (count - 1) for k in range(count)]
    return [[left + (right - left) * u, bottom + (top - bottom) * v] for v in steps for u in steps]


def network(training: Training) -> dict[str, Any]:
    """The neurons of the model, each with the positions of its parameters in a frame.

    ``owners`` has, for each of the ``names``, the position in ``modules`` of the module that
    the parameter belongs to.
    """
    places = {name: k for k, (name, _) in enumerate(training.model.named_parameters())}
    layers = []
    for layer in network_of(training.model)["layers"]:
        neurons = [
            {
                "path": neuron["path"],
                "weights": [
                    places[_joined(neuron["path"], f"weights.{i}")]
                    for i in range(len(neuron["weights"]))
                ],
                "bias": places.get(_joined(neuron["path"], "bias")),
            }
            for neuron in layer["neurons"]
        ]
        shown = {key: layer[key] for key in ("path", "activation", "provider", "curve")}
        layers.append({**shown, "neurons": neurons})
    modules = dict(training.model.named_modules())
    order = {path: k for k, path in enumerate(modules)}
    return {
        "model": repr(training.model),
        "layers": layers,
        "names": list(places),
        "modules": [{"path": p, "type": type(m).__name__} for p, m in modules.items()],
        "owners": [order[_owner(name, modules)] for name in places],
    }


def _owner(name: str, modules: Mapping[str, Any]) -> str:
    """The path of the innermost module that a parameter lies in."""
    path = name
    while path not in modules:
        path = path.rpartition(".")[0]
    return path


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
