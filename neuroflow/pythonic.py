"""Numbers that come in: numpy's become Python's own, and what is not whole or finite is refused."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from neuroflow.errors import InputError, short_repr

_PLAIN = (float, int, bool, str, list, tuple, dict, type(None))


def pythonic(value: Any) -> Any:
    """A number or an array of numpy as Python's own number or lists; all else is itself.

    >>> pythonic(3), pythonic([1.5])
    (3, [1.5])
    """
    if type(value) in _PLAIN:
        return value
    # numpy itself is not imported; its class is asked, for any name may be an op of a Value
    return value.tolist() if hasattr(type(value), "tolist") else value


def pythonic_settings(given: Mapping[str, Any]) -> dict[str, Any]:
    """Settings with Python's own numbers, in lists too, where numpy's were given."""
    return {name: pythonic_parts(value) for name, value in given.items()}


def pythonic_parts(value: Any) -> Any:
    """:func:`pythonic`, in lists and tuples too."""
    if type(value) in (list, tuple):
        return type(value)(map(pythonic_parts, value))
    return pythonic(value)


def pythonic_input(value: Any) -> Any:
    """What a model is called with: arrays as lists, also those in a list or a dict.

    A list is looked at by its first entry alone, for models are called by the million.

    >>> pythonic_input([[1.0, 2.0], {"a": 3}])
    [[1.0, 2.0], {'a': 3}]
    """
    kind = type(value)
    if kind is list or kind is tuple:
        return value if _is_plain(value) else kind(map(pythonic_input, value))
    if kind is dict:
        return {key: pythonic_input(part) for key, part in value.items()}
    for method in ("tolist", "to_list"):  # of the class: a Value has any method that is an op
        if hasattr(kind, method):
            return getattr(value, method)()
    return value


def _is_plain(entries: Sequence[Any]) -> bool:
    """Whether a list holds numbers or Values, as its first entry tells, and no arrays."""
    kind = type(entries[0]) if entries else float
    return kind not in (list, tuple, dict) and not hasattr(kind, "tolist")


def whole_number(value: Any, role: str, low: int = 0, high: int = sys.maxsize) -> int:
    """The value as an int from ``low`` to ``high``; ``role`` names it in the error.

    >>> whole_number(3, "the batch")
    3
    """
    value = pythonic(value)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        most = f" to {high}" if high < sys.maxsize else " on"
        expected = f"a whole number from {low}{most}"
        raise InputError(f"{role} is {_shown(value)}", expected=expected, got=value)
    return value


def finite_number(value: Any, role: str, low: float = -sys.float_info.max) -> float:
    """The value as a finite float, at least ``low``; ``role`` names it in the error.

    >>> finite_number(3, "the penalty")
    3.0
    """
    value = pythonic(value)
    fits = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not fits or not low <= value <= sys.float_info.max:
        least = f", at least {low:g}" if low > -sys.float_info.max else ""
        expected = f"a finite number{least}"
        raise InputError(f"{role} is {_shown(value)}", expected=expected, got=value)
    return float(value)


def _shown(value: Any) -> str:
    """A value in a message; Python spells no int of more than 4,300 digits."""
    huge = isinstance(value, int) and abs(value) >= 10**60
    return f"a whole number of {value.bit_length()} bits" if huge else short_repr(value)
