"""How far results are from the exact ones, in units in the last place; exact by mpmath.

An op is its own oracle: its rule and the rule of its partials are run on numbers of hundreds of
digits. That these two agree is looked at too, and that the rule is the formula is tested elsewhere.
"""

import math
import random
from contextlib import contextmanager
from itertools import chain

import mpmath
import numpy as np

import neuroflow as nf
from neuroflow.checks.ops.surfaces import kink_numbers
from neuroflow.core.kinds import library

DIGITS = {"float64": (53, -1074, 1024), "float32": (24, -149, 128)}
"""Bits of a number, the exponent of the smallest one, and that of what is too large."""
BOUNDS = (4, 16, 64)
"""How many units a value, a slope and a curvature may be off."""
PATHS = [(backend, dtype) for backend in ("numpy", "llvm") for dtype in DIGITS]


def ops_of_one_number():
    """Those bundled ops whose derivatives are what the rule says; those of steps are 0."""
    found = [entry.load() for entry in nf.find("neuroflow/*", "op")]
    steps = [op for op in found if op.convention.startswith("0 everywhere")]
    return [op for op in found if op.arity == 1 and op not in steps]


def points(op, n, seed=0):
    """Numbers of all sizes and both signs, many of them where functions bend; half are float32."""
    rng, kinks = random.Random(f"{op.name} {seed}"), kink_numbers(op)
    found = []
    while len(found) < n:
        sign, narrow = rng.choice((-1.0, 1.0)), len(found) % 2
        reach = (-149.0, 128.0) if narrow else (-1074.0, 1024.0)
        x = rng.choice(
            [
                sign * 2.0 ** rng.uniform(reach[0], reach[1] - 1e-6),
                rng.choice((0.0, 1.0, -1.0, *kinks)) + sign * 2.0 ** rng.uniform(-60.0, 1.0),
                rng.uniform(-5.0, 5.0), rng.uniform(-50.0, 50.0), rng.uniform(-750.0, 750.0),
            ]
        )  # fmt: skip
        x = float(np.float32(x)) if narrow else x
        if x in op.domain[0] and x not in kinks and math.isfinite(x):
            found.append(x)
    return found


# What is exact


@contextmanager
def exactly(x):
    """Enough digits for what follows; e^-x is 0 beyond 2^40, for it would take seconds to write."""
    functions, exponent = library("mpmath"), math.frexp(x)[1]
    exp, erfc = functions.exp, functions.erfc
    functions.exp = lambda x: exp(x) if x > -(2**40) else mpmath.mpf(0)
    functions.erfc = lambda x: erfc(x) if abs(x) < 2**40 else mpmath.mpf(2 * (x < 0))
    try:
        with mpmath.workprec(300 + max(exponent, -2 * exponent)):
            yield mpmath.mpf(x)
    finally:
        functions.exp, functions.erfc = exp, erfc


def exact(op, x, orders=3):
    """f, f' and f'' of an op; f'' is a difference of f' over a step so tiny that it is exact."""
    with exactly(x) as at:
        found = [mpmath.mpf(op.forward(at))]
        if orders > 1:
            found.append(slope(op, at))
        if orders > 2:
            with mpmath.workprec(mpmath.mp.prec + 1200 * (abs(x) > 1.0)):  # of a slope near 1
                rise = slope(op, at + step(at)) - slope(op, at - step(at))
                found.append(rise / (2 * step(at)))
        return found


def slope(op, x):
    """What an op's rule of partials gives; most do not look at the result."""
    try:
        return mpmath.mpf(op.partials_at(None, x)[0])
    except TypeError:
        return mpmath.mpf(op.partials_at(op.forward(x), x)[0])


def step(x):
    """A step that is tiny beside a number, and beside 1."""
    return mpmath.ldexp(min(abs(x), 1) or 1, -110)


def slope_of_rule(op, x):
    """f' from the rule of f alone."""
    with exactly(x) as at, mpmath.workprec(1700 + 2 * abs(math.frexp(x)[1])):
        return (mpmath.mpf(op.forward(at + step(at))) - op.forward(at - step(at))) / (2 * step(at))


# How far it is


def unit(number, dtype="float64"):
    """One unit in the last place of an exact number."""
    bits, smallest, _ = DIGITS[dtype]
    exponent = mpmath.frexp(number)[1] if number else smallest
    return mpmath.ldexp(1, max(int(exponent) - bits, smallest))


def fits(number, dtype="float64"):
    """Whether a number is in the range of its type, with room for a sum of some."""
    return abs(number) < mpmath.ldexp(1, DIGITS[dtype][2] - 12)


def units_off(got, right, dtype="float64"):
    """How many units in the last place a result is off."""
    if not math.isfinite(got):
        return math.inf
    return float(abs(mpmath.mpf(got) - right) / unit(right, dtype))


def is_beside_zero(op, x, order):
    """Whether a derivative changes its sign nearby: there, the input's last digit counts."""
    sides = [x - 0.3, x + 0.3]
    if not all(side in op.domain[0] for side in sides):
        return False
    low, high = (exact(op, side)[order] for side in sides)
    return (low > 0) != (high > 0)


