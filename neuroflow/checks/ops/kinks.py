"""Declared kinks hold; kinks, jumps and poles that nobody declared are found."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from neuroflow.checks.ops.breaks import Break, far_breaks, find_breaks
from neuroflow.checks.ops.probes import grid, joint_points
from neuroflow.checks.ops.surfaces import at_kink, kink_numbers
from neuroflow.checks.shared.messages import close, listed, short, tidy
from neuroflow.checks.shared.numeric import (
    along,
    one_sided,
    slope,
)
from neuroflow.checks.shared.report import Results
from neuroflow.checks.shared.subject import Subject
from neuroflow.core.domain import Domain


def check_kinks(subject: Subject, results: Results) -> None:
    """At a declared kink, the derivative lies between the slopes on the left and the right."""
    other = subject.derivative is not None  # whose kinks need not be those of the rule
    kinks = [] if subject.meant else kink_numbers(subject.op)
    for kink in kinks if len(subject.inputs) == 1 else []:
        f = along(subject.sloped, [kink], 0)
        left, right = one_sided(f, kink, -1), one_sided(f, kink, 1)
        (said,) = subject.partials(float(kink))
        if _jumps(f, kink):  # a step: the slope has no sides, so any finite number will do
            results.expect("kinks", math.isfinite(said), f"partials say {said} at x = {kink}")
            continue
        if left is None or right is None:
            results.skipped("kinks", f"no slope on one side of the kink at {kink}")
            continue
        low, high = sorted((left.value, right.value))
        sides = f"{short(tidy(left.value))} on the left, {short(tidy(right.value))}"
        results.expect("kinks", low - 1e-6 <= float(said) <= high + 1e-6, (
            f"at the kink x = {short(kink)} the slope is {sides} on the right, and partials say"
            f" {short(float(said))}, which is not between them"
        ))  # fmt: skip
        results.expect("kinks", high - low > 1e-5 or bool(subject.op.settings) or other, (
            f"a kink is declared at x = {short(kink)}, but the slope is {sides} on the right; is it"
            " elsewhere?"
        ))  # fmt: skip
        stated = _stated(subject.op.convention, subject.op.settings)
        if stated is not None and (len(kinks) == 1 or _EVERYWHERE.search(subject.op.convention)):
            results.expect("kinks", close(stated, float(said), 1e-9, 1e-12), (
                f"the convention says {short(stated)} at the kink x = {short(kink)}, and partials"
                f" say {short(float(said))}"
            ))  # fmt: skip


_EVERYWHERE = re.compile(r"\bat (both|all|every|each)\b")
"""The words of a convention that holds at several kinks: ``1 at both ends``."""


def _jumps(f: Callable[[float], Any], x: float) -> bool:
    return abs(float(f(x + 1e-7)) - float(f(x - 1e-7))) > 1e-5


def _stated(convention: str, settings: Mapping[str, float]) -> float | None:
    """The number that a convention begins with, ``0 at x = 0``, or ends in, ``f'(0) = 0``.

    A setting stands for its number: ``alpha at x = 0``, ``the slope s at x = 0``.
    """
    start = re.match(r"\s*((?:\w+\s+){1,4})at\b", convention)
    named = [word for word in start.group(1).split() if word in settings] if start else []
    if len(named) == 1:
        return float(settings[named[0]])
    match = re.match(r"\s*(-?\d+(?:\.\d+)?)\s+at\b", convention)
    match = match or re.fullmatch(r".*\)\s*=\s*(-?\d+(?:\.\d+)?)\s*", convention)
    return float(match.group(1)) if match else None


def check_ties(subject: Subject, results: Results) -> None:
    """Where inputs are equal, each derivative lies between its one-sided slopes."""
    if "ties" not in subject.op.kinks or subject.meant:
        return
    for x in (1.5, -2.0):
        at = [x] * len(subject.inputs)
        said = subject.partials(*at)
        together = slope(lambda t: subject.sloped(*[t] * len(subject.inputs)), x)
        total = math.fsum(map(float, said))
        results.expect("kinks", together is None or together.agrees(total), (
            f"with equal inputs {short(x)} the derivatives {listed(list(map(float, said)))} add up"
            f" to {short(total)}, but where all move together the slope is"
            f" {short(tidy(together.value if together else 0.0))}; do tied inputs share it?"
        ))  # fmt: skip
        for k in range(len(at)):
            f = along(subject.sloped, at, k)
            sides = [one_sided(f, x, side) for side in (-1, 1)]
            low, high = sorted(s.value for s in sides if s is not None)
            results.expect("kinks", low - 1e-6 <= float(said[k]) <= high + 1e-6, (
                f"with equal inputs {short(x)}, d/d{subject.inputs[k]} is {short(float(said[k]))},"
                f" outside its one-sided slopes {short(low)} and {short(high)}"
            ))  # fmt: skip


def check_undeclared(subject: Subject, results: Results) -> None:
    """Kinks, jumps and poles that nobody declared."""
    if subject.meant:
        results.skipped("undeclared kinks", subject.why_not_compared)
        return
    for at in joint_points(subject.domains, 2 if len(subject.inputs) > 1 else 1):
        for k, domain in enumerate(subject.domains):
            f = along(subject.sloped, at, k)
            for where, found in _looks(f, domain, far=len(at) == 1):
                unknown = [b for b in found if not _declared(subject, at, k, b)]
                results.expect("undeclared kinks", not unknown, (
                    f"{where} {subject.inputs[k]}, {'; '.join(map(str, unknown[:3]))}; declare it"
                    f" ({_how(unknown)}), or mend the rule"
                ))  # fmt: skip
                if unknown:
                    return


def _looks(
    f: Callable[[float], float], domain: Domain, far: bool
) -> Iterator[tuple[str, list[Break]]]:
    """Breaks of a function, stretch by stretch, and those far out if they are looked for."""
    for xs in grid(domain):
        yield "along", find_breaks(f, xs)
    yield "far out along", far_breaks(f, domain) if far else []


def _declared(subject: Subject, at: Sequence[float], k: int, found: Break) -> bool:
    there = [*at[:k], found.x, *at[k + 1 :]]
    return at_kink(subject, there, 1e-3) or found.x not in subject.domains[k]


def _how(found: list[Break]) -> str:
    if any(b.shape == "pole" for b in found):
        x = next(b.x for b in found if b.shape == "pole")
        return f'domain="(-inf, {x:g}) | ({x:g}, inf)"'
    return f"kinks=({', '.join(repr(b.x) for b in found[:3])},)"
