"""The parameters of a function: the leaf Values that it can see without being given them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any

from neuroflow.buffer import Buffer
from neuroflow.core.module import Module
from neuroflow.core.value import Value


def parameters_of(function: Callable[..., Any], statics: Iterable[Any]) -> list[Value]:
    """The leaf Values that a function can see: in its modules, its closure and its globals."""
    found: dict[Value, None] = {}
    for part in [*statics, *_surroundings(function)]:
        for value in _values_in(part):
            found.setdefault(value)
    return list(found)


def _surroundings(function: Callable[..., Any]) -> Iterator[Any]:
    """What a function refers to: itself if it is a module, its closure, its globals, defaults."""
    yield function
    yield getattr(function, "__self__", None)
    plain = getattr(function, "__func__", function)
    for cell in getattr(plain, "__closure__", None) or ():
        with suppress(ValueError):  # a name that is given its value later is still empty
            yield cell.cell_contents
    code = getattr(plain, "__code__", None)
    for name in code.co_names if code else ():
        yield plain.__globals__.get(name)
    yield from getattr(plain, "__defaults__", None) or ()


def _values_in(part: Any, depth: int = 0) -> Iterator[Value]:
    if isinstance(part, Module):
        yield from part.parameters()
    elif isinstance(part, Value):
        if part.op is None and not isinstance(part, Buffer):
            yield part
    elif isinstance(part, (list, tuple)) and depth < 4:
        for entry in part:
            yield from _values_in(entry, depth + 1)
    elif isinstance(part, dict) and depth < 4:
        for entry in part.values():
            yield from _values_in(entry, depth + 1)
