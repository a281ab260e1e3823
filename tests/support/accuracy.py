"""How far a result is from the exact one, in units in the last place: exact by mpmath."""

import math
from contextlib import contextmanager

import mpmath

import neuroflow as nf
from neuroflow.core.kinds import library

DIGITS = {"float64": (53, -1074, 1024), "float32": (24, -149, 128)}
"""Bits of a number, the exponent of the smallest one, and that of what is too large."""


def unit(exact, dtype="float64"):
    """One unit in the last place of an exact number."""
    bits, smallest, _ = DIGITS[dtype]
    exponent = mpmath.frexp(exact)[1] if exact else smallest
    return mpmath.ldexp(1, max(int(exponent) - bits, smallest))


def fits(exact, dtype="float64"):
    """Whether a number is in the range of its type."""
    return abs(exact) < mpmath.ldexp(1, DIGITS[dtype][2]) - mpmath.ldexp(1, DIGITS[dtype][2] - 30)


def units_off(got, exact, dtype="float64"):
    """How many units in the last place a result is off."""
    return (
        float(abs(mpmath.mpf(got) - exact) / unit(exact, dtype)) if math.isfinite(got) else math.inf
    )


def exact_derivatives(op, x):
    """f, f' and f'' of an op at a number: its own rules, run with hundreds of digits.

    f'' is the difference of f' over a step so tiny that it is as good as the limit.
    """
    exponent = math.frexp(x)[1]
    with mpmath.workprec(300 + max(exponent, -2 * exponent)), tiny_as_zero():
        x = mpmath.mpf(x)
        h = _step(x)
        below, above = _slope(op, x - h), _slope(op, x + h)
        return mpmath.mpf(op.forward(x)), _slope(op, x), (above - below) / (2 * h)


def _slope(op, x):
    try:
        return mpmath.mpf(op.partials_at(None, x)[0])  # most rules do not look at the result
    except TypeError:
        return mpmath.mpf(op.partials_at(op.forward(x), x)[0])


@contextmanager
def tiny_as_zero():
    """For a while, mpmath's e^-x is 0 beyond 2^40: it would take seconds to write down."""
    functions = library("mpmath")
    exp, erfc = functions.exp, functions.erfc
    functions.exp = lambda x: exp(x) if x > -(2**40) else mpmath.mpf(0)
    functions.erfc = lambda x: erfc(x) if abs(x) < 2**40 else mpmath.mpf(2 * (x < 0))
    try:
        yield
    finally:
        functions.exp, functions.erfc = exp, erfc


def derivative_of_rule(rule, x):
    """f' from the rule alone, in the same way: what the rule of partials has to give."""
    exponent = math.frexp(x)[1]
    with mpmath.workprec(1400 + 2 * abs(exponent)), tiny_as_zero():
        x = mpmath.mpf(x)
        h = _step(x)
        return (mpmath.mpf(rule(x + h)) - mpmath.mpf(rule(x - h))) / (2 * h)


def _step(x):
    return mpmath.ldexp(min(abs(x), 1) or 1, -80)


def eager_derivatives(function, x):
    """f, f' and f'' of a function of one Value; None from where on it refuses."""
    found = []
    x = nf.Value(x)
    y = x
    try:
        y = function(x)
        found.append(y.data)
        for _ in range(2):
            (y,) = nf.gradients(y, [x], create_graph=True)
            found.append(y.data)
    except nf.DomainError:
        pass
    return [*found, None, None, None][:3]
