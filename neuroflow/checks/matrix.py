"""Everything that is installed in one table: who offers it, how much was checked, the verdict.

A row is right, has findings, has findings that its author expects, or was not checked. Of ops it
says how well that is known: *proved*, *enclosed* or *sampled*.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from textwrap import wrap
from typing import Any

from attrs import asdict, frozen

from neuroflow.checks.grades import grade_in
from neuroflow.checks.shared.findings import Expected, Finding, Grade, Offer
from neuroflow.checks.shared.report import Report
from neuroflow.errors import one_line

WIDTH = 80
"""How wide the table is as text, at a terminal and elsewhere."""

RIGHT, WRONG, EXPECTED, NOTHING = "right", "wrong", "as expected", "not checked"


@frozen
class Row:
    """One entry of a distribution: how many comparisons were made, and what was found."""

    offer: Offer
    checks: int
    skipped: int
    seconds: float
    findings: tuple[Finding, ...]
    expected: tuple[Expected, ...]
    grade: Grade

    @property
    def verdict(self) -> str:
        """Right, wrong, as expected, or not checked."""
        if self.findings:
            return WRONG
        if not self.checks:
            return NOTHING
        return EXPECTED if self.expected else RIGHT

    @property
    def told(self) -> str:
        """The verdict, with the number of findings; of an op that is right, its grade."""
        return self.grade.word if self.verdict == RIGHT and self.grade.word else self.findings_told

    @property
    def findings_told(self) -> str:
        """The verdict, with the number of findings."""
        if not self.findings:
            return self.verdict
        return f"{len(self.findings)} finding{'s' * (len(self.findings) > 1)}"


def rows(report: Report) -> list[Row]:
    """A row for each entry, by distribution, those of one together in the order of its kinds."""
    found = [_row(report, offer) for offer in report.offers.values()]
    order = list(dict.fromkeys(row.offer.distribution for row in found))
    return sorted(found, key=lambda row: order.index(row.offer.distribution))


def _row(report: Report, offer: Offer) -> Row:
    subject = offer.subject
    return Row(
        offer,
        report.counts[subject],
        sum(skip.subject == subject for skip in report.skips),
        report.seconds.get(subject, 0.0),
        tuple(f for f in report.findings if f.subject == subject),
        tuple(e for e in report.expected if e.finding.subject == subject),
        grade_in(report, subject),
    )


def as_text(report: Report) -> str:
    """The table in 80 columns, and below it what was found."""
    table = rows(report)
    return "\n".join([*_table(table), *_told(table), "", *_legend(table), summary(table)])


def _legend(table: list[Row]) -> Iterator[str]:
    if any(row.grade.word for row in table):
        yield "proved, enclosed, sampled: right, and how well that is known"


def _table(table: list[Row]) -> Iterator[str]:
    yield f"{'entry':<33}  {'offered by':<22}  {'checks':>6}  verdict"
    yield "-" * WIDTH
    for row in table:
        offer = row.offer
        by = one_line(f"{offer.distribution} {offer.distribution_version}".strip()) or "a file"
        name = _short(one_line(f"{offer.subject}{f'@{offer.version}' * bool(offer.version)}"), 33)
        yield f"{name:<33}  {_short(by, 22):<22}  {row.checks:>6}  {row.told}"


def _short(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 3]}..."


def _told(table: list[Row]) -> Iterator[str]:
    for row in table:
        told = [(f"{f.check}: {f.message}", "") for f in row.findings]
        told += [(f"{e.finding.check}: {e.finding.message}", e.reason) for e in row.expected]
        if told:
            yield f"\n{one_line(row.offer.subject)}"
        for message, reason in told:
            text = one_line(f"expected ({reason}) {message}" if reason else message)
            yield from wrap(text, WIDTH, initial_indent="  ", subsequent_indent="    ")


def summary(table: list[Row]) -> str:
    """The verdicts in one line.

    >>> summary([])
    '0 entries of 0 distributions, 0 checks'
    """
    counts = Counter(row.verdict for row in table)
    n = len({row.offer.distribution for row in table if row.offer.distribution})
    text = f"{len(table)} {'entry' if len(table) == 1 else 'entries'} of {n}"
    text += f" distribution{'s' * (n != 1)}, {sum(row.checks for row in table):,} checks"
    verdicts = [f"{counts[v]} {v}" for v in (RIGHT, WRONG, EXPECTED, NOTHING) if counts[v]]
    return f"{text}: {', '.join(verdicts)}" if verdicts else text


def as_dict(report: Report) -> dict[str, Any]:
    """For ``--json``: the verdict of all, and a row for each entry."""
    table = rows(report)
    return {
        "ok": bool(report),
        "entries": [
            {
                **asdict(row.offer), "verdict": row.verdict, "grade": row.grade.word,
                "why": row.grade.why, "checks": row.checks,
                "skipped": row.skipped, "seconds": row.seconds,
                "findings": [asdict(f) for f in row.findings],
                "expected": [asdict(e) for e in row.expected],
            }
            for row in table
        ],
        "summary": summary(table),
    }  # fmt: skip
