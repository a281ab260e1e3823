"""Every op, its slope and its curvature keep their digits: all sizes, all paths (see stability.md).

Values are within 4 units in the last place of the exact ones, first derivatives within 16 and
second ones within 64; beside a zero of a derivative, the exact result for an input so near counts.
"""

import math
import random

import mpmath
import pytest

import neuroflow as nf
from tests.support.accuracy import (
    AT_ONCE,
    BOUNDS,
    PATHS,
    Compiled,
    curvatures,
    eager,
    exactly,
    fits,
    ops_of_one_number,
    points,
    slope,
    slope_of_rule,
    units_off,
)
from tests.support.sweeps import tries

OPS = ops_of_one_number()
NAMES = [op.name for op in OPS]
NAMES_OF_ERRORS = ("value", "slope", "curvature")


def units(worst, n=3):
    """The largest errors found of the value, the slope and the curvature, as figures."""
    return {name: off for name, (off, _) in zip(NAMES_OF_ERRORS[:n], worst.found, strict=False)}


@pytest.mark.sweep
@pytest.mark.parametrize("op", OPS, ids=NAMES)
def test_eager_results_keep_their_digits(op, figures):
    n = tries(40, full=2_000)
    worst = eager(op, points(op, n), every=4)
    figures(tried=n, faults=len(worst.faults()), **units(worst))
    assert worst.faults() == []


@pytest.mark.sweep
@pytest.mark.parametrize(("backend", "dtype"), PATHS)
def test_compiled_results_keep_their_digits(backend, dtype, figures):
    n = tries(AT_ONCE, full=2_000)
    narrow = dtype == "float32"
    columns = [points(op, 2 * n, seed=dtype)[1::2] if narrow else points(op, n) for op in OPS]
    found = Compiled(OPS, backend, dtype).worst(columns)
    for worst in found:
        figures(tried=n, faults=len(worst.faults()), **units(worst, 2))
    assert [fault for worst in found for fault in worst.faults()] == []


