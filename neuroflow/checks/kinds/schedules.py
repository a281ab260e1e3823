"""Checks of schedules: numbers as the formula says, a base rate that counts, ends and course."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from neuroflow.checks.formulas.samples import compare_formula
from neuroflow.checks.formulas.symbols import Sample, told
from neuroflow.checks.ops.running import is_clean, run_all
from neuroflow.checks.ops.table import guarded
from neuroflow.checks.shared.messages import listed, short
from neuroflow.checks.shared.report import Results
from neuroflow.checks.shared.variations import (
    MORE,
    Settings,
    back,
    described,
    fit,
    others_of,
    variations,
)
from neuroflow.config import settings_of
from neuroflow.registry.entries import ScheduleEntry

Schedule = Callable[..., Any]
LENGTHS = (100, 7, 2, 1)
LONG = 5000
LETTERS = {
    "base": ("eta_0", "eta", "eta_max", "alpha_0", "alpha", "b", "r", "lr"),
    "step": ("k", "t", "s", "i"),
    "steps": ("n", "N", "T", "K", "t_max", "T_max"),
}
"""By which symbols formulas call what every schedule is given."""


def check_schedule(entry: ScheduleEntry, results: Results) -> None:
    """All checks of a schedule."""
    schedule = entry.load()
    if not callable(schedule):
        results.failed("declared", f"{schedule!r} cannot be called with (base, step, steps)")
        return
    tries = variations(entry, settings_of(entry), steps=min(LENGTHS[:2]))
    ends = [] if entry.checks.settings else [*_ends(entry, tries[0])]
    with guarded(results, "schedule"):
        if not all(_is_right(schedule, settings, results) for settings in [*tries, *ends]):
            return
        if run_all(_CHECKS, results, entry, schedule, tries) and is_clean(results):
            with guarded(results, "formula"):
                _check_formula(entry, schedule, tries, results)


def _ends(entry: ScheduleEntry, base: Settings) -> Iterator[Settings]:
    """Settings with one at the least and at the largest number that it may be."""
    for setting in settings_of(entry):
        for x in (setting.low, setting.high):
            number = int(x) if setting.type is int and math.isfinite(x) else x
            changed = {**base, setting.name: number}
            allowed = math.isfinite(x) and setting.within and setting.problem(number) is None
            if allowed and fit(entry, changed, {"steps": min(LENGTHS[:2])}):
                yield changed


def _rates(schedule: Schedule, steps: int, base: float = 0.1, **settings: Any) -> list[Any]:
    return [schedule(base, step, steps, **settings) for step in range(steps)]


def _is_right(schedule: Schedule, settings: Settings, results: Results) -> bool:
    """Finite numbers from zero up at every step, and the same every time."""
    for steps in LENGTHS if not settings else LENGTHS[:2]:
        rates = _rates(schedule, steps, **settings)
        wrong = [k for k, rate in enumerate(rates) if not _is_rate(rate)]
        where = described(settings)
        results.expect("finite", not wrong, (
            f"of {steps} steps{where}, step {wrong and wrong[0]} has the rate"
            f" {wrong and rates[wrong[0]]!r}; a rate is a finite number from 0 up"
        ))  # fmt: skip
        if wrong:
            return False
        again = _rates(schedule, steps, **settings)
        results.expect("determinism", rates == again, (
            f"of {steps} steps{where}, the same steps gave {listed(rates[:3])}, then"
            f" {listed(again[:3])}; compute the rate from base, step and steps alone"
        ))  # fmt: skip
        if rates != again:
            return False
    return bool(settings) or _is_right_for_long(schedule, results)


def _is_right_for_long(schedule: Schedule, results: Results) -> bool:
    """Whether no rate of a long run is below zero; what grows without end is meant for short."""
    try:
        rates = _rates(schedule, LONG)
    except OverflowError:
        return True
    wrong = next((k for k, rate in enumerate(rates) if rate < 0.0), None)
    results.expect("finite", wrong is None, (
        f"of {LONG} steps, step {wrong} has the rate {rates[wrong or 0]!r}; a rate is a finite"
        " number from 0 up: runs may be long, use max(0, ...)"
    ))  # fmt: skip
    return wrong is None


def _is_rate(rate: Any) -> bool:
    number = isinstance(rate, (int, float)) and not isinstance(rate, bool)
    return number and math.isfinite(rate) and rate >= 0.0


def _check_formula(
    entry: ScheduleEntry, schedule: Schedule, tries: Sequence[Settings], results: Results
) -> None:
    names = [setting.name for setting in settings_of(entry)]
    quantities = {**LETTERS, **dict.fromkeys(names, ())}
    compare_formula(entry, list(_samples(entry, schedule, tries)), quantities, results)


def _samples(
    entry: ScheduleEntry, schedule: Schedule, tries: Sequence[Settings]
) -> Iterator[Sample]:
    defaults = {s.name: s.default for s in settings_of(entry) if not s.required}
    needed = frozenset(tries[0])
    for settings, (base, steps) in itertools.product(
        tries, ((0.1, 100), (0.37, 7), (2.5, 7), (0.1, LONG))
    ):
        for step in range(0, steps, 1 if steps < LONG else 499):
            numbers = {"base": base, "step": step, "steps": steps}
            try:
                rate = float(schedule(base, step, steps, **settings))
            except OverflowError:  # what doubles at every step is meant for short runs
                continue
            known = {**defaults, **settings, **numbers}
            yield Sample(known, rate, told({**numbers, **settings}), frozenset(settings) - needed)


def _check_base(
    entry: ScheduleEntry, schedule: Schedule, tries: Sequence[Settings], results: Results
) -> None:
    """Another base rate gives other rates."""
    one, two = _rates(schedule, 100, 0.1, **tries[0]), _rates(schedule, 100, 0.2, **tries[0])
    results.expect("base rate", one != two, (
        f"the base rates 0.1 and 0.2 give the same rates, {listed(one[:3])} ...: the first argument"
        " is the learning rate of the configuration, which would count for nothing"
    ))  # fmt: skip


def _check_settings(
    entry: ScheduleEntry, schedule: Schedule, tries: Sequence[Settings], results: Results
) -> None:
    """Each setting changes something, alone or beside changes of the others."""
    base, last = tries[0], tries[-1]
    for setting in settings_of(entry):
        values = others_of(setting, base.get(setting.name, setting.default), MORE)
        changes = [{**base, setting.name: value} for value in values]
        pairs = [(each, base) for each in changes if fit(entry, each, {"steps": 100})]
        if last.get(setting.name) != base.get(setting.name):
            pairs.append((last, back(last, base, setting.name)))
        rates = [[_rates(schedule, 100, **each) for each in pair] for pair in pairs]
        results.expect("settings", not pairs or any(one != two for one, two in rates), (
            f"the setting {setting.name!r} changes no rate; use it, or take it out of the signature"
        ))  # fmt: skip


def _check_start(
    entry: ScheduleEntry, schedule: Schedule, tries: Sequence[Settings], results: Results
) -> None:
    """A first step of rate 0 is lost; a schedule that means it says so."""
    rates = _rates(schedule, 100, **tries[0])
    told_of = f"{entry.summary} {schedule.__doc__ or ''}".lower()
    meant = "zero" in told_of or "from 0" in told_of or not any(rates)
    results.expect("first step", rates[0] > 0.0 or meant, (
        "the first step has the rate 0, so that it moves nothing: steps are counted from 0; is it"
        " step + 1, or say in the docstring that it starts from zero"
    ))  # fmt: skip


def _check_course(
    entry: ScheduleEntry, schedule: Schedule, tries: Sequence[Settings], results: Results
) -> None:
    """The rates fall, rise or stay, as ``course`` says."""
    if not entry.course:
        return
    for settings, steps in [*((each, 100) for each in tries), (tries[0], LONG)]:
        try:
            rates = _rates(schedule, steps, **settings)
        except OverflowError:
            continue
        broken = _breaks(entry.course, rates)
        results.expect("course", broken is None, (
            f"course says {entry.course!r}, but{described(settings)} the rate goes from"
            f" {short(rates[broken or 0])} at step {broken} to {short(rates[(broken or 0) + 1])}"
        ))  # fmt: skip
        if broken is not None:
            return


def _breaks(course: str, rates: Sequence[float]) -> int | None:
    """The step behind which the rates leave their course, if they do."""
    top = rates.index(max(rates))
    for k, (a, b) in enumerate(itertools.pairwise(rates)):
        slack = 1e-12 * max(abs(a), abs(b))
        falls, rises = b <= a + slack, b >= a - slack
        rising = course == "rising" or (course == "rising, then falling" and k < top)
        if not (falls and rises if course == "constant" else rises if rising else falls):
            return k
    return None


def _check_end(
    entry: ScheduleEntry, schedule: Schedule, tries: Sequence[Settings], results: Results
) -> None:
    """The rate comes to the setting that ``end`` names: it is there at step = steps."""
    if not entry.end:
        return
    defaults = {s.name: s.default for s in settings_of(entry) if not s.required}
    if entry.end not in {s.name for s in settings_of(entry)}:
        results.failed("end", f"end says {entry.end!r}, which is no setting of the schedule")
        return
    for settings in tries:
        want = {**defaults, **settings}[entry.end]
        rate = float(schedule(0.1, 100, 100, **settings))
        results.expect("end", math.isclose(rate, want, rel_tol=1e-9, abs_tol=1e-12), (
            f"end says that the rate comes to {entry.end} = {short(float(want))}, but behind the"
            f" last of 100 steps{described(settings)} it is {short(rate)}"
        ))  # fmt: skip


_CHECKS: dict[str, Callable[..., None]] = {
    "base rate": _check_base, "settings": _check_settings,
    "first step": _check_start, "course": _check_course, "end": _check_end,
}  # fmt: skip
