"""The checks catch bundled entries with one mistake each, whatever it is; the figures say so."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

import neuroflow as nf
from tests.benchmarks.mutants import WHY_MISSED, chosen, page
from tests.support.behaviour import same
from tests.support.mutants import caught_by, changes, home, mutants_of, rebuilt, tree_of
from tests.support.sweeps import tries

PAGE = Path(__file__).parents[2] / "docs" / "mutants.md"
MEASURED = json.loads(PAGE.with_suffix(".json").read_text(encoding="utf-8"))["entries"]
KINDS = ("op", "activation", "loss", "metric", "optimizer", "schedule", "initializer")
"""The kinds that are measured: what they are is said in numbers."""

QUICK = ("loss", "metric", "optimizer", "schedule", "initializer")


def _of(kind, name):
    (entry,) = nf.find(name, kind)
    return entry


def test_changes_are_of_every_kind_of_mistake():
    told = Counter(change.what for change in changes(*home(_of("op", "leaky_relu"))))
    assert {"constant", "operator", "swapped inputs", "sign"} <= set(told)
    cosine = list(changes(*home(_of("schedule", "cosine"))))
    assert any("dropped term" in change.what for change in cosine)
    assert len({str(change) for change in cosine}) > 70


def test_a_module_run_again_as_it_is_has_no_finding_and_does_the_same():
    for kind, name in (("optimizer", "sgd"), ("schedule", "step"), ("op", "log")):
        again = rebuilt(_of(kind, name), tree_of(home(_of(kind, name))[0]))
        assert again.target is not _of(kind, name).target
        assert caught_by(again) == ""
        assert same(_of(kind, name), again)


def test_a_mutant_that_differs_is_told_from_one_that_does_not():
    found = {str(m.change).partition(": ")[2]: m for m in mutants_of(_of("loss", "huber"))}
    equal, wrong = found["e > delta -> e >= delta"], found["0.5 -> 0.505"]
    assert same(equal.right, equal.entry)
    assert not caught_by(equal.entry)
    assert not same(wrong.right, wrong.entry)
    assert caught_by(wrong.entry) == "formula"


@pytest.mark.sweep
def test_mutants_of_small_kinds_are_caught_or_change_nothing(figures):
    """But those of entries of which it is known, and written down, why some are missed."""
    entries = [e for e in chosen(QUICK) if f"{e.kind} {e.name}" not in WHY_MISSED]
    every = [m for entry in entries for m in mutants_of(entry)]
    some = every[:: max(1, len(every) // tries(10, full=500))]
    missed = [m for m in some if not caught_by(m.entry) and not same(m.right, m.entry)]
    figures(tried=len(some), faults=len(missed))
    assert not missed, [str(m.change) for m in missed]


def test_at_least_99_of_100_mutants_that_differ_are_caught():
    caught = sum(sum(entry["caught"].values()) for entry in MEASURED.values())
    ends = Counter(end for entry in MEASURED.values() for _, end in entry["survivors"])
    assert caught + ends.total() == sum(entry["mutants"] for entry in MEASURED.values()) >= 2000
    assert caught / (caught + ends["missed"]) >= 0.99


def test_every_bundled_entry_has_its_mutants():
    """If not: ``python -m tests.benchmarks.mutants KIND``."""
    assert {f"{entry.kind} {entry.name}" for entry in chosen(KINDS)} <= set(MEASURED)


def test_the_page_is_written_from_the_figures():
    assert PAGE.read_text(encoding="utf-8") == page(MEASURED)
