"""Declared kinks: points on an axis, or surfaces such as ``a = b`` between inputs."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from neuroflow.checks.probes import joint_points
from neuroflow.checks.subject import Subject


def at_kink(subject: Subject, at: Sequence[float], reach: float) -> bool:
    """Whether a point lies on a declared kink, or closer to one than ``reach``."""
    op = subject.op
    for kink in op.kinks:
        if isinstance(kink, (int, float)):
            if any(abs(x - kink) <= reach for x in at):
                return True
        elif _on_surface(kink, dict(zip(subject.inputs, at, strict=True)), reach):
            return True
    return False


def _on_surface(words: str, point: dict[str, float], reach: float) -> bool:
    """A kink between inputs: ``a = b``, or ``ties`` of the entries of a vector."""
    if match := re.fullmatch(r"\s*(\w+)\s*=\s*([\w.+-]+)\s*", words):
        left, right = (point.get(side, _number(side)) for side in match.groups())
        return left is not None and right is not None and abs(left - right) <= reach
    xs = sorted(point.values())
    return any(b - a <= reach for a, b in itertools.pairwise(xs))


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def smooth_points(subject: Subject, count: int = 12) -> list[list[float]]:
    """Points of the domain that are not close to a declared kink."""
    return [at for at in joint_points(subject.domains, count) if not at_kink(subject, at, 1e-2)]
