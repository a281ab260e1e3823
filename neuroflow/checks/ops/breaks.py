"""Finds kinks, jumps and poles that nobody declared, by closing in on them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

from attrs import frozen

from neuroflow.checks.shared.numeric import has, number
from neuroflow.core.domain import Domain


@frozen
class Break:
    """A point at which a function of one number is not smooth: a kink, a jump or a pole."""

    shape: str
    x: float
    left: float
    right: float

    def __str__(self) -> str:
        if self.shape == "pole":
            return f"a pole at x = {self.x:.6g}: the value grows beyond all bounds"
        if self.shape == "jump":
            return f"a jump at x = {self.x:.6g}: from {self.left:.6g} to {self.right:.6g}"
        return f"a kink at x = {self.x:.6g}: slope {self.left:.6g} left, {self.right:.6g} right"


def find_breaks(f: Callable[[float], Any], xs: Sequence[float]) -> list[Break]:
    """All breaks of f between neighbouring points of a grid.

    >>> [str(b) for b in find_breaks(abs, [-1.3, -0.4, 0.7, 1.1])]
    ['a kink at x = 0: slope -1 left, 1 right']
    """
    values = [_value(f, x) for x in xs]
    slopes = [(b - a) / (y - x) for a, b, x, y in zip(values, values[1:], xs, xs[1:], strict=False)]
    cells = [k for k in range(1, len(slopes) - 1) if _suspicious(slopes[k - 1 : k + 2])]
    found = []
    for k in unsmooth(f, xs, values, cells):
        hit = close_in(f, xs[k], xs[k + 1])
        if hit is not None:
            found.append(hit)
    for k in range(1, len(xs) - 1):
        if abs(values[k - 1]) <= abs(values[k]) >= abs(values[k + 1]) > 0.0:
            pole = climb(f, xs[k - 1], xs[k + 1])
            if pole is not None and all(abs(pole.x - b.x) > 1e-3 for b in found):
                found.append(pole)
    return found


def far_breaks(f: Callable[[float], Any], domain: Domain) -> list[Break]:
    """Kinks far from zero, up to some thousands: each octave is looked at as if it were small.

    >>> from neuroflow.core.domain import REALS
    >>> [str(b) for b in far_breaks(lambda x: max(x, 300.0), REALS)]
    ['a kink at x = 300: slope 0 left, 1 right']
    """
    found = []
    for scale in [sign * 8.0 * 2.0**k for k in range(10) for sign in (1.0, -1.0)]:
        ts = [0.95 + 1.2 * (k + 0.4142135) / 24 for k in range(24)]
        if not all(scale * t in domain for t in (0.9, *ts, 2.3)):
            continue
        values = [_value(f, scale * t) for t in ts]
        if max(map(abs, values)) > 1e100 * abs(scale):
            continue
        hits = find_breaks(lambda t, s=scale: f(s * t) / s, ts)  # type: ignore[misc]
        for x in [scale * hit.x for hit in hits if hit.shape == "kink"]:
            reach = 1e-4 * abs(scale)  # a wave that was too fine for the octave fades from here
            hit = close_in(f, x - reach, x + 1.1 * reach)
            if hit is not None and hit.shape == "kink":
                found.append(hit)
    return list({b.x: b for b in found}.values())


def climb(f: Callable[[float], Any], low: float, high: float) -> Break | None:
    """Walk to where the value is largest; a pole if it grows a million times on the way."""
    start = max(abs(_value(f, low)), abs(_value(f, high)))
    for _ in range(60):
        a, b = low + 0.382 * (high - low), low + 0.618 * (high - low)
        low, high = (a, high) if abs(_value(f, a)) < abs(_value(f, b)) else (low, b)
    top = abs(_value(f, (low + high) / 2))
    if top < 1e6 * (1.0 + start):
        return None
    return Break("pole", _round((low + high) / 2, 1e-8), top, top)


def _suspicious(slopes: Sequence[float]) -> bool:
    """Whether the slope changes enough between three cells to be worth a closer look."""
    if not all(map(math.isfinite, slopes)):
        return True
    return max(slopes) - min(slopes) > 1e-3 * (1e-3 + max(map(abs, slopes)))


def close_in(f: Callable[[float], Any], low: float, high: float) -> Break | None:
    """Halve the interval towards the larger change of slope; None if the change fades away.

    For a smooth function each halving halves the change. At a kink it stays (but looks small
    while the kink is near an end, hence the look at the last four), at a jump the slope itself
    grows, and at a pole the value does.
    """
    width = high - low
    first = _change(f, low, high)
    recent = [first] * 4
    while high - low > 2e-6 * max(1.0, width):
        middle = (low + high) / 2 + 0.0123 * (high - low)
        left, right = _change(f, low, middle), _change(f, middle, high)
        low, high = (low, middle) if left > right else (middle, high)
        recent = [*recent[1:], max(left, right)]
        if max(recent) < 0.02 * first < math.inf:
            return None
    return _name_it(f, low, high)


def unsmooth(
    f: Callable[[Any], Any], xs: Sequence[float], values: Sequence[float], cells: Sequence[int]
) -> Sequence[int]:
    """The cells of a grid whose change of slope does not fade away, of those suspected.

    As :func:`close_in` says it, but of all cells at once, as arrays: rules take them as well. If
    this one does not, or gives other ``values`` than number by number, no cell is ruled out.
    """
    if not has("numpy") or len(cells) < 2:
        return cells
    np = import_module("numpy")
    low, high = np.array(xs)[cells], np.array(xs)[[k + 1 for k in cells]]
    try:
        with np.errstate(all="ignore"):
            if not np.allclose(f(np.array(xs)), values, rtol=1e-9, atol=1e-300):
                return cells
            stays = _stays(np, f, low, high)
    except Exception:  # whatever a rule does with arrays; other checks tell
        return cells
    return [k for k, kept in zip(cells, stays, strict=True) if kept]


def _stays(np: Any, f: Callable[[Any], Any], low: Any, high: Any) -> Any:
    """Whether the change of slope stays, for intervals of one width."""

    def change(low: Any, high: Any) -> Any:
        h = (high - low) / 3
        a, b, c, d = f(np.concatenate([low, low + h, high - h, high])).reshape(4, -1)
        total = (abs((b - a) - (c - b)) + abs((c - b) - (d - c))) / h
        return np.where(np.isfinite(total), total, np.inf)

    stays, width = np.ones(len(low), dtype=bool), (high - low)[0]
    first = change(low, high)
    recent = [first] * 4
    while stays.any() and (high - low)[0] > 2e-6 * max(1.0, width):
        middle = (low + high) / 2 + 0.0123 * (high - low)
        left, right = change(low, middle), change(middle, high)
        low, high = np.where(left > right, (low, middle), (middle, high))
        recent = [*recent[1:], np.maximum(left, right)]
        stays &= ~(np.max(recent, axis=0) < 0.02 * first) | np.isinf(first)
    return stays


def _name_it(f: Callable[[float], Any], low: float, high: float) -> Break | None:
    h = high - low
    a, b = _value(f, low), _value(f, high)
    left = (a - _value(f, low - h)) / h
    right = (_value(f, high + h) - b) / h
    x = _round((low + high) / 2, h)
    if not all(map(math.isfinite, (a, b, left, right))):
        return Break("pole", x, a, b)
    if max(abs(a), abs(b)) > 1e4:
        nearby = max(abs(_value(f, x - 0.05)), abs(_value(f, x + 0.05)))
        return Break("pole", x, a, b) if max(abs(a), abs(b)) > 100 * (1 + nearby) else None
    if abs(b - a) > 1e-4 + 100 * h * (abs(left) + abs(right) + 1e-3):
        return Break("jump", x, a, b)
    if abs(right - left) > 1e-3 * max(1e-2, abs(left), abs(right)):
        return Break("kink", x, left, right)
    return None


def _change(f: Callable[[float], Any], low: float, high: float) -> float:
    """By how much the slope changes inside an interval, judged from its thirds."""
    h = (high - low) / 3
    a, b, c, d = (_value(f, x) for x in (low, low + h, high - h, high))
    change = (abs((b - a) - (c - b)) + abs((c - b) - (d - c))) / h
    return change if math.isfinite(change) else math.inf


def _value(f: Callable[[float], Any], x: float) -> float:
    try:
        return number(f(x))
    except (ArithmeticError, ValueError):
        return math.inf


def _round(x: float, h: float) -> float:
    """The roundest number within reach: a kink at 3, not at 2.9999998."""
    for digits in range(6):
        if abs(round(x, digits) - x) <= 4 * h:
            return round(x, digits) + 0.0
    return x
