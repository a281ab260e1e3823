"""The table of checks that every op passes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from inspect import signature

from neuroflow.checks.ops.backends import check_backends
from neuroflow.checks.ops.declared import check_branch_free, check_declared, check_formula
from neuroflow.checks.ops.exact import (
    check_complex,
    check_precision,
    check_reuse,
    check_second,
    check_symbolic,
)
from neuroflow.checks.ops.extremes import check_extremes
from neuroflow.checks.ops.first_look import works
from neuroflow.checks.ops.joint import check_joint
from neuroflow.checks.ops.kinks import check_kinks, check_ties, check_undeclared
from neuroflow.checks.ops.search import check_search
from neuroflow.checks.ops.slopes import check_intended, check_partials
from neuroflow.checks.ops.values import (
    check_arrays,
    check_compiled,
    check_determinism,
    check_finite,
    check_no_mutation,
)
from neuroflow.checks.shared.report import Results
from neuroflow.checks.shared.subject import Subject
from neuroflow.core.rules import line_of
from neuroflow.core.settings import Setting, of_rule
from neuroflow.core.value import Op
from neuroflow.errors import InputError, NeuroflowError, raised


def check_subject(subject: Subject, results: Results) -> None:
    """Run all checks of the table on one subject; those of the source alone if it cannot work."""
    checks = CHECKS if works(subject, results) else SOURCE_CHECKS
    for name, check in checks.items():
        with guarded(results, name):
            check(subject, results)
    for variant, names in _variants(subject) if checks is CHECKS else ():
        for name in names:
            with guarded(results, name):
                CHECKS[name](variant, results)


def _variants(subject: Subject) -> Iterator[tuple[Subject, tuple[str, ...]]]:
    """The same op on vectors of length 1, and with settings other than the default ones."""
    op = subject.op
    if subject.whole is not None:
        return
    if op.vectors:
        yield subject.with_op(op, length=1), ("partials",)
    again = ("formula", "partials", "search", "symbolic", "kinks", "undeclared kinks")
    if subject.checks.settings:
        for settings in subject.checks.settings:
            yield subject.with_op(op.bind(**settings), formula=subject.formula), again
    elif op.settings:
        if allowed(subject, other := elsewhere(op)):
            yield subject.with_op(other, formula=subject.formula), again
        for end in at_the_ends(op):
            if allowed(subject, end):
                yield subject.with_op(end), ("search",)


def allowed(subject: Subject, op: Op) -> bool:
    """Whether the settings of an op go together, as its author says."""
    if subject.relations is None:
        return True
    try:
        wanted = signature(subject.relations).parameters
        subject.relations(**{name: op.settings[name] for name in wanted})
    except InputError:
        return False
    return True


def complete(op: Op) -> Op:
    """The op with a value for each setting that has no default, to be checked with."""
    declared = of_rule(op.rule)
    given = {name: _another(1, declared[name]) for name in op.required}
    return op.bind(**given) if given else op


def elsewhere(op: Op) -> Op:
    """The op with other settings than its own, as far as they allow any."""
    declared = of_rule(op.rule)
    return op.bind(**{name: _another(value, declared[name]) for name, value in op.settings.items()})


def at_the_ends(op: Op) -> Iterator[Op]:
    """The op with each of its settings at 0, 1, -1 and 10 and at the ends of its range."""
    for name, setting in of_rule(op.rule).items():
        ends = [x for x in (setting.low, setting.high) if math.isfinite(x)]
        for value in dict.fromkeys([0.0, 1.0, -1.0, 10.0, *ends]):
            whole = int(value) if isinstance(op.settings[name], int) else value
            if setting.problem(whole) is None and whole != op.settings[name]:
                with suppress(InputError):  # they may not go together
                    yield op.bind(**{name: whole})


def _another(value: float, setting: Setting) -> float:
    """Another value that a setting allows: whole where it is whole, true where it was false."""
    if isinstance(value, bool):
        return not value
    whole = [value + 1, value - 1] if isinstance(value, int) else []
    options = [*whole, 1.5 * value + 0.25, 0.75 * value, setting.low, setting.high]
    return next((x for x in options if setting.problem(x) is None), value)


@contextmanager
def guarded(results: Results, name: str) -> Iterator[None]:
    """A rule that raises fails the check that met the error, and no other."""
    try:
        yield
    except Exception as error:
        known = {f.message for f in results.report.findings if f.subject == results.subject}
        place, _ = line_of(error.__traceback__)
        message = str(error)
        if not isinstance(error, NeuroflowError):
            message = f"it fails{place}: {raised(error)}{_GIVEN.get(name, '')}"
        if message not in known:
            results.failed(name, message)


_GIVEN = {
    "arrays": "; it was given arrays, many numbers at once: elementary functions take them as well",
    "symbolic": "; it was given symbols, to derive it on paper: elementary functions take them too",
}
"""What the rule was given in checks where that is no plain number."""

CHECKS: dict[str, Callable[[Subject, Results], None]] = {
    "declared": check_declared,
    "branch-free": check_branch_free,
    "finite": check_finite,
    "formula": check_formula,
    "partials": check_partials,
    "intended": check_intended,
    "search": check_search,
    "joint": check_joint,
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
SOURCE_CHECKS = {name: CHECKS[name] for name in ("declared", "branch-free")}
"""The checks that read an op and do not run it."""
