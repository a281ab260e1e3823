"""What can be said about an entry of any kind."""

from __future__ import annotations

from neuroflow.checks.shared.report import Results
from neuroflow.registry.entries import Entry


def check_other(entry: Entry, results: Results) -> None:
    """Something that can be called."""
    target = entry.load()
    results.expect("declared", callable(target), f"{target!r} cannot be called")
