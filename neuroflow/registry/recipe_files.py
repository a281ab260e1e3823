"""Recipes that are files: a package's folder of TOML, of which only the first lines are read."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from neuroflow.registry.entries import RecipeEntry

FOLDER = "recipes"


def recipes_in(package: str) -> list[RecipeEntry]:
    """The files of TOML in the folder ``recipes`` of a package, for its ``neuroflow_recipes``.

    Each is named as its file; the comment on its first line is its summary.
    """
    found = []
    for file in sorted(_files(package), key=lambda file: file.name):
        with open(file, encoding="utf-8") as lines:
            summary = lines.readline().removeprefix("#").strip()
        found.append(RecipeEntry(name=file.stem, target=file, summary=summary))
    return found


def _files(package: str) -> Iterator[Path]:
    module = sys.modules.get(package) or import_module(package)
    for folder in module.__path__:
        yield from Path(folder, FOLDER).glob("*.toml")
