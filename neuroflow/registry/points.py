"""Entry points: what installed distributions offer, whatever others of them look like.

``importlib.metadata`` reads the entry points of all distributions at once, and raises for all if
one of them cannot be read. Here such a one is left out, and named.
"""

from __future__ import annotations

from importlib import metadata
from importlib.metadata import Distribution, EntryPoint
from typing import NamedTuple

from neuroflow.errors import raised

GROUP = "neuroflow"
"""The group of entry points that plugins belong to."""

THREAD = "neuroflow_plugin"
"""A field of threads that a plugin started while it was loaded: the name of that plugin."""


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
        first = {d.metadata["Name"]: d for d in reversed(readable()[0])}  # as for import
        return [point for d in first.values() for point in d.entry_points if point.group == GROUP]


def readable() -> tuple[list[Distribution], list[Unreadable]]:
    """The distributions that can be read, and those that cannot."""
    found: list[Distribution] = []
    unreadable: list[Unreadable] = []
    for each in metadata.distributions():
        try:
            _ = each.metadata["Name"], each.version, each.entry_points
            found.append(each)
        except Exception as error:
            where = str(getattr(each, "_path", "a place without a name"))
            unreadable.append(Unreadable(where, f"{raised(error)}"))
    return found, unreadable
