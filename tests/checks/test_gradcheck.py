"""gradcheck: what it accepts, what it counts, and what it says."""

from __future__ import annotations

import pytest

import neuroflow as nf
from neuroflow.checks.ops import probes
from neuroflow.checks.ops.breaks import find_breaks
from neuroflow.checks.shared import numeric
from neuroflow.checks.shared.report import Report


@nf.op(formula="x^2")
def square(x):
    """The square."""
    return x * x


@square.partials
def _(out, x):
    return (2.0 * x,)


def test_right_op_passes_every_check():
    report = nf.gradcheck(square)
    assert report
    assert report.total > 80
    assert report.findings == []
    assert {"partials", "complex step", "high precision", "symbolic", "extremes"} <= set(
        report.checks
    )


def test_derived_partials_pass_too():
    @nf.op(formula=r"\sin(x)^2")
    def sine_squared(x):
        """The square of the sine."""
        return nf.sin(x) * nf.sin(x)

    assert nf.gradcheck(sine_squared)


def test_zero_checks_is_a_failure():
    report = Report()
    assert not report
    assert report.headline == "0 entries, 0 checks: nothing was checked"


def test_skips_are_counted_with_their_reason():
    report = nf.gradcheck(nf.ops.relu)
    assert report
    assert [skip.check for skip in report.skips] == ["complex step"]
    assert "1 skipped" in report.headline
    assert "skipped: complex step of 1 entry: no complex form" in str(report)


@pytest.mark.parametrize("package", ["sympy", "mpmath"])
def test_missing_optional_package_is_a_counted_skip(monkeypatch, package):
    for module in ("exact", "extremes"):
        monkeypatch.setattr(f"neuroflow.checks.ops.{module}.has", lambda name: name != package)
    report = nf.gradcheck(square)
    assert report
    assert any(f"{package} is not installed" in skip.reason for skip in report.skips)


def test_anything_but_an_op_is_refused():
    with pytest.raises(nf.InputError, match="it checks ops; for other entries, plugins and files"):
        nf.gradcheck(lambda x: x)


def test_extremes_are_documented():
    table = nf.gradcheck(square).extremes["square"]
    assert [e.input for e in table][:6] == [1e3, -1e3, 1e-300, -1e-300, 0.0, -0.0]
    assert (table[0].value, table[0].slope) == ("1000000.0", "2000.0")
    assert table[-1].value == "nan"


def test_json_form_has_all_counts():
    facts = nf.gradcheck(square).as_dict()
    assert facts["ok"] is True
    assert facts["checks"] == sum(facts["checks_by_name"].values())
    assert facts["checks"] == facts["checks_by_entry"]["square"]


def test_missing_declarations_are_found():
    @nf.op
    def half(x):
        return 0.5 * x

    messages = [str(finding) for finding in nf.gradcheck(half).findings]
    assert any("there is no summary" in message for message in messages)
    assert any("there is no formula" in message for message in messages)


def test_kink_without_convention_is_found():
    @nf.op(formula="|x|", kinks=(0.0,))
    def distance(x):
        """Distance."""
        return nf.abs(x)

    findings = [f.message for f in nf.gradcheck(distance).findings if f.check == "declared"]
    assert findings == [
        "kinks are declared at 0.0, but no convention; say which derivative is taken there, for"
        ' example convention="0 at x = 0"'
    ]


def test_rule_that_raises_is_a_finding_not_a_crash():
    @nf.op(formula="x")
    def broken(x):
        """Broken."""
        return missing(x)  # noqa: F821

    report = nf.gradcheck(broken)
    assert any("NameError: name 'missing' is not defined" in f.message for f in report.findings)


@pytest.mark.parametrize(("f", "x", "expected"), [
    (lambda x: x**3, 2.0, 12.0),
    (lambda x: 1e9 * x, 3.0, 1e9),
    (lambda x: (x - 1e4) ** 2, 0.0, -2e4),
])  # fmt: skip
def test_step_sweep_finds_the_slope(f, x, expected):
    assert numeric.slope(f, x).agrees(expected)
    assert not numeric.slope(f, x).agrees(expected * 1.001)


def test_one_sided_slopes_at_a_kink():
    assert numeric.one_sided(abs, 0.0, 1).agrees(1.0)
    assert numeric.one_sided(abs, 0.0, -1).agrees(-1.0)


def test_smooth_functions_have_no_breaks():
    xs = probes.grid(nf.ops.tanh.domain[0])[0]
    for f in (nf.tanh, nf.exp, nf.sin, lambda x: nf.tanh(20 * x), lambda x: x**10):
        assert find_breaks(f, xs) == []


@pytest.mark.parametrize(("f", "shape", "x"), [
    (lambda x: min(max(x, 0.0), 6.0), "kink", 6.0),
    (lambda x: 1.0 if x > 0.3 else 0.0, "jump", 0.3),
    (lambda x: 1 / (x - 1), "pole", 1.0),
    (lambda x: 1 / (x - 1) ** 2, "pole", 1.0),
    (lambda x: x + 0.002 * abs(x), "kink", 0.0),
])  # fmt: skip
def test_breaks_are_found_where_they_are(f, shape, x):
    found = find_breaks(f, probes.grid(nf.ops.tanh.domain[0])[0])
    assert (shape, x) in [(b.shape, b.x) for b in found]