def backward_units_off(op, x, order, got, dtype="float64"):
    """The same, where one unit of the input is as good as one of the result."""
    here, there = exact(op, x)[order], exact(op, x * (1.0 + 2.0**-40))[order]
    moved = abs(there - here) * mpmath.mpf(2) ** 40 / abs(x)  # what a change of x does
    return float(abs(mpmath.mpf(got) - here) / (unit(here, dtype) + moved * unit(x, dtype)))


class Worst:
    """The worst of each order, apart from what lies beside a zero; both have to hold the bounds."""

    def __init__(self, op, dtype="float64"):
        self.op, self.dtype = op, dtype
        self.found = [(0.0, 0.0)] * 3
        self.beside_zero = [(0.0, 0.0)] * 3

    def see(self, order, x, got, right):
        """Take a result into account, if its type can hold it."""
        if not fits(right, self.dtype):
            return
        off, kept = units_off(got, right, self.dtype), self.found
        if off > BOUNDS[order] and math.isfinite(off) and is_beside_zero(self.op, x, order):
            off, kept = backward_units_off(self.op, x, order, got, self.dtype), self.beside_zero
        kept[order] = max(kept[order], (round(off, 2), x))

    def faults(self):
        """What is beyond its bound, as text."""
        return [
            f"{self.op.name} {self.dtype}: derivative {order} at {x!r} is {off} units off"
            for kept in (self.found, self.beside_zero)
            for order, (off, x) in enumerate(kept)
            if off > BOUNDS[order]
        ]


# Paths


def eager(op, xs, every=1):
    """The worst of an op's eager value and slope, and of each such curvature."""
    worst = Worst(op)
    for k, x in enumerate(xs):
        orders = 2 if k % every else 3
        for order, (got, right) in enumerate(
            zip(eager_derivatives(op, x, orders), exact(op, x, orders), strict=False)
        ):
            worst.see(order, x, got, right)
    return worst


def eager_derivatives(op, x, orders=3):
    """f, f' and f'' of an op; fewer where it refuses."""
    x = nf.Value(x)
    try:
        y = op(x)
        yield y.data
        for _ in range(orders - 1):
            (y,) = nf.gradients(y, [x], create_graph=True)
            yield y.data
    except nf.DomainError:
        pass


AT_ONCE = 16
"""How many numbers of each op a compiled function takes."""


class Compiled:
    """All ops in one compiled function: each of some numbers."""

    def __init__(self, ops, backend, dtype):
        self.ops, self.dtype = ops, dtype
        self.values = nf.compile(self.results, backend, dtype)
        self.total = nf.compile(lambda xs: nf.sum([*chain(*self.results(xs))]), backend, dtype)

    def results(self, columns):
        """Each op of each of its numbers."""
        return [[op(x) for x in xs] for op, xs in zip(self.ops, columns, strict=True)]

    def worst(self, columns):
        """The worst of each op, of numbers that the type holds exactly."""
        worst = [Worst(op, self.dtype) for op in self.ops]
        for k in range(0, len(columns[0]), AT_ONCE):
            some = [xs[k : k + AT_ONCE] for xs in columns]
            rights = [[exact(op, x, 2) for x in xs] for op, xs in zip(self.ops, some, strict=True)]
            some = [  # a sum must stay finite
                [x if all(fits(r, self.dtype) for r in right) else 0.75 for x, right in pairs]
                for pairs in (zip(*pair, strict=True) for pair in zip(some, rights, strict=True))
            ]
            values = self.values.value(some)
            (slopes,) = self.total.value_and_gradients(some)[1].inputs
            for row in zip(worst, some, rights, values, slopes, strict=True):
                seen, *columns_of_it = row
                for x, (value, slope), got, got_slope in zip(*columns_of_it, strict=True):
                    if fits(value, self.dtype) and fits(slope, self.dtype):
                        seen.see(0, x, got, value)
                        seen.see(1, x, got_slope, slope)
        return worst


def curvatures(ops, columns, backend, dtype):
    """The worst of each op: the compiled derivatives of what its rule of partials gives."""

    def total(columns):
        pairs = zip(ops, columns, strict=True)
        return nf.sum([op.partials_at(op(x), x)[0] for op, xs in pairs for x in xs])

    worst, compiled = [Worst(op, dtype) for op in ops], nf.compile(total, backend, dtype)
    exacts = [[exact(op, x) for x in xs] for op, xs in zip(ops, columns, strict=True)]
    given = [  # a sum must stay finite
        [x if all(fits(r, dtype) for r in right) else 0.75 for x, right in zip(*pair, strict=True)]
        for pair in zip(columns, exacts, strict=True)
    ]
    (found,) = compiled.value_and_gradients(given)[1].inputs
    for seen, xs, rights, got in zip(worst, given, exacts, found, strict=True):
        for x, right, slope in zip(xs, rights, got, strict=True):
            if all(fits(r, dtype) for r in right):
                seen.see(2, x, slope, right[2])
    return worst
