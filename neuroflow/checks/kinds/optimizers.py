"""Checks of optimizers: downhill, in proportion to the rate, fair at the start, as the formula."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from typing import Any

from neuroflow.checks.kinds.optimizer_formula import check_formula
from neuroflow.checks.ops.declared import check_source
from neuroflow.checks.ops.running import is_clean, run_all
from neuroflow.checks.ops.table import guarded
from neuroflow.checks.shared.messages import close, listed, short
from neuroflow.checks.shared.numeric import has
from neuroflow.checks.shared.report import Results
from neuroflow.checks.shared.variations import Settings, back, variations
from neuroflow.config import settings_of
from neuroflow.core.update_rule import UpdateRule
from neuroflow.errors import DomainError, raised
from neuroflow.registry.entries import OptimizerEntry


def check_optimizer(entry: OptimizerEntry, results: Results) -> None:
    """All checks of an update rule."""
    rule = entry.load()
    if not isinstance(rule, UpdateRule):
        results.failed("declared", f"{rule!r} is no update rule; use @neuroflow.update_rule")
        return
    tries = variations(entry, [s for s in settings_of(entry) if s.name in rule.settings])
    with guarded(results, "state"):
        if _has_right_shape(rule, tries[0], results):
            rule = rule.bind(**tries[0]) if tries[0] else rule
            checks: dict[str, Callable[..., None]] = {**_CHECKS}
            checks["settings"] = partial(_check_state_and_settings, tries)
            if run_all(checks, results, rule) and is_clean(results):
                with guarded(results, "formula"):
                    check_formula(entry, rule, tries, results)


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


def _has_right_shape(rule: UpdateRule, settings: Settings, results: Results) -> bool:
    """A tuple of the new parameter and of each state, in their order."""
    state = [0.0] * len(rule.state)
    got = rule(1.0, 0.5, *state, learning_rate=0.1, step=1.0, **settings)
    expected = 1 + len(rule.state)
    names = ", ".join(["w", *rule.state])
    if not isinstance(got, (tuple, list)):
        results.failed("state", (
            f"it gives {got!r}, which is no tuple; expected ({names}{'' if state else ','})"
        ))  # fmt: skip
        return False
    results.expect("state", len(got) == expected, (
        f"it gives back {len(got)} numbers; expected {expected}: w and the state"
        f" ({', '.join(rule.state) or 'none'})"
    ))  # fmt: skip
    return len(got) == expected


def _moves(rule: UpdateRule, g: float, rate: float = 0.01, w: float = 0.0) -> float:
    """How far the first step goes."""
    (after,), _ = _run(rule, [g], w=w, rate=rate)
    return float(after - w)


def _check_rate(rule: UpdateRule, results: Results) -> None:
    """The first step is as long as the learning rate says: twice the rate, twice the step."""
    once, twice = _moves(rule, 0.5, 0.01), _moves(rule, 0.5, 0.02)
    ratio = twice / once if once else 1.0
    why = "it does not count" if close(ratio, 1.0, 1e-6) else "multiply the step with it once"
    results.expect("learning rate", close(ratio, 2.0, 1e-6), (
        f"with twice the learning rate the first step is {ratio:.3g} times as long, {short(twice)}"
        f" instead of {short(once)}; {why}"
    ))  # fmt: skip


def _check_scale(rule: UpdateRule, results: Results) -> None:
    """A larger gradient makes no shorter step, and a turned one a turned step."""
    small, large = _moves(rule, 0.5), _moves(rule, 5.0)
    results.expect("scale", abs(large) >= abs(small) * (1.0 - 1e-3), (
        f"a gradient ten times as large makes the first step shorter, {short(large)} instead of"
        f" {short(small)}: is a root missing in what it is divided by?"
    ))  # fmt: skip
    turned = _moves(rule, -0.5)
    results.expect("scale", close(turned, -small, 1e-6, 1e-15), (
        f"from w = 0 the gradient 0.5 moves by {short(small)}, -0.5 by {short(turned)}: is a size"
        " taken where a sign belongs?"
    ))  # fmt: skip


def _check_decay(rule: UpdateRule, results: Results) -> None:
    """Weight decay shrinks, and only where it is asked for."""
    names = [name for name in rule.settings if name in ("weight_decay", "decoupled_decay", "l2")]
    for name in names:
        for w in (1.0, -1.0):
            plain = _moves(rule.bind(**{name: 0.0}), 0.0, w=w)
            moved = _moves(rule.bind(**{name: 0.1}), 0.0, w=w)
            shrinks = (moved - plain) * w < 0.0
            results.expect("weight decay", shrinks, (
                f"without a gradient, {name} = 0.1 moves the parameter from {w} to"
                f" {short(w + moved)}; decay brings it nearer to 0: is the sign right?"
            ))  # fmt: skip
            if not shrinks:
                return


def _check_state_and_settings(
    tries: Sequence[Settings], rule: UpdateRule, results: Results
) -> None:
    """Each state moves and counts, and so does each setting, with some settings at least."""
    ordinary = [0.3, -0.2, 0.7, 0.4]
    rules = [rule.bind(**settings) for settings in tries]
    for k, name in enumerate(rule.state):
        if name == "no_decay":
            continue
        moves = any(_run(each, ordinary[:n])[1][k] for each in rules for n in (1, 2, 4))
        results.expect("state", moves, (
            f"the state {name!r} stays 0 whatever the gradients are; give it back as it became"
        ))  # fmt: skip
        results.expect("state", not moves or any(_counts(each, k) for each in rules), (
            f"nothing depends on the state {name!r}; use it in the step, or take it out"
        ))  # fmt: skip
    last = tries[-1]
    for name in rule.settings:
        pairs = [(each, back(each, tries[0], name)) for each in (*tries, last) if name in each]
        paths = [
            [_run(rule.bind(**each), [size * g for g in ordinary]) for each in pair]
            for size in (1.0, 100.0)  # a limit counts only for what is beyond it
            for pair in pairs
        ]
        results.expect("settings", not pairs or any(one != two for one, two in paths), (
            f"the setting {name!r} changes nothing; use it, or take it out of the signature"
        ))  # fmt: skip


def _counts(rule: UpdateRule, k: int) -> bool:
    """Whether another value of a state leads elsewhere."""
    ends = set()
    for start in (0.25, 0.5, -0.5):
        w, state = 1.0, [0.1] * len(rule.state)
        state[k] = start
        try:
            for step, g in enumerate((0.3, -0.2, 0.7), start=2):
                w, *state = rule(w, g, *state, learning_rate=0.01, step=float(step))
        except DomainError:  # a mean of squares is never negative
            continue
        ends.add(float(w))
    return len(ends) > 1


def _check_downhill(rule: UpdateRule, results: Results) -> None:
    """Against the gradient, and down a valley in the end."""
    for g in (0.5, -2.0):
        (w,), _ = _run(rule, [g])
        downhill = (w - 1.0) * g < 0.0 or abs(w - 1.0) < 1e-15
        results.expect(
            "downhill",
            downhill,
            f"with the gradient {g} the parameter moves from 1.0 to {short(w)}, uphill;"
            " subtract the step",
        )
        if not downhill:
            return
    ends = [_end_of_valley(rule, rate) for rate in RATES]
    results.expect(
        "downhill",
        any(abs(w) < 0.5 for w in ends),
        f"1500 steps down the valley w^2 lead from 1.0 to {listed(ends)}, with the rates"
        f" {listed(RATES)}; expected a place near 0",
    )


RATES = (0.01, 0.1, 1.0)
"""Some rules want a small learning rate, some have steps of their own and want 1."""


def _end_of_valley(rule: UpdateRule, rate: float) -> float:
    """Where 1500 steps lead; infinity where the rate is too large."""
    w, state = 1.0, [0.0] * len(rule.state)
    for step in range(1, 1501):
        try:
            w, *state = rule(w, 2.0 * w, *state, learning_rate=rate, step=float(step))
        except DomainError:
            if rate == RATES[0]:
                raise
            return math.inf
        if abs(w) > 1e100:
            return math.inf
    return float(w)


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
        if problem:
            return


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
    path, _ = _run(rule, [1.0] * 12000, w=0.0, rate=1e-3)
    steps = [abs(b - a) for a, b in zip([0.0, *path], path, strict=False)]
    tenfold, _ = _run(rule, [10.0], w=0.0, rate=1e-3)
    scale_free = close(abs(tenfold[0]), steps[0], 1e-2)
    settles = close(steps[-1], steps[-500], 1e-2) and steps[-1] > 0.0
    ratio = steps[0] / steps[-1] if steps[-1] else 1.0
    documented = "bias" in (rule.__doc__ or "").lower()
    fair = not (scale_free and settles) or documented or 0.8 < ratio < 1.25
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
    "downhill": _check_downhill,
    "learning rate": _check_rate,
    "scale": _check_scale,
    "weight decay": _check_decay,
    "finite": _check_finite,
    "determinism": _check_repeatable,
    "first steps": _check_start,
    "arrays": _check_arrays,
    "compiled": _check_compiled,
}
