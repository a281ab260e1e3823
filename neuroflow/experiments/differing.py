"""The settings in which runs differ, each under a name as short as it can be told apart by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from neuroflow.config.toml import inline


def flattened(tree: Mapping[str, Any], path: str = "") -> dict[str, Any]:
    """Every setting of a tree by its path; lists are one setting.

    >>> flattened({"optimizer": {"use": "sgd", "learning_rate": 0.1}})
    {'optimizer.use': 'sgd', 'optimizer.learning_rate': 0.1}
    """
    found: dict[str, Any] = {}
    for key, value in tree.items():
        inner = f"{path}.{key}" if path else str(key)
        found |= flattened(value, inner) if isinstance(value, Mapping) else {inner: value}
    return found


def differing(trees: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """The paths at which trees differ, each with the value of every tree; None where it has none.

    Those that every tree has come first: the others belong to parts that only some have.

    >>> differing([{"train": {"seed": 1, "steps": 9}}, {"train": {"seed": 2, "steps": 9}}])
    {'train.seed': [1, 2]}
    """
    flat = list(map(flattened, trees))
    paths = dict.fromkeys(path for tree in flat for path in tree)
    columns = {path: [tree.get(path) for tree in flat] for path in paths}
    found = {path: each for path, each in columns.items() if any(x != each[0] for x in each)}
    return dict(sorted(found.items(), key=lambda pair: None in pair[1]))


def short_names(paths: Iterable[str], taken: Iterable[str] = ()) -> dict[str, str]:
    """Each path with its shortest end that no other has, nor is taken; ``use`` goes unsaid.

    >>> short_names(["optimizer.learning_rate", "model.use", "model.activation.use"])
    {'optimizer.learning_rate': 'learning_rate', 'model.use': 'model', ...}
    >>> short_names(["model.bias", "model.head.bias"])
    {'model.bias': 'model.bias', 'model.head.bias': 'head.bias'}
    """
    words = {path: path.removesuffix(".use").split(".") for path in paths}
    ends = {
        path: [".".join(parts[k:]) for k in range(len(parts) - 1, -1, -1)]
        for path, parts in words.items()
    }
    counts = Counter([*(end for each in ends.values() for end in each), *taken])
    return {
        path: next((end for end in each if counts[end] == 1), path) for path, each in ends.items()
    }


def setting_text(value: Any) -> str:
    """A setting as a table shows it; empty for none.

    >>> setting_text(1e-3), setting_text([2, 8, 1]), setting_text("adam"), setting_text(None)
    ('0.001', '[2, 8, 1]', 'adam', '')
    """
    if value is None or isinstance(value, str):
        return value or ""
    return number_text(value) if isinstance(value, float) else inline(value)


def number_text(x: float | None) -> str:
    """A number as a table shows it; empty for none.

    >>> number_text(0.123456789), number_text(None)
    ('0.1235', '')
    """
    return "" if x is None else f"{x:.4g}"
