"""``gradcheck(op)``: is an op what it says, and are its derivatives right?"""

from __future__ import annotations

from neuroflow.checks.ops.table import check_subject, complete
from neuroflow.checks.shared.report import Report
from neuroflow.checks.shared.subject import Subject
from neuroflow.core.value import Op
from neuroflow.errors import InputError


def gradcheck(op: Op) -> Report:
    """Check an op: its derivatives, and all that its author declared.

    Returns a :class:`~neuroflow.Report`, which is true if nothing is wrong and
    prints what is. Raises :class:`InputError` for anything but an op.

    >>> from neuroflow import op
    >>> @op(formula="x^3")
    ... def cube(x):
    ...     '''The cube of x.'''
    ...     return x * x * x
    >>> @cube.partials
    ... def _(out, x):
    ...     return (2.0 * x * x,)
    >>> print(gradcheck(cube).findings[0])  # doctest: +ELLIPSIS
    cube · partials: d/dx at x = 2.0: partials say 8.0, numeric 12.0: ratio 2/3; is the exponent...
    """
    if not isinstance(op, Op):
        raise InputError(
            f"gradcheck got {op!r} of type {type(op).__name__}",
            remedy="it checks ops; for other entries, plugins and files use neuroflow.check(...)",
            got=op,
        )
    report = Report()
    subject, results = Subject.of(complete(op)), report.of(op.name)
    check_subject(subject, results)
    results.settled(subject.checks.expected)
    return report
