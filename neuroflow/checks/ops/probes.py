"""Where to look: points of a domain that people can follow, and points where rules break."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

from neuroflow.core.domain import Domain, Interval

FRIENDLY = (2.0, 0.5, -1.0, 1.0, 3.0, -2.0, -0.5, 0.25, 1.5, -0.1, 4.0, -3.5)
"""Numbers that a reader can check in the head, in the order in which messages use them."""

EXTREMES = (
    1e3, -1e3, 1e-300, -1e-300, 0.0, -0.0, math.inf, -math.inf, math.nan,
)  # fmt: skip
"""The inputs whose treatment every op has to have thought of."""


def points(domain: Domain, count: int = 12, seed: int = 7) -> list[float]:
    """Points inside a domain: friendly ones first, then random ones and ones near its ends."""
    rng = random.Random(seed)
    chosen = [x for x in FRIENDLY if x in domain]
    for interval in domain.intervals:
        low, high = _window(interval)
        chosen += [low + (high - low) * rng.random() for _ in range(6)]
        chosen += [low + (high - low) * part for part in (0.01, 0.99)]
    inside = [x for x in dict.fromkeys(chosen) if x in domain]
    return inside[: max(count, len(FRIENDLY) // 2)]


def joint_points(domains: Sequence[Domain], count: int = 12, seed: int = 7) -> list[list[float]]:
    """Points for all inputs together; no two inputs are equal."""
    rng = random.Random(seed)
    choices = [points(domain, count + 4, seed) for domain in domains]
    found: list[list[float]] = []
    for row in range(count):
        at: list[float] = []
        for k, options in enumerate(choices):
            start = row + 3 * k
            fresh = [options[(start + j) % len(options)] for j in range(len(options))]
            at.append(next((x for x in fresh if x not in at), rng.random()))
        if at not in found:
            found.append(at)
    return found


def grid(domain: Domain, count: int = 160, reach: float = 8.0) -> list[list[float]]:
    """A fine row of points through each interval of a domain.

    Its points are crooked on purpose, so that a kink at a round number lies between two.
    """
    rows = []
    for interval in domain.intervals:
        low, high = _window(interval, reach)
        step = (high - low) / count
        rows.append([low + step * (k + 0.4142135) for k in range(count)])
    return rows


def _window(interval: Interval, reach: float = 5.0) -> tuple[float, float]:
    """The part of an interval that is of ordinary size."""
    low, high = interval.low, interval.high
    if math.isinf(low) and math.isinf(high):
        return -reach, reach
    if math.isinf(low):
        return high - reach, high
    if math.isinf(high):
        return low, low + reach
    return low, high
