"""Checks of initializers that give a matrix at once: its shape, the seed alone, its products."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable, Sequence
from operator import mul
from typing import Any

from neuroflow.checks.formulas.latex import read
from neuroflow.checks.formulas.statements import unreadable
from neuroflow.checks.formulas.symbols import readings, value_at
from neuroflow.checks.formulas.tokens import UnreadableFormulaError
from neuroflow.checks.shared.messages import close, short
from neuroflow.checks.shared.report import Results
from neuroflow.checks.shared.variations import Settings, described
from neuroflow.config import settings_of
from neuroflow.core.random import SplitMix32
from neuroflow.registry.entries import InitializerEntry

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


_PRODUCT = re.compile(r"\s*W\s*W\s*\^\s*\{?\s*(?:\\top|T)\s*\}?\s*=\s*(.*?)\s*I\s*")
"""A formula of right angles: ``W W^\\top = g^2 I``."""


def check_product(
    entry: InitializerEntry, draw: Callable[..., Any], tries: Sequence[Settings], results: Results
) -> None:
    """Rows of the length that the formula says, at right angles; columns if they are fewer."""
    stated = _PRODUCT.fullmatch(entry.formula or "")
    if stated is None:
        return
    try:
        formula = read(stated.group(1) or "1")
        settings = {s.name: s.default for s in settings_of(entry)}
        names = next(readings(formula.symbols, dict.fromkeys(settings, ())))
    except UnreadableFormulaError as error:
        results.failed("formula", unreadable(error))
        return
    for fan_in, fan_out in SHAPES:
        for each in tries:
            numbers = {**settings, **each}
            square = value_at(formula, {symbol: numbers[name] for symbol, name in names.items()})
            matrix = draw(SplitMix32(5), fan_in, fan_out, **each)
            rows = matrix if fan_out <= fan_in else [*zip(*matrix, strict=True)]
            wrong = _not_at_right_angles(rows, square)
            results.expect("formula", not wrong, (
                f"for fan_in = {fan_in}, fan_out = {fan_out}{described(each)} {wrong}, as the"
                f" formula {entry.formula} says; correct one of the two"
            ))  # fmt: skip


def _not_at_right_angles(rows: Sequence[Sequence[float]], square: float) -> str:
    """The first product of two rows that is not what it has to be, in words."""
    for i, row in enumerate(rows):
        for j in range(i + 1):
            got = math.fsum(map(mul, row, rows[j]))
            wanted = square if i == j else 0.0
            if not close(wanted, got, 1e-9, 1e-9 * abs(square)):
                return (
                    f"row {i} times row {j} of W (columns, if they are fewer) is {short(got)};"
                    f" expected {short(wanted)}"
                )
    return ""


def _has_shape(rows: Any, fan_in: int, fan_out: int) -> bool:
    try:
        return len(rows) == fan_out and all(
            len(row) == fan_in and all(isinstance(x, (int, float)) for x in row) for row in rows
        )
    except TypeError:
        return False


def _equal(a: Any, b: Any) -> bool:
    return [*map(list, a)] == [*map(list, b)]
