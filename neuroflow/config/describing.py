"""Describing: the table that builds a model again, and the parts that a tree names."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from neuroflow.config.settings import SECTIONS, Tree, settings_beside, settings_of
from neuroflow.core.module import Module
from neuroflow.core.settings import unchecked
from neuroflow.core.value import Op
from neuroflow.errors import StateError
from neuroflow.registry.entries import Entry
from neuroflow.registry.lookups import does_without
from neuroflow.registry.manager import get, manager


def configuration_of(model: Module) -> Tree:
    """The table that builds this model again, apart from its parameters.

    It names what third parties offer by namespace, so that another plugin changes nothing.
    Raises :class:`StateError` for a module that no plugin registers.
    """
    return renamed(_table_of(model), "layer", lambda kind, use: get(kind, use).qualified(use))  # type: ignore[no-any-return]


def _table_of(model: Module) -> Tree:
    entry = next((e for e in manager().registry.entries("layer") if e.load() is type(model)), None)
    if entry is None:
        raise StateError(
            f"{type(model).__name__} is not registered as a layer, so nothing could load it again",
            remedy="offer it in a plugin's neuroflow_layers, or keep model.state_dict() yourself",
            got=model,
        )
    table: Tree = {"use": entry.shortest_name}
    for name, value in model.configuration().items():
        if value is not None:
            table[name] = _plain(value, name)
    return table


def described_part(part: Any) -> Any:
    """A part that was handed over as a name, a table, or the thing itself, as name or table."""
    return _plain(part, "")


def _plain(value: Any, name: str) -> Any:
    if isinstance(value, Module):
        return _table_of(value)
    if isinstance(value, Mapping):
        return {key: _plain(x, str(key)) for key, x in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(x, name) for x in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return _name_of(value)


def _name_of(thing: Any) -> Any:
    """The part that means an op or a function that was handed over as itself."""
    function, settings = thing, {}
    if isinstance(thing, functools.partial):
        function, settings = thing.func, dict(thing.keywords)
    for kind in ("activation", "initializer", "op", "loss"):
        for entry in manager().registry.entries(kind):
            target = entry.load()
            if unchecked(target) is unchecked(function):
                return {"use": entry.shortest_name, **settings} if settings else entry.shortest_name
            if isinstance(thing, Op) and isinstance(target, Op) and thing.rule is target.rule:
                return {"use": entry.shortest_name, **thing.settings}
    raise StateError(
        f"{thing!r} is not registered, so a saved model could not name it",
        remedy="offer it in a plugin, or use a registered one",
        got=thing,
    )


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
    if not isinstance(part, Mapping) or "use" not in part:
        return part
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
        if not isinstance(part, Mapping) or "use" not in part:
            continue
        entry = get(kind, part["use"])
        parts += [(part.get(name), inner) for name, inner in part_settings(entry).items()]
        given = [part.get(setting.name) for setting in settings_of(entry) if setting.file]
        found += [path for path in given if isinstance(path, str) and path]
    return list(dict.fromkeys(found))
