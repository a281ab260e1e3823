"""The checks' own points find rules that are wrong anywhere in the domain, and nothing else."""

from __future__ import annotations

import random

import pytest

import neuroflow as nf
from neuroflow.checks.ops.breaks import far_breaks
from neuroflow.checks.ops.search import check_search
from neuroflow.checks.shared.subject import Subject
from neuroflow.core.domain import REALS
from tests.support.sweeps import tries


def square(wrong, **declared):
    """The square, with a derivative that ``wrong`` makes of x and the right one."""

    def square(x):
        """The square."""
        return x * x

    op = nf.op(square, formula="x^2", **declared)
    op.partials(lambda out, x: (wrong(x, 2.0 * x),))
    return op


def inside(low, high, other=0.0):
    return lambda x, right: nf.where(x > low, nf.where(x < high, other * right, right), right)


def searched(op):
    """What the search alone finds."""
    report = nf.Report()
    check_search(Subject.of(op), report.of(op.name))
    return report


TWINS = {
    "beyond 3": lambda x, right: nf.where(x > 3.0, 0.0, right),
    "below -50": lambda x, right: nf.where(x < -50.0, 0.0, right),
    "beyond a thousandth of 1e-3": inside(-1e-3, 1e-3, 3.0),
    "at 0": lambda x, right: nf.where(nf.abs(x) > 0.0, right, 7.0),
    "between 0.3 and 0.31": inside(0.3, 0.31),
    "between 0.7 and 0.8": inside(0.7, 0.8),
    "between -7.42 and -7.4": inside(-7.42, -7.4, 1.01),
    "at whole numbers": lambda x, right: nf.where(nf.abs(nf.sin(3.141592653589793 * x)) < 1e-9,
                                                  right + 1.0, right),
    "the sign beyond 1e5": lambda x, right: nf.where(x > 1e5, -right, right),
    "the sign below -1e12": lambda x, right: nf.where(x < -1e12, -right, right),
    "by a thousandth beyond 100": lambda x, right: nf.where(x > 100.0, 1.001 * right, right),
    "for tiny numbers": lambda x, right: nf.where(nf.abs(x) < 1e-30, 0.5 * right, right),
    "close to 1": inside(1.0, 1.001),
}  # fmt: skip


@pytest.mark.parametrize("where", TWINS)
def test_a_rule_that_is_wrong_somewhere_is_found(where):
    assert searched(square(TWINS[where])).found("search")


@pytest.mark.sweep
def test_windows_of_a_hundredth_are_found_wherever_they_lie(figures):
    rng, missed = random.Random(3), []
    count = tries(10, full=300)
    for _ in range(count):
        low = rng.uniform(-10.0, 10.0)
        missed += [] if searched(square(inside(low, low + 0.01))).findings else [low]
    figures(tried=count, faults=len(missed))
    assert missed == []


def test_a_wrong_second_derivative_far_out_is_found():
    stop = nf.stop_gradient
    op = square(lambda x, right: nf.where(x > 5.0, 2.0 * stop(x), right))
    report = nf.gradcheck(op)
    assert report.found("second derivatives")
    assert not report.found("search")


@pytest.mark.parametrize("wrong_for", [0.0, 10.0])
def test_a_rule_that_is_wrong_for_one_setting_is_found(wrong_for):
    @nf.op(formula="k x")
    def scaled(x, *, k=2.0):
        """k times x."""
        return k * x

    @scaled.partials
    def _(out, x, *, k):
        return (k if k != wrong_for else k + 1.0,)

    assert nf.gradcheck(scaled).found("search")


def test_a_wrong_partial_at_minus_zero_and_at_an_end_is_found():
    @nf.op(formula="x^3", domain="[0, 1]")
    def cube(x):
        """The cube."""
        return x * x * x

    @cube.partials
    def _(out, x):
        return (nf.where(x < 0.999, 3.0 * x * x, 2.0),)

    assert searched(cube).found("search")


def test_kinks_far_out_are_found():
    assert [b.x for b in far_breaks(lambda x: max(x, 12.0), REALS)] == [12.0]
    assert [b.x for b in far_breaks(lambda x: max(-x, 300.0), REALS)] == [-300.0]
    assert far_breaks(nf.sin, REALS) == far_breaks(nf.exp, REALS) == []


def test_a_right_rule_passes_and_the_report_says_how_much_was_tried():
    report = nf.gradcheck(square(lambda x, right: right))
    assert report, report
    assert report.tried["square"] > 5000
    assert report.as_dict()["points_tried"] == {"square": report.tried["square"]}
    assert f"searched: {report.tried['square']:,} points of 1 entry" in str(report)


@pytest.mark.parametrize("centre", [0.0, 1.0, -3.0])
def test_a_slope_that_is_flat_at_a_point_raises_no_alarm(centre):
    cube = nf.op(lambda x: (x - centre) ** 3, name="cube")
    cube.partials(lambda out, x: (3.0 * (x - centre) ** 2,))
    assert not searched(cube).findings


def test_an_approximation_within_a_millionth_raises_no_alarm():
    @nf.op(formula=r"\ln(1 + e^x)")
    def softplus(x):
        """Linear beyond 20, as others have it."""
        return nf.where(x > 20.0, x, nf.log1p(nf.exp(nf.minimum(x, 20.0))))

    @softplus.partials
    def _(out, x):
        return (1.0 / (1.0 + nf.exp(nf.minimum(-x, 700.0))),)

    assert not searched(softplus).findings


def test_slopes_that_are_infinite_at_an_end_raise_no_alarm():
    @nf.op(formula=r"\sqrt{1 - x^2}", domain="[-1, 1]")
    def half_circle(x):
        """Half a circle."""
        return nf.sqrt(1.0 - x * x)

    report = nf.gradcheck(half_circle)
    assert report, report
