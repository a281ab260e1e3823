"""Recipes: configurations that plugins offer by name, as dicts or as files of TOML."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any

from attrs import frozen

from neuroflow.config.toml import to_toml
from neuroflow.errors import AmbiguousNameError, PluginError, RegistryError, short_repr
from neuroflow.registry.entries import Entry
from neuroflow.registry.manager import manager


@frozen
class Recipe:
    """A configuration with a name, and the package whose plugin offers it."""

    name: str
    summary: str
    text: str
    package: str


def recipes() -> tuple[Recipe, ...]:
    """The recipes of all plugins: bundled ones first, then by name."""
    return tuple(map(_read, manager().registry.entries("recipe")))


def recipe_of(name: str) -> Recipe | None:
    """The recipe that a name means; None if it means none.

    Raises :class:`AmbiguousNameError` for a bare name that several plugins offer.
    """
    try:
        return _read(manager().registry.get("recipe", name))
    except AmbiguousNameError:
        raise
    except RegistryError:
        return None


def tree_of(entry: Entry) -> dict[str, Any]:
    """The configuration of a recipe, as it is written."""
    return tomllib.loads(_text(entry))


def _read(entry: Entry) -> Recipe:
    package = entry.provider.module.partition(".")[0] if entry.provider else ""
    return Recipe(entry.shortest_name, entry.summary, _text(entry), package)


def _text(entry: Entry) -> str:
    target: Any = entry.load()
    if isinstance(target, Mapping):
        return to_toml(target)
    try:
        return str(target.read_text(encoding="utf-8"))
    except (AttributeError, OSError) as error:
        raise PluginError(
            f"recipe {entry.id} ({entry.provider}) is {short_repr(target)}, and cannot be read",
            expected="a dict, or the path of a TOML file",
            **entry.where,
        ) from error
