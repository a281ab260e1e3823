"""Schedules: the learning rate over time.

Each is a function of the base rate, the step (counted from 0) and the number of steps in all.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

import neuroflow as nf

End = Annotated[float, nf.Setting("the rate at the end", "[0, inf)")]
Factor = Annotated[float, nf.Setting("what the rate is multiplied with", "(0, inf)")]
Every = Annotated[int, nf.Setting("after how many steps", "[1, inf)")]


def constant(base, step, steps):
    """The base rate throughout.

    >>> constant(0.1, 50, 100)
    0.1
    """
    return base


def linear(base, step, steps, *, to: End = 0.0):
    """In a straight line from the base rate to ``to``.

    >>> linear(1.0, 50, 100, to=0.1)
    0.55
    """
    return base + (to - base) * step / steps


def step(base, step, steps, *, every: Every = 10, factor: Factor = 0.1):
    """Multiplied with ``factor`` after ``every`` steps: a staircase.

    >>> step(1.0, 25, 100, every=10, factor=0.5)
    0.25
    """
    return base * factor ** (step // every)


def exponential(base, step, steps, *, factor: Factor = 0.99, every: Every = 1):
    """Multiplied with ``factor`` in every ``every`` steps, smoothly.

    >>> exponential(1.0, 20, 100, factor=0.5, every=10)
    0.25
    """
    return base * factor ** (step / every)


def cosine(
    base,
    step,
    steps,
    *,
    to: End = 0.0,
    warmup: Annotated[int, nf.Setting("steps in which the rate rises from zero", "[0, inf)")] = 0,
    rise: Annotated[
        Literal["full", "short", "zero"],
        nf.Setting("whether its last step has the base rate, or is one short of it, or two"),
    ] = "full",
):
    """Up in a line over ``warmup`` steps, then along half a cosine down to ``to``.

    The rise is (k + 1) / w of the base rate at step k, counted from 0; "short", as in nanoGPT, is
    (k + 1) / (w + 1), and "zero", as in Hugging Face's transformers, is k / w.
    Source: Loshchilov and Hutter 2017, equation 5, with warm-up as in Vaswani et al. 2017.

    >>> cosine(1.0, 0, 100, warmup=10), cosine(1.0, 55, 100, warmup=10)
    (0.1, 0.5)
    >>> cosine(1.0, 9, 100, warmup=10, rise="zero")
    0.9
    """
    warm_up_within_run(warmup, steps)
    if step < warmup:
        return base * (step + (rise != "zero")) / (warmup + (rise == "short"))
    progress = (step - warmup) / max(1, steps - warmup)
    return to + (base - to) * 0.5 * (1.0 + math.cos(math.pi * progress))


def warm_up_within_run(warmup, steps):
    """Raise :class:`neuroflow.InputError` for a warm-up that is longer than the run."""
    if warmup > steps:
        raise nf.InputError(
            f"a warm-up of {warmup} steps in a run of {steps}",
            expected=f"at most {steps}",
            remedy="shorten warmup, or let the run be longer",
        )


_FORMULAS = {
    constant: r"\eta_0",
    linear: r"\eta_0 + (\eta_1 - \eta_0) \frac{k}{n}",
    step: r"\eta_0 \, \gamma^{\lfloor k / m \rfloor}",
    exponential: r"\eta_0 \, \gamma^{k / m}",
    cosine: r"\begin{cases} \eta_0 \frac{k + 1}{w} & k < w \\"
    r" \eta_1 + \frac{\eta_0 - \eta_1}{2}"
    r" \left(1 + \cos\left(\pi \frac{k - w}{n - w}\right)\right) & k \ge w \end{cases}",
}
_COURSES: dict[Any, str] = {constant: "constant"}
_ENDS: dict[Any, str] = {linear: "to", cosine: "to"}


@nf.hookimpl
def neuroflow_schedules():
    """All schedules by name."""
    for rate, formula in _FORMULAS.items():
        summary = (rate.__doc__ or "").split("\n", 1)[0]
        relations = warm_up_within_run if rate is cosine else None
        yield nf.ScheduleEntry(
            name=rate.__name__, target=rate, summary=summary, formula=formula,
            relations=relations, course=_COURSES.get(rate, ""), end=_ENDS.get(rate, ""),
        )  # fmt: skip
