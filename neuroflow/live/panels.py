"""Panels: what plugins show of the reports of a run, beside the picture of the page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from attrs import define, field

from neuroflow.errors import raised
from neuroflow.panel import Content, Report, content_of, report_of
from neuroflow.registry.capture import silenced
from neuroflow.registry.entries import BUNDLED, PanelEntry
from neuroflow.registry.manager import manager

MOST = 400
"""So many reports are kept; then some between the first and the last go."""
SHARE = 0.1
"""Each panel may take this share of the time while a run is playing."""


@define
class Reports:
    """The reports of a run in order, evenly thinned out; the first and the last always stay."""

    _kept: list[Report] = field(init=False, factory=list)
    _every: int = field(init=False, default=1)

    def add(self, step: Any) -> None:
        """One more; what was there from its step on is another run's by now."""
        report = report_of(step)
        self._kept = self.until(report["step"] - 1)
        steps = [kept["step"] for kept in self._kept[-2:]]
        if len(steps) == 2 and steps[1] - steps[0] < self._every:
            self._kept[-1] = report
        else:
            self._kept.append(report)
        if len(self._kept) > MOST:
            self._every = max(2 * self._every, int(2 * report["step"] / MOST))
            self._kept = [*self._kept[:-1:2], report]

    def until(self, step: float) -> list[Report]:
        """Those of a run that has come to that step."""
        return [report for report in self._kept if report["step"] <= step]


@define(eq=False)
class _Panel:
    """One panel, until it fails."""

    entry: PanelEntry
    cost: float = 0.0
    painted_at: float = -1e9
    problem: str = ""

    def paint(self, reports: Sequence[Report], clock: Callable[[], float]) -> Content:
        """What it shows; that it failed is told, and it is not asked again."""
        start = clock()
        try:
            with self._kept_off_standard_output():
                content = content_of(self.entry.load()(tuple(reports)))
        except (Exception, SystemExit) as error:  # whatever it does, the run goes on
            self.problem = f"it failed, and shows no more: {raised(error)}"
            content = {"problem": self.problem}
        self.painted_at = clock()
        self.cost = self.painted_at - start
        return content

    def is_due(self, now: float) -> bool:
        """Whether it has not failed, and stays within its share of the time."""
        return not self.problem and now - self.painted_at > self.cost * (1 / SHARE - 1)

    def _kept_off_standard_output(self) -> AbstractContextManager[Any]:
        return nullcontext() if self.entry.namespace == BUNDLED else silenced()


@define(eq=False)
class Panels:
    """All panels that plugins offer, for one run."""

    clock: Callable[[], float]
    _panels: list[_Panel] = field(init=False)

    def __attrs_post_init__(self) -> None:
        found = manager().registry.entries("panel")
        self._panels = [_Panel(entry) for entry in found if isinstance(entry, PanelEntry)]

    def now(self, reports: Sequence[Report], all_of_them: bool) -> list[Content]:
        """What they show, each under its name; while a run is playing, of those that are due."""
        shown: list[Content] = []
        for panel in self._panels:
            facts = {"name": panel.entry.id, "title": panel.entry.title, "by": panel.entry.credit}
            if panel.is_due(self.clock()) or (all_of_them and not panel.problem):
                shown.append({**facts, **panel.paint(reports, self.clock)})
            elif all_of_them:
                shown.append({**facts, "problem": panel.problem})
        return shown
