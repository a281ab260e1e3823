"""Enclosures: how large an expression in one number can be, between bounds that surely hold.

Every number is an interval, and every step rounds outwards, so that what comes out holds for all
numbers that lie in what went in (R. E. Moore, "Interval Analysis", 1966). Where an expression is
the small difference of large parts, plain intervals are far too wide; so it is developed about the
middle of each box, by the recurrences of Taylor coefficients, and only the last term is taken over
the whole box. Boxes that are still too wide are halved. Elementary functions of the C library are
taken to be right to four units in the last place.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from attrs import frozen

from neuroflow.checks.proofs.expressions import NoProofError, sympy

ORDER = 8
"""So many Taylor coefficients are taken at the middle of a box."""

ROUNDS = 24
"""So often boxes are halved before it is given up."""

MOST_BOXES = 20_000
FARTHEST = 1e300
"""As far as is looked: further out twice a number may be too large for a float."""


@frozen(eq=False)
class Intervals:
    """One interval for each box: all numbers from ``low`` to ``high``."""

    low: Any
    high: Any

    @classmethod
    def around(cls, x: Any, units: int = 1) -> Intervals:
        """Numbers that are right to so many units in the last place."""
        low = high = x
        for _ in range(units):
            low, high = np.nextafter(low, -np.inf), np.nextafter(high, np.inf)
        return cls(low, high)

    def __add__(self, other: Intervals) -> Intervals:
        return _outwards(self.low + other.low, self.high + other.high)

    def __neg__(self) -> Intervals:
        return Intervals(-self.high, -self.low)

    def __sub__(self, other: Intervals) -> Intervals:
        return self + -other

    def __mul__(self, other: Intervals) -> Intervals:
        ends = [a * b for a in (self.low, self.high) for b in (other.low, other.high)]
        return _outwards(np.minimum.reduce(ends), np.maximum.reduce(ends))

    def reciprocal(self) -> Intervals:
        """1 / x; everything, where the interval holds 0."""
        holds_zero = (self.low <= 0.0) & (self.high >= 0.0)
        found = _outwards(1.0 / self.high, 1.0 / self.low)
        return Intervals(
            np.where(holds_zero, -np.inf, found.low), np.where(holds_zero, np.inf, found.high)
        )

    def rising(self, function: Callable[[Any], Any]) -> Intervals:
        """A function that never falls."""
        low, high = function(self.low), function(self.high)
        return Intervals(Intervals.around(low, 4).low, Intervals.around(high, 4).high)

    @property
    def size(self) -> Any:
        """The largest absolute value; infinite where nothing is known."""
        size = np.maximum(abs(self.low), abs(self.high))
        return np.where(np.isnan(size), np.inf, size)


def _outwards(low: Any, high: Any) -> Intervals:
    return Intervals(np.nextafter(low, -np.inf), np.nextafter(high, np.inf))


# Taylor coefficients

Series = list[Intervals]


def _times(a: Series, b: Series) -> Series:
    return [_sum([a[j] * b[k - j] for j in range(k + 1)]) for k in range(len(a))]


def _sum(terms: list[Intervals]) -> Intervals:
    total, *rest = terms
    for term in rest:
        total = total + term
    return total


def _inverse(a: Series) -> Series:
    first = a[0].reciprocal()
    out = [first]
    for k in range(1, len(a)):
        out.append(-(first * _sum([a[j] * out[k - j] for j in range(1, k + 1)])))
    return out


def _slopes(a: Series) -> Series:
    """The coefficients of the derivative."""
    return [_number(k, a[0]) * a[k] for k in range(1, len(a))]


def _from_slopes(first: Intervals, slopes: Series) -> Series:
    """The coefficients of a function with that value and that derivative."""
    return [first, *[s * _number(1.0 / k, first, 1) for k, s in enumerate(slopes, 1)]]


def _grown(a: Series, first: Intervals, slope: Callable[[Series], Series]) -> Series:
    """f(a) for a function with f' = slope(f), coefficient by coefficient."""
    out, inner = [first], _slopes(a)
    for k in range(1, len(a)):
        so_far = _times(slope(out), inner[:k])
        out = _from_slopes(first, so_far)[: k + 1]
    return out


def _exp(a: Series) -> Series:
    return _grown(a, a[0].rising(np.exp), lambda f: f)


def _log(a: Series) -> Series:
    positive = a[0].low > 0.0
    first = a[0].rising(np.log)
    first = Intervals(
        np.where(positive, first.low, -np.inf), np.where(positive, first.high, np.inf)
    )
    return _from_slopes(first, _times(_slopes(a), _inverse(a)[:-1])) if len(a) > 1 else [first]


def _tanh(a: Series) -> Series:
    one = _number(1.0, a[0])

    def slope(f: Series) -> Series:
        square = _times(f, f)
        return [one - square[0], *[-x for x in square[1:]]]

    return _grown(a, a[0].rising(np.tanh), slope)


def _erf(a: Series) -> Series:
    first = a[0].rising(np.vectorize(math.erf, otypes=[float]))
    return _from_slopes(first, [-x for x in _slopes_of_erfc(a)])


def _erfc(a: Series) -> Series:
    first = (-a[0]).rising(np.vectorize(lambda x: math.erfc(-x), otypes=[float]))
    return _from_slopes(first, _slopes_of_erfc(a))


