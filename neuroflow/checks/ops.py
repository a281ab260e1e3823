"""The table of checks that every op passes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from neuroflow.checks.backends import check_backends
from neuroflow.checks.declared import check_branch_free, check_declared, check_formula
from neuroflow.checks.exact import (
    check_complex,
    check_precision,
    check_reuse,
    check_second,
    check_symbolic,
)
from neuroflow.checks.extremes import check_extremes
from neuroflow.checks.kinks import check_kinks, check_ties, check_undeclared
from neuroflow.checks.report import Results
from neuroflow.checks.slopes import check_partials
from neuroflow.checks.subject import Subject
from neuroflow.checks.values import (
    check_arrays,
    check_compiled,
    check_determinism,
    check_finite,
    check_no_mutation,
)


def check_subject(subject: Subject, results: Results) -> None:
    """Run all checks of the table on one subject."""
    for name, check in CHECKS.items():
        with guarded(results, name):
            check(subject, results)
    for variant, checks in _variants(subject):
        for name in checks:
            with guarded(results, name):
                CHECKS[name](variant, results)


def _variants(subject: Subject) -> Iterator[tuple[Subject, tuple[str, ...]]]:
    """The same op on vectors of length 1, and with settings other than the default ones."""
    op = subject.op
    if op.vectors and subject.whole is None:
        yield Subject.of(op, length=1), ("partials",)
    if op.settings and subject.whole is None:
        other = op.bind(**{name: 1.5 * value + 0.25 for name, value in op.settings.items()})
        again = Subject.of(other, name=subject.name, formula=subject.formula)
        yield again, ("formula", "partials", "symbolic", "undeclared kinks")


@contextmanager
def guarded(results: Results, name: str) -> Iterator[None]:
    """A rule that raises fails the check that met the error, and no other."""
    try:
        yield
    except Exception as error:
        known = {f.message for f in results.report.findings if f.subject == results.subject}
        message = f"raised {type(error).__name__}: {error}"
        if message not in known:
            results.failed(name, message)


CHECKS: dict[str, Callable[[Subject, Results], None]] = {
    "declared": check_declared,
    "branch-free": check_branch_free,
    "finite": check_finite,
    "formula": check_formula,
    "partials": check_partials,
    "complex step": check_complex,
    "high precision": check_precision,
    "symbolic": check_symbolic,
    "kinks": check_kinks,
    "ties": check_ties,
    "undeclared kinks": check_undeclared,
    "determinism": check_determinism,
    "no mutation": check_no_mutation,
    "re-use": check_reuse,
    "second derivatives": check_second,
    "arrays": check_arrays,
    "extremes": check_extremes,
    "compiled": check_compiled,
    "backends": check_backends,
}
