"""Progress: long work says how far it is, to whoever follows it.

Who works wraps what it goes through in :func:`working_through`; who watches says so with
:func:`following`. Nobody need watch, and the work is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

T = TypeVar("T")

Follower = Callable[[str, int, int], None]
"""Takes what is done in words, how many parts of it are done, and how many there are."""

_follower: ContextVar[Follower | None] = ContextVar("follower", default=None)


def working_through(parts: Collection[T], what: str) -> Iterator[T]:
    """The parts, one after the other, while a command shows ``what`` is done and how far.

    >>> [k * k for k in working_through(range(3), "squaring")]
    [0, 1, 4]
    """
    follower = _follower.get()
    if follower is None:
        yield from parts
        return
    try:
        for done, part in enumerate(parts):
            follower(what, done, len(parts))
            yield part
    finally:  # who follows hears of the end, however it comes
        follower(what, len(parts), len(parts))


def report(what: str, done: int, total: int) -> None:
    """Say how far work is that does not go through a collection: ``done`` of ``total``.

    >>> with following(lambda what, done, total: print(what, done, "of", total)):
    ...     report("reading", 3, 9)
    reading 3 of 9
    """
    follower = _follower.get()
    if follower is not None:
        follower(what, done, total)


@contextmanager
def following(follower: Follower) -> Iterator[None]:
    """Hear of the progress of what is done inside, in this thread or task.

    >>> with following(lambda what, done, total: print(what, done, "of", total)):
    ...     for name in working_through(["moons"], "reading"):
    ...         pass
    reading 0 of 1
    reading 1 of 1
    """
    token = _follower.set(follower)
    try:
        yield
    finally:
        _follower.reset(token)
