"""Recipes: configurations that plugin packages carry in a folder ``recipes``."""

from __future__ import annotations

import functools

from attrs import frozen

from neuroflow.registry.manager import manager


@frozen
class Recipe:
    """A configuration that a plugin package carries in its folder ``recipes``."""

    name: str
    summary: str
    text: str
    package: str


@functools.cache
def recipes() -> tuple[Recipe, ...]:
    """The recipes of all plugins, by name; the comment on a file's first line is its summary."""
    from importlib.resources import files

    modules = [plugin.module for plugin in manager().plugins if plugin.module is not None]
    found: dict[str, Recipe] = {}
    for package in dict.fromkeys(module.__package__ or "" for module in modules):
        folder = files(package).joinpath("recipes") if package else None
        if folder is None or not folder.is_dir():
            continue
        for file in sorted(folder.iterdir(), key=lambda file: file.name):
            name, _, extension = file.name.rpartition(".")
            if extension == "toml" and name not in found:
                text = file.read_text(encoding="utf-8")
                summary = text.partition("\n")[0].removeprefix("#").strip()
                found[name] = Recipe(name, summary, text, package)
    return tuple(found[name] for name in sorted(found))
