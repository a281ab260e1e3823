"""Forward: finite, the same every time, the same for arrays, and nothing else touched."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any

from neuroflow.checks.ops.probes import joint_points
from neuroflow.checks.ops.surfaces import at_end, points_of
from neuroflow.checks.shared.messages import close, listed
from neuroflow.checks.shared.numeric import (
    has,
)
from neuroflow.checks.shared.report import Results
from neuroflow.checks.shared.subject import Subject
from neuroflow.core.value import Value
from neuroflow.errors import raised


def check_finite(subject: Subject, results: Results) -> None:
    """A finite number everywhere on the declared domain, its round points included."""
    for at in [*points_of(subject, 24), *_special_points(subject)]:
        try:
            value = subject.forward(*at)
            problem = "" if math.isfinite(value) else f"forward gives {value}"
        except (ArithmeticError, ValueError, TypeError) as error:
            problem = f"forward raises {raised(error)}"
        if problem:
            domain = ", ".join(dict.fromkeys(d.text for d in subject.domains))
            results.failed("finite", (
                f"at {subject.at(at)}, inside the declared domain {domain}, {problem};"
                " declare the domain where the rule is defined, or mend the rule there"
            ))  # fmt: skip
            return
        results.passed("finite")


def _special_points(subject: Subject) -> Iterator[list[float]]:
    """Round numbers, one input at a time: where 1/x, log x and 0/0 hide."""
    base = joint_points(subject.domains, 1)[0]
    for k, domain in enumerate(subject.domains):
        for x in (0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5, 3.0, -3.0, 6.0):
            if x in domain:
                yield [*base[:k], x, *base[k + 1 :]]


def check_determinism(subject: Subject, results: Results) -> None:
    """The same inputs give the same outputs, whatever was computed before."""
    points = [at for at in joint_points(subject.domains, 6) if not at_end(subject, at)]
    fresh = [(subject.forward(*at), subject.partials(*at)) for at in points]
    later = [subject.forward(*at) for at in points]
    for at, (first, slopes), again in reversed(list(zip(points, fresh, later, strict=True))):
        results.expect("determinism", first == again, (
            f"forward at {subject.at(at)} gave {first!r}, then {again!r}; a rule depends on its"
            " inputs alone: is there a counter, a cache or a random number?"
        ))  # fmt: skip
        if first != again:
            return
        partials = list(subject.slopes(first, *at))
        if partials != slopes:
            results.failed("determinism", (
                f"partials at {subject.at(at)} gave {listed(slopes)}, and {listed(partials)} after"
                " forward had seen other inputs; compute them from (out, inputs), which belong"
                " together, and not from what forward left behind"
            ))  # fmt: skip
            return
        results.passed("determinism")


def check_no_mutation(subject: Subject, results: Results) -> None:
    """Neither the rule nor its partials change what they are given."""
    for at in joint_points(subject.domains, 2):
        values = [Value(x) for x in at]
        for value in values:
            value.grad = 7.0
        subject.apply(*values)
        data, grad = [v.data for v in values], [v.grad for v in values]
        results.expect("no mutation", data == list(at), (
            f"the inputs were {listed(at)} and are {listed(data)} afterwards; a rule returns a new"
            " number and leaves its inputs alone"
        ))  # fmt: skip
        results.expect("no mutation", grad == [7.0] * len(at), (
            f"the gradients of the inputs were 7.0 and are {listed(grad)} after forward; gradients"
            " of other uses are lost when one is assigned: return partials, the framework adds"
            " them up"
        ))  # fmt: skip


def check_arrays(subject: Subject, results: Results) -> None:
    """Whole arrays at once give what numbers one by one give, and stay as they were."""
    if not has("numpy"):
        results.skipped("arrays", "numpy is not installed")
        return
    np = import_module("numpy")
    points = [at for at in joint_points(subject.domains, 6) if not at_end(subject, at)]
    columns = [np.array(column) for column in zip(*points, strict=True)]
    before = [column.copy() for column in columns]
    with np.errstate(all="ignore"):
        out = subject.forward(*columns)
        slopes = _array_partials(subject, out, columns)
    changed = [n for n, a, b in zip(subject.inputs, before, columns, strict=True) if (a != b).any()]
    results.expect("no mutation", not changed, (
        f"an array given as {listed(changed)} was changed in place; write x = x + ... for x += ..."
    ))  # fmt: skip
    for row, at in enumerate(points):
        for what, batch, single in [
            ("forward", [out], [subject.forward(*at)]),
            ("partials", slopes, subject.partials(*at)),
        ]:
            got = [_row(np, part, row) for part in batch]
            if not got:  # partials that are derived need no check of their own
                continue
            same = all(close(a, b, 1e-12, 1e-14) for a, b in zip(got, single, strict=True))
            results.expect("arrays", same, (
                f"{what} at {subject.at(at)} is {listed(single)}, but {listed(got)} as part of an"
                " array; does it use a function that looks at one number only?"
            ))  # fmt: skip
            if not same:
                return


def _array_partials(subject: Subject, out: Any, columns: Sequence[Any]) -> list[Any]:
    if subject.op.partials_rule is None:
        return []
    return list(subject.slopes(out, *columns))


def _row(np: Any, part: Any, row: int) -> float:
    array = np.asarray(part)
    return float(array if array.ndim == 0 else array[row])


def check_compiled(subject: Subject, results: Results) -> None:
    """The rule is a straight line of elementary functions, so it becomes native code."""
    try:
        from neuroflow.engine.lower.kernel import RuleError, backward_kernel, forward_kernel
    except ImportError:
        results.skipped("compiled", "the engine is not installed")
        return
    if subject.output is not None or subject.whole is not None:
        results.skipped("compiled", "it is a composition: the engine compiles its ops")
        return
    for kernel in (forward_kernel, backward_kernel):
        try:
            kernel(subject.op, len(subject.inputs))
            results.passed("compiled")
        except RuleError as error:
            results.failed("compiled", str(error))
            return
