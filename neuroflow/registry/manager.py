"""The plugins of this process: all that they offer, by name."""

from __future__ import annotations

import os
from typing import Literal, overload

from neuroflow.core.value import Op
from neuroflow.locks import once
from neuroflow.registry.discovery import PluginManager
from neuroflow.registry.entries import (
    BUNDLED,
    KINDS,
    ActivationEntry,
    Entry,
    LossEntry,
    MetricEntry,
)
from neuroflow.registry.lookups import current_lookups


def _from_environment(name: str) -> list[str]:
    return [word.strip() for word in os.environ.get(name, "").split(",") if word.strip()]


@once
def manager() -> PluginManager:
    """The plugins of this process, discovered once, at first use, by whichever thread asks first.

    ``NEUROFLOW_PLUGINS`` lists the only third-party plugins to load,
    ``NEUROFLOW_DISABLE_PLUGINS`` those to leave out (names separated by commas), and
    ``NEUROFLOW_STRICT_PLUGINS=1`` makes a broken plugin fatal.
    """
    return PluginManager(
        only=_from_environment("NEUROFLOW_PLUGINS"),
        without=_from_environment("NEUROFLOW_DISABLE_PLUGINS"),
        strict=os.environ.get("NEUROFLOW_STRICT_PLUGINS") == "1",
    )


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


@once
def ops_by_name() -> dict[str, Op]:
    """Ops as chaining finds them: bundled names first, then third-party ones without a rival."""
    ops: dict[str, Op] = {}
    ambiguous: set[str] = set()
    for entry in manager().registry.entries("op"):
        if entry.name not in ops:
            ops[entry.name] = entry.load()
        elif manager().registry.get("op", f"{entry.namespace}/{entry.name}").namespace != BUNDLED:
            ambiguous.add(entry.name)
    bundled = {e.name for e in manager().registry.entries("op") if e.namespace == BUNDLED}
    return {name: op for name, op in ops.items() if name in bundled or name not in ambiguous}
