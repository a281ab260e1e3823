"""Plain numbers: those of numpy become Python's own wherever they come in, without numpy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_PLAIN = (float, int, bool, str, list, tuple, dict, type(None))


def pythonic(value: Any) -> Any:
    """A number or an array of numpy as Python's own number or lists; all else is itself.

    >>> pythonic(3), pythonic([1.5])
    (3, [1.5])
    """
    if type(value) in _PLAIN:
        return value
    tolist = getattr(value, "tolist", None)  # numpy itself is not imported
    return value if tolist is None else tolist()


def pythonic_settings(given: Mapping[str, Any]) -> dict[str, Any]:
    """Settings with Python's own numbers, in lists too, where numpy's were given."""
    return {name: pythonic_parts(value) for name, value in given.items()}


def pythonic_parts(value: Any) -> Any:
    """:func:`pythonic`, in lists and tuples too."""
    if type(value) in (list, tuple):
        return type(value)(map(pythonic_parts, value))
    return pythonic(value)
