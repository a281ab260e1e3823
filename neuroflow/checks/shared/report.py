"""What a check found: counts, findings that teach, and skips with their reasons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from attrs import asdict, define, field, frozen

from neuroflow.checks.shared.causes import one_per_cause
from neuroflow.checks.shared.findings import Expected, Finding, Grade, Offer
from neuroflow.registry.entries import Entry


@frozen
class Skip:
    """A check that could not be made, and why."""

    subject: str
    check: str
    reason: str


@frozen
class Extreme:
    """What an op does with one unusual number: its value and slope, or the error it raises."""

    input: float
    value: str
    slope: str


@define
class Report:
    """The result of checking one or more entries; true if all of them are right.

    ``checks`` counts the comparisons made, by the name of the check. A report without any
    comparison is not right: nothing was tested. ``tried`` counts, by entry, the points at which
    partials were searched for a wrong one; ``seconds`` tells how long each entry took, and
    ``offers`` who offers it. ``made`` are the comparisons by entry and check.

    >>> report = Report()
    >>> bool(report), report.headline
    (False, '0 entries, 0 checks: nothing was checked')
    """

    entries: list[str] = field(factory=list)
    findings: list[Finding] = field(factory=list)
    expected: list[Expected] = field(factory=list)
    skips: list[Skip] = field(factory=list)
    extremes: dict[str, list[Extreme]] = field(factory=dict)
    made: Counter[tuple[str, str]] = field(factory=Counter)
    tried: Counter[str] = field(factory=Counter)
    seconds: dict[str, float] = field(factory=dict)
    offers: dict[str, Offer] = field(factory=dict)
    checked: dict[str, Entry] = field(factory=dict)
    grades: dict[str, Grade] = field(factory=dict)

    def __bool__(self) -> bool:
        return self.total > 0 and not self.findings

    @property
    def checks(self) -> Counter[str]:
        """The comparisons made, by the name of the check."""
        return self._summed(1)

    @property
    def counts(self) -> Counter[str]:
        """The comparisons made, by entry."""
        return self._summed(0)

    def _summed(self, part: int) -> Counter[str]:
        found: Counter[str] = Counter()
        for key, times in self.made.items():
            found[key[part]] += times
        return found

    @property
    def total(self) -> int:
        """How many comparisons were made."""
        return sum(self.checks.values())

    @property
    def headline(self) -> str:
        """All counts in one line."""
        text = f"{_count(len(self.entries), 'entry', 'entries')}, {_count(self.total, 'check')}"
        if not self.total:
            return f"{text}: nothing was checked"
        text += f", {_count(len(self.findings), 'finding')}"
        text += f", {len(self.expected)} expected" if self.expected else ""
        return text + (f", {len(self.skips)} skipped" if self.skips else "")

    def of(self, subject: str) -> Results:
        """The part of this report that is about one entry."""
        self.entries.append(subject)
        return Results(self, subject)

    def found(self, check: str) -> bool:
        """Whether a check of that name has a finding."""
        return any(check in finding.by for finding in self.findings)

    def __str__(self) -> str:
        return "\n".join([*self._lines(), self.headline])

    __repr__ = __str__

    def _lines(self) -> Iterator[str]:
        for entry in self.entries:
            wrong = [f for f in self.findings if f.subject == entry]
            verdict = _count(len(wrong), "finding") if wrong else "ok"
            took = f" ({self.seconds[entry]:.1f} s)" if entry in self.seconds else ""
            yield f"{entry}: {_count(self.counts[entry], 'check')}, {verdict}{took}"
            for finding in wrong:
                yield from _told(finding)
            for each in (e for e in self.expected if e.finding.subject == entry):
                yield f"  expected {each.finding.check}, {each.reason}: {each.finding.message}"
        for reason in dict.fromkeys(skip.reason for skip in self.skips):
            skips = [skip for skip in self.skips if skip.reason == reason]
            checks = ", ".join(dict.fromkeys(skip.check for skip in skips))
            n = len({skip.subject for skip in skips})
            yield f"skipped: {checks} of {_count(n, 'entry', 'entries')}: {reason}"
        if points := sum(self.tried.values()):
            yield f"searched: {points:,} points of {_count(len(self.tried), 'entry', 'entries')}"

    def extremes_table(self) -> str:
        """What each op does with huge, tiny and undefined inputs, as text."""
        lines = []
        for entry, table in self.extremes.items():
            lines.append(f"{entry}: input, value, slope")
            lines += [f"  {e.input!r:>8}  {e.value:<24}  {e.slope}" for e in table]
        return "\n".join(lines)

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``: counts, findings, skips and the table of extremes."""
        return {
            "ok": bool(self),
            "entries": self.entries,
            "checks": self.total,
            "checks_by_name": dict(sorted(self.checks.items())),
            "checks_by_entry": {entry: self.counts[entry] for entry in self.entries},
            "points_tried": dict(self.tried),
            "seconds_by_entry": dict(self.seconds),
            "findings": [asdict(finding) for finding in self.findings],
            "expected": [asdict(each) for each in self.expected],
            "skips": [asdict(skip) for skip in self.skips],
            "extremes": {
                entry: [{**asdict(e), "input": repr(e.input)} for e in table]
                for entry, table in self.extremes.items()
            },
        }


@define
class Results:
    """One entry's part of a report."""

    report: Report
    subject: str

    def passed(self, check: str, times: int = 1) -> None:
        """Count comparisons that held."""
        self.report.made[self.subject, check] += times

    def tried(self, points: int) -> None:
        """Count the points of a search."""
        self.report.tried[self.subject] += points

    def took(self, seconds: float) -> None:
        """Note how long the entry took."""
        self.report.seconds[self.subject] = self.report.seconds.get(self.subject, 0.0) + seconds

    def failed(self, check: str, message: str) -> None:
        """Record a comparison that did not hold."""
        self.passed(check)
        finding = Finding(self.subject, check, message)
        if finding not in self.report.findings:
            self.report.findings.append(finding)

    def settled(self, expected: Mapping[str, str]) -> None:
        """All checks were made: one finding a cause, and those that are expected are no findings.

        ``expected`` has the reason by the name of the check; one that found nothing is told.
        """
        report, subject = self.report, self.subject
        own = [f for f in report.findings if f.subject == subject]
        report.findings = [f for f in report.findings if f.subject != subject]
        for finding in one_per_cause(own):
            reason = next((expected[check] for check in finding.by if check in expected), "")
            if reason:
                report.expected.append(Expected(finding, reason))
            else:
                report.findings.append(finding)
        for check in set(expected) - {check for finding in own for check in [finding.check]}:
            self.failed("expected", (
                f"a finding of {check!r} is expected ({expected[check]}), and there is none; take"
                " it out of expected"
            ))  # fmt: skip

    def expect(self, check: str, holds: bool, message: str) -> None:
        """Count one comparison; ``message`` is for the case that it does not hold."""
        if holds:
            self.passed(check)
        else:
            self.failed(check, message)

    def skipped(self, check: str, reason: str) -> None:
        """Record a check that cannot be made."""
        self.report.skips.append(Skip(self.subject, check, reason))


def _told(finding: Finding) -> Iterator[str]:
    yield f"  {finding.check}: {finding.message}"
    if alike := sum(other.check == finding.check for other in finding.also):
        yield f"    and {alike} more alike"
    for check in finding.by[1:]:
        yield f"    found by {check} too"


def _count(n: int, word: str, plural: str = "") -> str:
    return f"{n} {word if n == 1 else plural or word + 's'}"
