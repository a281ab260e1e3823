"""Authors can say what they mean: points, settings, tolerances, kinks, derivatives, findings."""

from __future__ import annotations

import pytest

import neuroflow as nf
from neuroflow.checks.ops.surfaces import kink_numbers
from neuroflow.checks.shared.causes import one_per_cause
from neuroflow.checks.shared.findings import Finding


def _clip(kinks, convention="1 at both"):
    @nf.op(formula=r"\max(l, \min(h, x))", kinks=kinks, convention=convention)
    def clip(x, *, low=-1.0, high=1.0):
        """The number, kept within two others."""
        return nf.where(x < low, low, nf.where(x > high, high, x))

    return clip


@pytest.mark.parametrize("kinks", [lambda low, high: (low, high), ("low", "2 * high - high")])
def test_kinks_are_a_function_of_the_settings(kinks):
    clip = _clip(kinks)
    assert kink_numbers(clip) == [-1.0, 1.0]
    assert kink_numbers(clip.bind(low=-3.0, high=0.5)) == [-3.0, 0.5]
    assert kink_numbers(clip.bind(low=-3.0).bind(high=0.5)) == [-3.0, 0.5]
    report = nf.gradcheck(clip)
    assert report, report


def test_a_convention_at_all_kinks_is_compared_at_each():
    def slope(x, low, high):
        return nf.where(x < low, 0.0, nf.where(x >= high, 0.0, 1.0))

    for said, right in (("0 at both", False), ("1 at low, 0 at high", True)):
        clip = _clip(("low", "high"), convention=said)
        clip.partials(lambda out, x, *, low, high: (slope(x, low, high),))
        assert nf.gradcheck(clip).found("kinks") == (not right)


def test_partials_that_round_a_number_across_a_step_are_found():
    jumps, steps = ("x = y * round(x / y)",), "minus the whole quotient for y, at its jumps too"

    @nf.op(formula=r"x \bmod y", domain=("(0, inf)",) * 2, kinks=jumps, convention=steps)
    def left(x, y):
        """What a division leaves over."""
        return x - y * nf.floor(x / y)

    left.partials(lambda out, x, y: (1.0, -nf.floor((x - out) / y)))
    assert "rounded across a step" in str(nf.gradcheck(left))


def test_a_kink_that_means_nothing_is_refused():
    with pytest.raises(nf.DefinitionError, match="has the kink 'heigh \\+ 1'"):
        _clip(("heigh + 1",))
    with pytest.raises(nf.DefinitionError, match="has kinks that are a function of heigh"):
        _clip(lambda heigh: (heigh,))


def _doubled(slope, formula="2 x", **facts):
    @nf.op(formula=formula, **facts)
    def doubled(x):
        """Twice the number."""
        return 2.0 * x

    doubled.partials(lambda out, x: (slope,))
    return doubled


def test_a_derivative_that_is_meant_is_that_of_a_function_or_a_reason():
    assert nf.gradcheck(_doubled(-1.0, derivative=lambda x: -x))
    report = nf.gradcheck(_doubled(0.1, derivative="a tenth, so that it learns slowly"))
    assert report, report
    assert "the derivative is intended: a tenth, so that it learns slowly" in str(report)


def test_a_derivative_that_is_meant_is_checked_against_its_function():
    report = nf.gradcheck(_doubled(1.0, derivative=lambda x: -x))
    assert report.found("partials")


@pytest.mark.parametrize("derivative", [lambda x: 2.0 * x, "by design"])
def test_a_derivative_that_is_the_rules_own_need_not_be_meant(derivative):
    assert nf.gradcheck(_doubled(2.0, derivative=derivative)).found("intended")


def test_a_straight_through_step_passes_with_its_jump_declared():
    @nf.op(formula="[x > 0.5]", kinks=(0.5,), convention="1, as everywhere", derivative=lambda x: x)
    def step(x):
        """A step whose derivative is that of the identity (Bengio et al. 2013)."""
        return nf.where(x > 0.5, 1.0, 0.0)

    step.partials(lambda out, x: (1.0,))
    report = nf.gradcheck(step)
    assert report, report


def test_an_expected_finding_is_shown_with_its_reason_and_is_none():
    report = nf.gradcheck(_doubled(1.0, checks=nf.Checks(expected={"partials": "a joke"})))
    assert report
    assert report.headline.endswith("0 findings, 1 expected")
    assert "expected partials, a joke: d/dx at x = 2.0: partials say 1.0" in str(report)
    assert report.as_dict()["expected"][0]["reason"] == "a joke"


def test_an_expected_finding_that_does_not_occur_is_a_finding():
    report = nf.gradcheck(_doubled(2.0, checks=nf.Checks(expected={"kinks": "there was one"})))
    (finding,) = report.findings
    assert "a finding of 'kinks' is expected (there was one), and there is none" in str(finding)


def test_an_expected_finding_needs_a_reason():
    with pytest.raises(nf.InputError, match="the reason for its finding"):
        nf.Checks(expected={"kinks": " "})
    with pytest.raises(nf.InputError, match="from 0 up to 1"):
        nf.Checks(tolerance=2.0)


