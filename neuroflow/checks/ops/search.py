"""Partials against slopes wherever a domain reaches: a search for where they disagree most.

Thousands of points are compared in one go, roughly, as arrays. Where the two disagree most it is
looked closer, again and again; what remains is judged with sixty digits or more, so that neither
rounding nor overflow raises an alarm.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from typing import Any

from neuroflow.checks.ops.far_points import many, special
from neuroflow.checks.ops.probes import joint_points
from neuroflow.checks.ops.surfaces import at_kink
from neuroflow.checks.shared.messages import short
from neuroflow.checks.shared.numeric import along, has
from neuroflow.checks.shared.report import Results
from neuroflow.checks.shared.subject import Subject

POINTS = 9000
"""How many points one input is tried at, in the first round."""

ROUNDS, JUDGED = 3, 12
"""How often it is looked closer, and how many suspects are judged each time."""


def check_search(subject: Subject, results: Results) -> None:
    """The partials of a rule that declares them, on the whole domain of each input."""
    known = {f.check for f in results.report.findings if f.subject == results.subject}
    if known & {"partials", "branch-free"}:
        return  # they are wrong where people look first, which teaches more
    why = subject.why_not_compared
    if subject.op.partials_rule is None or why:
        results.skipped("search", why or "the partials are derived from the rule")
        return
    if not has("numpy") or not has("mpmath"):
        results.skipped("search", "numpy or mpmath is not installed: pip install numpy mpmath")
        return
    base = joint_points(subject.domains, 1)[0]
    for k in range(len(subject.inputs)):
        search = Search(subject, base, k)
        wrong = search.worst()
        results.tried(search.tried)
        results.expect("search", wrong is None, wrong or "")
        if wrong is not None:
            return
    _check_minus_zero(subject, base, results)


class Search:
    """One input of an op, moved along its domain; the others stand still."""

    def __init__(self, subject: Subject, base: Sequence[float], k: int) -> None:
        self.subject, self.base, self.k = subject, list(base), k
        self.domain = subject.domains[k]
        self.tried = 0

    def at(self, x: Any) -> list[Any]:
        return [*self.base[: self.k], x, *self.base[self.k + 1 :]]

    def worst(self) -> str | None:
        """A message about the first point that is surely wrong; None if there is none."""
        points = special(self.domain)
        if message := self.judged(points):
            return message
        row = many(self.domain, POINTS // max(1, len(self.base) // 2))
        for _ in range(ROUNDS):
            suspects = self.suspects(row)
            if message := self.judged(suspects[:JUDGED]):
                return message
            row = sorted(x for s in suspects[:JUDGED] for x in _around(row, s) if x in self.domain)
            if not row:
                break
        return None

    def suspects(self, row: Sequence[float]) -> list[float]:
        """The points of a row by how much the two disagree, the worst first; as arrays."""
        np = import_module("numpy")
        self.tried += len(row)
        xs = np.array(row)
        with np.errstate(all="ignore"):
            try:
                score = self.scores(np, self.at(xs))
            except Exception:  # a rule for single numbers: other checks have said so
                return []
        order = np.argsort(-score, kind="stable")
        return [float(xs[i]) for i in order if score[i] > 1.0]

    def scores(self, np: Any, columns: Sequence[Any]) -> Any:
        """How far off the partials are, in units of what the differences can tell."""
        xs = columns[self.k]
        at = [np.zeros_like(xs) + column for column in columns]

        def forward(x: Any) -> Any:
            moved = [*at[: self.k], x, *at[self.k + 1 :]]
            return np.asarray(self.subject.sloped(*moved), dtype=float) * np.ones_like(x)

        f, out = forward(xs), self.subject.forward(*at)
        said = np.asarray(self.subject.slopes(out, *at)[self.k], dtype=float) * np.ones_like(xs)
        h = np.maximum(np.abs(xs), 1e-250) * 2.0**-14
        wide = (forward(xs + h) - forward(xs - h)) / (2.0 * h)
        near = (forward(xs + h / 8) - forward(xs - h / 8)) / (h / 4)
        noise = 64.0 * 2.0**-52 * np.abs(f) / h
        allowed = 4.0 * np.abs(wide - near) + noise + 1e-6 * np.abs(near)
        score = np.abs(said - near) / np.maximum(allowed, 1e-300)
        told = np.isfinite(score) & ((np.abs(f) > 1e-280) | (np.abs(near) > 1e-280))
        return np.where(told, score, 0.0)

    def judged(self, points: Sequence[float]) -> str | None:
        """A message about the first of some points at which the partials are wrong."""
        for x in points:
            self.tried += 1
            if at_kink(self.subject, self.at(x), 1e-12 * (1.0 + abs(x))):
                continue
            try:
                said, sides, allowed = self.exactly(x)
            except Exception:  # outside of what the rule can do there, or with many digits
                continue
            if not min(sides) - allowed <= said <= max(sides) + allowed:
                where = self.subject.at(self.at(x))
                return (
                    f"d/d{self.subject.inputs[self.k]} at {where}: partials say"
                    f" {short(float(said))}, the slope of the rule is {short(float(sides[0]))};"
                    " does the rule of partials hold on the whole domain?"
                )
        return None

    def exactly(self, x: float) -> tuple[Any, tuple[Any, Any], Any]:
        """What the partials say, the slopes of the rule on either side, and the tolerance.

        All with so many digits that a step 20 digits smaller than x loses none.
        """
        mp = import_module("mpmath")
        digits = 60 + (int(abs(math.log10(abs(x)))) if x else 0)
        with mp.workdps(digits):
            at = [mp.mpf(y) for y in self.at(x)]
            f: Callable[[Any], Any] = along(self.subject.sloped, at, self.k)
            centre = at[self.k]
            h = mp.mpf(10) ** -20 * (min(1, abs(centre)) or 1)
            here, out = mp.mpf(f(centre)), mp.mpf(self.subject.forward(*at))
            sides = (here - mp.mpf(f(centre - h))) / h, (mp.mpf(f(centre + h)) - here) / h
            said = mp.mpf(self.subject.slopes(out, *at)[self.k])
            large = max(abs(said), *map(abs, sides))
            share = self.subject.within(1e-6)
            allowed = share * large + 1e-9 * abs(here) / max(1, abs(centre)) + 100 * h
            finite = all(map(mp.isfinite, (said, *sides)))
            return (said, sides, allowed) if finite else (mp.mpf(0), (mp.mpf(0),) * 2, allowed)


def _around(row: Sequence[float], x: float, count: int = 48) -> Iterator[float]:
    """Points between the neighbours of x in a row, which is sorted and has x."""
    i = bisect_left(row, x)
    low, high = row[max(0, i - 1)], row[min(len(row) - 1, i + 1)]
    yield from (low + (high - low) * (k + 0.4142) / count for k in range(count))


def _check_minus_zero(subject: Subject, base: Sequence[float], results: Results) -> None:
    """At -0.0 the partials are those at 0.0."""
    for k, domain in enumerate(subject.domains):
        if 0.0 not in domain:
            continue
        plus, minus = ([*base[:k], zero, *base[k + 1 :]] for zero in (0.0, -0.0))
        try:
            slopes = [list(map(float, subject.partials(*at))) for at in (plus, minus)]
        except (ArithmeticError, ValueError, TypeError):
            continue
        results.expect("search", slopes[0] == slopes[1] or slopes[0] != slopes[0], (
            f"at {subject.inputs[k]} = 0.0 the partials are {slopes[0]}, and {slopes[1]} at -0.0"
        ))  # fmt: skip
