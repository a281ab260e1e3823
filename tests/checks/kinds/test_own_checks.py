"""Checks of plugins: made of the kinds that they name, and tried themselves."""

from __future__ import annotations

import pytest
from attrs import evolve

import neuroflow as nf

LOSS = nf.LossEntry(
    name="it",
    target=lambda prediction, target: (prediction - target) ** 2,
    formula=r"(\hat{y} - y)^2",
    summary="It.",
)


def credited(entry, results):
    """What is taken from a paper says from which."""
    results.expect("credited", bool(entry.reference), "it has no reference; name the paper")


def test_a_check_is_made_of_its_kinds_and_of_no_others():
    with nf.local_entries():
        nf.register("check", credited, kinds=("loss",))
        assert nf.check(LOSS).found("credited")
        assert "credited" not in nf.check("schedule/constant").checks
    assert "credited" not in nf.check(LOSS).checks


def test_its_finding_may_be_expected():
    ours = nf.Checks(expected={"credited": "it is our own"})
    loss = evolve(LOSS, checks=ours)
    with nf.local_entries():
        nf.register("check", credited, kinds=("loss",))
        report = nf.check(loss)
    assert report, report
    assert [each.reason for each in report.expected] == ["it is our own"]


def test_a_check_that_fails_is_named():
    def broken(entry, results):
        raise KeyError("nothing")

    with nf.local_entries():
        nf.register("check", broken, kinds=("loss",))
        (finding,) = nf.check(LOSS).findings
        report = nf.check("check/broken")
    assert finding.check == "local/broken"
    assert "check local/broken@1" in finding.message
    assert "it fails for the loss" in str(report)


def test_a_check_that_compares_nothing_is_found():
    nothing = nf.CheckEntry(
        name="nothing", target=lambda entry, results: None, kinds=("loss", "op"), summary="Nothing."
    )
    assert "it compares nothing" in str(nf.check(nothing))


def test_a_kind_that_there_is_not_is_refused():
    with pytest.raises(nf.InputError, match=r"has the kinds \('losses',\).*expected a tuple of"):
        nf.CheckEntry(name="it", target=credited, kinds=("losses",))


@pytest.mark.parametrize("kind", [nf.LossEntry, nf.CheckEntry])
def test_the_bundled_check_asks_for_a_summary(kind):
    facts = {"kinds": ("loss",)} if kind is nf.CheckEntry else {}
    report = nf.check(kind(name="it", target=credited, **facts))
    assert "there is no summary; say what it" in str(report) or "say what must hold" in str(report)
