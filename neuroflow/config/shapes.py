"""Shapes of a tree: what each layer takes and gives, known before anything is built.

Each entry of a layer declares its shapes once, as a rule in one line (:mod:`shape_rules`) or, where
a line is not enough, as a function of its settings, the shape that comes in, and a way to ask what
a part of it makes of a shape. Walking the tree with it finds every place where two layers do not
fit, and the lengths that settings leave to what comes in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from attrs import define, field, frozen

from neuroflow.config.settings import settings_of
from neuroflow.config.shape_rules import ANY, AUTO, Shape, shape_after, shown_shape, taken_by
from neuroflow.core.module import Module
from neuroflow.core.types import shown
from neuroflow.errors import ConfigurationError, InputError, Problem, ShapeError
from neuroflow.registry.entries import LayerEntry
from neuroflow.registry.manager import get, manager

NAME = "name"
"""The key that names a layer, so that others can refer to it."""

REF = "ref"
"""The key of a table that is no layer of its own but the one of that name."""

Part = Callable[[str, Shape], Shape]
"""``part("layers.0", shape)``: what the part at that place of a layer makes of a shape."""


@frozen
class LayerShapes:
    """One layer of a tree: where it stands, what it is, and the shapes it takes and gives."""

    path: str
    name: str
    takes: Any
    gives: Shape

    @property
    def label(self) -> str:
        """How messages speak of it: ``model.layers.0 (mlp)``."""
        return f"{self.path} ({self.name})"

    @property
    def in_words(self) -> str:
        """``(4,) -> (3,)``; empty where neither is known."""
        both = [shown_shape(self.takes), shown_shape(self.gives)]
        return "" if both == [str(ANY)] * 2 else " -> ".join(both)


@frozen
class Misfit:
    """A layer that cannot take what it is fed; ``origin`` is who gives that, if it is known."""

    told: str
    origin: str = ""

    def __str__(self) -> str:
        return self.told


@define
class _Walk:
    """Goes through a tree once; notes every layer, and every problem with its two places."""

    rows: list[LayerShapes] = field(factory=list)
    problems: list[Misfit] = field(factory=list)
    named: dict[str, Any] = field(factory=dict)

    def layer(self, part: Any, path: str, taken: Shape) -> Shape:
        """What a layer makes of a shape; problems are noted, and the walk goes on."""
        if isinstance(part, Mapping):
            part = self.named.get(part.get(REF, ""), part)
        entry, settings = _known(part)
        if entry is None:
            return ANY
        given = self.entry(entry, settings, path, taken)
        _keep_lengths(part, settings)
        if isinstance(part, Mapping) and NAME in part:
            self.named[part[NAME]] = part
        return given

    def entry(self, entry: LayerEntry, settings: dict[str, Any], path: str, taken: Shape) -> Shape:
        """What a layer of these settings makes of a shape."""
        place = len(self.rows)
        self.rows.append(LayerShapes(path, entry.name, taken, ANY))
        try:
            given = self._after(entry, settings, path, taken)
        except InputError as error:
            self.problems.append(self._told(error, f"{path} ({entry.name})", taken))
            given = self._unfed(entry, settings)
        given = coming_from(given, f"{path} ({entry.name})")
        self.rows[place] = LayerShapes(path, entry.name, _seen(entry, settings, taken), given)
        return given

    def _after(self, entry: LayerEntry, settings: dict[str, Any], path: str, taken: Shape) -> Shape:
        rule = entry.shape
        if isinstance(rule, str):
            return shape_after(rule, settings, taken) if rule else ANY
        last = origin_of(taken)

        def part(key: str, shape: Shape) -> Shape:
            nonlocal last
            shape = shape if origin_of(shape) else coming_from(shape, last)
            found = self.layer(_at(settings, key), f"{path}.{key}", shape)
            last = origin_of(found)
            return found

        with entry.running():
            given: Shape = rule(settings, taken, part)
        return given

    def _unfed(self, entry: LayerEntry, settings: dict[str, Any]) -> Shape:
        """What a layer gives that was fed wrongly: what its settings alone tell."""
        rule = entry.shape
        try:
            if isinstance(rule, str):
                return shape_after(rule, settings, ANY) if rule else ANY
            return Shape(rule(settings, ANY, lambda key, shape: ANY))
        except InputError:
            return ANY

    def _told(self, error: InputError, label: str, taken: Shape) -> Misfit:
        """The problem with both its places and both shapes."""
        origin = origin_of(taken)
        if isinstance(error, ShapeError) and error.expected and origin:
            return Misfit(f"{label} takes {error.expected}, but {origin} gives {error.got}", origin)
        remedy = f"; {error.remedy}" if isinstance(error, ShapeError) and error.remedy else ""
        return Misfit(f"{label} {error.what}{remedy}", origin)


def _seen(entry: LayerEntry, settings: dict[str, Any], taken: Any) -> Any:
    """What a layer takes: what comes in, or where nobody knows that, what its rule says."""
    if taken != ANY or not isinstance(entry.shape, str) or not entry.shape:
        return taken
    return taken_by(entry.shape, settings)


def _known(part: Any) -> tuple[LayerEntry | None, dict[str, Any]]:
    """The entry of a layer and its settings: of a table, or of a module that is built already."""
    if isinstance(part, Module):
        entries = manager().registry.entries("layer")
        entry = next((e for e in entries if e.load() is type(part)), None)
        return entry, part.configuration()  # type: ignore[return-value]
    if not isinstance(part, Mapping) or "use" not in part:
        return None, {}
    entry = get("layer", part["use"])
    defaults = {s.name: s.default for s in settings_of(entry) if not s.required}
    return entry, {**defaults, **{key: value for key, value in part.items() if key != "use"}}  # type: ignore[return-value]


def _keep_lengths(part: Any, settings: Mapping[str, Any]) -> None:
    """Write the lengths that were left to what comes in into the table."""
    for name in part if isinstance(part, dict) else ():
        value = part[name]
        if value == AUTO or (isinstance(value, list) and AUTO in value):
            known = settings[name]  # a length without a number goes by a name: that says nothing
            part[name] = value if isinstance(known, str) else known


def _at(settings: Any, key: str) -> Any:
    """The part of settings at a dotted place."""
    for step in key.split("."):
        settings = settings[int(step) if isinstance(settings, (list, tuple)) else step]
    return settings


def origin_of(shape: Any) -> str:
    """Who gives a shape, or all that has a name in it."""
    if isinstance(shape, Mapping):
        return next(map(origin_of, shape.values()), "")
    return str(getattr(shape, "origin", ""))


def coming_from(shape: Any, origin: str) -> Shape:
    """A shape that knows who gives it."""
    if isinstance(shape, Mapping):
        return {key: coming_from(each, origin) for key, each in shape.items()}  # type: ignore[return-value]
    return Shape(shape, ids=getattr(shape, "ids", False), origin=origin)


def shapes_of(
    table: Any, taken: Shape = ANY, path: str = "model"
) -> tuple[list[LayerShapes], list[Misfit]]:
    """Every layer of a table with its shapes, outermost first, and what does not fit.

    ``taken`` is what comes in. Lengths that the table leaves to it by the word "auto" are written
    into the table.

    >>> table = {"use": "sequential", "layers": [
    ...     {"use": "mlp", "sizes": [2, 3]}, {"use": "layer", "inputs": 4, "outputs": 1}]}
    >>> rows, problems = shapes_of(table)
    >>> print(*problems)
    model.layers.1 (layer) takes (4,), but model.layers.0 (mlp) gives (3,)
    """
    walk = _Walk()
    walk.layer(table, path, taken)
    return walk.rows, walk.problems


def shape_of_entry(
    entry: LayerEntry, settings: Mapping[str, Any], taken: Shape
) -> tuple[Shape, list[Misfit]]:
    """What a layer gives that need not be registered, and what does not fit in it."""
    walk = _Walk()
    given = walk.entry(entry, dict(settings), "layer", taken)
    return given, walk.problems


def check_shapes(table: Any, taken: Shape = ANY, where: str = "the model") -> list[LayerShapes]:
    """The shapes of a table. Raises :class:`ConfigurationError` where its layers do not fit, and
    where lengths are left open.
    """
    rows, misfits = shapes_of(table, taken)
    if problems := [*problems_of(misfits), *open_lengths(table)]:
        raise ConfigurationError(where, problems=problems)
    return rows


def problems_of(misfits: Sequence[Misfit]) -> list[Problem]:
    """Misfits as problems of a configuration; each names its places itself."""
    return [Problem("", str(misfit)) for misfit in misfits]


def open_lengths(table: Any, path: str = "model") -> list[Problem]:
    """The sizes of a table, and of layers inside it, that still say "auto"."""
    if isinstance(table, (list, tuple)):
        return [p for k, each in enumerate(table) for p in open_lengths(each, f"{path}.{k}")]
    if not isinstance(table, Mapping) or REF in table:
        return []
    if "use" not in table:
        return [p for key, each in table.items() for p in open_lengths(each, f"{path}.{key}")]
    found: list[Problem] = []
    for setting in settings_of(get("layer", table["use"])):
        value, here = table.get(setting.name), f"{path}.{setting.name}"
        if setting.part == "layer":
            found += open_lengths(value, here)
        elif AUTO in (value if isinstance(value, list) else [value]) and setting.problem(value):
            what = f"got {shown(value)}, but nothing tells what comes in"
            found.append(Problem(here, what, setting.expected, "or train with data, which tell it"))
    return found
