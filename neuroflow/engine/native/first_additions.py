"""First additions: what is added to a gradient that is zero is written instead.

A gradient of lanes is set to zero before each backward run, then instruction after instruction
adds to it. The first that adds to all of a slice may as well write there: then nobody needs to set
that slice to zero, or to read it. No bit of a number changes, but for the sign of a zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from attrs import define, field, frozen

from neuroflow.engine.lower.gradient_buffers import LARGE, spans_of_row
from neuroflow.engine.lower.kernels import MapKernel
from neuroflow.engine.lower.merging import Span
from neuroflow.engine.lower.program import Instruction, Program
from neuroflow.engine.trace.tape import Ints

WRITES = 1 << 32
"""A map's word has this many times a number whose bit k says that its result k is written."""

HOW = 11
"""Which word of a matrix product says whether it is added."""


@frozen(eq=False)
class FirstAdditions:
    """A program's code where first additions are written, and which gradients are set to zero."""

    code: Ints
    cleared: Span


def written_first(program: Program, kernels: Sequence[MapKernel]) -> FirstAdditions:
    """The code of a program with many lanes; that of any other stays as it is.

    Large programs stay as they are too: their gradients of lanes share memory.
    """
    begin, end = program.lane_gradients
    first, last = program.parts[2:4]
    copies = (program.code[first:last, 0] == Instruction.GATHER).any()
    fits = begin <= program.output_gradient < end and end - begin < LARGE
    if program.lanes == 1 or not program.has_gradients or copies or not fits:
        return FirstAdditions(program.code, program.lane_gradients)
    looking = _Looking(program, kernels)
    for row in range(first, last):
        looking.look(row)
    return FirstAdditions(looking.code, looking.cleared())


@define(eq=False)
class _Looking:
    """What the rows so far touched, and wrote, of the gradients of lanes."""

    program: Program
    kernels: Sequence[MapKernel]
    code: Ints = field(init=False)
    begin: int = field(init=False)
    touched: Ints = field(init=False)
    written: Ints = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.code = self.program.code.copy()
        self.begin, end = self.program.lane_gradients
        self.touched = np.zeros(end - self.begin, dtype=bool)
        self.written = self.touched.copy()
        seed = self.program.output_gradient - self.begin
        self.touched[seed : seed + self.program.lanes] = True

    def look(self, row: int) -> None:
        """Go on to a row: it writes the slices that it adds to and nothing before it touched."""
        word, *x = self.program.code[row].tolist()
        slices = self._added(word, x)
        fresh = [self._is_fresh(each) for each in slices] if not _overlap(slices) else []
        if any(fresh) and word == Instruction.MATMUL:
            self.code[row, HOW] = 0
        elif any(fresh):
            self.code[row, 0] += WRITES * sum([1 << k for k, new in enumerate(fresh) if new])
        for low, high in [each for each, new in zip(slices, fresh, strict=False) if new]:
            self.written[low - self.begin : high + 1 - self.begin] = True
        arity = self.program.labels[row].arity
        for low, high in spans_of_row(self.program, [word, *x], arity):
            self.touched[max(low - self.begin, 0) : max(high + 1 - self.begin, 0)] = True

    def _added(self, word: int, x: list[int]) -> list[Span]:
        """The slices that a row adds to, if it is one that may write instead."""
        if word >= Instruction.MAP:
            entry = self.kernels[word - Instruction.MAP]
            first = 1 + len(entry.kernel.inputs) if entry.kernel else len(x)
            return [(start, start + x[0] - 1) for start in x[first : first + len(entry.targets)]]
        if word == Instruction.MATMUL:
            c, c_row, rows, columns, _, how = x[5:11]
            return [(c, c + rows * columns - 1)] if how == 1 and c_row == columns else []
        return []

    def _is_fresh(self, each: Span) -> bool:
        low, high = each[0] - self.begin, each[1] - self.begin
        return low >= 0 and high < len(self.touched) and not self.touched[low : high + 1].any()

    def cleared(self) -> Span:
        """The gradients to set to zero: from the first to the last that are not written.

        What lies before all that is touched, the gradients of inputs, nobody needs.
        """
        needed = int(np.argmax(self.touched))
        rest = needed + np.flatnonzero(~self.written[needed:])
        return self.begin + int(rest[0]), self.begin + int(rest[-1]) + 1


def _overlap(slices: list[Span]) -> bool:
    """Whether two slices have a number in common."""
    ordered = sorted(slices)
    return any(b[0] <= a[1] for a, b in pairwise(ordered))
