"""Entry points: what installed distributions offer, whatever others of them look like.

``importlib.metadata`` reads the entry points of all distributions at once, and raises for all if
one of them cannot be read. Here such a one is left out, and named.
"""

from __future__ import annotations

from importlib import metadata
from importlib.metadata import Distribution, EntryPoint
from typing import NamedTuple

from neuroflow.errors import told_of

GROUP = "neuroflow"
"""The group of entry points that plugins belong to."""


class Unreadable(NamedTuple):
    """A distribution whose metadata cannot be read: where it lies, and why.

    No class of attrs, which is not there yet when ``neuroflow --help`` looks for plugins.
    """

    where: str
    problem: str


def installed_points() -> list[EntryPoint]:
    """The entry points of plugins, of all distributions that can be read."""
    try:
        return [*metadata.entry_points(group=GROUP)]
    except Exception:  # one distribution out of all: which is found by looking at each
        return readable_points()[0]


def readable_points() -> tuple[list[EntryPoint], list[Unreadable]]:
    """The entry points of plugins, and the distributions that cannot be read."""
    points: list[EntryPoint] = []
    unreadable: list[Unreadable] = []
    seen: set[str] = set()
    for each in metadata.distributions():
        try:
            name = each.metadata["Name"] or ""
            if name not in seen:  # the first copy on the path counts, as for import
                points += [point for point in each.entry_points if point.group == GROUP]
            seen.add(name)
        except Exception as error:
            unreadable.append(Unreadable(_place(each), f"{type(error).__name__}: {told_of(error)}"))
    return points, unreadable


def _place(each: Distribution) -> str:
    return str(getattr(each, "_path", None) or "a distribution without a place")
