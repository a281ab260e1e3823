"""Does an op work at all? A mistake that every other check would meet is told once, in words."""

from __future__ import annotations

from neuroflow.checks.ops.surfaces import points_of
from neuroflow.checks.shared.report import Results
from neuroflow.checks.shared.subject import Subject
from neuroflow.core.derivatives import gradients
from neuroflow.core.rules import check_result, check_slopes, looked_at, what_changes
from neuroflow.core.value import Value
from neuroflow.errors import InputError


def works(subject: Subject, results: Results) -> bool:
    """Whether an op gives a number and its derivatives at some points; if not, why is a finding."""
    if subject.whole is not None:  # of functions, each check says what it meets
        return True
    for at in points_of(subject, 4):
        for name, look in _LOOKS.items():
            try:
                look(subject, at)
            except InputError as error:
                results.failed(name, str(error))
                results.skipped("all other checks", "they need an op that works")
                return False
            except Exception:  # it has no value there: the check of finite values tells where
                break
            results.passed(name)
    return True


def _depends_on_its_inputs(subject: Subject, at: list[float]) -> None:
    for reads, expected, remedy in what_changes(subject.op):
        raise InputError(f"its rule {reads}", expected=expected, remedy=remedy)


def _has_a_value(subject: Subject, at: list[float]) -> None:
    y = subject.apply(*map(Value, at))
    check_result(subject.op, at, y.data, looked_at(subject.op.forward))


def _has_derivatives(subject: Subject, at: list[float]) -> None:
    op, values = subject.op, [Value(x) for x in at]
    y = subject.apply(*values)
    gradients(y, values)
    if op.partials_rule is not None:
        rule = looked_at(op.partials_at)
        check_slopes(op, (y.data, *at), rule(y.data, *at), rule)


_LOOKS = {
    "determinism": _depends_on_its_inputs,
    "first use": _has_a_value,
    "partials": _has_derivatives,
}
"""What is looked at, by the name of the check that a finding is told under."""
