"""Checks of observers: they bear a run, one that goes on, and one without a report."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from neuroflow.checks.shared.report import Results
from neuroflow.config import settings_of
from neuroflow.errors import NeuroflowError, raised
from neuroflow.registry.capture import silenced
from neuroflow.registry.entries import Entry
from neuroflow.training import Observed, Step

REPORTS = (
    Step(0, 1, 4, 2.0, (2.0,), {"learning_rate": 0.5, "gradient_norm": 1.0}, None),
    Step(1, 2, 4, 1.5, (1.5,), {"gradient_norm": 0.5, "accuracy": 0.75}, None),
    Step(1, 4, 4, float("nan"), (1.0, float("nan")), {"gradient_norm": float("inf")}, None),
)  # fmt: skip
"""What a run may report: with scores and without, and numbers that are none."""

METHODS = ("begin", "step", "end")


def check_observer(entry: Entry, results: Results) -> None:
    """A summary, its three methods, and runs of all sorts that it bears."""
    results.expect("declared", bool(entry.summary), "there is no summary; say what it is for")
    needed = [setting.name for setting in settings_of(entry) if setting.required]
    if needed:
        results.skipped("observing", f"it has settings that must be given: {', '.join(needed)}")
        return
    missing = [name for name in METHODS if not callable(getattr(entry.load(), name, None))]
    told = f"it has no {', '.join(missing)}; derive it from nf.Observer"
    results.expect("interface", not missing, told)
    if missing:
        return
    with tempfile.TemporaryDirectory() as folder, silenced():
        for what, begins_at, reports in (
            ("a run", 0, REPORTS),
            ("one that goes on", 2, REPORTS[2:]),
            ("one that ends before its first report", 0, ()),
        ):
            try:
                problem = _problem(entry, Observed({}, begins_at, 4, Path(folder)), reports)
            except NeuroflowError as error:
                results.skipped("observing", str(error))
                return
            results.expect("observing", not problem, f"{what}: {problem}")


def _problem(entry: Entry, run: Observed, reports: tuple[Step, ...]) -> str:
    """What went wrong while a run was observed; empty if nothing did.

    An error that says that a package is missing is no mistake of the observer, and is let through.
    """
    doing = "it cannot be made"
    try:
        observer: Any = entry.load()()
        doing = "begin failed"
        observer.begin(run)
        for report in reports:
            doing = f"step failed at step {report.step}"
            observer.step(report)
        doing = "end failed"
        observer.end()
    except (Exception, SystemExit) as error:
        if isinstance(error, NeuroflowError) and isinstance(error.__cause__, ImportError):
            raise
        return f"{doing}: {raised(error)}"
    return ""
