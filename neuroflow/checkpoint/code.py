"""Code: a digest of what a function or a class does, to tell it from another of the same name.

Every lambda is called "<lambda>", and a function keeps its name when its body is rewritten. What
counts is the compiled code with its constants, defaults and the plain values that it closes over;
comments, docstrings and the place in a file do not. What it reads from its module is not looked at.
"""

from __future__ import annotations

import hashlib
import inspect
import sys
from collections.abc import Iterable, Iterator
from functools import partial
from types import CodeType
from typing import Any

from neuroflow.core.module import Module
from neuroflow.core.settings import unchecked
from neuroflow.core.update_rule import UpdateRule
from neuroflow.registry.entries import Entry

PLAIN = (bool, int, float, complex, str, bytes, type(None))
"""What is written out as it stands; other values may hold anything, and are passed over."""

OF_ITS_PLACE = ("__doc__", "__module__", "__qualname__", "__firstlineno__")
"""What a class has that tells what it is called and where it stands, not what it does."""


def digest_of(thing: Any) -> str:
    """The digest of a function, a class, or an instance that is called; "" if there is no code.

    It begins with what compiled the code: those of two versions of Python are not comparable.

    >>> digest_of(lambda p, t: p - t) == digest_of(lambda p, t: p - t)  # the same twice
    True
    >>> digest_of(lambda p, t: p - t) == digest_of(lambda p, t: t - p)
    False
    >>> digest_of(abs)
    ''
    """
    pieces = list(_told(thing, set()))
    if not pieces:
        return ""
    digest = hashlib.sha256("\n".join(pieces).encode("utf-8", "surrogatepass")).hexdigest()
    return f"{sys.implementation.cache_tag}-{sys.flags.optimize}:{digest}"


def digests_of_model(model: Module) -> dict[str, str]:
    """The digests of all classes of a model that are not neuroflow's own, by their names."""
    kinds = dict.fromkeys(kind for _, part in model.named_modules() for kind in type(part).__mro__)
    own = [kind for kind in kinds if kind.__module__.split(".")[0] not in ("neuroflow", "builtins")]
    return {kind.__qualname__: digest for kind in own if (digest := digest_of(kind))}


def is_another(then: str, now: str) -> bool:
    """Whether two digests are of different code, as far as they are comparable."""
    comparable = then and now and then.partition(":")[0] == now.partition(":")[0]
    return bool(comparable) and then != now


def _told(thing: Any, seen: set[int]) -> Iterator[str]:
    """All that a thing does, piece by piece; each function once."""
    if id(thing) in seen:
        return
    seen.add(id(thing))
    if isinstance(thing, Entry):
        thing = unchecked(thing.load())
    if isinstance(thing, UpdateRule):
        thing = thing.rule
    if isinstance(thing, partial):
        yield from _told(thing.func, seen)
        yield from _values((*thing.args, *sorted(thing.keywords.items())), seen)
    elif isinstance(thing, type):
        for name, part in vars(thing).items():
            if name in OF_ITS_PLACE:
                continue
            yield from (f"{name}: {piece}" for piece in _told_of_member(part, seen))
    elif (code := getattr(thing, "__code__", None)) is not None:
        yield from _code(code)
        yield from _values(thing.__defaults__ or (), seen)
        yield from _values(sorted((thing.__kwdefaults__ or {}).items()), seen)
        yield from _values(map(_content, thing.__closure__ or ()), seen)
    elif hasattr(type(thing).__call__, "__code__"):
        yield from _told(type(thing), seen)
        own = sorted(getattr(thing, "__dict__", {}).items())
        yield from _values([(name, x) for name, x in own if name not in OF_ITS_PLACE], seen)


def _told_of_member(part: Any, seen: set[int]) -> Iterator[str]:
    """What a class has under a name: a function, however it is wrapped, or a plain value."""
    for inner in ("__func__", "fget", "__wrapped__"):
        part = getattr(part, inner, None) or part
    yield from _values([part], seen)


def _code(code: CodeType) -> Iterator[str]:
    yield f"{code.co_argcount} {code.co_varnames[: code.co_argcount]} {code.co_code.hex()}"
    yield f"{code.co_names} {code.co_freevars}"
    constants = code.co_consts
    flag = getattr(inspect, "CO_HAS_DOCSTRING", 0)  # since Python 3.14; before, there is a place
    has_place = (
        code.co_flags & flag
        if flag
        else isinstance(constants[0] if constants else 0, (str, type(None)))
    )
    for constant in constants[1:] if has_place else constants:
        yield from _code(constant) if isinstance(constant, CodeType) else [_written(constant)]


def _written(constant: Any) -> str:
    """A constant in one way: a set has no order of its own."""
    return repr(sorted(map(repr, constant)) if isinstance(constant, frozenset) else constant)


def _values(values: Iterable[Any], seen: set[int]) -> Iterator[str]:
    for value in values:
        if isinstance(value, tuple):
            yield from _values(value, seen)
        elif isinstance(value, PLAIN):
            yield repr(value)
        elif hasattr(value, "__code__"):
            yield from _told(value, seen)


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # nothing is in it yet
        return None
