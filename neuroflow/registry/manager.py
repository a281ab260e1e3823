"""The plugins of this process: all that they offer, by name."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal, overload

from neuroflow.core.value import Op
from neuroflow.locks import once
from neuroflow.registry.discovery import PluginManager, now_loading
from neuroflow.registry.entries import (
    BUNDLED,
    KINDS,
    ActivationEntry,
    Entry,
    LossEntry,
    MetricEntry,
)
from neuroflow.registry.lookups import current_lookups
from neuroflow.registry.source_file import files_in


def _from_environment(name: str) -> list[str]:
    return [word.strip() for word in os.environ.get(name, "").split(",") if word.strip()]


def manager() -> PluginManager:
    """The plugins of this process, discovered once, at first use, by whichever thread asks first.

    ``NEUROFLOW_PLUGINS`` lists the only third-party plugins to load,
    ``NEUROFLOW_DISABLE_PLUGINS`` those to leave out (names separated by commas),
    ``NEUROFLOW_PLUGINS_DIR`` is a folder whose Python files are plugins too, and
    ``NEUROFLOW_STRICT_PLUGINS=1`` makes a broken plugin fatal.
    """
    found = _installed()
    if now_loading.get() is None:  # a file that asks for names while it is loaded gets these
        _take_in_folder()
    return found


@once
def _installed() -> PluginManager:
    made = PluginManager(
        only=_from_environment("NEUROFLOW_PLUGINS"),
        without=_from_environment("NEUROFLOW_DISABLE_PLUGINS"),
        strict=os.environ.get("NEUROFLOW_STRICT_PLUGINS") == "1",
    )
    _made.append(made)
    return made


_made: list[PluginManager] = []


def manager_if_made() -> PluginManager | None:
    """The plugins of this process, if somebody has asked for them already."""
    return _made[0] if _made else None


@once
def _take_in_folder() -> None:
    """The plugins that are files of one folder, by name."""
    folder = os.environ.get("NEUROFLOW_PLUGINS_DIR", "")
    for path in files_in(Path(folder)) if folder else ():
        _installed().load_file(path)


@overload
def get(kind: Literal["activation"], reference: str) -> ActivationEntry: ...
@overload
def get(kind: Literal["loss"], reference: str) -> LossEntry: ...
@overload
def get(kind: Literal["metric"], reference: str) -> MetricEntry: ...
@overload
def get(kind: str, reference: str) -> Entry: ...
def get(kind: str, reference: str) -> Entry:
    """The entry of a kind that a name means: ``get("op", "relu")``.

    Raises :class:`RegistryError` if the name is unknown, ambiguous or of another kind.
    """
    registry, lookups = manager().registry, current_lookups()
    if lookups is None:
        return registry.get(kind, reference)
    kind = registry.kind(kind)
    named = (kind, str(reference))
    entry = registry.get(kind, lookups.pinned.get(named, reference))
    return lookups.found.setdefault(named, entry)


def find(pattern: str, kind: str | None = None) -> list[Entry]:
    """Every entry whose name or id matches a wildcard, of one kind or of all."""
    return [e for k in ([kind] if kind else KINDS) for e in manager().registry.entries(k, pattern)]


def names(kind: str, pattern: str = "*") -> list[str]:
    """The names of a kind that match a wildcard: ``names("activation", "*elu")``."""
    return [entry.shortest_name for entry in manager().registry.entries(kind, pattern)]


@cache
def ops_by_name() -> Mapping[str, Op]:
    """Ops as chaining finds them: bundled names first, then third-party ones without a rival.

    What is registered later is among them once this is forgotten.
    """
    ops: dict[str, Entry] = {}
    ambiguous: set[str] = set()
    for entry in manager().registry.entries("op"):
        if entry.name not in ops:
            ops[entry.name] = entry
        elif manager().registry.get("op", f"{entry.namespace}/{entry.name}").namespace != BUNDLED:
            ambiguous.add(entry.name)
    bundled = {e.name for e in manager().registry.entries("op") if e.namespace == BUNDLED}
    return Ops({name: op for name, op in ops.items() if name in bundled or name not in ambiguous})


class Ops(Mapping[str, Op]):
    """Ops by their names; each is loaded when it is first asked for."""

    def __init__(self, entries: dict[str, Entry]) -> None:
        self._entries = entries
        self._loaded: dict[str, Op] = {}

    def __getitem__(self, name: str) -> Op:
        if name not in self._loaded:
            self._loaded[name] = self._entries[name].load()
        return self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


@cache
def layers_by_class() -> dict[str, list[Entry]]:
    """Layers by the names of their classes, none of which is imported for it.

    Several entries stand under one name where several third parties have it, and no bundled layer.
    """
    found: dict[str, dict[str, Entry]] = {}
    for entry in manager().registry.entries("layer"):
        named = found.setdefault(_class_name(entry.target), {})
        if BUNDLED in named and entry.namespace != BUNDLED:
            continue  # bundled names always win
        former = named.get(entry.namespace)
        if former is None or former.version < entry.version:
            named[entry.namespace] = entry
    return {name: list(named.values()) for name, named in found.items()}


def _class_name(target: Any) -> str:
    """The name of a class, or of what its ``"module:attribute"`` says."""
    return re.split("[:.]", target)[-1] if isinstance(target, str) else str(target.__name__)
