"""The checker is tested on wrong rules: every twin of the zoo is caught, and by the right check."""

from __future__ import annotations

import random
from functools import cache

import pytest
from neuroflow_plugins.zoo import TWINS, entry_of

import neuroflow as nf
from neuroflow.checks.ops.slopes import check_partials
from neuroflow.checks.selection import select
from neuroflow.checks.shared.subject import Subject
from neuroflow.core.rules.first_use import looked_at
from neuroflow.registry.entries import KINDS
from tests.support.long_tests import all_but

ONE_OF_EACH = {(entry_of(twin).kind, twin.caught_by): name for name, twin in TWINS.items()}
"""A twin for every kind of entry and every check that catches one of it."""


@pytest.fixture(autouse=True)
def numbers_of_nobody():
    """One twin draws from Python's own generator, which is its fault: put that back."""
    state = random.getstate()
    yield
    random.setstate(state)


def test_zoo_has_many_animals_of_every_kind():
    kinds = [entry_of(twin).kind for twin in TWINS.values()]
    assert len(TWINS) >= 100
    assert set(kinds) >= {*KINDS} - {"backend", "recipe"}


@cache
def report_of(name):
    """What the checks say of one twin."""
    return nf.check(entry_of(TWINS[name]))


@pytest.mark.parametrize("name", all_but(TWINS, ONE_OF_EACH.values()))
def test_twin_is_caught_and_named(name):
    twin = TWINS[name]
    report = report_of(name)
    assert not report
    assert report.found(twin.caught_by), f"{twin.title}: {report}"


@pytest.mark.parametrize("name", TWINS)
def test_puzzle_hides_its_answer_and_knows_it(name):
    twin = TWINS[name]
    assert twin.wrong_lines
    assert "bug" not in twin.source
    assert "@twin" not in twin.source
    assert twin.why.endswith((".", "..."))


def test_twins_are_not_registered_by_default():
    registered = {entry.name for entry in nf.find("*")}
    assert not registered & set(TWINS)


def test_metric_that_sorts_its_lists_is_caught_again():
    """The checks lend it copies: what it does to them does not hide it the next time."""
    for _ in range(2):
        assert nf.check(entry_of(TWINS["median_1"])).found("no mutation")


def test_zoo_as_a_plugin_offers_every_twin():
    """Each of them is caught by itself, above."""
    offered = {(entry.kind, entry.name) for entry in select("neuroflow_plugins.zoo").entries}
    assert {(entry_of(twin).kind, entry_of(twin).name) for twin in TWINS.values()} <= offered


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "cube_1",
            "d/dx at x = 2.0: partials say 8.0, numeric 12.0: ratio 2/3; is the exponent right?",
        ),
        ("ratio_1", "the partials of a and b are swapped"),
        ("sigmoid_1", "ratio 1/2; is a factor 2 (the inner derivative of the chain rule?) missing"),
        ("cos_1", "ratio -1; is the sign right?"),
        ("sin_1", "is the angle in degrees, and the factor pi/180 missing?"),
        ("relu_2", "`if x > 0.0:` chooses once for all; write `nf.where(x > 0.0, x, 0.0 * x)`"),
        ("softplus_1", "`math.log1p` knows one kind of number; write `nf.log1p`"),
        ("sinc_1", "inside the declared domain (-inf, inf), forward raises ZeroDivisionError"),
        ("saturation_1", "a pole at x = -1.7: the value grows beyond all bounds; declare it"),
        ("hard_tanh_1", "a kink at x = -1: slope 0 left, 1 right; a kink at x = 1: slope 1 left"),
        ("abs_1", "the convention says 0.0 at the kink x = 0.0, and partials say 1.0"),
        ("log1p_1", "digits cancel; rewrite it, for example with log1p or expm1"),
        ("softplus_2", "but the result is 1000, which a float can hold"),
        ("blend_1", "has partials that give 1 number for 2 inputs; expected a tuple"),
        ("attention_1", "it sees the future; is the mask off by one?"),
        ("adam_1", "the first step is 3.16 times the later ones"),
        ("huber_1", "the default of the setting 'delta' is refused: delta: got 0.0; expected a"),
        ("linear_4", "it was built with scale = 2.0, and configuration() says"),
        ("hinge_1", "labels says '-1 or +1', but nothing holds it: give allows=..."),
    ],
)  # fmt: skip
def test_finding_teaches(name, message):
    report = report_of(name)
    assert any(message in finding.message for finding in report.findings), report


SLOPED = [e for e in nf.find("*", "op") if not e.load().convention.startswith("0 everywhere")]


@pytest.mark.parametrize("entry", SLOPED, ids=lambda entry: entry.name)
def test_slope_wrong_by_a_thousandth_is_caught(entry, monkeypatch):
    """Every bundled op, with its steepest derivative a little off."""
    op = entry.load()
    right = looked_at(op.partials_at)  # itself, which is not put back after its first use

    def wrong(out, *inputs):
        slopes = list(right(out, *inputs))
        steepest = max(range(len(slopes)), key=lambda k: abs(slopes[k]))
        slopes[steepest] = slopes[steepest] * 1.001
        return slopes

    monkeypatch.setattr(op, "partials_at", wrong)
    report = nf.Report()
    check_partials(Subject.of(op), report.of(entry.name))
    assert report.found("partials")