def test_points_of_the_author_are_tried():
    def made(points):
        @nf.op(formula="x", checks=nf.Checks(points=points))
        def odd(x):
            """The number, but for one."""
            return x + nf.where(nf.abs(x - 1234.5) < 1e-9, 1.0, 0.0)

        return nf.gradcheck(odd)

    assert made(()).checks["formula"] < made((7.0,)).checks["formula"]
    assert made((1234.5,)).found("formula")
    assert made(((1.0, 2.0),)).found("declared")


def test_a_tolerance_of_the_author_is_kept():
    assert not nf.gradcheck(_doubled(2.0002))
    assert not nf.gradcheck(_doubled(2.0002, checks=nf.Checks(tolerance=1e-6)))
    report = nf.gradcheck(_doubled(2.0002, checks=nf.Checks(tolerance=2e-4)))
    assert report, report


def test_settings_of_the_author_are_tried_instead_of_others():
    def scaled(x, *, by=1.0):
        """A multiple, right for one setting only."""
        return by * by * x

    for settings, right in (((), False), (({"by": 0.0},), True), (({"by": 3.0},), False)):
        checks = nf.Checks(settings=settings)
        assert bool(nf.gradcheck(nf.op(scaled, formula="b x", checks=checks))) is right


def test_settings_that_do_not_go_together_are_not_tried():
    def low_first(low, high):
        if low > high:
            raise nf.InputError("upside down")

    @nf.op(formula="x", domain="(-inf, inf)")
    def within(x, *, low=0.0, high=1.0):
        """The number, where its settings go together."""
        return x + 0.0 * nf.sqrt(high - low)

    entry = nf.OpEntry.of(within, relations=low_first)
    assert nf.check(entry), nf.check(entry)


@nf.op(
    formula=r"\frac{x}{\mathrm{high} - \mathrm{low}}",
    checks=nf.Checks(points=(0.75,), tolerance=1e-6),
    relations=lambda low, high: _in_order(low, high),
)
def spread_out(x, *, low=0.0, high=1.0):
    """A number over the width of a range."""
    return x / (high - low)


def _in_order(low, high):
    if low >= high:
        raise nf.InputError("upside down")


def test_a_lazy_entry_knows_what_its_op_says():
    lazy = nf.OpEntry(name="spread_out", target=f"{__name__}:spread_out")
    for entry in (lazy, nf.OpEntry.of(spread_out), nf.ActivationEntry(name="a", target=spread_out)):
        known = entry.with_its_op()
        assert known.checks.tolerance == 1e-6
        assert known.relations is not None
        assert nf.check(entry), nf.check(entry)
    own = nf.OpEntry.of(spread_out, checks=nf.Checks(tolerance=1e-3)).with_its_op()
    assert own.checks.tolerance == 1e-3


def test_examples_of_a_class_know_its_name():
    class Twice(nf.Module):
        """Twice the numbers.

        >>> Twice()([1.0])
        [3.0]
        """

        def forward(self, xs):
            return [2.0 * x for x in xs]

    report = nf.check(nf.LayerEntry(name="twice", target=Twice, summary="Twice the numbers."))
    assert report.found("examples"), report


def test_examples_in_docstrings_are_checked():
    def right(base, step, steps):
        """A rate.

        >>> right(0.1, 0, 10)
        0.1
        """
        return base

    def wrong(base, step, steps):
        """A rate.

        >>> wrong(0.1, 0, 10) + nothing_known
        0.2
        >>> wrong(0.1, 0, 10)
        0.2
        """
        return base

    from neuroflow.checks.kinds.examples import check_examples

    for target, name in ((right, "right"), (wrong, "wrong")):
        target.__globals__[name] = target
        report = nf.Report()
        check_examples(nf.ScheduleEntry(name=name, target=target), report.of(name))
        del target.__globals__[name]
        assert not report.findings
        assert bool(report.skips) is (name == "wrong")


def test_an_example_that_is_wrong_is_a_finding():
    @nf.op(formula="x")
    def same(x):
        """The number.

        >>> 1 + 1
        3
        >>> 1 / 0
        0
        """
        return x

    messages = [f.message for f in nf.check(same).findings]
    assert "`1 + 1` in its docstring says 3, and gives 2" in messages[0]
    assert "`1 / 0` in its docstring fails: ZeroDivisionError" in messages[1]


def test_what_one_mistake_causes_is_one_finding():
    report = nf.gradcheck(_doubled(1.0))
    (finding,) = report.findings
    assert finding.by == ("partials", "symbolic")
    assert report.found("symbolic")
    assert "found by symbolic too" in str(report)


def test_two_wrong_derivatives_are_two_findings():
    a, b = (Finding("op f", "partials", f"d/d{x} at x = 2.0: partials say 8.0") for x in "ab")
    later = Finding("op f", "symbolic", "d/db at a = 2.0: partials say 8.0")
    assert [f.by for f in one_per_cause([a, b, later])] == [("partials",), ("partials", "symbolic")]
