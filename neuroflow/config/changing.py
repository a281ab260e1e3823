"""Changing: single keys of a tree set by their paths, as ``--set`` does."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from neuroflow.config.reading import copied
from neuroflow.config.settings import SECTIONS, Tree
from neuroflow.core.types import shown
from neuroflow.errors import ConfigurationError, require, short_repr


def changed(tree: Mapping[str, Any], changes: Mapping[str, Any] | Iterable[str]) -> Tree:
    """The tree with some keys set: ``["optimizer.learning_rate=0.1"]`` or a dict of the same.

    Values in text are TOML (``3``, ``[2, 8, 1]``, ``{use = "adam"}``) or else plain words.
    Lists are reached by number: ``model.layers.0.sizes=[2, 4]``. Setting ``train.steps`` takes
    ``train.epochs`` away, and the other way round: a run is as long as was said last. With
    ``optimizer.learning_rate`` the end of the schedule, its ``to``, moves in proportion, unless
    it is set too: a smaller rate must not rise to the end of a larger one.

    >>> changed({"optimizer": "sgd"}, ["optimizer.learning_rate=0.5"])
    {'optimizer': {'use': 'sgd', 'learning_rate': 0.5}}
    """
    result: Tree = copied(tree)
    if isinstance(changes, str):
        changes = [changes]
    require(changes, Iterable, "what is to be set", "a dict, or a list of texts such as 'a.b=3'")
    pairs = list(changes.items() if isinstance(changes, Mapping) else map(_assignment, changes))
    before = _learning_rate(result)
    for path, value in pairs:
        _set(result, path, value)
    _settle(result, before, [path for path, _ in pairs])
    return result


def extended(base: Mapping[str, Any], over: Mapping[str, Any]) -> Tree:
    """The tree of a document that extends another: tables go together, key by key.

    Texts, numbers and lists take the place of what the base has there, and so does a table with
    another ``use``, which starts anew. The length of a run and the end of the schedule follow as
    they do in :func:`changed`.

    >>> base = {"model": {"use": "mlp", "sizes": [2, 8, 1]}, "train": {"steps": 9, "seed": 1}}
    >>> extended(base, {"model": {"sizes": [2, 1]}, "train": {"epochs": 3}})
    {'model': {'use': 'mlp', 'sizes': [2, 1]}, 'train': {'seed': 1, 'epochs': 3}}
    """
    result: Tree = _merged(copied(base), copied(over), "")
    _settle(result, _learning_rate(copied(base)), _leaves(over))
    return result


def _merged(base: Any, over: Any, path: str) -> Any:
    if isinstance(base, str) and isinstance(over, Mapping) and path not in _no_names():
        base = {"use": base}
    if not isinstance(base, Mapping) or not isinstance(over, Mapping):
        return over
    if "use" in over and over["use"] != base.get("use"):
        return over
    inner = {key: _merged(base[key], over[key], f"{path}.{key}".lstrip(".")) for key in base
             if key in over}  # fmt: skip
    return {**base, **over, **inner}


@cache
def _no_names() -> frozenset[str]:
    """Paths at which a text is no name, so that no settings can be added to it."""
    return frozenset(
        f"{section.name}.{setting.name}"
        for section in SECTIONS
        for setting in section.settings
        if not setting.part
    )


def _leaves(tree: Mapping[str, Any], path: str = "") -> list[str]:
    """The paths of all that is said in a tree, without the tables that it is said in."""
    found: list[str] = []
    for key, value in tree.items():
        here = f"{path}.{key}" if path else str(key)
        is_table = isinstance(value, Mapping)
        found += _leaves(value, here) if is_table else [here] if value is not None else []
    return found


def _settle(tree: Tree, before: float | None, paths: Sequence[str]) -> None:
    """What follows from paths that were set: the end of the schedule, and one length of the run.

    ``before`` was the learning rate.
    """
    if not any(path.startswith("optimizer.schedule") or path == "optimizer" for path in paths):
        _keep_end_of_schedule(tree, before)
    lengths = {*paths} & {"train.steps", "train.epochs"}
    if len(lengths) == 1 and isinstance(tree["train"], dict):
        tree["train"].pop("epochs" if "train.steps" in lengths else "steps", None)


def paths_of(changes: Mapping[str, Any] | Iterable[str]) -> tuple[str, ...]:
    """The paths of the keys that changes set.

    >>> paths_of(["optimizer.learning_rate=0.5"])
    ('optimizer.learning_rate',)
    """
    if isinstance(changes, str):
        changes = [changes]
    return tuple(str(change).partition("=")[0].strip() for change in changes)


def differences(tree: Any, other: Any, path: str = "") -> dict[str, tuple[Any, Any]]:
    """The paths at which two trees differ, each with both values; None is a missing key.

    >>> differences({"train": {"steps": 9, "seed": 1}}, {"train": {"steps": 5, "seed": 1}})
    {'train.steps': (9, 5)}
    """
    if not (isinstance(tree, Mapping) and isinstance(other, Mapping)):
        return {} if copied(tree) == copied(other) else {path: (tree, other)}
    found: dict[str, tuple[Any, Any]] = {}
    for key in dict.fromkeys([*tree, *other]):
        inner = f"{path}.{key}" if path else str(key)
        found |= differences(tree.get(key), other.get(key), inner)
    return found


def _learning_rate(tree: Tree) -> float | None:
    optimizer = tree.get("optimizer")
    rate = optimizer.get("learning_rate") if isinstance(optimizer, dict) else None
    if isinstance(rate, bool) or not isinstance(rate, (int, float)):
        return None
    return float(rate) if 0 < rate <= sys.float_info.max else None


def _keep_end_of_schedule(tree: Tree, before: float | None) -> None:
    now = _learning_rate(tree)
    if before is not None and now is not None and now != before:
        scale_schedule(tree["optimizer"], now / before)


def scale_schedule(optimizer: Tree, factor: float) -> None:
    """Let the learning rate end as many times higher as it begins: to twelve digits.

    >>> optimizer = {"schedule": {"use": "linear", "to": 0.1}}
    >>> scale_schedule(optimizer, 3.0)
    >>> optimizer["schedule"]["to"]
    0.3
    """
    schedule = optimizer.get("schedule")
    if isinstance(schedule, dict) and type(schedule.get("to")) in (int, float):
        schedule["to"] = float(f"{schedule['to'] * factor:.12g}")


def _assignment(text: str) -> tuple[str, Any]:
    require(text, str, "a setting", "a text: PATH=VALUE, such as optimizer.learning_rate=0.1")
    path, equals, value = text.partition("=")
    if not equals or not path.strip():
        raise ConfigurationError(
            f"{short_repr(text)} sets nothing",
            remedy="write PATH=VALUE, such as optimizer.learning_rate=0.1",
            got=text,
        )
    try:
        return path.strip(), tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return path.strip(), value.strip()
    except (ValueError, RecursionError) as error:  # numbers of 5,000 digits, lists in lists in ...
        raise ConfigurationError(
            f"the value of {shown(path.strip())} cannot be read: {error}",
            expected="a number, a text, a list or a table",
        ) from error


def _set(tree: Tree, path: str, value: Any) -> None:
    require(path, str, "the path of a setting", "a text, such as optimizer.learning_rate")
    *parents, last = path.split(".")
    here: Any = tree
    for name in parents:
        key = _key(here, name, path)
        below = here[key] if isinstance(here, list) else here.setdefault(key, {})
        if isinstance(below, str):
            below = here[key] = {"use": below}
        if not isinstance(below, (dict, list)):
            what = f"{name} is {shown(below)}, which has no keys"
            raise ConfigurationError(what, got=below, path=path)
        here = below
    here[_key(here, last, path)] = value


def _key(here: Any, name: str, path: str) -> Any:
    if isinstance(here, dict):
        return name
    if not name.isdigit() or int(name) >= len(here):
        raise ConfigurationError(
            f"{name!r} is no position in a list of {len(here)}",
            remedy=f"use a number from 0 to {len(here) - 1}",
            got=name,
            path=path,
        )
    return int(name)
