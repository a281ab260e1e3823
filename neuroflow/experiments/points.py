"""The points of a sweep: all combinations of some settings, or some drawn at random.

A setting has values to choose from, or a range: ``0.1..0.9``, ``8..64`` (whole numbers, as both
ends are) or ``log:1e-4..1e-1`` (as many between 0.001 and 0.01 as between 0.01 and 0.1).
"""

from __future__ import annotations

import hashlib
import itertools
import json
import math
import random
import re
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, time
from typing import Any

from attrs import frozen

from neuroflow.config.toml import inline
from neuroflow.core.random import SplitMix32
from neuroflow.errors import InputError, require
from neuroflow.experiments.differing import short_names
from neuroflow.pythonic import pythonic_parts

Point = dict[str, Any]
"""Settings by their paths, as ``--set`` has them."""

_RANGE = re.compile(r"(log:)?([^:]+)\.\.([^:]+)")
DIGITS = 4
"""Digits of a number that is drawn: more would only be hard to read."""

LONGEST_NAME = 100
MOST_POINTS = 100_000


@frozen
class Range:
    """All numbers from ``low`` to ``high``; ``log``: spread evenly over their magnitudes."""

    low: float
    high: float
    log: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether whole numbers are drawn: where both ends are whole numbers."""
        return isinstance(self.low, int) and isinstance(self.high, int)

    def draw(self, rng: random.Random) -> float:
        """One number of the range, with a few digits.

        >>> Range(8, 64).draw(SplitMix32(0)), Range(1e-4, 1e-1, log=True).draw(SplitMix32(0))
        (30, 0.001501)
        """
        share = rng.random()
        if self.is_whole and not self.log:
            return self.low + int(share * (self.high - self.low + 1))
        if self.log:
            drawn = math.exp(math.log(self.low) + share * math.log(self.high / self.low))
        else:
            drawn = self.low + share * (self.high - self.low)
        drawn = min(max(float(f"{drawn:.{DIGITS}g}"), self.low), self.high)
        return round(drawn) if self.is_whole else drawn


Choices = list[Any] | Range


def space_of(grid: Mapping[str, Any] | Sequence[str]) -> dict[str, Choices]:
    """What each setting may be, of a dict or of texts such as ``train.seed=1,2,3``.

    Raises :class:`InputError` for a setting without values, and for a range that is none.

    >>> space_of(["model.sizes=[2, 4, 1],[2, 8, 1]", "optimizer=sgd,adam"])
    {'model.sizes': [[2, 4, 1], [2, 8, 1]], 'optimizer': ['sgd', 'adam']}
    >>> space_of({"train.l2": "0.0..0.1"})
    {'train.l2': Range(low=0.0, high=0.1, log=False)}
    """
    require(grid, (Mapping, list, tuple), "the grid", "a dict of lists, or texts such as a.b=1,2")
    pairs = list(grid.items() if isinstance(grid, Mapping) else map(_assignment, grid))
    for path, count in Counter(path for path, _ in pairs).items():
        if count > 1:
            what = f"the grid has {path} {count} times"
            remedy = f"write all its values at once: {path}=VALUE,VALUE"
            raise InputError(what, remedy=remedy, path=path)
    space = {path: _choices(path, given) for path, given in pairs}
    for path, choices in space.items():
        if choices == []:
            what = f"the grid has no value for {path}"
            raise InputError(what, remedy=f"write {path}=VALUE,VALUE", path=path)
    return space


def _assignment(text: str) -> tuple[str, str]:
    path, equals, values = text.partition("=")
    if not equals or not path.strip():
        raise InputError(
            f"{text!r} is no part of a grid",
            expected="PATH=VALUES, such as optimizer.learning_rate=0.01,0.1 or"
            " optimizer.learning_rate=log:1e-4..1e-1",
            got=text,
            path=text,
        )
    return path.strip(), values.strip()


def _choices(path: str, given: Any) -> Choices:
    if isinstance(given, str):
        match = _RANGE.fullmatch(given.strip())
        return _range(path, match, given) if match else list(map(_value, _split(given)))
    given = pythonic_parts(given)
    return list(given) if isinstance(given, (list, tuple, range)) else [given]


def _range(path: str, match: re.Match[str], given: str) -> Range:
    low, high = _value(match[2].strip()), _value(match[3].strip())
    numbers = all(isinstance(x, (int, float)) and not isinstance(x, bool) for x in (low, high))
    if not numbers or not low < high or not math.isfinite(high - low) or (match[1] and low <= 0):
        above = " above 0" if match[1] else ""
        raise InputError(
            f"{path} cannot be drawn from {given!r}",
            expected=f"LOW..HIGH, two numbers{above}, the smaller one first",
            got=given,
            path=path,
        )
    return Range(low, high, bool(match[1]))


def _split(text: str) -> list[str]:
    """The parts between commas that stand in no brackets and no quotes.

    >>> _split('[2, 4],"a,b",c')
    ['[2, 4]', '"a,b"', 'c']
    """
    parts, depth, quote = [""], 0, ""
    for c in text:
        if quote or c in "\"'":
            quote = "" if c == quote else quote or c
        depth += not quote and ((c in "[{") - (c in "]}"))
        if c == "," and not depth and not quote:
            parts.append("")
        else:
            parts[-1] += c
    return [part.strip() for part in parts if part.strip()]


def _value(text: str) -> Any:
    """A value as TOML has it, or else a plain word; no setting is a date."""
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except ValueError:
        return text
    return text if isinstance(value, (date, time)) else value


def points_of(space: Mapping[str, Choices], count: int = 0, seed: int = 0) -> list[Point]:
    """Every combination, in the order of the grid; or ``count`` that are drawn. Each is there once.

    More of the same seed begin with the same ones. Of fewer combinations than ``count`` there are
    all. Raises :class:`InputError` for a range without a ``count``, and for far too many.

    >>> points_of({"train.seed": [1, 2], "train.l2": [0.0]})
    [{'train.seed': 1, 'train.l2': 0.0}, {'train.seed': 2, 'train.l2': 0.0}]
    """
    ranges = [path for path, choices in space.items() if isinstance(choices, Range)]
    if ranges and not count:
        raise InputError(
            f"{', '.join(ranges)} is a range, which has no end of points",
            remedy="say how many to draw: random=20, or --random 20",
            path=ranges[0],
        )
    lists = [each for each in space.values() if not isinstance(each, Range)]
    size = math.prod(map(len, lists))
    if max(count, 0 if count else size) > MOST_POINTS:
        what = f"the grid has {max(count, size):,} points"
        raise InputError(what, expected=f"at most {MOST_POINTS:,}", remedy="draw some: random=20")
    if not count or (not ranges and size <= count):
        found = [dict(zip(space, values, strict=True)) for values in itertools.product(*lists)]
        return list({_key(point): point for point in found}.values())
    return _drawn(space, count, SplitMix32(seed))


def _drawn(space: Mapping[str, Choices], count: int, rng: random.Random) -> list[Point]:
    found: dict[str, Point] = {}
    for _ in range(100 * count):  # narrow ranges have few numbers
        point = {
            path: each.draw(rng) if isinstance(each, Range) else rng.choice(each)
            for path, each in space.items()
        }
        found.setdefault(_key(point), point)
        if len(found) == count:
            break
    return list(found.values())


def _key(point: Point) -> str:
    return json.dumps(point, sort_keys=True, default=repr)


def name_of(point: Point) -> str:
    """The folder of a point: its values, as far as every file system takes them.

    Where that leaves something out, a few digits tell points apart.

    >>> name_of({"optimizer.learning_rate": 0.01, "model.sizes": [2, 8, 1]})
    'learning_rate=0.01,sizes=2-8-1'
    >>> name_of({"data.f": "x/2"})
    'f=x-2-47bcf9a3'
    """
    names = short_names(point)
    words = [(names[path], _plain(value)) for path, value in point.items()]
    name = ",".join(f"{short}={text}" for short, (text, _) in words) or "as-it-is"
    safe = re.sub(r"[^A-Za-z0-9_.=,+-]+", "-", name)[:LONGEST_NAME].strip("-. ")
    if safe == name and all(exact for _, (_, exact) in words):
        return safe
    return f"{safe}-{hashlib.sha256(_key(point).encode()).hexdigest()[:8]}"


def _plain(value: Any) -> tuple[str, bool]:
    """A value in a name, and whether nothing of it is lost."""
    if isinstance(value, str):
        return value, True
    if isinstance(value, (list, tuple)) and value and all(type(x) is int for x in value):
        return "-".join(map(str, value)), True
    return (inline(value), True) if isinstance(value, (int, float)) else (repr(value), False)
