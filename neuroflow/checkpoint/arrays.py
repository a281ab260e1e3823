"""Arrays: numbers with dotted names as tensors, and back.

Only reading needs numpy, which is imported there: a browser writes files without it.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping, Sequence
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

OPTIMIZER = "optimizer:"
Arrays = dict[str, "np.ndarray[Any, Any]"]
Shape = tuple[int, ...]
Tensors = dict[str, tuple[Shape, bytes]]
"""The shape of each tensor and its numbers, as little-endian float64."""


def gathered(state: Mapping[str, float]) -> Tensors:
    """The tensors of :func:`grouped`, as the bytes that a file has of them.

    >>> gathered({"w.0": 1.0, "w.1": 2.0})["w"][0]
    (2,)
    """
    return {name: tensor(numbers, shape) for name, (shape, numbers) in grouped(state).items()}


def tensor(numbers: Sequence[float], shape: Shape) -> tuple[Shape, bytes]:
    """Numbers as one tensor of a shape."""
    return shape, struct.pack(f"<{len(numbers)}d", *numbers)


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
    """The numbers of arrays by their dotted names: the inverse of :func:`gathered`."""
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


def digest_of(tensors: Mapping[str, tuple[Shape, bytes]]) -> str:
    """The checksum of tensors, whatever their order."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        shape, content = tensors[name]
        digest.update(f"{name}{shape}".encode())
        digest.update(content)
    return digest.hexdigest()
