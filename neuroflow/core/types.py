"""Types of settings: what fits one, how it is spelled, and the type in words."""

from __future__ import annotations

import inspect
import math
import sys
import types
import typing
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

REQUIRED: Any = inspect.Parameter.empty
"""The default of a setting that has none."""


def fits(value: Any, hint: Any) -> bool:
    """Whether a value is of a type, which may be any hint; what nobody can judge fits."""
    if type(value) is hint or (type(hint) is types.UnionType and type(value) in hint.__args__):
        return True  # the usual cases, made quick
    if hint is Any or hint is REQUIRED or isinstance(hint, (str, typing.TypeVar)):
        return True
    if hint is None:
        return value is None
    if is_list(hint):
        return isinstance(value, (list, tuple)) and _items_fit(value, typing.get_args(hint))
    return _fits_form(value, hint) if typing.get_origin(hint) else _fits_class(value, hint)


def _items_fit(items: Sequence[Any], hints: tuple[Any, ...]) -> bool:
    allowed = [hint for hint in hints if hint is not Ellipsis]
    return not allowed or all(any(fits(item, hint) for hint in allowed) for item in items)


def _fits_form(value: Any, hint: Any) -> bool:
    """A hint with arguments: words to choose from, one of several types, a table."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Literal:
        return any(value == a and type(value) is type(a) for a in arguments)
    if origin in (typing.Union, types.UnionType):
        return any(fits(value, argument) for argument in arguments)
    return origin is not dict or isinstance(value, Mapping)


def _fits_class(value: Any, hint: Any) -> bool:
    """A class; whole numbers are numbers, and neither is a truth value."""
    if hint in (int, float):
        number = int if hint is int else (int, float)
        return isinstance(value, number) and not isinstance(value, bool)
    if hint is dict:
        return isinstance(value, Mapping)
    return not inspect.isclass(hint) or isinstance(value, hint) or _is_path(hint)


def _is_path(hint: type) -> bool:
    return hint.__module__.startswith("pathlib")  # not imported: it would take longer than this


def is_list(hint: Any) -> bool:
    base = typing.get_origin(hint) or hint
    return base in (list, tuple, Sequence, Iterable)


def is_optional(hint: Any) -> bool:
    return type(None) in typing.get_args(hint)


def normalized(value: Any, hint: Any) -> Any:
    """Whole numbers become floats where a float is expected; tuples become lists."""
    if type(value) is hint and hint is not list:
        return value
    options = [hint, *typing.get_args(hint)]
    whole = type(value) is int and abs(value) <= sys.float_info.max
    if whole and float in options and int not in options:
        return float(value)
    if isinstance(value, (list, tuple)):
        return [
            normalized(
                x, typing.get_args(hint)[0] if is_list(hint) and typing.get_args(hint) else Any
            )
            for x in value
        ]
    return value


_WORDS = {
    int: "a whole number", float: "a number", bool: "true or false", str: "a text",
    Any: "a value", REQUIRED: "a value", None: "nothing", type(None): "nothing", dict: "a table",
}  # fmt: skip


def in_words(hint: Any) -> str:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Literal:
        return " or ".join(map(repr, arguments))
    if origin in (typing.Union, types.UnionType):
        return " or ".join(in_words(a) for a in arguments if a is not type(None))
    if is_list(hint):
        item = arguments[0] if arguments else Any
        options = typing.get_args(item) if isinstance(item, types.UnionType) else (item,)
        return f"a list of {' or '.join(map(_plural, map(in_words, options)))}"
    try:
        return _WORDS[origin or hint]
    except (KeyError, TypeError):
        return str(getattr(hint, "__name__", hint))


def _plural(words: str) -> str:
    """``a list of texts`` -> ``lists of texts``."""
    head, of, rest = words.removeprefix("a ").partition(" of ")
    return f"{head}s{of}{rest}"


def shown(value: Any) -> str:
    """A value as TOML spells it, with its type where that is the surprise; never long.

    >>> shown(True), shown("big"), shown(10**5000)
    ('true (a truth value)', "'big' (a text)", 'a whole number of about 5000 digits')
    """
    if isinstance(value, bool):
        return f"{str(value).lower()} (a truth value)"
    if isinstance(value, str):
        return f"{_cut(repr(value[:60]))} (a text)"
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, int) and abs(value) >= 10**60:  # Python spells no int of 4,300 digits
        return f"a whole number of about {round(value.bit_length() * math.log10(2))} digits"
    try:
        return _cut(repr(value))
    except (ValueError, RecursionError):
        return f"a {type(value).__name__} that is too large to be shown"


def _cut(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."


def plain_number(x: float) -> str:
    return str(int(x)) if x == int(x) else f"{x:g}"


def a(kind: str) -> str:
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"
