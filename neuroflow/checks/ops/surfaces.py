"""Declared kinks: points on an axis, or surfaces such as ``a = b`` between inputs."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from neuroflow.checks.ops.probes import joint_points
from neuroflow.checks.shared.subject import Subject
from neuroflow.core.rules.places import TIES, computed
from neuroflow.core.value import Op


def at_kink(subject: Subject, at: Sequence[float], reach: float) -> bool:
    """Whether a point lies on a declared kink, or closer to one than ``reach``."""
    if any(abs(x - kink) <= reach for x in at for kink in kink_numbers(subject.op)):
        return True
    point = {**subject.op.settings, **dict(zip(subject.inputs, at, strict=True))}
    words = [kink for kink in subject.op.kinks if isinstance(kink, str)]
    return any(_on_surface(text, point, at, reach) for text in words)


def kink_numbers(op: Op) -> list[float]:
    """The declared kinks that are numbers, or arithmetic of settings, which are numbers too.

    >>> from neuroflow.core.op import op
    >>> @op(kinks=(0.0, "-high"))
    ... def capped(x, *, high=6.0): ...
    >>> kink_numbers(capped), kink_numbers(capped.bind(high=2.0))
    ([0.0, -6.0], [0.0, -2.0])
    """
    places: list[Any] = list(op.kinks)
    found = [
        (None if k == TIES or "=" in k else computed(k, op.settings)) if isinstance(k, str) else k
        for k in places
    ]
    return [float(kink) for kink in found if kink is not None]


def _on_surface(words: str, point: dict[str, float], at: Sequence[float], reach: float) -> bool:
    """A kink between inputs: ``a = b``, or ``ties`` of the entries of a vector."""
    if words == TIES:
        xs = sorted(at)
        return any(b - a <= reach for a, b in itertools.pairwise(xs))
    if "=" not in words:  # arithmetic of settings
        return False
    left, right = (computed(side, point) for side in words.split("="))
    return left is not None and right is not None and abs(left - right) <= reach


def points_of(subject: Subject, count: int) -> list[list[float]]:
    """Points of the domain; those that the author names come first."""
    return [*map(list, subject.points), *joint_points(subject.domains, count)]


def kink_points(subject: Subject) -> list[list[float]]:
    """Points of the domain on the declared kinks: of one input, or where two inputs are equal."""
    if len(subject.inputs) == 1:
        return [[x] for x in kink_numbers(subject.op) if x in subject.domains[0]]
    equal = [words for words in subject.op.kinks if isinstance(words, str) and "=" in words]
    pairs = [tuple(side.strip() for side in words.split("=")) for words in equal]
    found = []
    for pair in pairs:
        if {*pair} <= {*subject.inputs}:
            base = joint_points(subject.domains, 1)[0]
            value = base[subject.inputs.index(pair[0])]
            at = [value if n in pair else x for n, x in zip(subject.inputs, base, strict=True)]
            found += [at] if all(x in d for x, d in zip(at, subject.domains, strict=True)) else []
    return found


def smooth_points(subject: Subject, count: int = 12) -> list[list[float]]:
    """Points of the domain that are neither close to a declared kink nor at the end of a domain."""
    points = points_of(subject, count)
    return [at for at in points if not at_kink(subject, at, 1e-2) and not at_end(subject, at)]


def at_end(subject: Subject, at: Sequence[float]) -> bool:
    """Whether an input is at an end of its domain, where a slope may be infinite."""
    pairs = zip(subject.domains, at, strict=True)
    return any(x in (part.low, part.high) for domain, x in pairs for part in domain.intervals)
