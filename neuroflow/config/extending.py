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
    keys = path.split(".")
    for k in reversed(range(len(documents))):
        if has(documents[k].tree, keys):
            return documents[k]
        if not has(together(documents[: k + 1]), keys):
            return None  # what those below say there was left behind
    return None


def has(tree: Any, keys: Sequence[str]) -> bool:
    """Whether a tree says something at a path: a name is the ``use`` of its table.

    >>> has({"loss": "hinge"}, ["loss", "use"]), has({"loss": "hinge"}, ["loss", "margin"])
    (True, False)
    """
    if not keys:
        return True
    if isinstance(tree, str):
        return list(keys) == ["use"] or "${" in tree
    inner = child(tree, keys[0])
    return inner is not ... and has(inner, keys[1:])


def child(tree: Any, key: str) -> Any:
    """What a table or a list has at a key, or at a position; ``...`` if nothing."""
    if isinstance(tree, list) and key.isdigit() and int(key) < len(tree):
        return tree[int(key)]
    return tree.get(key, ...) if isinstance(tree, Mapping) else ...
