"""Arrays: numbers with dotted names as tensors, and back."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from itertools import product
from math import prod
from typing import Any

import numpy as np

OPTIMIZER = "optimizer:"
Arrays = dict[str, np.ndarray[Any, Any]]


def gathered(state: Mapping[str, float]) -> Arrays:
    """Numbers named ``a.0``, ``a.1`` ... as one tensor ``a``; a full grid or single numbers.

    >>> {name: array.shape for name, array in gathered({"w.0": 1.0, "w.1": 2.0}).items()}
    {'w': (2,)}
    """
    groups: dict[str, dict[tuple[int, ...], float]] = {}
    for name, number in state.items():
        stem, index = _split(name)
        groups.setdefault(stem, {})[index] = number
    arrays: Arrays = {}
    for stem, numbers in groups.items():
        depths = {len(index) for index in numbers}
        shape = tuple(max(axis) + 1 for axis in zip(*numbers, strict=False))
        if len(depths) == 1 and prod(shape) == len(numbers) and stem:
            cells = [numbers[index] for index in product(*map(range, shape))]
            arrays[stem] = np.array(cells, dtype=np.float64).reshape(shape)
        else:
            for index, number in numbers.items():
                arrays[_joined(stem, index)] = np.array(number, dtype=np.float64)
    return arrays


def scattered(arrays: Arrays) -> dict[str, float]:
    """The inverse of :func:`gathered`."""
    state = {}
    for stem, array in arrays.items():
        if not stem.startswith(OPTIMIZER):
            for index in np.ndindex(array.shape):
                state[_joined(stem, index)] = float(array[index])
    return state


def _split(name: str) -> tuple[str, tuple[int, ...]]:
    words = name.split(".")
    index: list[int] = []
    while words and words[-1].isdigit():
        index.insert(0, int(words.pop()))
    return ".".join(words), tuple(index)


def _joined(stem: str, index: Sequence[int]) -> str:
    return ".".join([*([stem] if stem else []), *map(str, index)])


def digest_of(arrays: Arrays) -> str:
    digest = hashlib.sha256()
    for name in sorted(arrays):
        digest.update(f"{name}{arrays[name].shape}".encode())
        digest.update(arrays[name].tobytes())
    return digest.hexdigest()
