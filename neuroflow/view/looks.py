"""Looks: how layers are drawn, as plugins say it: label, shape, colour by role, and a few words."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any, cast

from attrs import asdict, frozen

from neuroflow.core.module import Module
from neuroflow.errors import InputError, NeuroflowError, NeuroflowWarning, raised, short_repr
from neuroflow.registry.entries import BUNDLED, LETTERS, LOCAL, LayerEntry, LookEntry
from neuroflow.registry.manager import manager
from neuroflow.view.markup import escaped

Corner = tuple[float, float, float]
"""A corner of an outline: at so much of the width, and so many pixels; at so much of the height."""

OUTLINES: dict[str, float | tuple[Corner, ...]] = {
    "rounded": 8.0,
    "square": 0.0,
    "pill": 1000.0,
    "hexagon": ((0, 9, 0), (1, -9, 0), (1, 0, 0.5), (1, -9, 1), (0, 9, 1), (0, 0, 0.5)),
    "slanted": ((0, 9, 0), (1, 0, 0), (1, -9, 1), (0, 0, 1)),
}
"""Each shape as the radius of its corners, or as its corners; half of the height at most."""

COLOURS = {
    "attention": "#3d80c2",
    "convolution": "#a8801a",
    "embedding": "#1d8f70",
    "linear": "#c8692a",
    "normalization": "#7b8494",
    "pooling": "#3a8fa8",
    "recurrence": "#8f66b8",
    "regularization": "#bf5f96",
    "other": "#7a7a6a",
}
"""The colour of each role: to be told from light paper and from dark."""


class LookWarning(NeuroflowWarning):
    """What should stand on a box could not be told; the layer is drawn without it."""


@frozen
class Look:
    """How one layer is drawn; ``told`` stands on it."""

    label: str
    shape: str
    role: str
    told: str

    @property
    def colour(self) -> str:
        """That of its role."""
        return COLOURS[self.role]

    @property
    def words(self) -> str:
        """Its label, and what is told."""
        return f"{self.label} {self.told}".strip()

    def table(self) -> dict[str, Any]:
        """For JSON."""
        return {**asdict(self), "colour": self.colour, "words": self.words}


def looks_of(model: Module) -> dict[str, Look]:
    """The look of each part of a model that has one, by its path."""
    known = _by_class()
    found = {}
    for path, module in model.named_modules():
        if (entry := known.get(type(module))) is not None:
            found[path] = Look(entry.label, entry.shape, entry.role, told_by(entry, module))
    return found


def looks_without_path() -> dict[str, Look]:
    """The looks of parts that a model keeps to itself, by the name of their class; none tells."""
    return {
        layer.__name__: Look(entry.label, entry.shape, entry.role, "")
        for layer, entry in _by_class().items()
    }


def told_by(entry: LookEntry, module: Module) -> str:
    """What stands on the box of a layer; where that fails a warning says so, and it is empty."""
    try:
        with entry.running():
            told = entry.load()(module)
            if not isinstance(told, str):
                raise InputError(f"it gave {short_repr(told)}", expected="a text", got=told)
        return " ".join(told.split())[:LETTERS]
    except NeuroflowError as error:
        warnings.warn(
            LookWarning(
                f"the look {entry.shortest_name} could not tell of a {type(module).__name__}:"
                f" {raised(error)}",
                remedy=entry.provider.remedy if entry.provider else "mend it",
                **entry.where,
            ),
            stacklevel=2,
        )
        return ""


def _by_class() -> dict[type, LookEntry]:
    """The look of each class of layers: that of a file before a plugin's, and bundled ones last."""
    registry = manager().registry
    looks = cast(list[LookEntry], registry.entries("look"))
    looks.sort(key=lambda look: (look.namespace != BUNDLED, look.namespace == LOCAL))
    found: dict[type, LookEntry] = {}
    for look in looks:
        try:
            layer = cast(LayerEntry, registry.get("layer", look.layer))
        except NeuroflowError:  # a layer that is not installed here is not drawn either
            continue
        found[layer.load()] = look
    return found


def outline(shape: str, x: float, y: float, width: float, height: float, rest: str) -> str:
    """The element of a shape, its corner at x and y; ``rest`` are further attributes."""
    form = OUTLINES[shape]
    if isinstance(form, float):
        return (
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"'
            f' rx="{min(form, height / 2):g}" {rest}/>'
        )
    points = " ".join(f"{x + a * width + d:.1f},{y + b * height:.1f}" for a, d, b in form)
    return f'<polygon points="{points}" {rest}/>'


def box(look: Mapping[str, Any] | None, place: tuple[float, float, float, float], css: str) -> str:
    """A box as it stands on paper, and over it the colour of a look, if it has one."""
    if look is None:
        return outline("rounded", *place, f'class="{css}"')
    colour = escaped(look["colour"])
    tint = f'fill="{colour}" fill-opacity=".16" stroke="{colour}" stroke-width="1.6"'
    shape = look["shape"]
    return outline(shape, *place, f'class="{css}"') + outline(shape, *place, tint)
