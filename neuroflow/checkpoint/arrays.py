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

from neuroflow.checkpoint.container import DTYPES, Shape
from neuroflow.errors import StateError

if TYPE_CHECKING:
    import numpy as np

OPTIMIZER = "optimizer:"
Arrays = dict[str, "np.ndarray[Any, Any]"]
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


def exactly(dtype: str, content: bytes | memoryview) -> np.ndarray[Any, Any]:
    """The numbers of a tensor as float64, of which each has the value that it had.

    Raises :class:`StateError` for a kind of numbers that is not known, and for a whole number
    that may be no float64.
    """
    import numpy as np

    if dtype not in DTYPES:
        what = f"numbers of the kind {dtype[:20]!r}"
        raise StateError(what, expected=f"one of {', '.join(DTYPES)}", remedy=REMEDY)
    if dtype == "BF16":  # the upper half of a float32
        halves = np.frombuffer(content, "<u2").astype("<u4") << np.uint32(16)
        return halves.view("<f4").astype(np.float64)
    numbers = np.frombuffer(content, _NUMPY[dtype])
    floats = numbers.astype(np.float64)
    if dtype in ("I64", "U64") and ((numbers > 2**53) | (numbers < -(2**53))).any():
        raise StateError("a whole number beyond 2^53, which may be no float64", remedy=REMEDY)
    return floats


REMEDY = "save the model with numbers in float64"
_NUMPY = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "BOOL": "?",
    "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1",
    "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "u1",
}  # fmt: skip
"""How numpy calls the kinds of numbers in a file."""


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


def digest_of(tensors: Mapping[str, tuple[Shape, bytes | memoryview]]) -> str:
    """The checksum of tensors, whatever their order."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        shape, content = tensors[name]
        digest.update(f"{name}{shape}".encode("utf-8", "surrogatepass"))  # any text is a name
        digest.update(content)
    return digest.hexdigest()
