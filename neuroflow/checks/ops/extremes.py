"""What happens at huge, tiny and undefined numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from neuroflow.checks.ops.probes import EXTREMES, joint_points
from neuroflow.checks.shared.messages import first_line
from neuroflow.checks.shared.numeric import (
    along,
    has,
    precise,
)
from neuroflow.checks.shared.report import Extreme, Results
from neuroflow.checks.shared.subject import Subject


def check_extremes(subject: Subject, results: Results) -> None:
    """What happens at +-1e3, +-1e-300, +-0, inf and nan; a representable value is not lost."""
    base = joint_points(subject.domains, 1)[0]
    for k, name in enumerate(subject.inputs):
        for x in EXTREMES:
            at = [*base[:k], x, *base[k + 1 :]]
            value, said = _try(subject.forward, at), _try(subject.partials, at)
            slope_k = said[k] if isinstance(said, list) else said
            entry = results.subject if len(subject.inputs) == 1 else f"{results.subject} {name}"
            table = results.report.extremes.setdefault(entry, [])
            table.append(Extreme(x, _shown(value), _shown(slope_k)))
            if math.isfinite(x) and x in subject.domains[k]:
                problem = _lost(subject, at, k, value, slope_k)
                results.expect("extremes", not problem, f"at {subject.at(at)}: {problem}")
                if problem:
                    return


def _try(f: Callable[..., Any], at: Sequence[float]) -> Any:
    try:
        return f(*at)
    except (ArithmeticError, ValueError, TypeError) as error:
        return error


def _shown(x: Any) -> str:
    return f"{type(x).__name__}: {first_line(x)}" if isinstance(x, Exception) else f"{float(x)!r}"


def _lost(subject: Subject, at: Sequence[float], k: int, value: Any, said: Any) -> str:
    """What is wrong with the value or the slope at an extreme, or nothing."""
    for what, got in (("forward", value), ("partials", said)):
        if not isinstance(got, Exception) and math.isfinite(got):
            continue
        problem = first_line(got) if isinstance(got, Exception) else f"{got}"
        if not isinstance(got, Exception) and math.isnan(got):
            return f"{what} gives nan; give where() a safe operand on the side it does not use"
        true = _truth(subject, at, k)
        if true is None:
            continue
        exact = true[0] if what == "forward" else true[1]
        if abs(exact) < 1e300:
            shown = "0" if abs(exact) < 1e-300 else f"{float(exact):.6g}"
            return (
                f"{what} fails ({problem}), but the result is {shown}, which a float can hold;"
                " rewrite the rule so that no intermediate number overflows"
            )
    return ""


def _truth(subject: Subject, at: Sequence[float], k: int) -> tuple[Any, Any] | None:
    """Value and slope with many digits, and no limit to the size of numbers."""
    if not has("mpmath"):
        return None
    try:
        return precise(along(subject.forward, at, k), at[k])
    except Exception:
        return None
