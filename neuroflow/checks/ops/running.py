"""Checks one after the other, until one of them cannot be made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from neuroflow.checks.ops.table import guarded
from neuroflow.checks.shared.report import Results


def run_all(checks: Mapping[str, Callable[..., None]], results: Results, *given: Any) -> bool:
    """Whether all could be made; an entry that raises in one would raise in the next ones too."""
    for name, check in checks.items():
        raised = True
        with guarded(results, name):
            check(*given, results)
            raised = False
        if raised:
            return False
    return True


def is_clean(results: Results) -> bool:
    """Whether nothing was found at this entry so far."""
    return not any(finding.subject == results.subject for finding in results.report.findings)
