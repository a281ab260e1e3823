"""Which cells of memory a row of code reads, overwrites and adds to, cell by cell.

What merging may do is decided from levels and from where rows add, roughly; this says it exactly,
and takes its time.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from attrs import frozen

from neuroflow.engine.lower.program import Instruction, Program, complete
from neuroflow.engine.run.numpy_executor import expanded
from neuroflow.engine.trace.tape import Ints


@frozen(eq=False)
class Touch:
    """The cells that an instruction reads, overwrites and adds to."""

    reads: Ints
    writes: Ints
    adds: Ints


class CellNumbers:
    """Numbers the cells of a program's memory: the lanes of one cell count as one."""

    def __init__(self, program: Program) -> None:
        self.lanes, self.first_lane, self.late = program.lanes, program.first_lane, program.late
        self.shift, self.border = program.shift, program.arena + program.shift
        self.n_lanes = -(-(self.late - self.first_lane) // self.lanes)
        self.half = self.first_lane + self.n_lanes + self.border - self.late
        self.count = 2 * self.half

    def of(self, offsets: Any) -> Ints:
        """The cells that lie at these offsets."""
        x = np.asarray(offsets, dtype=np.int64)
        of_gradients = x >= self.border
        x = x - self.shift * of_gradients
        of_lanes = self.first_lane + (x - self.first_lane) // self.lanes
        behind = x - self.late + self.first_lane + self.n_lanes
        cells: Ints = np.where(x < self.first_lane, x, np.where(x < self.late, of_lanes, behind))
        return np.asarray(cells + self.half * of_gradients)

    def span(self, start: int, n: int) -> Ints:
        """The cells of n numbers that lie one behind the other."""
        first, last = self.of([start, start + n - 1]).tolist()
        return np.arange(first, last + 1)

    def grid(self, start: int, *axes: tuple[int, int]) -> Ints:
        """The cells of all places of a grid; an axis is (how many, stride)."""
        offsets = np.array([start])
        for n, stride in axes:
            offsets = (offsets[:, None] + np.arange(n) * stride).ravel() if stride else offsets
        return self.of(offsets)

    def rows(self, start: int, n: int, stride: int, length: int) -> Ints:
        """The cells of rows of numbers that lie one behind the other."""
        starts = start + np.arange(n) * stride
        first, last = self.of(starts), self.of(starts + length - 1)
        return first if (first == last).all() else self.grid(start, (n, stride), (length, 1))

    def runs(self, runs: Ints) -> Ints:
        """The cells of runs: those that lie one behind the other, and the others one by one."""
        dense, apart = runs[runs[:, 1] == 1], runs[runs[:, 1] != 1]
        first = self.of(dense[:, 0])
        n = self.of(dense[:, 0] + dense[:, 2] - 1) - first + 1
        within = np.arange(n.sum()) - np.repeat(np.cumsum(n) - n, n)
        single = apart[:, 1] == 0
        flat = [expanded(apart[~single])] if not single.all() else []
        return np.concatenate([
            np.repeat(first, n) + within, self.of(apart[single, 0]), *map(self.of, flat)
        ])  # fmt: skip


_NONE = np.zeros(0, dtype=np.int64)


def _touch(reads: Iterable[Ints] = (), writes: Ints = _NONE, adds: Iterable[Ints] = ()) -> Touch:
    return Touch(np.concatenate([_NONE, *reads]), writes, np.concatenate([_NONE, *adds]))


class Touched:
    """What the instructions of a program touch."""

    def __init__(self, program: Program, kernels: Any) -> None:
        self.program, self.kernels, self.cells = program, kernels, CellNumbers(program)

    def by(self, row: int) -> Touch:
        """What one row of code touches."""
        word, *operands = self.program.code[row].tolist()
        if word >= Instruction.MAP:
            return self._map(self.kernels.entries[word - Instruction.MAP], *operands)
        self.choices = self.program.labels[row].arity
        return TOUCHES[Instruction(word)](self, *operands)

    def _gather(self, to: int, first: int, n: int, *_: int) -> Touch:
        runs = self.program.runs[first : first + n]
        return _touch([self.cells.runs(runs)], self.cells.span(to, int(runs[:, 2].sum())))

    def _scatter(self, source: int, first: int, n: int, *_: int) -> Touch:
        runs = self.program.runs[first : first + n]
        read = self.cells.span(source, int(runs[:, 2].sum()))
        return _touch([read], adds=[self.cells.runs(runs)])

    def _transpose(
        self, source: int, rows: int, columns: int, row: int, to: int, to_row: int, *_: int
    ) -> Touch:
        cells = self.cells
        return _touch(
            [cells.rows(source, rows, row, columns)], cells.rows(to, columns, to_row, rows)
        )

    def _matmul(
        self, a: int, a_row: int, a_inner: int, b: int, b_inner: int, c: int, c_row: int,
        rows: int, columns: int, inner: int, how: int, bias: int, bias_row: int, *_: int,
    ) -> Touch:  # fmt: skip
        cells = self.cells
        reads = [cells.rows(b, inner, b_inner, columns)]
        if a >= self.program.arena:  # parameters do not change meanwhile
            reads.append(cells.grid(a, (rows, a_row), (inner, a_inner)))
        reads += [cells.grid(bias, (rows, bias_row))] if how == 2 else []
        out = cells.rows(c, rows, c_row, columns)
        return _touch(reads, adds=[out]) if how == 1 else _touch(reads, out)

    def _outer(
        self, a: int, a_row: int, b: int, b_row: int, c: int, c_row: int, c_inner: int,
        rows: int, columns: int, inner: int, *_: int,
    ) -> Touch:  # fmt: skip
        cells = self.cells
        reads = [cells.rows(a, rows, a_row, inner), cells.rows(b, columns, b_row, inner)]
        return _touch(reads, adds=[cells.grid(c, (rows, c_row), (columns, c_inner))])

    def _dot(
        self, out: int, rows: int, n: int, a: int, a_row: int, a_inner: int,
        b: int, b_row: int, b_inner: int, *_: int,
    ) -> Touch:  # fmt: skip
        return self._lane_dot(out, rows, n, a, a_row, a_inner, 0, b, b_row, b_inner, 0, 1)

    def _dot_back(
        self, g: int, rows: int, n: int, a: int, a_row: int, a_inner: int,
        b: int, b_row: int, b_inner: int, grad_a: int, grad_b: int, *_: int,
    ) -> Touch:  # fmt: skip
        left, right = (a, a_row, a_inner, 0), (b, b_row, b_inner, 0)
        return self._lane_dot_back(g, rows, n, *left, *right, grad_a, grad_b, 1)

    def _lane_dot(
        self, out: int, rows: int, n: int, a: int, a_row: int, a_inner: int, a_wide: int,
        b: int, b_row: int, b_inner: int, b_wide: int, lanes: int, *_: int,
    ) -> Touch:  # fmt: skip
        cells = self.cells
        left = cells.grid(a, (rows, a_row), (n, a_inner))
        right = cells.grid(b, (rows, b_row), (n, b_inner))
        return _touch([left, right], cells.grid(out, (rows, lanes)))

    def _lane_dot_back(
        self, g: int, rows: int, n: int, a: int, a_row: int, a_inner: int, a_wide: int,
        b: int, b_row: int, b_inner: int, b_wide: int, grad_a: int, grad_b: int, lanes: int,
        *_: int,
    ) -> Touch:  # fmt: skip
        cells, axes_a = self.cells, ((rows, a_row), (n, a_inner))
        axes_b = ((rows, b_row), (n, b_inner))
        reads = [cells.grid(g, (rows, lanes)), cells.grid(a, *axes_a), cells.grid(b, *axes_b)]
        adds = [cells.grid(grad_a, *axes_a)] if grad_a >= 0 else []
        adds += [cells.grid(grad_b, *axes_b)] if grad_b >= 0 else []
        return _touch(reads, adds=adds)

    def _sum(
        self, out: int, rows: int, n: int, a: int, row: int, inner: int, lanes: int, *_: int
    ) -> Touch:
        cells = self.cells
        return _touch([cells.grid(a, (rows, row), (n, inner))], cells.grid(out, (rows, lanes)))

    def _sum_back(
        self, g: int, rows: int, n: int, grad: int, row: int, inner: int, lanes: int, *_: int
    ) -> Touch:
        cells = self.cells
        adds = [cells.grid(grad, (rows, row), (n, inner))]
        return _touch([cells.grid(g, (rows, lanes))], adds=adds)

    _extreme = _sum

    def _extreme_back(
        self, g: int, rows: int, n: int, a: int, row: int, inner: int, lanes: int,
        grad: int, out: int, *_: int,
    ) -> Touch:  # fmt: skip
        cells, axes = self.cells, ((rows, row), (n, inner))
        reads = [cells.grid(x, (rows, lanes)) for x in (g, out)]
        return _touch([*reads, cells.grid(a, *axes)], adds=[cells.grid(grad, *axes)])

    def _table(self, table: int, n: int, index_step: int, step: int) -> Ints:
        return self.cells.grid(table, (n, step), (self.choices, index_step))

    def _take(
        self, out: int, n: int, table: int, index_step: int, step: int, number: int, lanes: int,
        wide: int, *_: int,
    ) -> Touch:  # fmt: skip
        return _touch([self._table(table, n, index_step, step)], self.cells.grid(out, (n, lanes)))

    def _take_back(
        self, g: int, n: int, grad: int, index_step: int, step: int, number: int, lanes: int,
        wide: int, *_: int,
    ) -> Touch:  # fmt: skip
        adds = [self._table(grad, n, index_step, step)]
        return _touch([self.cells.grid(g, (n, lanes))], adds=adds)

    def _map(self, entry: Any, n: int, *offsets: int) -> Touch:
        spans = [self.cells.span(x, n) for x in offsets[: 2 + entry.arity]]
        if not entry.backward:
            return _touch(spans[1 : 1 + entry.arity], spans[0])
        first = 2 + entry.arity
        targets = offsets[first : first + len(entry.targets)]
        return _touch(spans, adds=[self.cells.span(x, n) for x in targets])


TOUCHES = complete(
    {
        word: vars(Touched)[name]
        for word in Instruction
        if (name := f"_{word.name.lower()}") in vars(Touched)
    },
    "torch",
)
"""What each instruction touches."""
