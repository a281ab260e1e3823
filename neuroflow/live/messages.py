"""Messages from a page: plain dicts, checked before anything is done with them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from neuroflow.errors import InputError, NeuroflowError, did_you_mean

LONGEST_TEXT = 500
"""No text in a message is longer."""
MOST_ROWS = 400
"""A data set made by hand has at most so many points."""

MOST_WAYS = 40
"""No more parts of a receipt are opened at once."""

FIELDS: dict[str, tuple[str, ...]] = {
    "open": ("setup", "step"),
    "play": (),
    "pause": (),
    "step": ("count",),
    "reset": ("seed",),
    "speed": ("value",),
    "configure": ("setup",),
    "rows": ("rows",),
    "explain": ("what", "name", "row", "opened"),
    "what_if": ("name", "by"),
    "edit": ("name", "value"),
    "seek": ("step",),
    "export": ("what", "row"),
    "read": ("text", "temperature"),
    "invent": ("count",),
}
"""What a message may ask for (its key ``do``), and the keys that go with it."""

LATEST = ("speed", "configure", "rows", "explain", "what_if", "seek", "read")
"""Of several such messages in a row, the last one says it all."""


def checked(message: Any) -> dict[str, Any]:
    """A message that has ``do`` and only the keys that belong to it; raises :class:`InputError`."""
    if not isinstance(message, Mapping):
        raise InputError(
            f"a message is {type(message).__name__}",
            expected='an object such as {"do": "play"}',
            got=message,
        )
    do = message.get("do")
    if not isinstance(do, str) or do not in FIELDS:
        shown = repr(do)[:60]
        raise InputError(
            f"a message asks for {shown}",
            remedy=did_you_mean(str(do)[:60], FIELDS, f"expected one of: {', '.join(FIELDS)}"),
            got=do,
        )
    unknown = [str(key)[:60] for key in message if key != "do" and key not in FIELDS[do]]
    if unknown:
        raise InputError(
            f"the message {do!r} has the unknown key {unknown[0]!r}",
            remedy=f"its keys: {', '.join(FIELDS[do]) or 'none'}",
            got=unknown[0],
        )
    return dict(message)


def error_frame(error: NeuroflowError, do: Any = "") -> dict[str, Any]:
    """What a page is told of an error: its message, its fields, and what it had asked for."""
    do = do if isinstance(do, str) else ""
    return {"type": "error", "message": str(error), "do": do, "error": error.fields()}


def newest(messages: list[Any]) -> list[Any]:
    """Messages without those that a later one of the same kind makes pointless.

    Single steps in a row become one message for all of them, and set-ups one set-up.
    """
    kept: list[Any] = []
    for message in messages:
        joined = _joined(kept[-1], message) if kept else None
        if joined is None:
            kept.append(message)
        else:
            kept[-1] = joined
    return kept


def _joined(first: Any, second: Any) -> Any:
    """One message for two in a row, or None where both count."""
    if not isinstance(first, Mapping) or not isinstance(second, Mapping):
        return None
    do = second.get("do")
    if first.get("do") != do or first.get("what") != second.get("what"):
        return None
    if do == "step" and all(m.keys() <= {"do", "count"} for m in (first, second)):
        counts = [m.get("count", 1) for m in (first, second)]
        return {"do": "step", "count": sum(counts)} if _are_small(counts) else None
    if do == "configure":
        setups = [m.get("setup") for m in (first, second)]
        if all(isinstance(setup, Mapping) for setup in setups):
            return {**second, "setup": {**setups[0], **setups[1]}}  # type: ignore[dict-item]
        return None
    return second if isinstance(do, str) and do in LATEST else None


def _are_small(counts: list[Any]) -> bool:
    return all(type(count) is int and 0 < count < 100 for count in counts) and sum(counts) < 1000


def number(value: Any, name: str, low: float, high: float) -> float:
    """A finite number within bounds."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not _finite(value):
        raise InputError(
            f"{name} is {_shown(value)}", expected=f"a number from {low:g} to {high:g}", got=value
        )
    if not low <= value <= high:
        raise InputError(
            f"{name} is {value:g}", expected=f"a number from {low:g} to {high:g}", got=value
        )
    return float(value)


def whole(value: Any, name: str, low: int, high: int) -> int:
    """A whole number within bounds; 3.0 counts, as JavaScript knows only one kind."""
    if number(value, name, low, high) != int(value):
        raise InputError(f"{name} is {_shown(value)}", expected="a whole number", got=value)
    return int(value)


def text(value: Any, name: str) -> str:
    """A text that is not too long."""
    if not isinstance(value, str):
        raise InputError(f"{name} is {_shown(value)}", expected="a text", got=value)
    if len(value) > LONGEST_TEXT:
        raise InputError(
            f"{name} has {len(value)} characters", expected=f"at most {LONGEST_TEXT}", got=value
        )
    return value


def sizes(value: Any, name: str, most: int, largest: int) -> list[int]:
    """The sizes of hidden layers."""
    if not isinstance(value, list) or len(value) > most:
        raise InputError(
            f"{name} is {_shown(value)}", expected=f"at most {most} layer sizes", got=value
        )
    return [whole(size, f"a size of {name}", 1, largest) for size in value]


def rows(value: Any, name: str) -> list[list[float]]:
    """Points made by hand: x, y and the number of the class."""
    if not isinstance(value, list) or len(value) > MOST_ROWS:
        raise InputError(
            f"{name} is {_shown(value)}", expected=f"at most {MOST_ROWS} points", got=value
        )
    for k, row in enumerate(value):
        if not isinstance(row, list) or len(row) != 3:
            raise InputError(f"point {k} is {_shown(row)}", expected="[x, y, class]", got=row)
    return [
        [
            number(row[0], f"x of point {k}", -100, 100),
            number(row[1], f"y of point {k}", -100, 100),
            float(whole(row[2], f"the class of point {k}", 0, 7)),
        ]
        for k, row in enumerate(value)
    ]


def ways(value: Any, deepest: int) -> list[list[int]]:
    """Which parts of a receipt are opened: each as the way to it."""
    if not isinstance(value, list) or len(value) > MOST_WAYS:
        raise InputError(f"opened is {_shown(value)}", expected=f"at most {MOST_WAYS} ways")
    for way in value:
        if not isinstance(way, list) or not 0 < len(way) <= deepest:
            raise InputError(f"a way is {_shown(way)}", expected=f"1 to {deepest} numbers")
    return [[whole(k, "a part", 0, 1000) for k in way] for way in value]


def _finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def _shown(value: Any) -> str:
    shown = repr(value) if isinstance(value, (str, int, float, bool, type(None))) else ""
    shown = shown or f"a {type(value).__name__}"
    return shown if len(shown) <= 60 else f"{shown[:57]}..."
