"""Checks of activations: those of ops, for functions on one number or on a list."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from neuroflow.checks.ops.declared import check_formula
from neuroflow.checks.ops.table import check_subject, complete, guarded
from neuroflow.checks.shared.messages import close, short
from neuroflow.checks.shared.report import Results
from neuroflow.checks.shared.subject import VECTOR_LENGTH, Subject
from neuroflow.checks.shared.variations import variations
from neuroflow.config import settings_of
from neuroflow.core.settings import unchecked
from neuroflow.core.value import Op
from neuroflow.core.vectors import VectorOp
from neuroflow.registry.entries import ActivationEntry


def check_activation(entry: ActivationEntry, results: Results) -> None:
    """An op is checked as it is; a function of one number or of a list as if it were one."""
    target = entry.load()
    for subject in subjects(entry, target):
        check_subject(subject, results)
    if not isinstance(target, Op):
        with guarded(results, "formula"):
            _check_settings(entry, target, results)
    if not entry.elementwise:
        with guarded(results, "forward"):
            _check_list(target, results)


def _check_settings(entry: ActivationEntry, target: Callable[..., Any], results: Results) -> None:
    """The formula holds with other settings than the defaults too."""
    told = len(results.report.findings)
    for settings in variations(entry, settings_of(entry))[1:]:
        for subject in subjects(entry, partial(target, **settings), settings):
            if len(results.report.findings) == told:
                check_formula(subject, results)


def subjects(
    entry: ActivationEntry, target: Any, settings: Mapping[str, Any] | None = None
) -> Iterator[Subject]:
    """What to check: one op, or one function for each number of the list that comes out."""
    facts: dict[str, Any] = {"name": entry.name, "formula": entry.formula, "summary": entry.summary}
    facts |= {"checks": entry.checks, "relations": entry.relations}
    if isinstance(target, Op):
        facts["formula"] = entry.formula or target.formula
        facts["summary"] = entry.summary or target.summary
        yield Subject.of(complete(target), **facts)
        return
    facts["summary"] = facts["summary"] or _summary(target)
    defaults = {s.name: s.default for s in settings_of(entry) if not s.required}
    facts["settings"] = {**defaults, **(settings or {})}
    rules: dict[str, Any] = (
        {"rules": (target,)} if inspect.isfunction(unchecked(target)) else {"rules": ()}
    )
    if entry.elementwise:
        yield Subject.of(Op(_named(target), entry.name), whole=target, **facts, **rules)
        return
    for k in range(VECTOR_LENGTH):
        function = partial(_entry_of, target, k)
        op = VectorOp(_as_rule(function), entry.name)
        whole = partial(_whole, function)
        yield Subject.of(op, whole=whole, output=k, **facts, **(rules if k == 0 else {"rules": ()}))


def _summary(target: Any) -> str:
    return (inspect.getdoc(target) or "").split("\n", 1)[0]


def _named(target: Callable[..., Any]) -> Callable[..., Any]:
    """A rule with one differentiable input, whatever kind of callable the target is."""
    if inspect.isfunction(unchecked(target)) and len(inspect.signature(target).parameters) >= 1:
        return target
    return lambda x: target(x)


def _entry_of(target: Callable[..., Any], k: int, xs: Any) -> Any:
    return target(list(xs))[k]


def _as_rule(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda xs: function(xs)


def _whole(function: Callable[..., Any], *xs: Any) -> Any:
    return function(list(xs))


def _check_list(target: Callable[..., Any], results: Results) -> None:
    """As many numbers come out as went in, and the list that went in is untouched."""
    for length in (1, 2, 5):
        xs = [0.3 * k - 0.5 for k in range(length)]
        given = list(xs)
        out = list(target(given))
        results.expect(
            "forward",
            len(out) == length,
            f"a list of {length} numbers gave {len(out)}; an activation keeps the length",
        )
        results.expect(
            "no mutation", given == xs, f"the list {xs} became {given}; work on a copy of it"
        )
    doubled = list(target([1000.0, 1000.5]))
    plain = list(target([0.0, 0.5]))
    if all(close(a, b, 1e-3) for a, b in zip(target([1.0, 1.5]), plain, strict=True)):
        results.expect(
            "extremes",
            all(close(a, b, 1e-9, 1e-12) for a, b in zip(doubled, plain, strict=True)),
            f"adding 1000 to both inputs changes the result from {short(float(plain[0]))} to"
            f" {short(float(doubled[0]))}, though adding 1 does not; subtract the maximum first",
        )
