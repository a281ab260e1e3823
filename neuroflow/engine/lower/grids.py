"""Grids: which numbers a row of code reads and changes, as starts, shapes and strides.

Operands are decoded here and nowhere else: whoever runs rows, moves them or counts what they cost
asks for their grids. Rows whose grids differ in their starts alone, evenly, are one *stack*: grids
with one axis more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from neuroflow.engine.lower.program import Instruction
from neuroflow.engine.lower.strides import even_pieces
from neuroflow.engine.trace.tape import Ints


class Grid(NamedTuple):
    """Numbers of the memory: the first, how many along each axis, and how far apart they lie."""

    start: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    @property
    def size(self) -> int:
        """How many places."""
        size = 1
        for n in self.shape:
            size *= n
        return size

    @property
    def span(self) -> tuple[int, int]:
        """The first and the last offset.

        >>> Grid(10, (3, 2), (4, -1)).span
        (9, 18)
        """
        ends = [(n - 1) * stride for n, stride in zip(self.shape, self.strides, strict=True)]
        back, on = sum([min(x, 0) for x in ends]), sum([max(x, 0) for x in ends])
        return self.start + back, self.start + on

    @property
    def distinct(self) -> bool:
        """Whether no two places are the same number (sufficient, not necessary).

        >>> Grid(0, (3, 2), (2, 1)).distinct, Grid(0, (3, 2), (1, 1)).distinct
        (True, False)
        """
        reach = 0
        axes = sorted((abs(s), n) for s, n in zip(self.strides, self.shape, strict=True) if n > 1)
        for stride, n in axes:
            if stride <= reach:
                return False
            reach += stride * (n - 1)
        return True

    @property
    def offsets(self) -> Ints:
        """Where the places lie.

        >>> Grid(9, (2, 3), (-4, 1)).offsets.tolist()
        [[9, 10, 11], [5, 6, 7]]
        """
        places = np.array(self.start)
        for n, stride in zip(self.shape, self.strides, strict=True):
            places = places[..., None] + np.arange(n) * stride
        return places


Grids = tuple[Any, ...]
"""The grids of a row, in the order of the table; None for a gradient that nobody needs."""

# x are the operands of a row, in the order that Instruction states


def _transpose(x: Sequence[int]) -> Grids:
    source, rows, columns, row, to, to_row = x[:6]
    return Grid(source, (columns, rows), (1, row)), Grid(to, (columns, rows), (to_row, 1))


def _matmul(x: Sequence[int]) -> Grids:
    a, a_row, a_inner, b, b_inner, c, c_row, rows, columns, inner, how, bias, bias_row = x[:13]
    return (
        Grid(a, (rows, inner), (a_row, a_inner)),
        Grid(b, (inner, columns), (b_inner, 1)),
        Grid(c, (rows, columns), (c_row, 1)),
        Grid(bias, (rows, 1), (bias_row, 0)) if how == 2 else None,
    )


def _outer(x: Sequence[int]) -> Grids:
    a, a_row, b, b_row, c, c_row, c_inner, rows, columns, inner = x[:10]
    return (
        Grid(a, (rows, inner), (a_row, 1)),
        Grid(b, (inner, columns), (1, b_row)),
        Grid(c, (rows, columns), (c_row, c_inner)),
    )


def _lane_dot(x: Sequence[int]) -> Grids:
    out, rows, n, a, a_row, a_inner, a_wide, b, b_row, b_inner, b_wide, lanes = x[:12]
    return (
        Grid(out, (rows, lanes), (lanes, 1)),
        Grid(a, (rows, n, lanes), (a_row, a_inner, a_wide)),
        Grid(b, (rows, n, lanes), (b_row, b_inner, b_wide)),
    )


def _lane_dot_back(x: Sequence[int]) -> Grids:
    grad_a, grad_b, lanes = x[11:14]
    upstream, a, b = _lane_dot([*x[:11], lanes])
    return (
        upstream,
        a,
        b,
        a._replace(start=grad_a) if grad_a >= 0 else None,
        b._replace(start=grad_b) if grad_b >= 0 else None,
    )


def _sum(x: Sequence[int]) -> Grids:
    out, rows, n, a, row, inner, lanes = x[:7]
    return Grid(out, (rows, lanes), (lanes, 1)), Grid(a, (rows, n, lanes), (row, inner, 1))


def _extreme_back(x: Sequence[int]) -> Grids:
    upstream, numbers = _sum(x)
    return upstream, numbers, upstream._replace(start=x[8]), numbers._replace(start=x[7])


def _take(x: Sequence[int]) -> Grids:
    out, n, table, _, step, number, lanes, wide = x[:8]
    return (
        Grid(out, (n, lanes), (lanes, 1)),
        Grid(table, (n, lanes), (step, wide)),
        Grid(number * lanes, (lanes,), (1,)),  # of the indices, not of the memory
    )


GRIDS: dict[Instruction, Callable[[Sequence[int]], Grids]] = {
    Instruction.TRANSPOSE: _transpose,  # from, to
    Instruction.MATMUL: _matmul,  # a, b, c, bias
    Instruction.OUTER: _outer,  # a, b, c
    Instruction.DOT: lambda x: _lane_dot(_of_lanes(x)),
    Instruction.DOT_BACK: lambda x: _lane_dot_back(_of_lanes(x, x[9:11])),
    Instruction.LANE_DOT: _lane_dot,  # out, a, b
    Instruction.LANE_DOT_BACK: _lane_dot_back,  # g, a, b, a's gradient, b's
    Instruction.SUM: _sum,  # out, a
    Instruction.SUM_BACK: _sum,  # g, a's gradient
    Instruction.EXTREME: _sum,  # out, a
    Instruction.EXTREME_BACK: _extreme_back,  # g, a, out, a's gradient
    Instruction.TAKE: _take,  # out, the table's first choices, which index
    Instruction.TAKE_BACK: _take,  # g, the gradient of the table's first choices, which index
}
"""How a row's operands are decoded; copies and maps have slices alone."""

