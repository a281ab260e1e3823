"""Checks of optimizers: downhill, finite, repeatable, branch-free, and fair at the start."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

from neuroflow.checks.declared import check_source
from neuroflow.checks.messages import close, listed, short
from neuroflow.checks.numeric import has
from neuroflow.checks.ops import guarded
from neuroflow.checks.report import Results
from neuroflow.core.update_rule import UpdateRule
from neuroflow.errors import raised
from neuroflow.registry.entries import OptimizerEntry


def check_optimizer(entry: OptimizerEntry, results: Results) -> None:
    """All checks of an update rule."""
    results.expect("declared", bool(entry.summary), "there is no summary; say how it moves")
    results.expect("declared", bool(entry.formula), "there is no formula; declare it in LaTeX")
    rule = entry.load()
    if not isinstance(rule, UpdateRule):
        results.failed("declared", f"{rule!r} is no update rule; use @neuroflow.update_rule")
        return
    for name, check in _CHECKS.items():
        with guarded(results, name):
            check(rule, results)


def _run(rule: UpdateRule, gradients: Sequence[float], w: float = 1.0, rate: float = 0.01) -> Any:
    """The parameter after each of the gradients, and the last state."""
    state = [0.0] * len(rule.state)
    path = []
    for step, g in enumerate(gradients, start=1):
        w, *state = rule(w, g, *state, learning_rate=rate, step=float(step))
        path.append(float(w))
    return path, state


def _check_source(rule: UpdateRule, results: Results) -> None:
    check_source(rule.rule, results)


def _check_shape(rule: UpdateRule, results: Results) -> None:
    got = rule(1.0, 0.5, *[0.0] * len(rule.state), learning_rate=0.1, step=1.0)
    expected = 1 + len(rule.state)
    results.expect(
        "state",
        len(got) == expected,
        f"it gives back {len(got)} numbers; expected {expected}: w and the state"
        f" ({', '.join(rule.state) or 'none'})",
    )


def _check_downhill(rule: UpdateRule, results: Results) -> None:
    """Against the gradient, and down a valley in the end."""
    for g in (0.5, -2.0):
        (w,), _ = _run(rule, [g])
        results.expect(
            "downhill",
            (w - 1.0) * g < 0.0 or abs(w - 1.0) < 1e-15,
            f"with the gradient {g} the parameter moves from 1.0 to {short(w)}, uphill;"
            " subtract the step",
        )
    w, state = 1.0, [0.0] * len(rule.state)
    for step in range(1, 1501):
        w, *state = rule(w, 2.0 * w, *state, learning_rate=0.01, step=float(step))
    results.expect(
        "downhill",
        math.isfinite(w) and abs(w) < 0.5,
        f"1500 steps of 0.01 down the valley w^2 lead from 1.0 to {short(float(w))};"
        " expected a place near 0",
    )


def _check_finite(rule: UpdateRule, results: Results) -> None:
    """No gradient, a tiny and a huge one: the parameter stays a number."""
    for gradients in ([0.0, 0.0], [1e-200, 0.0], [1e100, 1.0], [0.0, 3.0]):
        try:
            path, _ = _run(rule, gradients)
            problem = "" if all(map(math.isfinite, path)) else f"the parameter becomes {path[-1]}"
        except (ArithmeticError, ValueError) as error:
            problem = f"it raises {raised(error)}"
        results.expect(
            "finite",
            not problem,
            f"with the gradients {listed(gradients)}, {problem}; add a small epsilon to what you"
            " divide by",
        )


def _check_repeatable(rule: UpdateRule, results: Results) -> None:
    gradients = [0.3, -0.2, 0.7, 0.1]
    first, _ = _run(rule, gradients)
    _run(rule, [5.0, -3.0])
    second, _ = _run(rule, gradients)
    results.expect(
        "determinism",
        first == second,
        f"the same gradients led to {listed(first)}, then to {listed(second)}; keep state in the"
        " rule's own inputs",
    )


def _check_start(rule: UpdateRule, results: Results) -> None:
    """With one constant gradient the first step is not longer than the later ones.

    Running means that start at zero are too small at first; where the step is divided by one,
    it comes out too long. Rules that leave this so on purpose say so in their docstring.
    """
    path, _ = _run(rule, [1.0] * 4000, w=0.0, rate=1e-3)
    steps = [abs(b - a) for a, b in zip([0.0, *path], path, strict=False)]
    tenfold, _ = _run(rule, [10.0], w=0.0, rate=1e-3)
    scale_free = close(abs(tenfold[0]), steps[0], 1e-2)
    settles = close(steps[-1], steps[-500], 1e-2) and steps[-1] > 0.0
    ratio = steps[0] / steps[-1] if steps[-1] else 1.0
    documented = "bias" in (rule.__doc__ or "").lower()
    fair = not (scale_free and settles) or documented or 0.67 < ratio < 1.5
    results.expect(
        "first steps",
        fair,
        f"with a constant gradient the first step is {ratio:.3g} times the later ones: running"
        " means start at zero; divide them by (1 - beta^step), or say in the docstring that there"
        " is no bias correction",
    )


def _check_arrays(rule: UpdateRule, results: Results) -> None:
    """Whole arrays of parameters move as single ones do."""
    if not has("numpy"):
        results.skipped("arrays", "numpy is not installed")
        return
    np = import_module("numpy")
    ws, gs = [1.0, -2.0, 0.3], [0.5, 0.0, -0.7]
    arrays = [np.array(ws), np.array(gs), *[np.zeros(3) for _ in rule.state]]
    before = [a.copy() for a in arrays]
    with np.errstate(all="ignore"):
        out = rule(*arrays, learning_rate=0.1, step=1.0)
    results.expect(
        "no mutation",
        all((a == b).all() for a, b in zip(arrays, before, strict=True)),
        "an array that was given was changed in place; write x = x + ... for x += ...",
    )
    for k, (w, g) in enumerate(zip(ws, gs, strict=True)):
        single = rule(w, g, *[0.0] * len(rule.state), learning_rate=0.1, step=1.0)
        got = [float(np.broadcast_to(part, (3,))[k]) for part in out]
        same = all(close(a, b, 1e-12, 1e-15) for a, b in zip(got, single, strict=True))
        results.expect("arrays", same, f"alone: {listed(list(single))}; in an array: {listed(got)}")


def _check_compiled(rule: UpdateRule, results: Results) -> None:
    try:
        from neuroflow.engine.lower.kernel import RuleError, update_kernel
    except ImportError:
        results.skipped("compiled", "the engine is not installed")
        return
    try:
        update_kernel(rule, dict(rule.settings))
        results.passed("compiled")
    except RuleError as error:
        results.failed("compiled", str(error))


_CHECKS: dict[str, Callable[[UpdateRule, Results], None]] = {
    "branch-free": _check_source,
    "state": _check_shape,
    "downhill": _check_downhill,
    "finite": _check_finite,
    "determinism": _check_repeatable,
    "first steps": _check_start,
    "arrays": _check_arrays,
    "compiled": _check_compiled,
}
