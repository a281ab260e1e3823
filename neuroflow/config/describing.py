"""Describing: the table that builds a model again, and the parts that a tree names."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from typing import Any

from neuroflow.config.settings import SECTIONS, Tree, settings_beside, settings_of
from neuroflow.core.module import Module
from neuroflow.core.settings import unchecked
from neuroflow.core.value import Op
from neuroflow.errors import StateError
from neuroflow.registry.manager import get, manager


def configuration_of(model: Module) -> Tree:
    """The table that builds this model again, apart from its parameters.

    Raises :class:`StateError` for a module that no plugin registers.
    """
    entry = next((e for e in manager().registry.entries("layer") if e.load() is type(model)), None)
    if entry is None:
        raise StateError(
            f"{type(model).__name__} is not registered as a layer, so nothing could load it again",
            remedy="offer it in a plugin's neuroflow_layers, or keep model.state_dict() yourself",
            got=model,
        )
    table = {"use": entry.shortest_name}
    for name, value in model.configuration().items():
        if value is not None:
            table[name] = _plain(value, name)
    return table


def _plain(value: Any, name: str) -> Any:
    if isinstance(value, Module):
        return configuration_of(value)
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


def parts_of(tree: Any, kind: str = "") -> Iterator[tuple[str, str]]:
    """Every ``(kind, name)`` that a checked tree or table uses, outermost first.

    ``kind`` is that of the table itself; none for a whole tree.
    """
    if not kind:
        for section in SECTIONS:
            if section.kind and section.name in tree:
                yield from parts_of(tree[section.name], section.kind)
        return
    if isinstance(tree, str):
        yield kind, tree
        return
    if not isinstance(tree, Mapping) or "use" not in tree:
        return
    yield kind, tree["use"]
    entry = get(kind, tree["use"])
    beside = settings_beside("optimizer", entry) if kind == "optimizer" else ()
    for setting in (*settings_of(entry), *beside):
        if setting.part and setting.name in tree:
            parts = tree[setting.name]
            for part in parts if isinstance(parts, (list, tuple)) else [parts]:
                yield from parts_of(part, setting.part)
