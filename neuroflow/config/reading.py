"""Reading: the dicts, files and recipes that a configuration is written in."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from attrs import evolve, frozen

from neuroflow.config.recipe import recipe_of, recipes
from neuroflow.config.settings import Tree
from neuroflow.core.types import shown
from neuroflow.errors import ConfigurationError, did_you_mean, short_repr
from neuroflow.files import path_of, read_text
from neuroflow.pythonic import pythonic

EXTENDS = "extends"
"""The key whose value names the recipe or the file that a document goes on from."""

FOR_EDITORS = "$schema"
"""A key that tells editors what a JSON file holds, and us nothing."""

NUMBERS = (int, float, bool, type(None))
PLAIN = (*NUMBERS, str)
"""Types of most of what a tree holds, asked for first, as a tree may be large."""


@frozen
class Document:
    """One text or dict: what to call it, what stands in it, and where its paths begin.

    The paths of files in it begin in ``folder``, the caller's if there is none. ``text`` is empty
    for a dict. ``base`` is what it extends, if it says so.
    """

    name: str
    tree: Tree
    text: str = ""
    is_json: bool = False
    folder: Path | None = None
    base: str | None = None
    is_recipe: bool = False

    @property
    def title(self) -> str:
        """How messages call it."""
        return f"recipe {self.name!r}" if self.is_recipe else self.name

    def is_the_same_as(self, other: Document) -> bool:
        """Whether both are one recipe, or one file by whatever path."""
        if not self.text or not other.text or self.is_recipe != other.is_recipe:
            return False
        return self.name == other.name if self.is_recipe else _is_one_file(self.name, other.name)


def documents_of(source: Mapping[str, Any] | str | Path) -> tuple[Document, ...]:
    """All that a source is written in: itself last, each after the one that it extends.

    ``extends = "moons"`` names a recipe, or a file by a path that begins in the folder of the
    one that says so.

    Raises :class:`ConfigurationError` if a document comes back to itself, or extends what is not
    there, and what :func:`document_of` raises.

    >>> [document.title for document in documents_of({"extends": "moons"})]
    ["recipe 'moons'", 'the configuration']
    """
    found = [document_of(source)]
    while found[0].base is not None:
        below = _base_of(found[0], found[0].base)
        for k, document in enumerate(found):
            if below.is_the_same_as(document):
                way = [each.title for each in (below, *found[: k + 1])]
                raise ConfigurationError(
                    f"{' extends '.join(reversed(way))}: what each says would have no end",
                    expected="no circle",
                    remedy=f"take one {EXTENDS} out",
                    path=EXTENDS,
                    file=found[0].name,
                )
        found.insert(0, below)
    return tuple(found)


def _base_of(document: Document, base: str) -> Document:
    """What a document extends: a file beside it, or else a recipe."""
    path = (document.folder or Path()) / path_of(base, EXTENDS)
    if is_file(path) and not document.is_recipe:
        return _file(path)
    if recipe := _recipe(base):
        return recipe
    known = [recipe.name for recipe in recipes()]
    wanted = "recipe" if document.is_recipe else "file and no recipe"
    raise ConfigurationError(
        f"{document.title} extends {short_repr(base)}, and no {wanted} is named so",
        remedy=did_you_mean(base, known, f"recipes: {', '.join(known)}"),
        got=base,
        path=EXTENDS,
    )


def document_of(source: Mapping[str, Any] | str | Path) -> Document:
    """One document from a dict, a TOML or JSON file, or a recipe.

    Raises :class:`ConfigurationError` if there is no such file or recipe, or if its text is
    malformed (with the line), and :class:`FileError` if a file cannot be read.
    """
    if isinstance(source, Mapping):
        return _apart(Document("the configuration", copied(source)))
    path = path_of(source, "the configuration")
    if is_file(path):
        return _file(path)
    if recipe := _recipe(str(source)):
        return recipe
    known = [recipe.name for recipe in recipes()]
    raise ConfigurationError(
        f"no file and no recipe is named {str(source)!r}",
        remedy=did_you_mean(str(source), known, f"recipes: {', '.join(known)}"),
        got=source,
    )


def _file(path: Path) -> Document:
    text, is_json = read_text(path), path.suffix == ".json"
    folder = path.absolute().parent
    folder = folder.resolve() if ".." in folder.parts else folder
    return _apart(Document(str(path), _parsed(text, str(path), is_json), text, is_json, folder))


def _recipe(name: str) -> Document | None:
    recipe = recipe_of(name)
    if recipe is None:
        return None
    tree = _parsed(recipe.text, recipe.name, is_json=False)
    return _apart(Document(recipe.name, tree, recipe.text, is_recipe=True))


def _apart(document: Document) -> Document:
    """The document with what it says of itself taken out of its tree."""
    base = document.tree.pop(EXTENDS, None)
    document.tree.pop(FOR_EDITORS, None)
    if base is not None and (not isinstance(base, str) or not base):
        raise ConfigurationError(
            f"got {shown(base)}",
            expected="the name of a recipe, or the path of a file",
            got=base,
            path=EXTENDS,
        )
    return evolve(document, base=base)


def _is_one_file(path: str, other: str) -> bool:
    return os.path.realpath(path) == os.path.realpath(other)


def is_file(path: Path) -> bool:
    """Whether a source is a file, rather than the name of a recipe."""
    return path.suffix in (".toml", ".json") or path.is_file()


@contextmanager
def not_too_deep(where: str) -> Iterator[None]:
    """Refuse what is nested so deeply that Python gives up; ``where`` is what was being read."""
    try:
        yield
    except RecursionError as error:
        raise ConfigurationError(
            f"{where} is nested too deeply to be read", expected="tables in tables, not more"
        ) from error


def _parsed(text: str, where: str, is_json: bool) -> Tree:
    try:
        with not_too_deep(where):
            tree = json.loads(text) if is_json else tomllib.loads(text)
    except ConfigurationError:
        raise
    except ValueError as error:
        raise ConfigurationError(
            f"{where} is not valid {'JSON' if is_json else 'TOML'}: {_at_line(error, text)}",
            remedy="correct that line",
            file=where,
        ) from error
    if not isinstance(tree, dict):
        raise ConfigurationError(
            f"{where} holds {shown(tree)}", expected="a table at the top", got=tree, file=where
        )
    return tree


def _at_line(error: ValueError, text: str) -> str:
    """The message with a line number even where it says "at end of document"."""
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} (at line {error.lineno}, column {error.colno})"
    last = text.rstrip("\n").count("\n") + 1
    return str(error).replace("at end of document", f"at line {last}, the end of the document")


def copied(tree: Any, inside: frozenset[int] = frozenset()) -> Any:
    """Tables and lists of their own; ``inside`` says what they stand in, for nothing holds itself.

    >>> copied({"sizes": (2, 1)})
    {'sizes': [2, 1]}
    """
    if not isinstance(tree, (Mapping, list, tuple)):
        return pythonic(tree)
    if id(tree) in inside:
        raise ConfigurationError(
            "a list or table of the configuration holds itself", expected="tables in tables"
        )
    inside = inside | {id(tree)}
    if isinstance(tree, Mapping):
        return {
            key: x if type(x) in PLAIN else copied(x, inside) for key, x in tree.items()
        }  # fmt: skip
    return [x if type(x) in PLAIN else copied(x, inside) for x in tree]