def _slopes_of_erfc(a: Series) -> Series:
    if len(a) == 1:
        return []
    factor = _number(-2.0 / math.sqrt(math.pi), a[0], 2)
    curve = _exp([-x for x in _times(a, a)][:-1])
    return _times([factor * x for x in curve], _slopes(a))


_FUNCTIONS = {"exp": _exp, "log": _log, "tanh": _tanh, "erf": _erf, "erfc": _erfc}


def _number(x: float, like: Intervals, units: int = 0) -> Intervals:
    return Intervals.around(np.full(np.shape(like.low), x), units)


# Expressions


def _series(expression: Any, x: Series, known: dict[Any, Series]) -> Series:
    """The Taylor coefficients of an expression whose symbol has those of ``x``."""
    if expression not in known:
        known[expression] = _developed(expression, x, known)
    return known[expression]


def _developed(expression: Any, x: Series, known: dict[Any, Series]) -> Series:
    def of(part: Any) -> Series:
        return _series(part, x, known)

    if expression.is_Symbol:
        return x
    if expression.is_number:
        zero = _number(0.0, x[0])
        return [_number(float(expression), x[0], 1), *[zero] * (len(x) - 1)]
    if expression.is_Add:
        parts = [of(part) for part in expression.args]
        return [_sum([part[k] for part in parts]) for k in range(len(x))]
    if expression.is_Mul:
        product, *rest = map(of, expression.args)
        for part in rest:
            product = _times(product, part)
        return product
    name = type(expression).__name__
    if name in _FUNCTIONS:
        return _FUNCTIONS[name](of(expression.args[0]))
    if expression.is_Pow:
        return _power(of(expression.base), expression.exp)
    if isinstance(expression, (sympy.sinh, sympy.cosh)):
        return of(expression.rewrite(sympy.exp))
    raise NoProofError(f"{name} is not enclosed")


def _power(base: Series, exponent: Any) -> Series:
    if exponent.is_Integer and abs(int(exponent)) <= 64:
        power = base
        for _ in range(abs(int(exponent)) - 1):
            power = _times(power, base)
        return power if exponent > 0 else _inverse(power)
    if exponent.is_number:
        factor = _number(float(exponent), base[0], 1)
        return _exp([factor * x for x in _log(base)])
    raise NoProofError("a power is not enclosed")


# Bounds


def bounded(expression: Any, scale: Any, low: float, high: float, tolerance: float) -> bool:
    """Whether ``expression`` is nowhere larger than ``tolerance * (1 + scale)`` in an interval.

    >>> x = sympy.Symbol("x")
    >>> cut = sympy.exp(-x * x) - sympy.exp(-1024)
    >>> bounded(cut, sympy.S.Zero, 32.0, math.inf, 1e-9), bounded(cut, x, 3.0, 32.0, 1e-9)
    (True, False)
    """
    lows, highs = _first_boxes(low, high)
    with np.errstate(all="ignore"):
        for _ in range(ROUNDS):
            room = tolerance * (1.0 + _least(scale, lows, highs))
            wide = ~(_plain(expression, lows, highs).size <= room)
            lows, highs, room = lows[wide], highs[wide], room[wide]
            wide = ~(_developed_size(expression, lows, highs) <= room)
            lows, highs = lows[wide], highs[wide]
            if not len(lows):
                return True
            middles = 0.5 * lows + 0.5 * highs
            least = _least(expression, middles, middles)
            most = tolerance * (1.0 + _plain(scale, middles, middles).size)
            if 2 * len(lows) > MOST_BOXES or (least > most).any():
                return False
            lows, highs = np.concatenate([lows, middles]), np.concatenate([middles, highs])
    return False


def _first_boxes(low: float, high: float) -> tuple[Any, Any]:
    """Boxes that grow with the distance from zero, each longer than the one before."""
    steps = np.concatenate([[0.0], np.geomspace(1e-2, FARTHEST, 2_000)])
    edges = np.unique(np.concatenate([-steps, steps]))
    low, high = max(low, -FARTHEST), min(high, FARTHEST)
    inner = edges[(edges > low) & (edges < high)]
    edges = np.concatenate([[low], inner, [high]])
    return edges[:-1], edges[1:]


def _plain(expression: Any, lows: Any, highs: Any) -> Intervals:
    """An expression on each box, step by step."""
    return _series(expression, [Intervals(lows, highs)], {})[0]


def _least(expression: Any, lows: Any, highs: Any) -> Any:
    """The least size that an expression surely has on each box."""
    found = _plain(expression, lows, highs)
    least = np.minimum(abs(found.low), abs(found.high))
    crosses = (found.low <= 0.0) & (found.high >= 0.0)
    return np.where(crosses | ~np.isfinite(least), 0.0, least)


def _developed_size(expression: Any, lows: Any, highs: Any) -> Any:
    """The largest size on each box, from the expression developed about its middle."""
    box, middle = Intervals(lows, highs), 0.5 * lows + 0.5 * highs
    reach = _outwards(lows - middle, highs - middle)
    rest = [_number(1.0, box), *[_number(0.0, box)] * (ORDER - 1)]
    at_middle = _series(expression, [Intervals(middle, middle), *rest], {})
    total = _series(expression, [box, *rest], {})[ORDER]
    for coefficient in reversed(at_middle[:ORDER]):
        total = coefficient + reach * total
    return total.size
