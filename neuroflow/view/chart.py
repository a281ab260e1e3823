"""What every chart shares, whoever draws it: ends of axes, round numbers on them, colours.

A PNG, a terminal, an SVG of the documentation and a canvas of the live pages are drawn in four
ways; where an axis ends and what is written on it is decided here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

PALETTE = (
    ("#0072b2", "#56b4e9"), ("#d05f00", "#f0943f"), ("#009e73", "#3fc79d"),
    ("#a8478a", "#e08cc3"), ("#8a7500", "#e3cf3a"), ("#5b6675", "#a3aebd"),
    ("#7a3b00", "#c98b5a"), ("#3d3da8", "#9c9cf0"),
)  # fmt: skip
"""The colour of each class on paper and, lighter, on a dark page; after Okabe and Ito, whose
colours all people can tell apart. Shapes differ too, so no chart needs its colours."""

Point = tuple[float, float]

FAR = 1e100
"""The largest number on an axis."""


def colour(number: int, light: bool = False) -> str:
    """The colour of a class, or its lighter one.

    >>> colour(0), colour(8)
    ('#0072b2', '#0072b2')
    """
    return PALETTE[number % len(PALETTE)][light]


def shown(numbers: Iterable[float]) -> list[float]:
    """Numbers where axes can show them: what lies too far out is shown at the end.

    Margins, marks and places on a screen are made of differences and products, which no float
    would hold.

    >>> shown([2.0, -1e308])
    [2.0, -1e+100]
    """
    return [min(max(x, -FAR), FAR) for x in numbers]


def ends(numbers: Sequence[float], margin: float = 0.0) -> tuple[float, float]:
    """The least and the largest number, moved apart by a share of their distance.

    >>> ends([1.0, 3.0], 0.5), ends([2.0])
    ((0.0, 4.0), (1.5, 2.5))
    """
    finite = shown(x for x in numbers if math.isfinite(x))
    low, high = min(finite, default=0.0), max(finite, default=1.0)
    least = max(1e-12 * max(-low, high), 1e-300)  # closer than that, places between cannot be told
    if high - low <= least:
        apart = max(0.5, least)
        low, high = low - apart, high + apart
    room = (high - low) * margin
    return low - room, high + room


def visible(points: Iterable[Point], most: float = 6.0) -> Point:
    """The lowest and highest value to show of functions: 0, 1, and all that is not too far off.

    >>> visible([(0.0, -2.0), (1.0, 1e9), (2.0, math.nan)])
    (-2.0, 1.0)
    """
    seen = [y for _, y in points if math.isfinite(y) and abs(y) <= most]
    return min([*seen, 0.0]), max([*seen, 1.0])


def ticks(low: float, high: float, about: int = 7) -> list[float]:
    """Round numbers from ``low`` to ``high``.

    >>> ticks(-3.0, 3.0)
    [-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0]
    """
    rough = (high - low) / about
    scale = 10.0 ** math.floor(math.log10(rough))
    step = next(s * scale for s in (1, 2, 5, 10) if s * scale >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [float(f"{k * step:.12g}") + 0.0 for k in range(first, last + 1)]


def sampled(f: Callable[[float], float], low: float, high: float, count: int = 240) -> list[Point]:
    """``count`` points of a function; nan where it has no value.

    >>> sampled(abs, -1.0, 1.0, 3)
    [(-1.0, 1.0), (0.0, 0.0), (1.0, 1.0)]
    """
    xs = [low + (high - low) * k / (count - 1) for k in range(count)]
    return [(x, value_at(f, x)) for x in xs]


def value_at(f: Callable[[float], float], x: float) -> float:
    """The value of a function, or nan where it has none."""
    try:
        return float(f(x))
    except (ArithmeticError, ValueError):
        return math.nan
