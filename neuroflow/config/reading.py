"""Reading: a tree from a dict, from a file of TOML or JSON, or from a recipe."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from neuroflow.config.recipe import recipe_of, recipes
from neuroflow.config.settings import Tree
from neuroflow.core.types import shown
from neuroflow.errors import ConfigurationError, did_you_mean
from neuroflow.files import path_of, read_text
from neuroflow.pythonic import pythonic


def read(source: Mapping[str, Any] | str | Path) -> tuple[Tree, str]:
    """A tree, and what to call it in messages, from a dict, a TOML or JSON file, or a recipe.

    Raises :class:`ConfigurationError` if there is no such file or recipe, or if its text is
    malformed (with the line), and :class:`FileError` if a file cannot be read.
    """
    if isinstance(source, Mapping):
        return copied(source), "the configuration"
    path = path_of(source, "the configuration")
    if _is_file(path):
        text = read_text(path)
        return _parsed(text, str(path), is_json=path.suffix == ".json"), str(path)
    if recipe := recipe_of(str(source)):
        return _parsed(recipe.text, recipe.name, is_json=False), f"recipe {recipe.name!r}"
    known = [recipe.name for recipe in recipes()]
    raise ConfigurationError(
        f"no file and no recipe is named {str(source)!r}",
        remedy=did_you_mean(str(source), known, f"recipes: {', '.join(known)}"),
        got=source,
    )


def folder_of(source: Mapping[str, Any] | str | Path) -> Path | None:
    """Where the paths in a source begin: in the folder of its file; None for the caller's."""
    if isinstance(source, Mapping) or not _is_file(Path(source)):
        return None
    return Path(source).absolute().parent


def _is_file(path: Path) -> bool:
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
        return {key: copied(value, inside) for key, value in tree.items()}
    return [copied(x, inside) for x in tree]
