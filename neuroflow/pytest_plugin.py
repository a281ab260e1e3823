"""The checks as a pytest plugin: ``pytest -p neuroflow.pytest_plugin --neuroflow-check=NAME``.

Each entry that NAME offers becomes one test; NAME is what ``neuroflow check`` takes. The plugin
is never loaded by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from neuroflow.errors import InputError, NeuroflowError


def pytest_addoption(parser: pytest.Parser) -> None:
    """The option that says what to check; it may be given more than once."""
    parser.getgroup("neuroflow").addoption(
        "--neuroflow-check",
        action="append",
        default=[],
        metavar="NAME",
        help="check every entry of a plugin, module, file or entry, one test each",
    )


def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Add one test per entry behind those that were collected."""
    for name in config.getoption("--neuroflow-check"):
        items.extend(_items(session, name))


def _items(session: pytest.Session, name: str) -> Iterator[pytest.Item]:
    from neuroflow.checks.selection import select

    try:
        selection = select(name)
    except InputError as error:
        raise pytest.UsageError(str(error)) from error
    for problem in selection.problems:
        title = f"{problem.subject} {problem.check}"
        yield CheckItem.from_parent(session, name=title, problem=problem)
    for entry in selection.entries:
        yield CheckItem.from_parent(session, name=f"{entry.kind} {entry.id}", entry=entry)
    if not selection.entries and not selection.problems:
        raise pytest.UsageError(f"{name} offers nothing to check")


class CheckItem(pytest.Item):
    """The checks of one entry."""

    def __init__(self, *, entry: Any = None, problem: Any = None, **rest: Any) -> None:
        super().__init__(**rest)
        self.entry = entry
        self.problem = problem

    def runtest(self) -> None:
        """Fail with all findings; the number of checks goes into the report's sections."""
        from neuroflow.checks.check import check

        if self.problem is not None:
            raise FoundError(str(self.problem))
        report = check(self.entry)
        self.user_properties.append(("checks", report.total))
        if not report:
            raise FoundError(str(report))

    def repr_failure(self, excinfo: Any, style: Any = None) -> Any:
        """Findings without a traceback: the mistake is in the entry."""
        if isinstance(excinfo.value, FoundError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Any, int | None, str]:
        """What pytest calls the test."""
        return self.path, None, f"neuroflow check: {self.name}"


class FoundError(NeuroflowError):
    """The checks found something."""


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """How many comparisons were made."""
    reports: Iterable[Any] = [
        report
        for outcome in ("passed", "failed")
        for report in terminalreporter.stats.get(outcome, [])
    ]
    counts = [n for report in reports for key, n in report.user_properties if key == "checks"]
    if counts:
        terminalreporter.write_line(f"neuroflow: {len(counts)} entries, {sum(counts)} checks")
