"""Checks of panels: they bear runs of all sorts, and show them as shapes, texts and numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from types import MappingProxyType

from neuroflow.checks.ops.table import guarded
from neuroflow.checks.shared.report import Results
from neuroflow.errors import InputError, raised
from neuroflow.panel import Content, Report, content_of
from neuroflow.registry.capture import silenced
from neuroflow.registry.entries import PanelEntry


def _report(step: int, loss: float, gradient_norm: float, **scores: float) -> Report:
    facts = {"step": step, "steps": 40, "epoch": step // 5, "loss": loss, "learning_rate": 0.5}
    return MappingProxyType({**facts, "gradient_norm": gradient_norm, **scores})


SCORED = (
    _report(1, 2.0, 1.0),
    _report(5, 1.5, 0.5, accuracy=0.75, test_loss=1.75),
    _report(6, 0.25, 0.5, test_accuracy=1.0, r2=-0.5, perplexity=8.0),
)  # fmt: skip
RUNS = {
    "before the first step": (),
    "after the first step": SCORED[:1],
    "in a run with scores": SCORED,
    "in a run that stands still": tuple(_report(k, 0.0, 0.0) for k in range(1, 4)),
    "in a run whose losses are below zero": tuple(
        _report(k, 0.5 - 0.75 * k, 0.5) for k in (1, 2, 3)
    ),
    "in a run whose loss grows": tuple(_report(k, 10.0 ** (3 * k), 1e3) for k in (1, 2)),
    "in a long run": tuple(_report(5 * k, 2.0 / k, 1.0 / k) for k in range(1, 401)),
    "in a run that went wrong": (
        *SCORED, _report(7, float("inf"), float("inf")), _report(8, float("nan"), float("nan")),
    ),
}  # fmt: skip
"""What a page may have to show, and when."""
_NEGATIVE = re.compile(r'\b(?:width|height|r|rx|ry)="-[^"]*"')
OTHER = tuple(
    _report(3 * k, 9.0 - k, 0.1 * k, accuracy=0.1 * k, test_accuracy=0.2, r2=0.3) for k in (1, 2, 3)
)  # fmt: skip


def check_panel(entry: PanelEntry, results: Results) -> None:
    """Its title, and what it shows of runs of all sorts."""
    results.expect("declared", bool(entry.title.strip()), "it has no title to stand above it")
    with guarded(results, "reports"), silenced():
        shown = {}
        for when, run in RUNS.items():
            shown[when] = _borne(entry, run, when, results)
            if shown[when] is None:
                return
        first, again, other = (_shown(entry, run) for run in (SCORED, SCORED, OTHER))
        results.expect("same", first == again, "the same reports look another way the second time")
        results.expect("same", first != again or first == shown["in a run with scores"], (
            "the same reports look another way after those of another run: keep nothing between"
            " calls, all reports of the run are there each time"
        ))  # fmt: skip
        results.expect("shows", first != other, "it shows the same of two runs that differ in all")


def _borne(
    entry: PanelEntry, reports: Sequence[Report], when: str, results: Results
) -> Content | None:
    """What it shows, if that can be shown; what it gives otherwise is a finding."""
    try:
        given = entry.load()(reports)
    except Exception as error:
        results.failed("reports", f"{when} it fails: {raised(error)}")
        return None
    results.passed("reports")
    try:
        content = content_of(given)
    except InputError as error:
        results.failed("content", f"{when}: {error}")
        return None
    negative = _NEGATIVE.search(content.get("svg", ""))
    results.expect("content", not negative, (
        f"{when} a shape has {negative and negative[0]}: no shape is less than nothing wide, and"
        " browsers leave it out; use max(0, ...)"
    ))  # fmt: skip
    return None if negative else content


def _shown(entry: PanelEntry, reports: Sequence[Report]) -> Content:
    return content_of(entry.load()(reports))
