"""Boxes in boxes: what is drawn as one until it is opened, cut by what a person can read.

A box never opens onto more than about forty others.
"""

from __future__ import annotations

from collections.abc import Iterable

from attrs import define, field

from neuroflow.view.looks import Look

READABLE = 40
"""More boxes than this inside one are grouped further."""


@define(eq=False)
class Box:
    """Scalars (by number) and boxes that are drawn as one until it is opened."""

    label: str
    holds: str
    """``module``, ``siblings`` (repeated, independent) or ``part`` (some of many)."""
    children: list[Box | int] = field(factory=list)
    path: str = ""
    parent: Box | None = field(default=None, repr=False)
    first: int = 0
    last: int = 0
    """The scalars inside are those numbered from ``first`` up to, not including, ``last``."""
    look: Look | None = None
    """How the layer is drawn that it is the box of."""

    @property
    def shown(self) -> str:
        """What stands on it: its label, and that of its look."""
        return f"{self.label} · {self.look.label}" if self.look and self.label else self.label

    @property
    def count(self) -> int:
        """How many siblings, or children, it stands for."""
        return len(self.children)

    @property
    def size(self) -> int:
        """How many scalars are inside."""
        return self.last - self.first


def bounded(children: list[Box | int], name: str = "") -> list[Box | int]:
    """At most a readable number of children: more are cut into parts, in order."""
    if len(children) <= READABLE:
        return children
    size = 32
    while size * 32 < len(children):
        size *= 32
    return [
        Box(
            f"{name} {start + 1}-{min(start + size, len(children))}".strip(),
            "part",
            bounded(children[start : start + size], name),
        )
        for start in range(0, len(children), size)
    ]


def boxes_in(box: Box) -> Iterable[Box]:
    yield box
    for child in box.children:
        if isinstance(child, Box):
            yield from boxes_in(child)
