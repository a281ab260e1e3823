"""Describing: the table that builds a model again, and the parts that a tree names."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from attrs import define, field

from neuroflow.config.matrix_draw import MatrixDraw
from neuroflow.config.settings import SECTIONS, Tree, settings_beside, settings_of
from neuroflow.config.shapes import NAME, REF
from neuroflow.config.sharing import Shared
from neuroflow.core.module import Module
from neuroflow.core.settings import unchecked
from neuroflow.core.types import a
from neuroflow.core.value import Op
from neuroflow.errors import StateError
from neuroflow.registry.entries import Entry
from neuroflow.registry.lookups import does_without
from neuroflow.registry.manager import get, manager


def configuration_of(model: Module) -> Tree:
    """The table that builds this model again, apart from its parameters.

    It names what third parties offer by namespace, so that another plugin changes nothing.
    Raises :class:`StateError` for parts that no plugin registers, with the place of each.
    """
    describer = Describer(Shared(model))
    table = describer.table(model, "")
    describer.require_named()
    return renamed(table, "layer", lambda kind, use: get(kind, use).qualified(use))  # type: ignore[no-any-return]


def described_part(part: Any) -> Any:
    """A part that was handed over as a name, a table, or the thing itself, as name or table."""
    describer = Describer(Shared(part))
    told = describer.plain(part, "")
    describer.require_named()
    return told


@define
class Describer:
    """Walks a model and tells its parts by name; notes those that have none, with their places."""

    shared: Shared
    nameless: dict[str, tuple[Any, str]] = field(factory=dict)
    _layers: dict[type, Entry] = field(factory=dict)

    def table(self, module: Module, path: str) -> Any:
        """The table of a layer, with those of the layers in it; a reference if it was told."""
        if id(module) in self.shared.names:
            return {REF: self.shared.names[id(module)]}
        entry = self._entry_of(type(module))
        if entry is None:
            self.nameless[path] = (module, "layer")
            return None
        kinds = part_settings(entry)
        told = {
            name: self.plain(value, f"{path}.{name}".lstrip("."), kinds.get(name, ""))
            for name, value in module.configuration().items()
            if value is not None
        }
        name = self.shared.name_of(module)  # known only now: no layer refers to what it stands in
        return {"use": entry.shortest_name, **({NAME: name} if name else {}), **told}

    def plain(self, value: Any, path: str, kind: str = "") -> Any:
        """A setting as TOML has it; what stands for a part of a kind is named as one of that."""
        if isinstance(value, Module):
            return self.table(value, path)
        if isinstance(value, Mapping):
            return {key: self.plain(x, f"{path}.{key}".lstrip(".")) for key, x in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.plain(x, f"{path}.{k}".lstrip("."), kind) for k, x in enumerate(value)]
        if value is None or isinstance(value, (bool, int, float, str)):
            return value
        named = self._name_of(value, path, kind)
        if named is None:
            self.nameless[path] = (value, kind)
        return named

    def _entry_of(self, kind: type) -> Entry | None:
        if not self._layers:
            for entry in reversed(manager().registry.entries("layer")):
                self._layers[entry.load()] = entry
        return self._layers.get(kind)

    def _name_of(self, thing: Any, path: str, kind: str) -> Any:
        """The part that means an op or a function that was handed over as itself."""
        function, settings = taken_apart(thing)
        for each in (kind,) if kind in FUNCTIONS else FUNCTIONS:
            for entry in manager().registry.entries(each):
                if _is_same(entry.load(), function):
                    told = self.plain(settings, path)
                    return {"use": entry.shortest_name, **told} if told else entry.shortest_name
        return None

    def require_named(self) -> None:
        """Raise :class:`StateError` that names everything without a name, and where it stands."""
        if not self.nameless:
            return
        told = [_nameless(*found, path) for path, found in self.nameless.items()]
        first, _ = next(iter(self.nameless.values()))
        remedy = (
            "offer it in a plugin's neuroflow_layers, or keep model.state_dict() yourself"
            if isinstance(first, Module)
            else "offer it in a plugin, or use a registered one"
        )
        raise StateError("; ".join(told), remedy=remedy, got=first)


FUNCTIONS = ("activation", "initializer", "op", "loss")
"""The kinds whose entries are functions that may be handed over as themselves."""


def taken_apart(thing: Any) -> tuple[Any, dict[str, Any]]:
    """A function and the settings that are bound to it, whichever way they were.

    >>> from neuroflow.registry.manager import get
    >>> leaky = get("activation", "leaky_relu").load()
    >>> taken_apart(functools.partial(leaky, slope=0.2))[1]
    {'slope': 0.2}
    """
    settings: dict[str, Any] = {}
    if isinstance(thing, MatrixDraw):
        thing = thing.draw
    if isinstance(thing, functools.partial) and not thing.args:
        thing, settings = thing.func, dict(thing.keywords)
    if isinstance(thing, Op):
        settings = {**thing.settings, **settings}
    return thing, settings


def _is_same(target: Any, function: Any) -> bool:
    if isinstance(function, Op):
        return isinstance(target, Op) and function.rule is target.rule
    return unchecked(target) is unchecked(function)


def _nameless(thing: Any, kind: str, path: str) -> str:
    place = f"{path}: " if path else ""
    if isinstance(thing, Module):
        name = type(thing).__name__
        return f"{place}{name} is not registered as a layer, so nothing could load it again"
    known_as = f" as {a(kind)}" if kind else ""
    return f"{place}{thing!r} is not registered{known_as}, so a saved model could not name it"


def renamed(part: Any, kind: str, name: Callable[[str, str], str]) -> Any:
    """A part of a kind with other names, inside it too: ``name(kind, use)`` says which.

    What is inside is what the settings of the entries declare as parts, in tables and in lists.

    >>> renamed({"use": "layer", "activation": "relu"}, "layer", lambda kind, use: f"{use}@1")
    {'use': 'layer@1', 'activation': 'relu@1'}
    """
    if isinstance(part, (list, tuple)):
        return [renamed(each, kind, name) for each in part]
    if does_without(kind, part):
        return part
    if isinstance(part, str):
        return name(kind, part)
    if not isinstance(part, Mapping) or not part.keys().isdisjoint((REF, "given")):
        return part
    if "use" not in part:  # parts by name
        return {key: renamed(each, kind, name) for key, each in part.items()}
    use = name(kind, part["use"])
    inner = part_settings(get(kind, use))
    rest = {key: x for key, x in part.items() if key != "use"}
    return {
        "use": use,
        **{key: renamed(x, inner[key], name) if key in inner else x for key, x in rest.items()},
    }


def part_settings(entry: Entry) -> dict[str, str]:
    """The settings of an entry that are parts, each with its kind."""
    beside = settings_beside("optimizer", entry) if entry.kind == "optimizer" else ()
    return {s.name: s.part for s in (*settings_of(entry), *beside) if s.part}


def parts_of(tree: Any, kind: str = "") -> list[tuple[str, str]]:
    """Every ``(kind, name)`` that a checked tree or table uses, outermost first.

    ``kind`` is that of the table itself; none for a whole tree.
    """
    found: list[tuple[str, str]] = []

    def note(kind: str, use: str) -> str:
        found.append((kind, use))
        return use

    if kind:
        renamed(tree, kind, note)
    for section in SECTIONS if not kind else ():
        if section.kind and section.name in tree:
            renamed(tree[section.name], section.kind, note)
    return found


def files_of(tree: Mapping[str, Any]) -> list[str]:
    """The paths of all files that a checked tree names, in settings declared as those of files."""
    found: list[str] = []
    parts = [(tree.get(section.name), section.kind) for section in SECTIONS if section.kind]
    while parts:
        part, kind = parts.pop(0)
        if isinstance(part, (list, tuple)):
            parts += [(each, kind) for each in part]
        if not isinstance(part, Mapping) or REF in part:
            continue
        if "use" not in part:
            parts += [(each, kind) for each in part.values()]
            continue
        entry = get(kind, part["use"])
        parts += [(part.get(name), inner) for name, inner in part_settings(entry).items()]
        given = [part.get(setting.name) for setting in settings_of(entry) if setting.file]
        found += [path for path in given if isinstance(path, str) and path]
    return list(dict.fromkeys(found))
