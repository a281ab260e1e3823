"""What an author declares: summary, formula, domain, convention, and a rule to read."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from neuroflow.checks.formulas.latex import read, symbols_for
from neuroflow.checks.formulas.statements import in_words, unreadable
from neuroflow.checks.formulas.tokens import UnreadableFormulaError
from neuroflow.checks.ops.branches import read_rule
from neuroflow.checks.ops.surfaces import kink_points, points_of
from neuroflow.checks.shared.messages import close, fraction, listed, short
from neuroflow.checks.shared.report import Results
from neuroflow.checks.shared.subject import Subject
from neuroflow.checks.shared.variations import described
from neuroflow.core.vectors import VectorOp


def check_declared(subject: Subject, results: Results) -> None:
    """A name, a summary, a formula, a domain for each input, a convention for each kink."""
    op = subject.op
    results.expect("declared", subject.name.isidentifier() or "[" in subject.name, (
        f"the name {subject.name!r} cannot be written as a method; give it one of letters, digits"
        ' and _: def square(x): ..., or nf.op(rule, name="square")'
    ))  # fmt: skip
    results.expect("declared", bool(subject.summary), (
        "there is no summary; say what it computes in the first line of the docstring"
    ))  # fmt: skip
    results.expect("declared", bool(subject.formula), (
        'there is no formula; declare it in LaTeX, for example formula=r"\\frac{1}{1 + e^{-x}}"'
    ))  # fmt: skip
    results.expect("declared", len(op.domain) == len(op.parameters), (
        f"{len(op.domain)} domains are declared for {len(op.parameters)} inputs;"
        " give one for each, in order"
    ))  # fmt: skip
    _check_points(subject, results)
    if op.kinks:
        results.expect("declared", bool(op.convention), (
            f"kinks are declared at {listed(op.kinks)}, but no convention; say which derivative is"
            ' taken there, for example convention="0 at x = 0"'
        ))  # fmt: skip


def _check_points(subject: Subject, results: Results) -> None:
    """The author's own points have a number for each input, inside of its domain."""
    results.expect("declared", len(subject.points) == len(subject.checks.points), (
        f"one of the points {listed(subject.checks.points)} does not have {len(subject.inputs)}"
        f" numbers; give one for each input ({', '.join(subject.inputs)})"
    ))  # fmt: skip
    for at in subject.points:
        outside = [x for x, domain in zip(at, subject.domains, strict=True) if x not in domain]
        results.expect("declared", not outside, (
            f"the point {subject.at(at)} lies outside of the domain; correct one of them"
        ))  # fmt: skip


def check_formula(subject: Subject, results: Results) -> None:
    """The formula, read as mathematics, gives the numbers that the rule gives."""
    if not subject.formula:
        return
    if in_words(subject.formula):
        results.skipped("formula", "it says in words what it computes")
        return
    try:
        formula = read(subject.formula)
        for at in [*points_of(subject, 8), *_on_kinks(subject, formula)]:
            said, computed = formula(scope_of(subject, formula, at)), float(subject.forward(*at))
            if not close(said, computed, subject.within(1e-9), 1e-12):
                results.failed("formula", (
                    f"at {subject.at(at)}{described({**subject.settings})} the formula"
                    f" {subject.formula} says {short(said)},"
                    f" forward gives {short(computed)}{_ratio_hint(computed, said)}"
                ))  # fmt: skip
                return
            results.passed("formula")
    except UnreadableFormulaError as error:
        results.failed("formula", unreadable(error))


def _on_kinks(subject: Subject, formula: Any) -> Iterator[list[float]]:
    """Points on the kinks at which the formula says a number: which side they belong to."""
    for at in kink_points(subject):
        try:
            formula(scope_of(subject, formula, at))
            yield at
        except (ArithmeticError, ValueError):  # such as 0 / 0
            continue


def scope_of(subject: Subject, formula: Any, at: Sequence[float]) -> dict[str, Any]:
    """Numbers for the symbols of a formula at a point."""
    op = subject.op
    values: Sequence[Any] = at
    if isinstance(op, VectorOp):
        values = [list(v) for v in op.split(list(at))]
    inputs = dict(zip(op.parameters, values, strict=True))
    if subject.output is not None:
        inputs |= dict.fromkeys("ijk", subject.output)
    return symbols_for(formula, inputs, {**op.settings, **subject.settings})


def check_branch_free(subject: Subject, results: Results) -> None:
    """The source of the rules suits every kind of number."""
    for rule in subject.rules:
        check_source(rule, results)


def check_source(rule: Callable[..., Any], results: Results) -> None:
    """The source of one rule suits every kind of number."""
    try:
        remarks = read_rule(rule)
    except OSError as error:
        results.skipped("branch-free", f"the source cannot be read: {error}")
        return
    results.passed("branch-free")
    for remark in remarks:
        results.failed(remark.check, str(remark))


def _ratio_hint(computed: float, said: float) -> str:
    if not said or not math.isfinite(computed / said):
        return ""
    return f": ratio {fraction(computed / said)}"
