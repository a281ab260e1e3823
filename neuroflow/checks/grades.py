"""Grades: how well it is known that value and derivative of a checked entry are the formula's."""

from __future__ import annotations

from importlib.util import find_spec

from neuroflow.checks.ops.activations import subjects
from neuroflow.checks.ops.table import complete
from neuroflow.checks.shared.findings import SAMPLED, Grade
from neuroflow.checks.shared.report import Report
from neuroflow.checks.shared.subject import Subject
from neuroflow.core.value import Op
from neuroflow.registry.entries import ActivationEntry, Entry, OpEntry


def grade_in(report: Report, subject: str) -> Grade:
    """The grade of an entry of a report; found once. What is wrong has none."""
    if subject not in report.grades:
        wrong = any(finding.subject == subject for finding in report.findings)
        checked = report.checked.get(subject)
        none = Grade("", "it is wrong" if wrong else "it is no entry")
        report.grades[subject] = none if wrong or checked is None else grade_of_entry(checked)
    return report.grades[subject]


def grade_of_entry(entry: Entry) -> Grade:
    """The grade of an entry in which the checks find nothing wrong, and why it is no better.

    >>> from neuroflow.registry.manager import get
    >>> grade_of_entry(get("op", "relu")).word
    'proved'
    """
    target = entry.load()
    if not isinstance(target, Op):
        return Grade("", "only ops are graded")
    if find_spec("sympy") is None:
        return Grade(SAMPLED, "sympy is not installed")
    from neuroflow.checks.proofs.proofs import grade_of

    return grade_of(_subject(entry, target))


def _subject(entry: Entry, target: Op) -> Subject:
    if isinstance(entry, ActivationEntry):
        return next(subjects(entry, target))
    formula = entry.formula if isinstance(entry, OpEntry) else ""
    return Subject.of(complete(target), name=entry.name, formula=formula or target.formula)