@pytest.mark.sweep
@pytest.mark.parametrize(("backend", "dtype"), PATHS)
def test_compiled_curvatures_keep_their_digits(backend, dtype, figures):
    n = tries(AT_ONCE // 4, full=100)
    narrow = dtype == "float32"
    columns = [points(op, 2 * n, seed=f"{dtype} 2")[1 if narrow else 0 :: 2] for op in OPS]
    found = curvatures(OPS, columns, backend, dtype)
    figures(
        tried=n,
        faults=sum(len(w.faults()) for w in found),
        curvature=max(w.found[2][0] for w in found),
    )
    assert [fault for worst in found for fault in worst.faults()] == []


@pytest.mark.parametrize("op", OPS, ids=NAMES)
def test_the_rule_of_partials_is_the_slope_of_the_rule(op):
    for x in points(op, 6, seed="slopes"):
        with exactly(x) as at:
            said = slope(op, at)
        right = slope_of_rule(op, x)
        assert not fits(right) or units_off(float(said), right) < 2, x


SMALLEST_NORMAL = 2.0**-1022
"""Smaller numbers have fewer digits."""


def power_derivatives(x, y):
    """x^y and its first and second derivatives, exactly."""
    with mpmath.workprec(2500):
        x, y = mpmath.mpf(x), mpmath.mpf(y)
        f, log = x**y, mpmath.log(x)
        slopes = [y * f / x, f * log]
        return f, slopes, [y * (y - 1) * f / x**2, f / x * (1 + y * log), f * log**2]


def some_powers(n):
    """Bases and exponents of all sizes, bases near 1 with large exponents, and ordinary ones."""
    rng = random.Random(3)
    for k in range(n):
        if k % 3 == 0:
            yield (
                2.0 ** rng.uniform(-1022.0, 1023.0),
                rng.choice((-1, 1)) * 2.0 ** rng.uniform(-70, 6),
            )
        elif k % 3 == 1:
            yield 1.0 + rng.choice((-1, 1)) * 2.0 ** rng.uniform(-52, -1), rng.uniform(-1e4, 1e4)
        else:
            yield rng.uniform(1e-3, 10.0), rng.uniform(-10.0, 10.0)


@pytest.mark.sweep
def test_powers_keep_their_digits(figures):
    worst = dict.fromkeys(NAMES_OF_ERRORS, 0.0)
    n = tries(150, full=10_000)
    for x, y in some_powers(n):
        value, slopes, curvatures = power_derivatives(x, y)
        made_of = value, value / x, value / x / x
        if any(part < SMALLEST_NORMAL for part in made_of):  # excepted: see stability.md
            continue
        if not all(map(fits, (*made_of, *slopes, *curvatures))):
            continue
        base, exponent = nf.Value(x), nf.Value(y)
        result = base**exponent
        first = nf.gradients(result, [base, exponent], create_graph=True)
        second = [nf.gradients(first[k], [base, exponent])[k] for k in (0, 1)]
        off = {
            "value": units_off(result.data, value),
            "slope": max(map(units_off, [d.data for d in first], slopes)),
            "curvature": max(map(units_off, second, curvatures[::2])),
        }
        worst = {what: max(worst[what], off[what]) for what in worst}
    faults = [off for off, bound in zip(worst.values(), BOUNDS, strict=True) if off > bound]
    figures(tried=n, faults=len(faults), **worst)
    assert faults == [], worst


def softplus(x):
    return mpmath.log1p(mpmath.exp(x)) if x < 0 else x + mpmath.log1p(mpmath.exp(-x))


LOSSES = {
    "mse": lambda p, y: (p - y) ** 2,
    "mae": lambda p, y: abs(p - y),
    "huber": lambda p, y: (p - y) ** 2 / 2 if abs(p - y) <= 1 else abs(p - y) - mpmath.mpf(0.5),
    "hinge": lambda p, y: max(1 - y * p, mpmath.mpf(0)),
    "squared_hinge": lambda p, y: max(1 - y * p, mpmath.mpf(0)) ** 2,
    "binary_cross_entropy": lambda p, y: softplus(-p) if y > 0 else softplus(p),
}


def exact_loss(name, p, y):
    """A loss and its derivatives by p: differences over a step so tiny that they are exact."""
    with mpmath.workprec(1500):
        p, y = mpmath.mpf(p), mpmath.mpf(y)
        h = mpmath.ldexp(abs(p), -300)
        below, at, above = (LOSSES[name](x, y) for x in (p - h, p, p + h))
        return at, (above - below) / (2 * h), (above - 2 * at + below) / (h * h)


def target_for(name, k):
    """A target that the loss takes: a class or a number."""
    return {"hinge": 1.0 - 2.0 * (k % 2), "entropy": float(k % 2)}.get(
        name.split("_")[-1], 2.5 * (k % 3 - 1)
    )


@pytest.mark.sweep
@pytest.mark.parametrize("name", LOSSES)
def test_losses_keep_their_digits(name, figures):
    rng, loss, worst = random.Random(name), nf.get("loss", name).load(), [0.0] * 3
    n = tries(60, full=2_000)
    for k in range(n):
        p = rng.choice((-1.0, 1.0)) * 2.0 ** rng.uniform(-300, 300 if k % 3 else 8)
        x, y = nf.Value(p), target_for(name, k)
        f = loss(x, y)
        (slope,) = nf.gradients(f, [x], create_graph=True)
        got = [f.data, slope.data, *nf.gradients(slope, [x])]
        worst = [*map(max, worst, map(units_off, got, exact_loss(name, p, y)))]
    faults = [off for off, bound in zip(worst, BOUNDS, strict=True) if off > bound]
    figures(tried=n, faults=len(faults), **dict(zip(NAMES_OF_ERRORS, worst, strict=True)))
    assert faults == [], worst


def test_huber_is_a_parabola_inside_and_its_curvature_is_1_there_at_0_too():
    for p, expected in ((0.0, 1.0), (0.5, 1.0), (-1.0, 1.0), (2.0, 0.0), (-2.0, 0.0)):
        x = nf.Value(p)
        (slope,) = nf.gradients(nf.get("loss", "huber").load()(x, 0.0), [x], create_graph=True)
        assert nf.gradients(slope, [x]) == [expected]


def test_log_softmax_keeps_what_a_sum_with_1_would_lose():
    log_softmax = nf.get("activation", "log_softmax").load()
    xs = [nf.Value(0.0), nf.Value(-50.0)]
    largest, _ = log_softmax(xs)
    assert largest.data == -math.exp(-50.0)
    assert nf.gradients(largest, xs)[1] == -math.exp(-50.0)
    assert log_softmax([1.0, 1.0]) == [-math.log(2.0)] * 2
