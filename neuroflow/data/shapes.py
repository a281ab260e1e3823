"""Shapes: inputs that are no flat rows, but lists in lists, or tuples and dicts of such.

An image is a list of rows, a time series a list of points, and a pair that is to be compared a
tuple. A model takes them as they are; numbers that are all whole stay whole, for they may choose
(the rows of an embedding), and all others are floats.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from neuroflow.errors import InputError, short_repr
from neuroflow.pythonic import pythonic


def is_shaped(inputs: Sequence[Any]) -> bool:
    """Whether the inputs are no flat rows of numbers, as the first of them tells.

    >>> is_shaped([[1.0, 2.0]]), is_shaped([[[1.0], [2.0]]]), is_shaped([{"a": [1.0]}])
    (False, True, True)
    """
    first = pythonic(inputs[0])
    if isinstance(first, dict):
        return True
    entries = first if isinstance(first, (list, tuple)) else ()
    return any(isinstance(pythonic(entry), (list, tuple, dict)) for entry in entries)


def is_structured(answer: Any) -> bool:
    """Whether an answer or a target is more than a number or a list of numbers.

    >>> is_structured([1.0, 2.0]), is_structured([[1.0], [2.0]]), is_structured({"a": 1.0})
    (False, True, True)
    """
    return isinstance(answer, dict) or (isinstance(answer, (list, tuple)) and is_shaped([answer]))


def shaped(inputs: Sequence[Any], what: str) -> list[Any]:
    """Inputs of any shape with Python's own finite numbers; ``what`` names them in messages.

    Whether numbers are all whole is asked of each part of a tuple or a dict by itself.

    >>> shaped([([1, 2], [0.5, 1]), ([3, 4], [2, 2])], "the inputs")
    [([1, 2], [0.5, 1.0]), ([3, 4], [2.0, 2.0])]
    """
    keys = _keys(inputs)
    if not keys:
        return _one_kind(inputs, what)
    parts = {key: _one_kind([x[key] for x in inputs], f"{what}, part {key!r}") for key in keys}
    if isinstance(inputs[0], dict):
        return [{key: parts[key][k] for key in keys} for k in range(len(inputs))]
    return [tuple(parts[key][k] for key in keys) for k in range(len(inputs))]


def _keys(inputs: Sequence[Any]) -> list[Any]:
    """What the parts of every input are called, if all are dicts or tuples with the same."""
    first = inputs[0]
    if isinstance(first, dict) and all(
        isinstance(x, dict) and set(x) == set(first) for x in inputs
    ):
        return list(first)
    if isinstance(first, tuple) and all(type(x) is tuple and len(x) == len(first) for x in inputs):
        return list(range(len(first)))
    return []


def _one_kind(parts: Sequence[Any], what: str) -> list[Any]:
    """The same part of all inputs: whole if all numbers in them are, else floats."""
    plain = [_plain(part, f"{what} of row {k}") for k, part in enumerate(parts)]
    if all(type(x) is int for part in plain for x in _leaves(part)):
        return plain
    return [_floats(part) for part in plain]


def _plain(part: Any, where: str) -> Any:
    part = pythonic(part)
    if isinstance(part, dict):
        return {key: _plain(entry, where) for key, entry in part.items()}
    if isinstance(part, (list, tuple)):
        if all(type(x) is float for x in part) and all(map(math.isfinite, part)):
            return list(part)  # most of all numbers, at the speed of C
        return type(part)([_plain(entry, where) for entry in part])
    if isinstance(part, bool):
        return float(part)
    if not isinstance(part, (int, float)) or not math.isfinite(part):
        expected = "numbers that are finite, in lists, tuples or dicts"
        raise InputError(f"{where} holds {short_repr(part)}", expected=expected, got=part)
    return part


def _leaves(part: Any) -> Iterator[Any]:
    if isinstance(part, (list, tuple, dict)):
        for entry in part.values() if isinstance(part, dict) else part:
            yield from _leaves(entry)
    else:
        yield part


def _floats(part: Any) -> Any:
    if isinstance(part, dict):
        return {key: _floats(entry) for key, entry in part.items()}
    if isinstance(part, (list, tuple)):
        return type(part)([_floats(entry) for entry in part])
    return float(part)
