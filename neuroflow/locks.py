"""Locks that a forked process finds open, and what is made once however many threads ask.

A fork copies one thread alone. A lock that another thread held would stay shut for ever in the
copy, and what that thread was changing would stay half changed: so a fork waits for these locks.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache, wraps
from threading import RLock
from typing import Any, TypeVar
from weakref import WeakSet

T = TypeVar("T")

_LOCKS: dict[int, WeakSet[Any]] = {}
"""All locks by rank, to be taken in that order: who holds one may ask for later ones alone."""

_REGISTERING = RLock()
_held: list[Any] = []


def lock(rank: int = 0) -> Any:
    """A lock that one thread may take again; no other thread holds it when a process forks.

    ``rank`` is 0 for locks that are held while others are asked for, and higher for the others.
    """
    new = RLock()
    with _REGISTERING:
        _LOCKS.setdefault(rank, WeakSet()).add(new)
    return new


def once(make: Callable[[], T]) -> Callable[[], T]:
    """What ``make`` gives, made at the first call, also where several threads call first.

    >>> @once
    ... def answer():
    ...     print("thinking")
    ...     return 42
    >>> answer(), answer()
    thinking
    (42, 42)
    """
    known = cache(make)
    making = RLock()

    def begin_anew() -> None:
        nonlocal making
        making = RLock()  # whoever was making it is not in the forked process

    @wraps(make)
    def ask() -> T:
        with making:
            return known()

    if hasattr(os, "register_at_fork"):  # not on Windows, where nothing forks
        os.register_at_fork(after_in_child=begin_anew)
    return ask


def _take_all() -> None:
    _REGISTERING.acquire()
    for rank in sorted(_LOCKS):
        for each in list(_LOCKS[rank]):
            each.acquire()
            _held.append(each)


def _open_all() -> None:
    while _held:
        _held.pop().release()
    _REGISTERING.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_take_all, after_in_parent=_open_all, after_in_child=_open_all)
