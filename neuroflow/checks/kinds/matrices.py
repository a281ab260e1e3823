"""Checks of initializers that give a matrix at once: its shape, finite numbers, the seed alone."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from typing import Any

from neuroflow.checks.shared.report import Results
from neuroflow.checks.shared.variations import Settings, described
from neuroflow.core.random import SplitMix32

SHAPES = ((5, 3), (3, 5), (4, 4), (1, 1))
"""Numbers of inputs and outputs: wide, tall, square, and a single weight."""


def check_matrix(draw: Callable[..., Any], tries: Sequence[Settings], results: Results) -> None:
    """Every shape, with every settings to try."""
    for fan_in, fan_out in SHAPES:
        for settings in tries:
            where = f"for fan_in = {fan_in}, fan_out = {fan_out}{described(settings)}"
            before = random.getstate()
            first, again, other = (
                draw(SplitMix32(seed), fan_in, fan_out, **settings) for seed in (5, 5, 6)
            )
            alone = random.getstate() == before
            random.setstate(before)
            told = f"{where} it gives {first!r:.60}; expected {fan_out} rows of {fan_in} numbers"
            has_shape = _has_shape(first, fan_in, fan_out)
            results.expect("shape", has_shape, told)
            if not has_shape:
                return
            finite = all(math.isfinite(x) for row in first for x in row)
            results.expect("finite", finite, f"{where} it draws numbers that are not finite")
            results.expect("seeds", alone and _equal(first, again), (
                f"{where} one seed gave two matrices: draw from rng, and from nothing else"
            ))  # fmt: skip
            results.expect("seeds", fan_in == fan_out == 1 or not _equal(first, other), (
                f"{where} the seeds 5 and 6 gave the same matrix: draw from rng"
            ))  # fmt: skip


def _has_shape(rows: Any, fan_in: int, fan_out: int) -> bool:
    try:
        return len(rows) == fan_out and all(
            len(row) == fan_in and all(isinstance(x, (int, float)) for x in row) for row in rows
        )
    except TypeError:
        return False


def _equal(a: Any, b: Any) -> bool:
    return [*map(list, a)] == [*map(list, b)]
