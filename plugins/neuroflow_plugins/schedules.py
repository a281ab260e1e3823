"""Schedules: the learning rate over time.

Each gives the learning rate of one step, ``step`` counted from 0, of a run of ``steps`` steps
that starts from the rate ``base``.
"""

from __future__ import annotations

import math

import neuroflow as nf


def constant(base: float, step: int, steps: int) -> float:
    """The same rate throughout.

    >>> constant(0.1, 50, 100)
    0.1
    """
    return base


def linear(base: float, step: int, steps: int, *, to: float = 0.0) -> float:
    """A straight line from ``base`` to ``to``, which the step after the last would reach.

    base + (to - base) step / steps. The moons demo of micrograd runs from 1.0 to 0.1.

    >>> [round(linear(1.0, step, 4, to=0.2), 12) for step in range(4)]
    [1.0, 0.8, 0.6, 0.4]
    """
    return base + (to - base) * step / steps


def staircase(
    base: float, step: int, steps: int, *, every: int = 100, factor: float = 0.5
) -> float:
    """``factor`` times the rate after each ``every`` steps.

    base factor^floor(step / every).

    >>> [staircase(1.0, step, 6, every=2) for step in range(6)]
    [1.0, 1.0, 0.5, 0.5, 0.25, 0.25]
    """
    return base * factor ** (step // _at_least_one("every", every))


def exponential(
    base: float, step: int, steps: int, *, factor: float = 0.99, every: int = 1
) -> float:
    """A smooth decay, by ``factor`` in ``every`` steps: base factor^(step / every).

    >>> [exponential(1.0, step, 3, factor=0.5) for step in range(3)]
    [1.0, 0.5, 0.25]
    """
    return base * factor ** (step / _at_least_one("every", every))


def cosine(base: float, step: int, steps: int, *, to: float = 0.0, warmup: int = 0) -> float:
    """Half a cosine wave from ``base`` down to ``to``, after ``warmup`` steps of linear rise.

    While step < warmup: base (step + 1) / warmup. Then, with t from 0 to 1 over the rest of the
    run: to + (base - to) (1 + cos(pi t)) / 2.
    Source: Loshchilov and Hutter, "SGDR" (2017), equation 5.

    >>> [round(cosine(1.0, step, 6, warmup=2), 12) for step in range(6)]
    [0.5, 1.0, 1.0, 0.853553390593, 0.5, 0.146446609407]
    """
    if step < warmup:
        return base * (step + 1) / warmup
    t = min((step - warmup) / max(steps - warmup, 1), 1.0)
    return to + (base - to) * 0.5 * (1.0 + math.cos(math.pi * t))


def _at_least_one(name: str, number: int) -> int:
    if number < 1:
        raise nf.InputError(f"a schedule got {name}={number}; expected 1 or more steps")
    return number


@nf.hookimpl
def neuroflow_schedules():
    """The five schedules; ``step`` is the name of the staircase, as elsewhere in the field."""
    entry = nf.ScheduleEntry
    return [
        entry(name="constant", target=constant, summary="The same rate throughout.", formula=r"b"),
        entry(
            name="linear",
            target=linear,
            formula=r"b + (\text{to} - b) \, k / n",
            summary="A straight line from the first rate to another.",
        ),
        entry(
            name="step",
            target=staircase,
            formula=r"b \cdot \text{factor}^{\lfloor k / \text{every} \rfloor}",
            summary="A factor applied after each so many steps.",
            aliases=("staircase",),
        ),
        entry(
            name="exponential",
            target=exponential,
            formula=r"b \cdot \text{factor}^{k / \text{every}}",
            summary="A smooth decay by a factor.",
        ),
        entry(
            name="cosine",
            target=cosine,
            formula=r"\text{to} + \frac{b - \text{to}}{2} (1 + \cos \pi t)",
            summary="Half a cosine wave down, after a linear warm-up.",
            reference='Loshchilov and Hutter, "SGDR" (2017), equation 5',
        ),
    ]
