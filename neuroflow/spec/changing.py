"""Changing: single keys of a tree set by their paths, as ``--set`` does."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from typing import Any

from neuroflow.base.errors import ConfigurationError
from neuroflow.spec.hints import shown
from neuroflow.spec.reading import copied
from neuroflow.spec.settings import Tree


def changed(tree: Mapping[str, Any], changes: Mapping[str, Any] | Iterable[str]) -> Tree:
    """The tree with some keys set: ``["optimizer.learning_rate=0.1"]`` or a dict of the same.

    Values in text are TOML (``3``, ``[2, 8, 1]``, ``{use = "adam"}``) or else plain words.
    Lists are reached by number: ``model.layers.0.sizes=[2, 4]``. Setting ``train.steps`` takes
    ``train.epochs`` away, and the other way round: a run is as long as was said last.

    >>> changed({"optimizer": "sgd"}, ["optimizer.learning_rate=0.5"])
    {'optimizer': {'use': 'sgd', 'learning_rate': 0.5}}
    """
    result: Tree = copied(tree)
    pairs = list(changes.items() if isinstance(changes, Mapping) else map(_assignment, changes))
    for path, value in pairs:
        _set(result, path, value)
    lengths = {path for path, _ in pairs} & {"train.steps", "train.epochs"}
    if len(lengths) == 1:
        result["train"].pop("epochs" if "train.steps" in lengths else "steps", None)
    return result


def _assignment(text: str) -> tuple[str, Any]:
    path, equals, value = text.partition("=")
    if not equals or not path.strip():
        raise ConfigurationError(
            f"{text!r} sets nothing; write PATH=VALUE, such as optimizer.learning_rate=0.1"
        )
    try:
        return path.strip(), tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return path.strip(), value.strip()


def _set(tree: Tree, path: str, value: Any) -> None:
    *parents, last = path.split(".")
    here: Any = tree
    for name in parents:
        key = _key(here, name, path)
        below = here[key] if isinstance(here, list) else here.setdefault(key, {})
        if isinstance(below, str):
            below = here[key] = {"use": below}
        if not isinstance(below, (dict, list)):
            raise ConfigurationError(f"{path}: {name} is {shown(below)}, which has no keys")
        here = below
    here[_key(here, last, path)] = value


def _key(here: Any, name: str, path: str) -> Any:
    if isinstance(here, dict):
        return name
    if not name.isdigit() or int(name) >= len(here):
        raise ConfigurationError(
            f"{path}: {name!r} is no position in a list of {len(here)};"
            f" use a number from 0 to {len(here) - 1}"
        )
    return int(name)
