"""Operands: where what an instruction reads lies evenly; if it does not, a copy that does."""

from __future__ import annotations

from typing import Any

import numpy as np
from attrs import define

from neuroflow.engine.lower.emitter import Emitter
from neuroflow.engine.lower.memory import MemoryLayout
from neuroflow.engine.lower.program import Instruction
from neuroflow.engine.lower.strides import Run, common_stride, even, lane_runs, runs_of
from neuroflow.engine.plan.graph import Bools
from neuroflow.engine.plan.plan import Table
from neuroflow.engine.trace.tape import Ints


@define(eq=False)
class OperandRows:
    """The rows of one operand: where each starts, and the stride inside all of them."""

    starts: Ints
    inner: int


class Operands:
    """Finds operands in the layout; what does not lie side by side is copied, once."""

    def __init__(self, layout: MemoryLayout, emitter: Emitter) -> None:
        self.layout, self.emitter = layout, emitter
        self.n_uniform = layout.plan.n_uniform
        self.copies: dict[Any, int] = {}
        self.made_of: dict[int, tuple[bool, list[Run]]] = {}
        """For a copy whose gradient goes nowhere yet: whether it is uniform, and its sources."""

    def needs_grad(self, cells: Ints) -> bool:
        """Whether gradients go to any of these cells."""
        return self.emitter.trains and self.emitter.needs_grad.any(cells)

    def contiguous(self, cells: Ints, wide: bool) -> int:
        """Where the cells lie one behind the other: themselves, or a copy."""
        flat = cells.ravel()
        offsets = self.layout.where[flat]
        if self._holds(flat, wide) and even(offsets, self._step(wide)):
            return int(offsets[0])
        key = (wide, flat.tobytes())  # not offsets: other cells may have lain there before
        if key not in self.copies:
            self.copies[key] = self._copy(flat, offsets, wide)
        copy = self.copies[key]
        self.layout.read_copy(copy, self.emitter.stage)
        if copy in self.made_of and self.needs_grad(cells):
            self._send_back(copy)
        return copy

    def rows(self, table: Table, wide: bool) -> OperandRows:
        """Rows of equal stride; copied if they are not so already."""
        offsets = self.layout.where[table.rows]
        step = self._step(wide)
        if self._holds(table.rows, wide) and self._in_one_place(offsets):
            inner = common_stride(offsets, step)
            if inner is not None:
                return OperandRows(table.each(offsets[:, 0]), inner)
        start = self.contiguous(table.rows, wide)
        starts = start + np.arange(len(table.rows)) * (table.length * step)
        return OperandRows(table.each(starts), step)

    def _step(self, wide: bool) -> int:
        return self.layout.lanes if wide else 1

    def _holds(self, cells: Ints, wide: bool) -> bool:
        """Whether the cells have as many numbers as the instruction reads of each."""
        return not wide or bool(self._holds_lanes(cells).all())

    def _holds_lanes(self, cells: Ints) -> Bools:
        return (cells >= self.n_uniform) & (self.layout.lanes > 1)

    def _in_one_place(self, offsets: Ints) -> bool:
        """Whether all are parameters or none is: from one to the other gradients step unevenly."""
        parameters = offsets < self.layout.arena
        return bool(parameters.all() or not parameters.any())

    def _copy(self, cells: Ints, offsets: Ints, wide: bool) -> int:
        """Copy cells; what depends on parameters alone is copied once per step."""
        layout, emitter = self.layout, self.emitter
        uniform = not wide and bool((cells < self.n_uniform).all())
        if wide:
            runs = lane_runs(offsets, self._holds_lanes(cells), layout.lanes)
        else:
            runs = runs_of(offsets, layout.arena)
        if uniform:
            to = layout.late_buffer(len(offsets))
        else:
            to = layout.copy_buffer(len(offsets), self._step(wide), emitter.stage)
        emitter.emit_to(uniform, Instruction.GATHER, to, emitter.add_runs(runs), len(runs))
        self.made_of[to] = uniform, runs
        return to

    def _send_back(self, copy: int) -> None:
        """Backward, give the gradient of a copy to what it was made of.

        The first group that trains on the copy does so, for backward it is the last; a group before
        it may have made the copy and send no gradient, as what is behind a ``stop_gradient``.
        """
        gradient, (uniform, runs) = self.layout.gradient, self.made_of.pop(copy)
        back = [(gradient(start), stride, n) for start, stride, n in runs]
        first = self.emitter.add_runs(back)
        self.emitter.emit_scatter(uniform, gradient(copy), first, len(back))
