"""Slopes without a derivative rule: by small steps, by complex numbers, by many digits."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from attrs import frozen

Function = Callable[..., Any]

_STEPS = tuple(10.0 ** (-k / 2) for k in range(2, 17))


@frozen
class Slope:
    """An estimate of a slope, and how far two neighbouring step sizes disagree about it."""

    value: float
    error: float

    def agrees(self, other: float, relative: float = 1e-6) -> bool:
        """Whether a number is this slope, as far as the estimate can tell."""
        allowed = 20.0 * self.error + relative * max(abs(self.value), abs(other)) + 1e-9
        return abs(other - self.value) <= allowed


def number(x: Any) -> float:
    """A plain float of what a rule gave; arrays, Values and others are converted."""
    return float(x)


def along(function: Function, at: Sequence[float], k: int) -> Callable[[Any], Any]:
    """The function of one number that remains when all inputs but the k-th stand still."""
    before, after = tuple(at[:k]), tuple(at[k + 1 :])
    return lambda t: function(*before, t, *after)


def slope(f: Callable[[float], Any], x: float) -> Slope | None:
    """df/dx by five-point central differences, over a sweep of step sizes.

    The best step is the one whose estimate its neighbour confirms: large steps feel the
    curvature, small ones the rounding. None if f cannot be computed around x.

    >>> slope(lambda x: x**3, 2.0).agrees(12.0)
    True
    """
    steps = [h * max(1.0, abs(x)) for h in _STEPS]
    found = _at_once(f, x, steps) or [_five_points(f, x, h) for h in steps]
    noise = _rounding(f, x)
    return _confirmed([(e, noise / h) for e, h in zip(found, steps, strict=True) if e is not None])


def _rounding(f: Callable[[float], Any], x: float) -> float:
    """How much of a difference may be rounding: where f is large, small slopes drown in it."""
    try:
        return 2.0**-52 * abs(number(f(x)))
    except (ArithmeticError, ValueError):
        return 0.0


def _at_once(f: Callable[[Any], Any], x: float, steps: Sequence[float]) -> list[float | None]:
    """The estimates of :func:`_five_points` for all steps, from one array; none if f takes none.

    That it takes arrays as it takes numbers is seen at the first point and at the last.
    """
    if not has("numpy"):
        return []
    np = import_module("numpy")
    h = np.array(steps)
    points = np.concatenate([x + h, x - h, x + 2.0 * h, x - 2.0 * h])
    try:
        with np.errstate(all="ignore"):
            values = f(points)
            ends = [number(f(float(point))) for point in points[[0, -1]]]
            if values.shape != points.shape or not np.allclose(values[[0, -1]], ends, 1e-13, 0.0):
                return []
            right, left, far_right, far_left = values.reshape(4, -1)
            estimates = (8.0 * (right - left) - (far_right - far_left)) / (12.0 * h)
    except Exception:  # whatever a rule does with arrays
        return []
    return [*map(float, estimates)]


def one_sided(f: Callable[[float], Any], x: float, side: int) -> Slope | None:
    """The slope just right of x (``side = 1``) or just left of it (``side = -1``)."""
    scale = max(1.0, abs(x))
    estimates = [_three_points(f, x, side * h * scale) for h in _STEPS]
    return _confirmed([(e, 0.0) for e in estimates if e is not None])


def between_sides(f: Callable[[float], Any], x: float, said: float) -> bool:
    """At a kink of f, any slope between the left and the right one will do.

    >>> between_sides(abs, 0.0, 0.5), between_sides(abs, 0.0, 1.5)
    (True, False)
    """
    sides = [one_sided(f, x, side) for side in (-1, 1)]
    ends = sorted(side.value for side in sides if side is not None)
    return len(ends) == 2 and ends[0] - 1e-5 <= said <= ends[1] + 1e-5


def _confirmed(estimates: list[tuple[float, float]]) -> Slope | None:
    """Of estimates and their rounding, the one that agrees best with the one before it."""
    known = [(e, noise) for e, noise in estimates if math.isfinite(e)]
    if len(known) < 2:
        return None
    pairs = [(abs(a - b) + noise, b) for (a, _), (b, noise) in itertools.pairwise(known)]
    error, value = min(pairs, key=lambda pair: pair[0])
    return Slope(value, error)


def _five_points(f: Callable[[float], Any], x: float, h: float) -> float | None:
    try:
        near = number(f(x + h)) - number(f(x - h))
        far = number(f(x + 2 * h)) - number(f(x - 2 * h))
    except (ArithmeticError, ValueError):
        return None
    return _finite((8.0 * near - far) / (12.0 * h))


def _three_points(f: Callable[[float], Any], x: float, h: float) -> float | None:
    try:
        here, near, far = number(f(x)), number(f(x + h)), number(f(x + 2 * h))
    except (ArithmeticError, ValueError):
        return None
    return _finite((4.0 * near - far - 3.0 * here) / (2.0 * h))


def _finite(x: float) -> float | None:
    return x if math.isfinite(x) else None


def complex_slope(f: Callable[[Any], Any], x: float) -> float:
    """df/dx as Im f(x + ih) / h: no difference is taken, so all digits are right.

    Raises TypeError where the rule compares or has no complex form.
    """
    h = 1e-30
    value = complex(f(complex(x, h)))
    return value.imag / h


def has(package: str) -> bool:
    """Whether an optional package is installed."""
    return find_spec(package) is not None


def precise(f: Callable[[Any], Any], x: float, digits: int = 60) -> tuple[Any, Any]:
    """f(x) and df/dx, computed with many digits (mpmath)."""
    mp = import_module("mpmath")
    with mp.workdps(digits):
        h = mp.mpf(10) ** (-digits // 3) * (abs(x) if 0 < abs(x) < 1 else 1)
        centre = mp.mpf(x)
        value = mp.mpf(f(centre))
        return value, (mp.mpf(f(centre + h)) - mp.mpf(f(centre - h))) / (2 * h)
