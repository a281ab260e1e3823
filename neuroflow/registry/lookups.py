"""Lookups: what names meant while something was built, and what they are to mean meanwhile.

A saved model needs the entries that were asked for while it was built, whoever asked and however
deep inside; and when it is built again, each name means what it meant then.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from attrs import field, frozen

from neuroflow.registry.entries import Entry

Name = tuple[str, str]
"""A kind, and a name as it was written."""


@frozen
class Lookups:
    """The entries that were ``found``, by name, and the ids for which names are ``pinned``.

    What is named in ``without`` is not asked for: whole kinds, or single names.
    """

    pinned: Mapping[Name, str] = field(factory=dict)
    without: Collection[str | Name] = ()
    found: dict[Name, Entry] = field(factory=dict)


_current: ContextVar[Lookups | None] = ContextVar("lookups", default=None)


def current_lookups() -> Lookups | None:
    """Those of whoever is noting them, in this thread or task alone."""
    return _current.get()


def does_without(kind: str, part: Any) -> bool:
    """Whether a part, a name or a table, counts for nothing now.

    So it is with initializers where numbers are loaded anyway.
    """
    lookups = _current.get()
    if lookups is None or not lookups.without:
        return False
    use = part.get("use") if isinstance(part, Mapping) else part
    return kind in lookups.without or (kind, use) in lookups.without


@contextmanager
def noting_lookups(
    pinned: Mapping[Name, str] | None = None, without: Collection[str | Name] = ()
) -> Iterator[dict[Name, Entry]]:
    """Note every entry that is asked for by name; pinned names mean the entry of their id.

    >>> from neuroflow.registry.manager import get
    >>> with noting_lookups() as found:
    ...     entry = get("activation", "relu")
    >>> found["activation", "relu"] is entry
    True
    """
    lookups = Lookups(pinned or {}, without)
    token = _current.set(lookups)
    try:
        yield lookups.found
    finally:
        _current.reset(token)
