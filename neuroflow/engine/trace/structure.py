"""Structures: nested lists and dicts of numbers as one flat row, and what their nesting looks like.

A function is traced once per structure. ``"f"`` stands for a number and ``"i"`` for an integer,
which may be an index; a list is a tuple of its entries' structures, a dict :class:`Named` ones.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

from attrs import frozen

from neuroflow.core.value import Value
from neuroflow.errors import InputError

Structure = Any

LARGEST = sys.float_info.max
_ONLY_FLOATS = {float}


@frozen
class Named:
    """The structure of a dict: its keys, and the structures of what stands under them."""

    keys: tuple[Any, ...]
    entries: tuple[Structure, ...]


def flatten(x: Any) -> tuple[list[float], Structure]:
    """The numbers of nested lists, and their structure.

    >>> flatten([1.5, [2, 3]])
    ([1.5, 2, 3], ('f', ('i', 'i')))
    """
    numbers: list[float] = []
    return numbers, _flatten(x, numbers)


def _flatten(x: Any, numbers: list[float]) -> Structure:
    kind = type(x)
    if kind is float:
        numbers.append(x)
        return "f"
    if kind is int:
        if not -LARGEST <= x <= LARGEST:
            raise InputError("an input is beyond all floats", expected="at most 1.8e308")
        numbers.append(x)
        return "i"
    if kind is list or kind is tuple:
        if _ONLY_FLOATS.issuperset(map(type, x)):  # as most rows of data are
            numbers += x
            return ("f",) * len(x)
        return tuple([_flatten(entry, numbers) for entry in x])
    if kind is dict:
        return Named(tuple(x), tuple([_flatten(entry, numbers) for entry in x.values()]))
    if isinstance(x, Value):
        return _flatten(x.data, numbers)
    if hasattr(x, "tolist"):  # numpy arrays and numbers
        return _flatten(x.tolist(), numbers)
    if isinstance(x, bool):
        return _flatten(float(x), numbers)
    raise InputError(
        f"a compiled function got an input of type {type(x).__name__}: {x!r}",
        remedy="inputs are numbers, and nested lists and dicts of numbers; give everything else"
        " to the function through its model or a closure",
        got=x,
    )


def rebuild(structure: Structure, make: Callable[[str], Any]) -> Any:
    """The nested lists of a structure, each number made by ``make("f")`` or ``make("i")``."""
    if isinstance(structure, str):
        return make(structure)
    if isinstance(structure, Named):
        pairs = zip(structure.keys, structure.entries, strict=True)
        return {key: rebuild(entry, make) for key, entry in pairs}
    return [rebuild(entry, make) for entry in structure]


def leaves(structure: Structure) -> Iterator[str]:
    """The kinds of the numbers of a structure, in order."""
    if isinstance(structure, str):
        yield structure
    else:
        for entry in _entries(structure):
            yield from leaves(entry)


def _entries(structure: Structure) -> tuple[Structure, ...]:
    return structure.entries if isinstance(structure, Named) else structure


def describe(structure: Structure) -> str:
    """A structure in words.

    >>> describe((("f", "f"), "i"))
    '([2 numbers], integer)'
    """
    if isinstance(structure, str):
        return "number" if structure == "f" else "integer"
    if isinstance(structure, Named):
        pairs = zip(structure.keys, structure.entries, strict=True)
        return "{" + ", ".join(f"{key}: {_part(entry)}" for key, entry in pairs) + "}"
    return f"({', '.join(_part(entry) for entry in structure)})"


def _part(structure: Structure) -> str:
    if isinstance(structure, (str, Named)):
        return describe(structure)
    if structure and len(set(structure)) == 1 and isinstance(structure[0], str):
        plural = "" if len(structure) == 1 else "s"
        return f"[{len(structure)} {describe(structure[0])}{plural}]"
    if structure and len(set(structure)) == 1:
        return f"[{len(structure)} x {_part(structure[0])}]"
    return f"[{', '.join(_part(entry) for entry in structure)}]"


def difference(a: Structure, b: Structure, path: str = "inputs") -> str:
    """Where two structures differ first, in words; empty if they do not."""
    if a == b:
        return ""
    if isinstance(a, str) or isinstance(b, str) or type(a) is not type(b):
        return f"{path} was {_part(a)} and became {_part(b)}"
    keys = a.keys if isinstance(a, Named) else range(len(a))
    if isinstance(a, Named) and a.keys != b.keys:
        return f"{path} had the keys {', '.join(map(str, a.keys))} and then {describe(b)}"
    a, b = _entries(a), _entries(b)
    if len(a) != len(b):
        return f"{path} had length {len(a)} and then {len(b)}"
    inner = (difference(x, y, f"{path}[{k}]") for k, x, y in zip(keys, a, b, strict=True))
    return next(filter(None, inner))
