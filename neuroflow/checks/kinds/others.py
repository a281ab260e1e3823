"""What can be said about an entry of any kind."""

from __future__ import annotations

from neuroflow.checks.shared.report import Results
from neuroflow.registry.entries import Entry


def check_other(entry: Entry, results: Results) -> None:
    """A summary, and something that can be called."""
    results.expect("declared", bool(entry.summary), "there is no summary; say what it is for")
    target = entry.load()
    results.expect("declared", callable(target), f"{target!r} cannot be called")
