"""Merging: rows of code that do the same for each position stand together, as one instruction.

A model over many positions does the same for each of them, and lowering writes a row of code for
each. Groups of one level wait for none of each other, so rows of one level that share a *key* can
run at the same time: they are moved to one place. What they add to the same cell is added in the
order in which they stand, which is the order in which they were written: a row is moved only past
rows that add to other cells, so merging changes no sum.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby

import numpy as np
from attrs import define

from neuroflow.engine.lower.grids import ADDED, whole
from neuroflow.engine.lower.program import Instruction
from neuroflow.engine.plan.plan import Group
from neuroflow.engine.trace.tape import Ints

Key = tuple[int, ...]

Span = tuple[int, int]
"""The first and the last offset of cells that a row adds to, or of a copy that it gives back."""

COPIES = (Instruction.GATHER, Instruction.TRANSPOSE)

KEYS: dict[Instruction, Callable[[list[int], int], Iterable[int]]] = {
    Instruction.GATHER: lambda x, _: (),
    Instruction.SCATTER: lambda x, _: (),
    Instruction.MATMUL: lambda x, _: (*x[1:3], x[4], *x[6:11], x[12]),
    Instruction.OUTER: lambda x, _: (x[1], x[3], *x[5:10]),
    Instruction.DOT: lambda x, _: (),
    Instruction.DOT_BACK: lambda x, _: (),
    Instruction.LANE_DOT: lambda x, _: (x[6], x[10], x[11]),
    Instruction.LANE_DOT_BACK: lambda x, _: (x[6], x[10], x[13]),
    Instruction.SUM: lambda x, _: (x[6],),
    Instruction.SUM_BACK: lambda x, _: (x[6],),
    Instruction.EXTREME: lambda x, _: (x[6], x[7]),
    Instruction.EXTREME_BACK: lambda x, _: (x[6],),
    Instruction.TAKE: lambda x, n: (x[1], *x[3:5], *x[6:8], n),
    Instruction.TAKE_BACK: lambda x, n: (x[1], *x[3:5], *x[6:8], n),
}
"""Of the operands and the arity of a group: those that rows must share to be one instruction."""


def merged(
    code: Ints, labels: Sequence[Group], runs: Ints, parts: Sequence[int]
) -> list[list[int]]:
    """The rows of each instruction, in the order in which instructions run.

    Rows of one instruction wait for none of each other; no instruction reaches over the end of a
    part or of a level.
    """
    found: list[list[int]] = []
    rows = code.tolist()
    reach = _reach(runs)
    for part in range(4):
        numbers = range(parts[part], parts[part + 1])
        for _, stage in groupby(numbers, lambda k: (labels[k].uniform, labels[k].level)):
            keyed = [(k, key_of(rows[k], labels[k].arity, k)) for k in stage]
            found += _forward(keyed) if part < 2 else _backward(keyed, rows, labels, reach)
    return found


def key_of(row: list[int], arity: int, number: int) -> Key:
    """What rows have in common that can run as one; maps and transposes share it with none.

    >>> key_of([Instruction.SUM, 40, 2, 3, 10, 3, 1, 1], 3, 0)
    (9, 1)
    """
    word, *x = row
    if word >= Instruction.MAP or word == Instruction.TRANSPOSE:
        return word, number
    return int(word), *map(int, KEYS[Instruction(word)](x, arity))


def _forward(keyed: list[tuple[int, Key]]) -> list[list[int]]:
    """Copies first, for others read them; rows then stand where the first of their key does."""
    found: dict[Key, list[int]] = {}
    for copies in (True, False):
        for row, key in keyed:
            if (key[0] in COPIES) == copies:
                found.setdefault(key, []).append(row)
    return list(found.values())


@define
class _Stretch:
    """Rows that run as one, from the last to the first, and where they add."""

    rows: list[int]
    low: int
    high: int

    def meets(self, spans: list[Span]) -> bool:
        return any(low <= self.high and self.low <= high for low, high in spans)


def _backward(
    keyed: list[tuple[int, Key]], rows: list[list[int]], labels: Sequence[Group], reach: Ints
) -> list[list[int]]:
    """Rows stand where the last of their key does, unless that is past one that adds where they do.

    From the end to the beginning: what gives copies back comes last, when all was added to them.
    """
    stretches = [_Stretch([], 1 << 62, -1)]
    last: dict[Key, int] = {(int(Instruction.SCATTER),): 0}
    for row, key in reversed(keyed):
        spans = spans_of(rows[row], labels[row].arity, reach)
        at = last.get(key, -1)
        if at < 0 or any(each.meets(spans) for each in stretches[at + 1 :]):
            at = last[key] = len(stretches)
            stretches.append(_Stretch([], 1 << 62, -1))
        stretch = stretches[at]
        stretch.rows.append(row)
        stretch.low = min(stretch.low, *[low for low, _ in spans])
        stretch.high = max(stretch.high, *[high for _, high in spans])
    return [each.rows[::-1] for each in reversed(stretches) if each.rows]


def spans_of(row: list[int], arity: int, reach: Ints) -> list[Span]:
    """Where a backward row adds, roughly: a first and a last offset for each operand.

    ``reach`` has those of all runs.
    """
    word, *x = row
    if word >= Instruction.MAP:  # whatever it reads counts too: that is simpler, and rarely matters
        return [(start, start + x[0] - 1) for start in x[1:] if start]
    if word == Instruction.SCATTER:
        low, high, n = reach[x[1] : x[1] + x[2]].T
        return [(int(low.min()), int(high.max())), (x[0], x[0] + int(n.sum()) - 1)]
    instruction = Instruction(word)
    grids = whole(instruction, x, arity)
    return [grid.span for k in ADDED[instruction] if (grid := grids[k])]


def _reach(runs: Ints) -> Ints:
    """The first offset, the last and the length of each run."""
    start, step, n = runs.T
    end = start + step * (n - 1)
    return np.stack([np.minimum(start, end), np.maximum(start, end), n], axis=1)
