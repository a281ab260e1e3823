"""Instructions of many positions as one call each: kernels of threads, batched matrix products.

What each thread has to do stands in tables of offsets, which are made once for a program.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from attrs import evolve, frozen

from neuroflow.engine.lower.grids import Grid
from neuroflow.engine.lower.kernels import MapKernel
from neuroflow.engine.lower.program import Instruction, Program, complete
from neuroflow.engine.lower.strides import even_pieces
from neuroflow.engine.run.numpy_executor import expanded
from neuroflow.engine.torch import threads
from neuroflow.engine.torch.compiler import Launch, compiled
from neuroflow.engine.torch.threads import KernelText
from neuroflow.engine.torch.views import TensorCode, Thunk
from neuroflow.engine.trace.tape import Ints

FEW = 8
"""A sum of so few numbers is added up by one thread."""

MOST_PIECES = 128
"""Into so many pieces a longer sum into one cell is cut at most."""

REACH = 2**31
"""So many numbers have offsets of 32 bits."""

ONE_HOT = 1 << 26
"""Numbers of a matrix that says which row was chosen; beyond, gradients of rows are sorted."""


@frozen(eq=False)
class Terms:
    """What is added up: ``dest`` gets ``a``, or ``a`` times ``b``; rows of the same length.

    The three flags say which of them have lanes.
    """

    dest: Ints
    a: Ints
    b: Ints | None = None
    wide: tuple[bool, bool, bool] = (True, True, True)


class MergedCode(TensorCode):
    """A program bound to the memory of a GPU; ``compile`` makes what starts a kernel."""

    def __init__(
        self, program: Program, memory: torch.Tensor, indices: torch.Tensor, kernels: Any,
        rounded: torch.dtype | None = None, compile: Callable[[KernelText], Launch] = compiled,
    ) -> None:  # fmt: skip
        super().__init__(program, memory, indices, kernels, rounded)
        self.compile = compile
        self.lanes = program.lanes
        self.real = "double" if memory.dtype == torch.float64 else "float"
        self.whole = "int" if len(memory) < REACH else "long long"

    def calls(self, begin: int, end: int) -> list[Thunk]:
        """What runs the rows from ``begin`` to ``end``."""
        together = self.program.instructions(begin, end)
        return [call for each in together for call in self._calls(*each)]

    def _calls(self, begin: int, end: int) -> list[Thunk]:
        """What runs the rows of one instruction."""
        rows, word = self.program.code[begin:end], int(self.program.code[begin, 0])
        if word >= Instruction.MAP or word == Instruction.TRANSPOSE:
            return [self.call(row) for row in rows]
        choices = [group.arity for group in self.program.labels[begin:end]]
        operands = [[*row, n] for row, n in zip(rows[:, 1:].tolist(), choices, strict=True)]
        return TOGETHER[Instruction(word)](self, operands)

    def launch(self, source: KernelText, n: int, *given: Any) -> Thunk:
        """A call that starts n threads."""
        start, memory = self.compile(evolve(source, whole=self.whole)), self.memory
        return lambda: start(n, memory, *given)

    def thread_table(self, numbers: Any) -> torch.Tensor:
        """Offsets and the like for threads to read."""
        return self.table(numbers).to(torch.int32 if self.whole == "int" else torch.int64)

    # Sums

    def added(self, terms: Sequence[Terms], adds: bool) -> list[Thunk]:
        """Sums of terms into their cells: one call for all terms whose lanes are of one kind."""
        kinds = dict.fromkeys((x.wide, x.b is None) for x in terms)
        calls: list[Thunk] = []
        for wide, alone in kinds:
            same = [x for x in terms if x.wide == wide and (x.b is None) == alone]
            dest, order, first = _by_cell(np.concatenate([x.dest for x in same]))
            a = np.concatenate([x.a for x in same])[order]
            b = a[:0] if alone else np.concatenate([x.b for x in same if x.b is not None])[order]
            tables = [self.thread_table(x) for x in (dest, first, a, b)]
            longest = int(np.diff(first).max()) * (self.lanes if any(wide[1:]) else 1)
            of, n = (*wide[1:], not alone), len(dest)
            if wide[0] or longest <= FEW:
                lanes = self.lanes if wide[0] else 1
                of_lanes = [x for x, has in zip((dest, a, b), wide, strict=True) if has]
                per = _per_thread(lanes, *of_lanes)
                source = threads.sums(self.real, adds, *of, per=per)
                calls.append(self.launch(source, n * lanes // per, *tables, n, lanes))
            else:
                count = min(MOST_PIECES, longest, max(1, (REACH - 1) // n))
                calls += self._in_pieces(tables, adds, of, count)
        return calls

    def _in_pieces(
        self, tables: list[torch.Tensor], adds: bool, of: tuple[bool, bool, bool], pieces: int
    ) -> list[Thunk]:
        """Long sums into single cells, over lanes or not: each by several threads."""
        dest, *rest = tables
        n, lanes = len(dest), self.lanes if of[0] or of[1] else 1
        part = self.memory.new_zeros(n * pieces)
        return [
            self.launch(threads.pieces(self.real, *of), n * pieces, *rest, part, n, lanes, pieces),
            self.launch(threads.totals(self.real, adds), n, dest, part, n, pieces),
        ]

    def _gathers(self, operands: list[list[int]]) -> list[Thunk]:
        terms = [term for to, first, n, *_ in operands for term in self._runs(to, first, n, False)]
        return self.added(terms, adds=False)

    def _scatters(self, operands: list[list[int]]) -> list[Thunk]:
        terms = [term for x, first, n, *_ in operands for term in self._runs(x, first, n, True)]
        return self.added(terms, adds=True)

    def _runs(self, start: int, first: int, n: int, back: bool) -> list[Terms]:
        """A slice and the runs that it is a copy of, lane by lane if it has any."""
        runs, lanes = self.program.runs[first : first + n], self.lanes
        if not self._has_lanes(start):
            flat = expanded(runs)
            here = start + np.arange(len(flat))
            pairs = (flat, here) if back else (here, flat)
            return [Terms(pairs[0], pairs[1], None, (False, False, False))]
        cells = runs[:, 2] // lanes
        here = start + np.arange(cells.sum()) * lanes
        begins = np.cumsum(cells) - cells
        within = (np.arange(cells.sum()) - np.repeat(begins, cells)) * lanes
        there = np.repeat(runs[:, 0], cells) + within
        wide = np.repeat(runs[:, 1] != 0, cells)
        found = []
        for flag in (True, False):
            some = wide == flag
            if some.any():
                pairs = (there[some], here[some]) if back else (here[some], there[some])
                flags = (flag, True, False) if back else (True, flag, False)
                found.append(Terms(pairs[0], pairs[1], None, flags))
        return found

    def _has_lanes(self, offset: int) -> bool:
        """Whether a cell lies among those that have lanes."""
        program = self.program
        value = offset - program.shift if offset >= program.arena + program.shift else offset
        return self.lanes > 1 and program.first_lane <= value < program.late

    def _dots(self, operands: list[list[int]]) -> list[Thunk]:
        return self._lane_dots([[*x[:6], 0, *x[6:9], 0, 1] for x in operands])

    def _lane_dots(self, operands: list[list[int]]) -> list[Thunk]:
        terms = []
        for (
            out,
            rows,
            n,
            a,
            a_row,
            a_inner,
            a_wide,
            b,
            b_row,
            b_inner,
            b_wide,
            lanes,
            *_,
        ) in operands:
            dest = _grid(out, (rows, lanes), (n, 0))
            left = _grid(a, (rows, a_row), (n, a_inner))
            right = _grid(b, (rows, b_row), (n, b_inner))
            terms.append(Terms(dest, left, right, self._flags(lanes, 1, a_wide, b_wide)))
        return self.added(terms, adds=False)

    def _flags(self, lanes: int, *wide: int) -> tuple[bool, bool, bool]:
        """Which of a sum's cells have lanes, in an instruction with so many."""
        dest, a, b = [bool(x) and lanes > 1 for x in wide]
        return dest, a, b

    def _dots_back(self, operands: list[list[int]]) -> list[Thunk]:
        return self._lane_dots_back([[*x[:6], 0, *x[6:9], 0, *x[9:11], 1] for x in operands])

    def _lane_dots_back(self, operands: list[list[int]]) -> list[Thunk]:
        terms = []
        for (g, rows, n, a, a_row, a_inner, a_wide, b, b_row, b_inner, b_wide,
             grad_a, grad_b, lanes, *_) in operands:  # fmt: skip
            upstream = _grid(g, (rows, lanes), (n, 0))
            if grad_a >= 0:
                dest = _grid(grad_a, (rows, a_row), (n, a_inner))
                other = _grid(b, (rows, b_row), (n, b_inner))
                terms.append(Terms(dest, upstream, other, self._flags(lanes, a_wide, 1, b_wide)))
            if grad_b >= 0:
                dest = _grid(grad_b, (rows, b_row), (n, b_inner))
                other = _grid(a, (rows, a_row), (n, a_inner))
                terms.append(Terms(dest, upstream, other, self._flags(lanes, b_wide, 1, a_wide)))
        return self.added(terms, adds=True)

    def _sums(self, operands: list[list[int]]) -> list[Thunk]:
        terms = [
            Terms(_grid(out, (rows, lanes), (n, 0)), _grid(a, (rows, row), (n, inner)),
                  wide=self._flags(lanes, 1, 1, 0))
            for out, rows, n, a, row, inner, lanes, *_ in operands
        ]  # fmt: skip
        return self.added(terms, adds=False)

    def _sums_back(self, operands: list[list[int]]) -> list[Thunk]:
        terms = [
            Terms(_grid(grad, (rows, row), (n, inner)), _grid(g, (rows, lanes), (n, 0)),
                  wide=self._flags(lanes, 1, 1, 0))
            for g, rows, n, grad, row, inner, lanes, *_ in operands
        ]  # fmt: skip
        return self.added(terms, adds=True)

    # Extremes

    def _extremes(self, operands: list[list[int]]) -> list[Thunk]:
        rows = [
            (out + r * lanes, a + r * row, inner, n)
            for out, count, n, a, row, inner, lanes, _, *_ in operands for r in range(count)
        ]  # fmt: skip
        lanes, sign = operands[0][6:8]
        source = threads.extremes(self.real, sign)
        return [self.launch(source, len(rows) * lanes, self.thread_table(rows), len(rows), lanes)]

    def _extremes_back(self, operands: list[list[int]]) -> list[Thunk]:
        lanes = operands[0][6]
        rows: list[tuple[int, ...]] = []
        dest, cells, which = [], [], []
        for g, count, n, a, row, inner, lanes, grad, out, *_ in operands:
            numbers = len(rows) + np.arange(count)
            dest.append(_grid(grad, (count, row), (n, inner)))
            cells.append(_grid(a, (count, row), (n, inner)))
            which.append(np.repeat(numbers, n))
            rows += [(out + r * lanes, a + r * row, inner, n, g + r * lanes) for r in range(count)]
        own, order, first = _by_cell(np.concatenate(dest))
        sorted_ = [np.concatenate(x)[order] for x in (cells, which)]
        tables = [self.thread_table(x) for x in (own, first, *sorted_)]
        table, n = self.thread_table(rows), len(rows)
        share = self.memory.new_zeros(n * lanes)
        to_ties = (*tables, table, share, len(own), lanes)
        return [
            self.launch(threads.shares(self.real), n * lanes, table, share, n, lanes),
            self.launch(threads.ties(self.real), len(own) * lanes, *to_ties),
        ]

    # Choices

    def _takes(self, operands: list[list[int]]) -> list[Thunk]:
        rows = [
            (out + r * lanes, table + r * step, number, index_step)
            for out, n, table, index_step, step, number, lanes, _, *_ in operands for r in range(n)
        ]  # fmt: skip
        lanes, wide = operands[0][6:8]
        source, n = threads.takes(self.real, bool(wide)), len(rows)
        return [self.launch(source, n * lanes, self.thread_table(rows), self.indices, n, lanes)]

    def _takes_back(self, operands: list[list[int]]) -> list[Thunk]:
        """Of tables with lanes: who owns a lane adds to all tables that overlap, one by one."""
        lanes, wide = operands[0][6:8]
        if not wide:
            several = dict.fromkeys(x[2] for x in operands)
            return [
                call
                for table in several
                for call in self._rows_back([x for x in operands if x[2] == table])
            ]
        rows: list[tuple[int, ...]] = []
        first, end = [], -1
        for begin, last, x in sorted((*_reach(x), x) for x in operands):
            if begin > end:
                first.append(len(rows))
            end = max(end, last)
            g, n, grad, index_step, step, number = x[:6]
            rows += [(g + r * lanes, grad + r * step, number, index_step) for r in range(n)]
        tables = [self.thread_table([*first, len(rows)]), self.thread_table(rows)]
        source, n = threads.takes_back(self.real), len(first)
        return [self.launch(source, n * lanes, *tables, self.indices, n, lanes)]

    def _rows_back(self, operands: list[list[int]]) -> list[Thunk]:
        """Of one table without lanes: a product with the matrix that says who chose which row."""
        choices = operands[0][-1]
        n, grad, index_step, step, _, lanes = operands[0][1:7]
        rows = Grid(grad, (choices, n), (index_step, step))
        apart = rows.distinct and min(rows.strides) >= 0
        if not apart or choices * lanes * len(operands) > ONE_HOT:
            return [self.one(Instruction.TAKE_BACK, x) for x in operands]
        target = self.view(rows)
        upstream = [self.view(Grid(x[0], (lanes, n), (1, lanes))) for x in operands]
        numbers = self.table([x[5] for x in operands])
        chosen = self.indices[: (max(x[5] for x in operands) + 1) * lanes].view(-1, lanes)
        which = torch.arange(choices, device=self.memory.device)[:, None]
        even = _even([x[0] for x in operands])

        def run() -> None:
            matrix = (chosen[numbers][:, None, :] == which).to(self.memory.dtype)
            g = self._stacked(upstream, even)
            target.add_(torch.bmm(matrix, g).sum(0))

        return [run]

    def _stacked(self, views: list[torch.Tensor], step: int | None) -> torch.Tensor:
        """Several views of one shape as one tensor: a view itself, where they lie evenly."""
        if step is None:
            return torch.stack(views)
        shape, strides = views[0].shape, views[0].stride()
        start = int(views[0].storage_offset())
        return self.view(Grid(start, (len(views), *shape), (step, *strides)))

    # Matrix products

    def _matmuls(self, operands: list[list[int]]) -> list[Thunk]:
        a_row, a_inner, _, b_inner, _, c_row, rows, columns, inner, how, _, bias_row = operands[0][
            1:13
        ]
        starts = np.array([[x[0], x[3], x[5], x[11]] for x in operands])
        shapes = ((rows, inner), (inner, columns), (rows, columns), (rows, columns))
        strides = ((a_row, a_inner), (b_inner, 1), (c_row, 1), (bias_row, 0))
        if min(min(pair) for pair in strides) < 0:
            return [self.one(Instruction.MATMUL, x) for x in operands]
        return self._products(starts, shapes, strides, how)

    def _outers(self, operands: list[list[int]]) -> list[Thunk]:
        _, a_row, _, b_row, _, c_row, c_inner, rows, columns, inner = operands[0][:10]
        starts = np.array([[x[0], x[2], x[4], 0] for x in operands])
        shapes = ((rows, inner), (inner, columns), (rows, columns), (rows, columns))
        strides = ((a_row, 1), (1, b_row), (c_row, c_inner), (0, 0))
        steps_back = min(min(pair) for pair in strides) < 0
        if steps_back or not Grid(0, (rows, columns), (c_row, c_inner)).distinct:
            return [self.one(Instruction.OUTER, x) for x in operands]
        return self._products(starts, shapes, strides, 1)

    def _products(
        self, starts: Ints, shapes: tuple[Any, ...], strides: tuple[Any, ...], how: int
    ) -> list[Thunk]:
        """Products whose operands lie evenly are one; those that add to one matrix are summed."""
        calls: list[Thunk] = []
        for first, count, pairs in even_pieces(starts):
            steps = [step for _, step in pairs]
            if max(steps) <= 0 and count > 1:  # the same from the other end
                pairs = [(start + (count - 1) * step, -step) for start, step in pairs]
                steps = [-step for step in steps]
            together = min(steps) >= 0 and (
                steps[2] == 0 or Grid(0, (count, *shapes[2]), (steps[2], *strides[2])).distinct
            )
            if count > 1 and (not together or (steps[2] == 0 and how != 1)):
                for k in range(count):
                    calls += self._products(starts[first + k : first + k + 1], shapes, strides, how)
                continue
            a, b, c, bias = [
                self.view(Grid(start, (count, *shape), (step, *stride)))
                for (start, step), shape, stride in zip(pairs, shapes, strides, strict=True)
            ]
            calls.append(self._product(a, b, c, bias, how))
        return calls

    def _product(
        self, a: torch.Tensor, b: torch.Tensor, c: torch.Tensor, bias: torch.Tensor, how: int
    ) -> Thunk:
        if how == 1 and len(c) > 1 and c.stride(0) == 0:
            one = c[0]
            return lambda: one.add_(self.product(a, b).sum(0))
        if self.rounded is None and how == 0:
            return lambda: torch.bmm(a, b, out=c)
        if self.rounded is None and how == 1:
            return lambda: c.baddbmm_(a, b)
        if how == 1:
            return lambda: c.add_(self.product(a, b))
        if how == 0:
            return lambda: c.copy_(self.product(a, b))
        return lambda: torch.add(self.product(a, b), bias, out=c)

    # Maps

    def map(self, entry: MapKernel, operands: list[int]) -> Thunk:
        """An op's rule; where targets overlap, for one after the other."""
        kernel = entry.kernel
        if kernel is None:
            return super().map(entry, operands)
        n, *offsets = operands
        used = 2 + entry.arity + len(entry.targets) if entry.backward else 1 + entry.arity
        table, per = (
            self.thread_table([n, *offsets[:used]]),
            _per_thread(n, np.array(offsets[:used])),
        )
        targets = dict(zip(entry.targets, offsets[2 + entry.arity :], strict=False))
        groups = [(j,) for j in targets] if _overlap(n, targets.values()) else [tuple(targets)]
        calls = [
            self.launch(threads.map_source(entry, kernel, self.real, group, per), n // per, table)
            for group in groups
        ]
        return calls[0] if len(calls) == 1 else partial(_all, calls)


TOGETHER = complete(
    {
        Instruction.TRANSPOSE: MergedCode.call,  # one by one
        Instruction.GATHER: MergedCode._gathers,
        Instruction.SCATTER: MergedCode._scatters,
        Instruction.MATMUL: MergedCode._matmuls,
        Instruction.OUTER: MergedCode._outers,
        Instruction.DOT: MergedCode._dots,
        Instruction.DOT_BACK: MergedCode._dots_back,
        Instruction.LANE_DOT: MergedCode._lane_dots,
        Instruction.LANE_DOT_BACK: MergedCode._lane_dots_back,
        Instruction.SUM: MergedCode._sums,
        Instruction.SUM_BACK: MergedCode._sums_back,
        Instruction.EXTREME: MergedCode._extremes,
        Instruction.EXTREME_BACK: MergedCode._extremes_back,
        Instruction.TAKE: MergedCode._takes,
        Instruction.TAKE_BACK: MergedCode._takes_back,
    },
    "torch",
)
"""How instructions of one kind run together."""


def _all(calls: Sequence[Thunk]) -> None:
    for call in calls:
        call()


def _grid(start: int, *axes: tuple[int, int]) -> Ints:
    """The offsets of all places of a grid; an axis is (how many, stride)."""
    offsets = np.array([start])
    for n, stride in axes:
        offsets = (offsets[:, None] + np.arange(n) * stride).ravel()
    return offsets


def _by_cell(dest: Ints) -> tuple[Ints, Ints, Ints]:
    """Each cell once, the terms in an order that has those of one cell together, and where."""
    order = np.argsort(dest, kind="stable")
    cells, first = np.unique(dest[order], return_index=True)
    return cells, order, np.append(first, len(dest))


def _per_thread(n: int, *offsets: Ints) -> int:
    """How many neighbours of n a thread has: several, if all begin at multiples of so many.

    >>> _per_thread(64, np.array([0, 32])), _per_thread(64, np.array([0, 33]))
    (4, 1)
    """
    several = threads.PER_THREAD
    evenly = n % several == 0 and all((x % several == 0).all() for x in offsets)
    return several if evenly else 1


def _even(starts: list[int]) -> int | None:
    """The step of offsets that step evenly; None if they do not."""
    steps = set(np.diff(starts).tolist()) or {0}
    return steps.pop() if len(steps) == 1 and min(steps) >= 0 else None


def _reach(x: list[int]) -> tuple[int, int]:
    """The first and the last offset of the table of a choice."""
    n, start, index_step, step = x[1:5]
    ends = [start + r * step + k * index_step for r in (0, n - 1) for k in (0, x[-1] - 1)]
    return min(ends), max(ends) + x[6] - 1


def _overlap(n: int, offsets: Any) -> bool:
    """Whether two slices of n numbers share some, and are not the same."""
    starts = sorted({*offsets})
    return any(b - a < n for a, b in pairwise(starts))
