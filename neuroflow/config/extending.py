"""Extending: one tree from all the documents that a configuration is written in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from pathlib import Path
from typing import Any

from neuroflow.config.changing import extended
from neuroflow.config.reading import Document, documents_of
from neuroflow.config.settings import Tree


def read(source: Mapping[str, Any] | str | Path) -> tuple[Tree, str]:
    """A tree, and what to call it in messages, from a dict, a TOML or JSON file, or a recipe.

    What it extends is in the tree; variables are not yet replaced. Raises what
    :func:`~neuroflow.config.reading.documents_of` raises.

    >>> tree, where = read({"extends": "moons", "data": {"noise": 0.2}})
    >>> tree["data"], where
    ({'use': 'moons', 'points': 100, 'noise': 0.2}, 'the configuration')
    """
    documents = documents_of(source)
    return together(documents), documents[-1].title


def together(documents: Sequence[Document]) -> Tree:
    """The tree of documents of which each extends the one before it."""
    return reduce(extended, (document.tree for document in documents))


def document_with(path: str, documents: Sequence[Document]) -> Document | None:
    """The document whose word counts at a path: the last that has something there.

    >>> documents = documents_of({"extends": "moons", "data": {"noise": 0.2}})
    >>> [document_with(path, documents).name for path in ("data.noise", "data.points")]
    ['the configuration', 'moons']
    """
    return next((each for each in reversed(documents) if _has(each.tree, path.split("."))), None)


def _has(tree: Any, keys: Sequence[str]) -> bool:
    """Whether a tree has something at a path, or a text or a number on the way to it."""
    if not keys:
        return True
    if isinstance(tree, list):
        return keys[0].isdigit() and int(keys[0]) < len(tree) and _has(tree[int(keys[0])], keys[1:])
    return not isinstance(tree, Mapping) or (keys[0] in tree and _has(tree[keys[0]], keys[1:]))
