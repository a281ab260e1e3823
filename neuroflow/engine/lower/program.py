"""A small machine: what its instructions mean, and the programs that it runs.

The machine has one array of numbers, the *memory*, and some twenty instructions, each over whole
slices of it: map an op's rule over a group, multiply matrices, sum rows, copy. The numpy and the
llvm backend run the same programs.

Memory holds the parameters, then their gradients, then the *arena* of the program at hand: the
values of all other cells (one number each for what depends on parameters alone, one per *lane*,
that is per example, for the rest) and behind them their gradients, ``shift`` further on.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from attrs import define

from neuroflow.engine.plan.plan import Group, Plan
from neuroflow.engine.trace.tape import Ints
from neuroflow.errors import BackendError

WIDTH = 16
"""Words of one instruction: which it is, then its operands (maps of many inputs take more)."""


class Instruction(IntEnum):
    """The instructions. Operands are offsets into memory, or counts and strides.

    ``x_row`` is the stride from row to row, ``x_inner`` that inside a row. Gradients are added
    to what is there; -1 stands for a gradient that nobody needs.
    """

    GATHER = 0  # to, first_run, n_runs: copy the runs (from, stride, length) to one slice
    SCATTER = 1  # from, first_run, n_runs: add a slice to the runs that it was copied from
    TRANSPOSE = 2  # from, rows, columns, row, to, to_row
    MATMUL = 3  # a, a_row, a_inner, b, b_inner, c, c_row, rows, columns, inner, how, bias,
    # bias_row: how is 0 for c = a b, 1 for c += a b, 2 for c = a b + bias
    OUTER = 4  # a, a_row, b, b_row, c, c_row, c_inner, rows, columns, inner: c += a times b'
    DOT = 5  # out, rows, n, a, a_row, a_inner, b, b_row, b_inner
    DOT_BACK = 6  # g, rows, n, a, a_row, a_inner, b, b_row, b_inner, a's gradient, b's
    LANE_DOT = 7  # out, rows, n, a, a_row, a_inner, a_wide, b, b_row, b_inner, b_wide, lanes
    LANE_DOT_BACK = 8  # g, ... as above up to b_wide, then a's gradient, b's, lanes
    SUM = 9  # out, rows, n, a, a_row, a_inner, lanes
    SUM_BACK = 10  # g, rows, n, a's gradient, a_row, a_inner, lanes
    EXTREME = 11  # out, rows, n, a, a_row, a_inner, lanes, sign: 1 the largest, -1 the smallest
    EXTREME_BACK = 12  # g, rows, n, a, a_row, a_inner, lanes, a's gradient, out
    TAKE = 13  # out, n, table, index_step, n_step, which index, lanes, whether table has lanes
    TAKE_BACK = 14  # g, n, table's gradient, ... as above
    MAP = 15  # this and all above: kernel number word - 15; n, out (or g, out), its operands

    @classmethod
    def of(cls, word: int) -> Instruction:
        """What the first word of a row of code stands for: a map, or itself.

        >>> Instruction.of(9).name, Instruction.of(17).name
        ('SUM', 'MAP')
        """
        return cls(min(word, cls.MAP))


@define(eq=False, slots=False)
class Program:
    """The instructions of one plan for a number of lanes.

    ``code`` has four parts, from ``parts[k]`` to ``parts[k + 1]``: forward what depends on
    parameters alone, forward the lanes, backward the lanes, backward the parameters' part.
    ``labels`` has the group of each row. A program never changes once it is made.

    Instruction k is the rows of code from ``firsts[k]`` to ``firsts[k + 1]``: the same for each
    of several positions. They wait for none of each other, so a backend may run them one by one,
    all at once, or on several threads; what they add to the same cell is added in their order.

    ``lane_gradients`` are set to zero before each backward run, ``late_gradients`` before the
    first, and ``output_gradient`` is where that begins, if the output has lanes.
    """

    plan: Plan
    lanes: int
    code: Ints
    firsts: Ints
    parts: tuple[int, ...]
    runs: Ints
    labels: list[Group]
    where: Ints
    arena: int
    first_lane: int
    late: int
    shift: int
    size: int
    lane_gradients: tuple[int, int]
    late_gradients: tuple[int, int]
    output_gradient: int
    has_gradients: bool = True

    @property
    def n_instructions(self) -> int:
        """How many instructions all parts have."""
        return len(self.firsts) - 1

    def instructions(self, begin: int, end: int) -> list[tuple[int, int]]:
        """The instructions among the rows from ``begin`` to ``end``: each from its first row on."""
        inside = self.firsts[np.searchsorted(self.firsts, begin, "right") :]
        bounds = [begin, *inside[inside < end].tolist(), end] if begin < end else []
        return list(pairwise(bounds))

    @cached_property
    def output_offsets(self) -> Ints:
        """Where the outputs lie."""
        return self.where[self.plan.outputs]

    @cached_property
    def output_cells(self) -> Ints:
        """Where the outputs lie in each lane: (outputs, lanes)."""
        wide = (self.plan.outputs >= self.plan.n_uniform)[:, None]
        return self.output_offsets[:, None] + np.arange(self.lanes)[None, :] * wide

    @cached_property
    def input_offsets(self) -> Ints:
        """Where the inputs lie."""
        first = self.plan.n_uniform
        return self.where[first : first + len(self.plan.input_numbers)]


def complete(table: Mapping[Instruction, Any], backend: str) -> Mapping[Instruction, Any]:
    """A backend's table of how each instruction runs; maps apart, which have kernels.

    Raises :class:`BackendError` where one is missing, so that no new one is forgotten.

    >>> complete({word: print for word in Instruction if word != Instruction.SUM}, "half")
    Traceback (most recent call last):
    ...
    neuroflow.errors.BackendError: the backend half does not run SUM; expected every instruction
    """
    missing = [word.name for word in Instruction if word not in table and word != Instruction.MAP]
    if missing:
        raise BackendError(
            f"the backend {backend} does not run {', '.join(missing)}",
            expected="every instruction",
        )
    return table


def padded(n: int, width: int) -> int:
    """n rounded up to whole vectors of ``width`` numbers."""
    return -(-n // width) * width
