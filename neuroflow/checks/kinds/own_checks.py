"""Checks that plugins offer: made of every entry of the kinds that they name, after all others."""

from __future__ import annotations

from neuroflow.checks.ops.table import guarded
from neuroflow.checks.shared.report import Report, Results
from neuroflow.registry.entries import CheckEntry, Entry
from neuroflow.registry.manager import manager


def check_by_plugins(entry: Entry, results: Results) -> None:
    """What the checks that are offered for its kind say of an entry."""
    for check in manager().registry.entries("check"):
        assert isinstance(check, CheckEntry)
        if entry.kind in check.kinds:
            with guarded(results, check.shortest_name), check.running():
                check.load()(entry, results)


def check_check(entry: CheckEntry, results: Results) -> None:
    """It bears a bundled entry of each kind that it names, and compares something."""
    compared = 0
    for kind in entry.kinds:
        for tried in manager().registry.entries(kind)[:1]:
            trial = Report()
            compared += _made(entry, tried, trial, results)
            compared += len(trial.skips)
    results.expect("trial", compared > 0, (
        "it compares nothing of the first bundled entry of any of its kinds; tell what it compares"
        " with results.expect(check, holds, message)"
    ))  # fmt: skip


def _made(check: CheckEntry, tried: Entry, trial: Report, results: Results) -> int:
    """How many comparisons the check made; that it raises is a finding."""
    try:
        with check.running():
            check.load()(tried, trial.of(f"{tried.kind} {tried.name}"))
        problem = ""
    except Exception as error:
        problem = f"it fails for the {tried.kind} {tried.name}: {error}"
    results.expect("trial", not problem, problem)
    return trial.total
