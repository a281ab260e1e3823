"""Where rules break: points from the whole of a domain, not only where people look first.

All exponents and both signs, whole numbers, the ends, a fine crooked row around zero.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator

from neuroflow.core.domain import Domain, Interval

LARGEST, FAR = 300, 100
"""The largest exponents, to base ten, of rough comparisons and of those with many digits."""

CROOKED = 0.4
"""How far a point of a row may stand from its place, in steps: no gap is wider than 1.4 steps."""


def special(domain: Domain) -> list[float]:
    """Zero, whole numbers, powers of ten of every size, and what lies close to the ends."""
    sizes = [10.0**k for k in (*range(-FAR, -8, 23), *range(-8, 9), *range(16, FAR, 28))]
    found = [0.0, *map(float, range(1, 12)), 16.0, 20.0, 25.0, 50.0, 128.0, 255.0, 256.0, *sizes]
    found += [-x for x in found[1:]]
    found += [x for interval in domain.intervals for x in _near_the_ends(interval)]
    return [x for x in dict.fromkeys(found) if x in domain]


def _near_the_ends(interval: Interval) -> Iterator[float]:
    for end, inwards in ((interval.low, 1.0), (interval.high, -1.0)):
        if math.isfinite(end):
            yield from (end + inwards * 10.0**k for k in range(-8, 1))


def many(domain: Domain, count: int, seed: int = 11) -> list[float]:
    """A fine row around zero and along each interval, and random numbers of every size, in order.

    A third each: within 2 of zero, within 10, and of any exponent and sign.
    """
    rng = random.Random(seed)
    part = count // 3
    found = [4.0 * (k + CROOKED * rng.random()) / part - 2.0 for k in range(part)]
    found += [20.0 * (k + CROOKED * rng.random()) / part - 10.0 for k in range(part)]
    for k in range(part):  # half of them of ordinary size
        exponent = rng.uniform(-6.0, 9.0) if k % 2 else rng.uniform(-LARGEST, LARGEST)
        found.append(rng.choice((-1.0, 1.0)) * 10.0**exponent)
    for interval in domain.intervals:
        width = interval.high - interval.low
        if math.isfinite(width) and width < 4.0:
            found += [interval.low + width * (k + rng.random()) / part for k in range(part)]
    return sorted({x for x in found if x in domain})
