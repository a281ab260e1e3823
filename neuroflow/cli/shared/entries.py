"""An entry in words and as JSON: for ``list``, ``show`` and ``doctor``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from neuroflow.errors import PluginError

if TYPE_CHECKING:
    from neuroflow.registry.entries import Entry


def described(entry: Entry) -> dict[str, Any]:
    """An entry and its provenance, as JSON has it."""
    by = entry.provider
    return {
        "kind": entry.kind,
        "name": entry.name,
        "id": entry.id,
        "use": entry.shortest_name,
        "version": entry.version,
        "summary": summary_of(entry),
        "formula": entry.formula,
        "aliases": list(entry.aliases),
        "deprecated": entry.deprecated,
        **_standing(entry),
        "provider": {
            "plugin": by.plugin,
            "distribution": by.distribution,
            "version": by.version,
            "module": by.module,
        }
        if by
        else None,
    }


def _standing(entry: Entry) -> dict[str, Any]:
    """Of a backend: how fast it is, and what keeps it from running here."""
    from neuroflow.registry.entries import BackendEntry

    if not isinstance(entry, BackendEntry):
        return {}
    return {"speed": entry.speed, "dtypes": list(entry.dtypes), "obstacle": entry.obstacle()}


def standing_of(entry: Entry) -> str:
    """The same in words; empty for what is no backend."""
    facts = _standing(entry)
    if not facts:
        return ""
    if facts["obstacle"]:
        return f"cannot run here: {facts['obstacle']}"
    return f"{facts['speed']:g} x the speed of numpy" if facts["speed"] else "only by name"


def summary_of(entry: Entry) -> str:
    """The summary that is declared, or else the first line of the target's docstring."""
    if entry.summary:
        return entry.summary
    try:
        target = entry.load()
    except PluginError as error:
        return f"(broken: {error})"
    return (getattr(target, "__doc__", "") or "").strip().partition("\n")[0]
