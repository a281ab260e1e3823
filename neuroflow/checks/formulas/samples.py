"""The formula of an entry against samples of what its code gives; what cannot be read is found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from neuroflow.checks.formulas.latex import read
from neuroflow.checks.formulas.statements import in_words, unreadable
from neuroflow.checks.formulas.symbols import Sample, difference
from neuroflow.checks.formulas.tokens import UnreadableFormulaError
from neuroflow.checks.shared.report import Results
from neuroflow.registry.entries import Entry


def is_to_be_compared(entry: Entry, results: Results) -> bool:
    """Whether there is a formula to read: none at all is a finding, one in words a skip."""
    if not entry.formula:
        results.failed("declared", (
            "there is no formula; declare it in LaTeX, or say in words what it computes:"
            r" formula=r'\text{...}'"
        ))  # fmt: skip
        return False
    if in_words(entry.formula):
        results.skipped("formula", "it says in words what it computes")
        return False
    return True


def compare_formula(
    entry: Entry, samples: Sequence[Sample], quantities: Mapping[str, Sequence[str]],
    results: Results,
) -> None:  # fmt: skip
    """The formula, read as mathematics, gives what the code gives."""
    if not is_to_be_compared(entry, results):
        return
    try:
        compared, wrong = difference(read(entry.formula), samples, quantities)
    except UnreadableFormulaError as error:
        results.failed("formula", unreadable(error))
        return
    report_comparison(entry, compared, wrong, results)


def report_comparison(entry: Entry, compared: int, wrong: str, results: Results) -> None:
    """Count what was compared; a formula that has no value anywhere says nothing."""
    results.passed("formula", compared)
    if wrong:
        results.failed("formula", wrong)
    elif not compared:
        results.failed("formula", (
            f"the formula {entry.formula} has no value at any sample; does it divide by zero, or"
            " use an index of what is no list?"
        ))  # fmt: skip
