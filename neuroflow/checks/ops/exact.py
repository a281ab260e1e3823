"""Partials against exact methods: complex step, sixty digits, symbols, second derivatives."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from neuroflow.checks.ops.surfaces import at_kink, smooth_points
from neuroflow.checks.shared.messages import close, first_line, listed, short, tidy
from neuroflow.checks.shared.numeric import (
    Slope,
    along,
    between_sides,
    complex_slope,
    has,
    precise,
    slope,
)
from neuroflow.checks.shared.report import Results
from neuroflow.checks.shared.subject import Subject
from neuroflow.core.derivatives import gradients
from neuroflow.core.value import Value


def check_complex(subject: Subject, results: Results) -> None:
    """Partials to almost all digits by the complex step, where the rule is analytic."""
    if subject.why_not_compared:
        results.skipped("complex step", subject.why_not_compared)
        return
    for at in smooth_points(subject, 5):
        said = subject.partials(*at)
        for k, x in enumerate(at):
            f = along(subject.sloped, at, k)
            try:
                exact = complex_slope(f, x)
            except Exception as error:
                results.skipped("complex step", f"no complex form: {first_line(error)}")
                return
            rough = slope(f, x)
            if rough is None or not rough.agrees(exact):
                results.skipped("complex step", "the rule is not analytic (abs, where)")
                return
            if rough.agrees(float(said[k])):  # if not, check_partials has said so
                holds = close(exact, said[k], subject.within(1e-10), 1e-12)
                results.expect("complex step", holds, (
                    f"d/d{subject.inputs[k]} at {subject.at(at)}: partials say {said[k]!r}, the"
                    f" complex step {exact!r}: right to some digits only; is a constant rounded?"
                ))  # fmt: skip


def check_precision(subject: Subject, results: Results) -> None:
    """Forward and partials against the same rule with sixty digits."""
    if subject.why_not_compared or subject.derivative is not None:
        why = subject.why_not_compared or "the derivative is that of another function"
        results.skipped("high precision", why)
        return
    if not has("mpmath"):
        results.skipped("high precision", "mpmath is not installed: pip install mpmath")
        return
    for at in [*smooth_points(subject, 6), *_small_points(subject)]:
        said = subject.partials(*at)
        computed = float(subject.forward(*at))
        for k, x in enumerate(at):
            try:
                value, exact = precise(along(subject.forward, at, k), x)
            except Exception as error:
                results.skipped("high precision", f"no mpmath form: {first_line(error)}")
                return
            small = abs(x) < 1e-2
            share = subject.within(1e-9)
            allowed = share * (abs(value) + abs(x * exact)) + (0.0 if small else 1e-13)
            results.expect("high precision", abs(computed - value) <= allowed, (
                f"forward at {subject.at(at)} gives {computed!r}, exactly {float(value)!r}: digits"
                " cancel; rewrite it, for example with log1p or expm1"
            ))  # fmt: skip
            if abs(computed - value) > allowed:
                return
            rough = Slope(float(exact), 1e-6 * abs(float(exact)) + 1e-6)
            if not small and rough.agrees(float(said[k])):
                holds = close(float(exact), said[k], subject.within(1e-9), 1e-12)
                results.expect("high precision", holds, (
                    f"d/d{subject.inputs[k]} at {subject.at(at)}: partials say {said[k]!r}, exactly"
                    f" {float(exact)!r}: right to some digits only; is a constant rounded?"
                ))  # fmt: skip


def _small_points(subject: Subject) -> Iterator[list[float]]:
    if len(subject.inputs) == 1:
        yield from ([x] for x in (1e-4, -1e-4, 1e-9, -1e-9) if x in subject.domains[0])


def check_symbolic(subject: Subject, results: Results) -> None:
    """Partials against the derivative that sympy finds for the very same rule."""
    if subject.why_not_compared:
        results.skipped("symbolic", subject.why_not_compared)
        return
    if not has("sympy"):
        results.skipped("symbolic", "sympy is not installed: pip install sympy")
        return
    sympy = import_module("sympy")
    symbols = [sympy.Symbol(f"x{k}", real=True) for k in range(len(subject.inputs))]
    try:
        out = subject.forward(*symbols)
        said = _symbolic_partials(subject, out, symbols)
        found = [sympy.diff(subject.sloped(*symbols), symbol) for symbol in symbols]
    except Exception as error:
        results.skipped("symbolic", f"no symbolic form: {first_line(error)}")
        return
    for at in smooth_points(subject, 3):
        point = dict(zip(symbols, map(sympy.Float, at), strict=True))
        for k, derivative in enumerate(found):
            exact = _evaluate(derivative, point)
            got = subject.partials(*at)[k] if said is None else _evaluate(said[k], point)
            if exact is None or got is None or not math.isfinite(exact):
                results.skipped("symbolic", "sympy finds no number for its derivative")
                return
            holds = close(exact, float(got), subject.within(1e-7), 1e-9)
            results.expect("symbolic", holds, (
                f"d/d{subject.inputs[k]} at {subject.at(at)}: partials say {short(float(got))}; the"
                f" derivative of the rule is {_in_inputs(derivative, symbols, subject)},"
                f" which is {short(exact)}"
            ))  # fmt: skip
            if not holds:
                return


def _symbolic_partials(subject: Subject, out: Any, symbols: list[Any]) -> list[Any] | None:
    if subject.op.partials_rule is None:
        return None
    return [import_module("sympy").sympify(p) for p in subject.op.partials_at(out, *symbols)]


def _evaluate(expression: Any, point: dict[Any, Any]) -> float | None:
    try:
        return float(expression.subs(point).evalf(20))
    except (TypeError, ValueError):
        return None


def _in_inputs(expression: Any, symbols: list[Any], subject: Subject) -> str:
    text = str(expression)
    for symbol, name in zip(symbols, subject.inputs, strict=True):
        text = re.sub(rf"\b{symbol}\b", name, text)
    return text if len(text) <= 120 else text[:117] + "..."


def check_second(subject: Subject, results: Results) -> None:
    """Gradients that are graphs: their slopes are the slopes of the partials."""
    if subject.declares_no_slope:
        results.skipped("second derivatives", "the derivative is 0 by convention")
        return
    for at in [*smooth_points(subject, 3), *_spread(subject)]:
        values = [Value(x) for x in at]
        first = gradients(subject.apply(*values), values, create_graph=True)
        for k, slope_k in enumerate(first):
            second = gradients(slope_k, values)
            for j in range(len(at)):
                partial_k = along(lambda *xs, k=k: subject.partials(*xs)[k], at, j)
                numeric = slope(partial_k, at[j])
                if numeric is None:
                    continue
                said = float(second[j])
                holds = numeric.agrees(said, 1e-5) or between_sides(partial_k, at[j], said)
                results.expect("second derivatives", holds, (
                    f"d2/d{subject.inputs[k]}d{subject.inputs[j]} at {subject.at(at)}: the graph of"
                    f" the gradient says {short(said)}, numeric"
                    f" {short(tidy(numeric.value))}; does the rule turn an input or out"
                    " into a plain number, for example with float()?"
                ))  # fmt: skip
                if not holds:
                    return


def _spread(subject: Subject) -> Iterator[list[float]]:
    """Points further out and closer to zero, one input at a time, where all can be computed."""
    if subject.op.partials_rule is None:
        return  # the graph of what is derived is right, or wrong at every point
    base = (smooth_points(subject, 1) or [[]])[0]
    for k, domain in enumerate(subject.domains if base else ()):
        for x in (0.07, -0.07, 0.3055, 6.3, -6.3, 33.0, -33.0, 271.0, -271.0, 2e5, -2e5):
            at = [*base[:k], x, *base[k + 1 :]]
            if x in domain and not at_kink(subject, at, 1e-2) and _computes(subject, at):
                yield at


def _computes(subject: Subject, at: list[float]) -> bool:
    """Whether value and partials are ordinary numbers there."""
    try:
        found = [subject.forward(*at), *subject.partials(*at)]
        return all(abs(float(x)) < 1e100 for x in found)
    except (ArithmeticError, ValueError, TypeError):
        return False


def check_reuse(subject: Subject, results: Results) -> None:
    """One Value used twice: its gradient is the sum, and a second backward doubles it."""
    if subject.declares_no_slope:
        results.skipped("re-use", "the derivative is 0 by convention")
        return
    for at in smooth_points(subject, 3):
        values = [Value(x) for x in at]
        said = subject.partials(*at)
        y = subject.apply(*values) + subject.apply(*values) * 3.0
        for times in (1, 2):
            y.backward()
            got = [v.grad for v in values]
            want = [4.0 * times * float(p) for p in said]
            holds = all(close(a, b, 1e-9, 1e-9) for a, b in zip(got, want, strict=True))
            results.expect("re-use", holds, (
                f"f(x) + 3 f(x) at {subject.at(at)}, backward called {times} time(s), gives the"
                f" gradients {listed(got)}; expected {listed(want)}; are gradients assigned where"
                " they should be added?"
            ))  # fmt: skip
            if not holds:
                return
    _check_shared_input(subject, results)


def _check_shared_input(subject: Subject, results: Results) -> None:
    """``f(x, x)``: one Value in every place."""
    x = next((x for x in (0.7, 1.3, 2.0) if all(x in d for d in subject.domains)), None)
    n = len(subject.inputs)
    if x is None or subject.meant or n < 2 or any(isinstance(k, str) for k in subject.op.kinks):
        return
    value = Value(x)
    (got,) = gradients(subject.apply(*[value] * n), [value])
    numeric = slope(lambda t: subject.sloped(*[t] * n), x)
    results.expect("re-use", numeric is None or numeric.agrees(float(got)), (
        f"one Value {x} given for all {n} inputs has the gradient {short(float(got))},"
        f" numeric {short(numeric.value if numeric else 0.0)}"
    ))  # fmt: skip
