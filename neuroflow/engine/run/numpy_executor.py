"""The numpy backend: each instruction as a few calls of numpy on views of the memory.

It needs nothing beyond numpy, and it is the readable meaning of every instruction. What numpy costs
is calls, however much each of them does: rows of one instruction run as stacks, that is with one
axis more, and all that can be known before is made once, when a part of a program is run for the
first time: views, indices, places for what lies in between.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from neuroflow.engine.lower.grids import GRIDS, Grid, Grids, stacked
from neuroflow.engine.lower.kernels import Kernels, MapKernel
from neuroflow.engine.lower.program import Instruction, Program, complete
from neuroflow.engine.lower.strides import even_pieces
from neuroflow.engine.run.map_code import bound_map
from neuroflow.engine.run.pairs import Pairs
from neuroflow.engine.run.ragged import Ragged, dots_back
from neuroflow.engine.trace.tape import Ints

Thunk = Callable[[], Any]
Array = NDArray[Any]
Rows = list[list[int]]

FEW = 2
"""So few stacks are run one by one; more are joined, whatever their shapes."""

MOST_RAGGED = 1 << 20
"""Dots of so many numbers at most are joined by lists of where these lie."""


class NumpyCode:
    """A program bound to a memory: lists of calls."""

    def __init__(self, program: Program, memory: Array, indices: Ints, kernels: Kernels) -> None:
        self.program, self.memory, self.indices = program, memory, indices
        self.kernels, self.runs = kernels, program.runs
        self._calls: dict[tuple[int, int], list[Thunk]] = {}

    def run(self, begin: int, end: int) -> None:
        """Run the rows from begin to end."""
        calls = self._calls.get((begin, end))
        if calls is None:
            calls = self._calls[begin, end] = self.calls(begin, end)
        for call in calls:
            call()

    def calls(self, begin: int, end: int) -> list[Thunk]:
        """What runs the rows from begin to end, instruction by instruction."""
        code = self.program.code
        return [
            call
            for first, last in self.program.instructions(begin, end)
            for call in self.instruction(code[first:last].tolist())
        ]

    def instruction(self, rows: Rows) -> list[Thunk]:
        """What runs the rows of one instruction."""
        word = rows[0][0]
        if word >= Instruction.MAP:
            entry = self.kernels.entries[word - Instruction.MAP]
            return [self._map(entry, row[1:]) for row in rows]
        return CALLS[Instruction(word)](self, [row[1:] for row in rows])  # type: ignore[no-any-return]

    # Views

    def slice(self, start: int, n: int) -> Array:
        """n numbers from start on."""
        return self.memory[start : start + n]

    def view(self, grid: Grid) -> Array:
        """The numbers of a grid, which may coincide; a stack of one is no stack."""
        start, shape, strides = grid
        if shape[0] == 1 and len(shape) > 2:
            shape, strides = shape[1:], strides[1:]
        size = self.memory.itemsize
        return as_strided(self.memory[start:], shape, [s * size for s in strides])

    def adder(self, grid: Grid) -> Callable[[Any], Any]:
        """Adds an array to a grid, correctly also where cells of the grid coincide."""
        view = self.view(grid)
        if grid.distinct:
            return lambda x: np.add(view, x, view)
        index, memory = grid.offsets.reshape(view.shape), self.memory
        flat, shape = index.ravel(), index.shape
        return lambda x: np.add.at(memory, flat, np.broadcast_to(x, shape).flatten())

    def stacks(self, word: Instruction, rows: Rows) -> list[tuple[list[int], tuple[Any, ...]]]:
        """The stacks of an instruction: operands of the first row of each, and grids."""
        decoded = [GRIDS[word](row) for row in rows]
        return [(rows[first], grids) for first, grids in stacked(decoded)]

    # Copies

    def _gather(self, rows: Rows) -> list[Thunk]:
        copies = [self._runs_of(row) for row in rows]
        grids = [self._as_grid(runs) for runs in copies]
        if len(rows) <= FEW and all(grids):
            return [
                partial(np.copyto, self.slice(to, grid.size).reshape(grid.shape), self.view(grid))
                for (to, *_), grid in zip(rows, grids, strict=True)
                if grid
            ]
        sources = [expanded(runs) for runs in copies]
        places = [row[0] + np.arange(len(x)) for row, x in zip(rows, sources, strict=True)]
        source, place = np.concatenate(sources), np.concatenate(places)
        order = np.argsort(place, kind="stable")
        source, place = source[order], place[order]
        take, memory = self.memory.take, self.memory
        if place[-1] - place[0] == len(place) - 1:
            return [partial(take, source, None, self.slice(int(place[0]), len(place)), "clip")]
        return [lambda: memory.__setitem__(place, take(source))]

    def _scatter(self, rows: Rows) -> list[Thunk]:
        return [call for row in rows for call in self._scatter_row(row[0], self._runs_of(row))]

    def _scatter_row(self, start: int, runs: Ints) -> list[Thunk]:
        grid, memory = self._as_grid(runs), self.memory
        if grid and grid.distinct:
            view, values = self.view(grid), self.slice(start, grid.size).reshape(grid.shape)
            return [partial(np.add, view, values, view)]
        if grid and grid.strides[1] == 0 and grid._replace(shape=(grid.shape[0], 1)).distinct:
            values = self.slice(start, grid.size).reshape(grid.shape)
            view = self.view(Grid(grid.start, grid.shape[:1], grid.strides[:1]))
            total = np.empty(len(view), view.dtype)
            return [
                partial(np.add.reduce, values, 1, None, total), partial(np.add, view, total, view)
            ]  # fmt: skip
        index = expanded(runs)
        values = self.slice(start, len(index))
        cells, which = np.unique(index, return_inverse=True)
        if len(cells) == len(index):
            return [lambda: memory.__setitem__(index, memory[index] + values)]
        return [
            lambda: memory.__setitem__(
                cells, memory[cells] + np.bincount(which, values, len(cells)).astype(memory.dtype)
            )
        ]

    def _runs_of(self, row: list[int]) -> Ints:
        return self.runs[row[1] : row[1] + row[2]]

    def _as_grid(self, runs: Ints) -> Grid | None:
        """Runs that step evenly, as rows of a grid."""
        pieces = even_pieces(runs[:, :1])
        if len(pieces) > 1 or (runs[:, 1:] != runs[0, 1:]).any():
            return None
        ((_, count, ((start, step),)),) = pieces
        return Grid(start, (count, int(runs[0, 2])), (step, int(runs[0, 1])))

    def _transpose(self, rows: Rows) -> list[Thunk]:
        return [
            partial(np.copyto, self.view(to), self.view(source))
            for _, (source, to) in self.stacks(Instruction.TRANSPOSE, rows)
        ]

    # Products of matrices

    def _matmul(self, rows: Rows) -> list[Thunk]:
        calls: list[Thunk] = []
        for x, (a, b, c, bias) in self.stacks(Instruction.MATMUL, rows):
            left, right, how = self.view(a), self.view(b), x[10]
            if how == 1:
                calls += self._add_product(left, right, c)
                continue
            out = self.view(c)
            calls.append(partial(np.matmul, left, right, out))
            if how == 2:
                calls.append(partial(np.add, out, self.view(bias), out))
        return calls

    def _outer(self, rows: Rows) -> list[Thunk]:
        calls: list[Thunk] = []
        for _, (a, b, c) in self.stacks(Instruction.OUTER, rows):
            calls += self._add_product(self.view(a), self.view(b), c)
        return calls

    def _add_product(self, left: Array, right: Array, c: Grid) -> list[Thunk]:
        """Add products to matrices; those that are added to one matrix are one long product."""
        calls: list[Thunk] = []
        if c.shape[0] > 1 and c.strides[0] == 0 and c._replace(shape=(1, *c.shape[1:])).distinct:
            (n, rows, inner), columns = left.shape, right.shape[2]
            long_left = np.empty((rows, n, inner), left.dtype)
            long_right = np.empty((n, inner, columns), right.dtype)
            calls = [
                partial(np.copyto, long_left, left.swapaxes(0, 1)),
                partial(np.copyto, long_right, right),
            ]
            left = long_left.reshape(rows, n * inner)
            right = long_right.reshape(n * inner, columns)
            c = Grid(c.start, c.shape[1:], c.strides[1:])
        product = np.empty((*left.shape[:-1], right.shape[-1]), left.dtype)
        return [*calls, partial(np.matmul, left, right, product), partial(self.adder(c), product)]

    # Dots

    def _dot(self, rows: Rows) -> list[Thunk]:
        return self._dots(Instruction.DOT, rows)

    def _lane_dot(self, rows: Rows) -> list[Thunk]:
        return self._dots(Instruction.LANE_DOT, rows)

    def _dots(self, word: Instruction, rows: Rows) -> list[Thunk]:
        stacks = self.stacks(word, rows)
        if len(stacks) > FEW:
            grids = [GRIDS[word](row) for row in rows]
            if pairs := Pairs.of(grids):
                return [pairs.forward(self.memory)]
            if _size(grids) <= MOST_RAGGED:
                return Ragged.of(grids).dots(self.memory)
        calls: list[Thunk] = []
        for _, (out, a, b) in stacks:
            left, right = self.view(a), self.view(b)
            products = np.empty(np.broadcast_shapes(left.shape, right.shape), left.dtype)
            calls.append(partial(np.multiply, left, right, products))
            calls.append(partial(np.add.reduce, products, -2, None, self.view(out)))
        return calls

    def _dot_back(self, rows: Rows) -> list[Thunk]:
        return self._dots_back(Instruction.DOT_BACK, rows)

    def _lane_dot_back(self, rows: Rows) -> list[Thunk]:
        return self._dots_back(Instruction.LANE_DOT_BACK, rows)

    def _dots_back(self, word: Instruction, rows: Rows) -> list[Thunk]:
        stacks = self.stacks(word, rows)
        if len(stacks) > FEW:
            grids = [GRIDS[word](row) for row in rows]
            if pairs := Pairs.of(grids):
                return [pairs.backward(self.memory)]
            if _size(grids) <= MOST_RAGGED:
                return dots_back(grids, self.memory)
        calls: list[Thunk] = []
        for _, (out, a, b, grad_a, grad_b) in stacks:
            upstream = np.expand_dims(self.view(out), -2)
            for target, other in ((grad_a, b), (grad_b, a)):
                if target:
                    numbers = self.view(other)
                    products = np.empty(np.broadcast_shapes(upstream.shape, numbers.shape))
                    products = products.astype(self.memory.dtype)
                    calls.append(partial(np.multiply, upstream, numbers, products))
                    calls.append(partial(self.adder(target), products))
        return calls

    # Sums and extremes

    def _sum(self, rows: Rows) -> list[Thunk]:
        return self._reduced(Instruction.SUM, rows, np.add)

    def _extreme(self, rows: Rows) -> list[Thunk]:
        sign = rows[0][7]
        return self._reduced(Instruction.EXTREME, rows, np.maximum if sign == 1 else np.minimum)

    def _reduced(self, word: Instruction, rows: Rows, reduce: np.ufunc) -> list[Thunk]:
        stacks = self.stacks(word, rows)
        if len(stacks) > FEW:
            return Ragged.of([GRIDS[word](row) for row in rows]).reduced(self.memory, reduce)
        return [
            partial(reduce.reduce, self.view(terms), -2, None, self.view(out))
            for _, (out, terms) in stacks
        ]

    def _sum_back(self, rows: Rows) -> list[Thunk]:
        stacks = self.stacks(Instruction.SUM_BACK, rows)
        if len(stacks) > FEW:
            return Ragged.of([GRIDS[Instruction.SUM_BACK](row) for row in rows]).spread(self.memory)
        return [
            partial(self.adder(grad), np.expand_dims(self.view(upstream), -2))
            for _, (upstream, grad) in stacks
        ]

    def _extreme_back(self, rows: Rows) -> list[Thunk]:
        stacks = self.stacks(Instruction.EXTREME_BACK, rows)
        return [self._share(*grids) for _, grids in stacks]

    def _share(self, g: Grid, numbers: Grid, largest: Grid, grad: Grid) -> Thunk:
        """Those that are the extreme share its gradient."""
        terms, add = self.view(numbers), self.adder(grad)
        upstream, most = [np.expand_dims(self.view(grid), -2) for grid in (g, largest)]

        def run() -> None:
            tied = terms == most
            add(upstream * tied / np.maximum(tied.sum(axis=-2, keepdims=True), 1))

        return run

    # Choices

    def _chosen(self, table: Grid, which: Grid, index_step: int) -> Callable[[], Ints]:
        """Where the chosen rows of tables lie, (stacks, rows, lanes)."""
        size = self.indices.itemsize
        strides = [size * s for s in which.strides]
        chosen = as_strided(self.indices[which.start :], which.shape, strides)
        cells, step = table.offsets, index_step
        chosen = chosen[:, None, :]
        return (lambda: cells + chosen) if step == 1 else (lambda: cells + chosen * step)

    def _take(self, rows: Rows) -> list[Thunk]:
        return [
            self._take_stack(out, self._chosen(table, which, x[3]))
            for x, (out, table, which) in self.stacks(Instruction.TAKE, rows)
        ]

    def _take_stack(self, out: Grid, where: Callable[[], Ints]) -> Thunk:
        start, shape, strides = out
        size = self.memory.itemsize
        target = as_strided(self.memory[start:], shape, [s * size for s in strides])
        take = self.memory.take
        return lambda: take(where(), None, target, "clip")

    def _take_back(self, rows: Rows) -> list[Thunk]:
        calls: list[Thunk] = []
        for x, (g, table, which) in self.stacks(Instruction.TAKE_BACK, rows):
            where, upstream = self._chosen(table, which, x[3]), self.view(g)
            calls.append(partial(_add_at, self.memory, where, upstream))
        return calls

    def _map(self, entry: MapKernel, operands: list[int]) -> Thunk:
        n, *offsets = operands
        used = 2 + entry.arity + len(entry.targets) if entry.backward else 1 + entry.arity
        return bound_map(entry, [self.slice(x, n) for x in offsets[:used]])


CALLS = complete(
    {
        word: vars(NumpyCode)[name]
        for word in Instruction
        if (name := f"_{word.name.lower()}") in vars(NumpyCode)
    },
    "numpy",
)
"""How each instruction runs."""


def _size(grids: Sequence[Grids]) -> int:
    """How many numbers the vectors of dots have."""
    return sum(row[1].size for row in grids)


def _add_at(memory: Array, where: Callable[[], Ints], x: Array) -> None:
    np.add.at(memory, where().ravel(), x.flatten())  # a copy: of a view, all memory would be one


def expanded(runs: Ints) -> Ints:
    """The cells of runs, one after the other.

    >>> expanded(np.array([[10, 1, 3], [5, 0, 2], [9, -2, 2]])).tolist()
    [10, 11, 12, 5, 5, 9, 7]
    """
    start, step, n = runs.T
    place = np.arange(n.sum()) - np.repeat(np.cumsum(n) - n, n)
    cells: Ints = np.repeat(start, n) + np.repeat(step, n) * place
    return cells