ADDED: dict[Instruction, tuple[int, ...]] = {
    Instruction.MATMUL: (2,),
    Instruction.OUTER: (2,),
    Instruction.DOT_BACK: (3, 4),
    Instruction.LANE_DOT_BACK: (3, 4),
    Instruction.SUM_BACK: (1,),
    Instruction.EXTREME_BACK: (3,),
    Instruction.TAKE_BACK: (1,),
}
"""Which of its grids a backward row adds to."""


def _of_lanes(x: Sequence[int], targets: Sequence[int] = ()) -> list[int]:
    """The operands of dots of single numbers as those of dots in one lane."""
    return [*x[:6], 0, *x[6:9], 0, *targets, 1]


def whole(word: Instruction, x: Sequence[int], choices: int) -> Grids:
    """The grids of the memory that a row may touch: of a table, all choices; none of indices."""
    grids = GRIDS[word](x)
    if word in (Instruction.TAKE, Instruction.TAKE_BACK):
        out, (start, shape, strides), _ = grids
        return out, Grid(start, (*shape, choices), (*strides, x[3]))
    return grids


def stacked(rows: Sequence[Grids]) -> Iterable[tuple[int, Grids]]:
    """Rows as stacks, each with the number of its first row; grids have one axis more, in front.

    >>> first, second = Grid(0, (2,), (1,)), Grid(8, (2,), (1,))
    >>> [stack for stack in stacked([(first,), (second,)])]
    [(0, (Grid(start=0, shape=(2, 2), strides=(8, 1)),))]
    """
    alike: dict[object, list[int]] = {}
    for k, row in enumerate(rows):
        alike.setdefault(tuple([grid and grid[1:] for grid in row]), []).append(k)
    for numbers in alike.values():
        grids = list(zip(*[rows[k] for k in numbers], strict=True))
        starts = np.array([[grid.start if grid else 0 for grid in rows[k]] for k in numbers])
        for first, count, steps in even_pieces(starts):
            yield numbers[first], tuple([
                of_all[0] and Grid(start, (count, *of_all[0].shape), (step, *of_all[0].strides))
                for of_all, (start, step) in zip(grids, steps, strict=True)
            ])  # fmt: skip
