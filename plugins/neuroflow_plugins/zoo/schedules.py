"""Schedules with one mistake each."""

from __future__ import annotations

import math
from typing import Annotated

import neuroflow as nf
from neuroflow_plugins.zoo.twin import twin


@twin("the line that is one step ahead", "formula", "Steps are counted from 0: with step + 1 the"
      " first rate is lower than the base rate, and the last one is the end itself.")  # fmt: skip
def line_1(base, step, steps, *, to=0.0):
    """In a straight line from the base rate down to another."""
    return base + (to - base) * (step + 1) / steps  # bug


@twin("the half cosine that is a whole one", "course", "Half a cosine is cos(pi k / n): with twice"
      " the angle the rate is back at the top in the end.")  # fmt: skip
def half_cosine_1(base, step, steps):
    """Along half a cosine down to nothing."""
    return base * 0.5 * (1.0 + math.cos(2.0 * math.pi * step / steps))  # bug


@twin("the rate of its own", "base rate", "The learning rate of the configuration is the first"
      " argument; here nobody reads it.")  # fmt: skip
def fading_1(base, step, steps, *, half_life=20):
    """Halved after every so many steps."""
    return 0.01 * 0.5 ** (step / half_life)  # bug


@twin("the arguments in another order", "first step", "A schedule is called with the base rate, the"
      " step, the number of steps; by these names it gets them in another order.")  # fmt: skip
def falling_1(step, base, steps):  # bug
    """Falls in a straight line."""
    return base * (1.0 - step / steps)


@twin("the warm-up that begins with nothing", "first step", "Step 0 of the warm-up has the rate 0,"
      " so the first batch is wasted: count with step + 1.")  # fmt: skip
def warmup_1(base, step, steps, *, warmup=10):
    """Rises over the warm-up, then stays."""
    return base * min(1.0, step / warmup)  # bug


@twin("the end that is never reached", "end", "The progress is divided by one step too many, so"
      " that the rate ends above the end that was asked for.")  # fmt: skip
def line_2(base, step, steps, *, to=0.0):
    """In a straight line to an end."""
    return base + (to - base) * step / (steps + 1)  # bug


@twin("the stairs that come too early", "formula", "Steps are counted from 0, so the first stair"
      " ends at step 29 and not at step 28.")  # fmt: skip
def stairs_1(base, step, steps, *, every=30, factor=0.1):
    """Multiplied with a factor after every so many steps."""
    return base * factor ** ((step + 1) // every)  # bug


@twin("the run that is too long", "formula", "From step 1000 on the rate is halved, which no"
      " formula says: long runs are tried too.")  # fmt: skip
def root_1(base, step, steps):
    """Falls with the root of the steps."""
    slower = 0.5 if step > 1000 else 1.0  # bug
    return slower * base / math.sqrt(1 + step)


@twin("the warm-up that has to be", "schedule", "warmup = 0 is allowed, and divides by 0.")
def warmup_2(base, step, steps, *, warmup: Annotated[int, nf.Setting("steps", "[0, inf)")] = 10):
    """Rises over the warm-up, then stays."""
    return base * min(1.0, (step + 1) / warmup)  # bug


@twin("the line that goes on", "finite", "A run of more than a thousand steps learns backwards.")
def line_3(base, step, steps):
    """Down by a thousandth with each step."""
    return base * (1.0 - step / 1000)  # bug


def _schedule(target, formula, **facts):
    summary = (target.__doc__ or "").split("\n", 1)[0]
    return nf.ScheduleEntry(
        name=target.__name__, target=target, summary=summary, formula=formula, **facts
    )


SCHEDULES = [
    _schedule(stairs_1, r"\eta_0 f^{\lfloor k / m \rfloor}"),
    _schedule(warmup_2, r"\eta_0 \min(1, (k + 1) / w)"),
    _schedule(line_3, r"\eta_0 (1 - k / 1000)"),
    _schedule(root_1, r"\frac{\eta_0}{\sqrt{1 + k}}"),
    _schedule(line_1, r"\eta_0 + (\eta_1 - \eta_0) \frac{k}{n}"),
    _schedule(half_cosine_1, r"\frac{\eta_0}{2} (1 + \cos(2 \pi k / n))", course="falling"),
    _schedule(fading_1, r"0.01 \cdot 2^{-k / h}"),
    _schedule(falling_1, r"k (1 - \eta_0 / n)"),
    _schedule(warmup_1, r"\eta_0 \min(1, k / w)"),
    _schedule(line_2, r"\eta_0 + (\eta_1 - \eta_0) \frac{k}{n + 1}", end="to"),
]
