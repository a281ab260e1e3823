"""A wrong twin: a copy of something right, with one mistake, and the answer to its riddle."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Callable
from typing import Any

from attrs import field, frozen

import neuroflow as nf

MARK = "  # bug"
TWINS: dict[str, Twin] = {}


@frozen(eq=False)
class Twin:
    """One wrong twin: ``caught_by`` is the check that finds it, ``why`` the solution in words."""

    name: str
    title: str
    caught_by: str
    why: str
    target: Any = field(repr=False)

    @property
    def source(self) -> str:
        """Its source, as a puzzle: the marks at the wrong lines are taken out."""
        return "\n".join(line.partition(MARK)[0] for line in self._lines())

    @property
    def wrong_lines(self) -> list[int]:
        """The numbers of the wrong lines, counted from 1 in :attr:`source`."""
        return [number for number, line in enumerate(self._lines(), start=1) if MARK in line]

    def _lines(self) -> list[str]:
        parts = [_source(part) for part in _parts(self.target)]
        return "\n\n".join(parts).split("\n")


def twin(title: str, caught_by: str, why: str) -> Callable[[Any], Any]:
    """Decorator: put a wrong op, function, class or update rule into the zoo."""

    def keep(target: Any) -> Any:
        name = getattr(target, "name", None) or _entry_name(target.__name__)
        TWINS[name] = Twin(name, title, caught_by, why, target)
        return target

    return keep


def _entry_name(word: str) -> str:
    """``Linear1 -> linear_1``: what the entry is called."""
    return re.sub(r"(?<=[a-z])(?=\d)", "_", word.lower())


def _parts(target: Any) -> list[Any]:
    if isinstance(target, nf.Op):
        return [rule for rule in (target.rule, target.partials_rule) if rule is not None]
    return [target.rule] if isinstance(target, nf.UpdateRule) else [target]


def _source(part: Any) -> str:
    """The source of a function or class, without the label of the zoo above it."""
    lines = textwrap.dedent(inspect.getsource(part)).rstrip().split("\n")
    if lines[0].startswith("@twin("):
        end = next(k for k, line in enumerate(lines) if _closes(line))
        lines = lines[end + 1 :]
    return "\n".join(lines)


def _closes(line: str) -> bool:
    return line.rstrip().endswith((")", "# fmt: skip"))
