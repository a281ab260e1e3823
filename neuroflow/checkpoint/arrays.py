"""Arrays: numbers with dotted names as tensors, and back.

numpy is imported where it is used: a browser writes the same files without it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

OPTIMIZER = "optimizer:"
Arrays = dict[str, "np.ndarray[Any, Any]"]
Shape = tuple[int, ...]


def gathered(state: Mapping[str, float]) -> Arrays:
    """The tensors of :func:`grouped` as arrays."""
    import numpy as np

    return {
        name: np.array(numbers, dtype=np.float64).reshape(shape)
        for name, (shape, numbers) in grouped(state).items()
    }


def grouped(state: Mapping[str, float]) -> dict[str, tuple[Shape, list[float]]]:
    """Numbers named ``a.0``, ``a.1`` ... as one tensor ``a``; a full grid or single numbers.

    >>> grouped({"w.0": 1.0, "w.1": 2.0, "b": 3.0})
    {'w': ((2,), [1.0, 2.0]), 'b': ((), [3.0])}
    """
    groups: dict[str, dict[tuple[int, ...], float]] = {}
    for name, number in state.items():
        stem, index = _split(name)
        groups.setdefault(stem, {})[index] = number
    tensors: dict[str, tuple[Shape, list[float]]] = {}
    for stem, numbers in groups.items():
        depths = {len(index) for index in numbers}
        shape = tuple(max(axis) + 1 for axis in zip(*numbers, strict=False))
        if len(depths) == 1 and prod(shape) == len(numbers) and stem:
            cells = [numbers[index] for index in product(*map(range, shape))]
            tensors[stem] = (shape, cells)
        else:
            for index, number in numbers.items():
                tensors[_joined(stem, index)] = ((), [number])
    return tensors


def scattered(arrays: Arrays) -> dict[str, float]:
    """The inverse of :func:`gathered`."""
    import numpy as np

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
    """The checksum of arrays."""
    return digest_of_bytes({name: (a.shape, a.tobytes()) for name, a in arrays.items()})


def digest_of_bytes(tensors: Mapping[str, tuple[Shape, bytes]]) -> str:
    """The checksum of tensors, each with its shape and its bytes."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        shape, content = tensors[name]
        digest.update(f"{name}{shape}".encode())
        digest.update(content)
    return digest.hexdigest()
