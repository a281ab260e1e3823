"""Pairs: many dots of two sets of vectors as products of matrices, as in attention.

Each query meets all keys before it, each row of weights all values before it: written as scalars,
these are dots of different lengths, or some of all the dots of two sets. As products of matrices
they are a few calls: all dots of the two sets, of which those that are there are taken, and short
vectors with zeros behind them. What is not there is multiplied by zero; where that gives no finite
number (zero times infinity is nan), the dots are taken one by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from attrs import frozen

from neuroflow.engine.lower.grids import Grid, Grids
from neuroflow.engine.run.ragged import Array, Cells, Ragged, Thunk, dots_back
from neuroflow.engine.trace.tape import Ints

SHARE = 0.3
"""At least so large a share of all dots of two sets must be there."""

MOST = 1 << 24
"""Of so many numbers at most are matrices made."""

NEVER = -1
"""Stands for how far a gradient lies that nobody needs."""


@frozen(eq=False)
class Side:
    """Vectors of one side: (blocks, vectors, length), all with the same stride inside.

    Where ``lengths`` differ, short ones are filled up with zeros.
    """

    starts: Ints
    lengths: Ints
    inner: int
    wide: int
    lanes: int

    @property
    def n(self) -> int:
        """The length of the longest."""
        return int(self.lengths.max())

    @property
    def is_full(self) -> bool:
        return bool((self.lengths == self.n).all())

    def grid(self) -> Grid | None:
        """Where the vectors lie, if they step evenly and none is short."""
        blocks, vectors = self.starts.shape
        first, of_block, of_vector = regular(self.starts)
        if not self.is_full or of_block is None:
            return None
        shape = (blocks, vectors, self.n, self.lanes)
        return Grid(first, shape, (of_block, of_vector, self.inner, self.wide))

    def cells(self) -> tuple[Ints, Ints]:
        """The cells of all vectors, and their places in an array of full vectors."""
        k = np.arange(self.n)
        there = k < self.lengths[..., None]
        offsets = (self.starts[..., None] + k * self.inner)[there]
        lanes = np.arange(self.lanes) * self.wide if self.wide else np.zeros(1, dtype=np.int64)
        return offsets[:, None] + lanes, np.flatnonzero(there)


def regular(starts: Ints) -> tuple[int, int | None, int]:
    """The first of a table of offsets, and the steps along both axes, if they are even."""
    blocks, vectors = starts.shape
    first = int(starts[0, 0])
    of_block = int(starts[1, 0]) - first if blocks > 1 else 0
    of_vector = int(starts[0, 1]) - first if vectors > 1 else 0
    even = first + np.arange(blocks)[:, None] * of_block + np.arange(vectors) * of_vector
    return first, of_block if (even == starts).all() else None, of_vector


class Vectors:
    """A side in a memory: an array (lanes, blocks, vectors, length), or without lanes."""

    def __init__(self, side: Side, memory: Array) -> None:
        self.side, self.memory, self.grid = side, memory, side.grid()
        self.reading: list[Thunk] = []
        self.is_wide = side.lanes > 1 and side.wide > 0
        if self.grid is not None:
            self._of_grid(self.grid)
        else:
            self._of_cells()

    def _of_grid(self, grid: Grid) -> None:
        view = view_of(self.memory, grid)
        self.array = view[..., 0]
        if self.is_wide:
            self.array = np.empty((grid.shape[3], *grid.shape[:3]), self.memory.dtype)
            self.reading = [partial(np.copyto, self.array, np.moveaxis(view, 3, 0))]

    def _of_cells(self) -> None:
        side = self.side
        self.offsets, self.places = side.cells()
        lanes = (side.lanes,) if self.is_wide else ()
        self.array = np.zeros((*lanes, *side.starts.shape, side.n), self.memory.dtype)
        cells, flat = Cells(self.memory, self.offsets), self.array.reshape(*lanes, -1)
        where = (slice(None), self.places) if lanes else self.places
        given = cells.array.T if lanes else cells.array[:, 0]
        self.reading = [*cells.reading(), partial(flat.__setitem__, where, given)]

    def adding(self, x: Array, move: int) -> list[Thunk]:
        """What adds an array of products to the cells that lie ``move`` further."""
        calls: list[Thunk] = []
        if self.side.lanes > 1 and not self.is_wide:
            total = np.empty(x.shape[1:], x.dtype)
            calls, x = [partial(np.add.reduce, x, 0, None, total)], total
        if self.grid is None:
            return [*calls, *self._adding_to_cells(x, move)]
        grid = self.grid._replace(start=self.grid.start + move)
        grid = grid if self.is_wide else grid._replace(shape=(*grid.shape[:3], 1))
        given = np.moveaxis(x, 0, 3) if self.is_wide else x[..., None]
        if grid.distinct:
            view = view_of(self.memory, grid)
            return [*calls, partial(np.add, view, given, view)]
        return [*calls, partial(np.add.at, self.memory, grid.offsets, given)]

    def _adding_to_cells(self, x: Array, move: int) -> list[Thunk]:
        cells = Cells(self.memory, self.offsets + move)
        flat = x.reshape(x.shape[0], -1) if self.is_wide else x.reshape(1, -1)
        some = np.empty((len(flat), len(self.places)), x.dtype)
        take = partial(flat.take, self.places, 1, some, "clip")
        return [take, *cells.adding(some.T)]


@frozen(eq=False)
class Pairs:
    """Dots of two sets of vectors, in blocks: ``places`` says which of all, ``out`` where they go.

    ``rows`` are the dots as they were, ``moves`` how far the gradients of both sides lie from them.
    """

    a: Side
    b: Side
    out: Ints
    places: Ints
    rows: Sequence[Grids]
    moves: tuple[int, int]

    @classmethod
    def of(cls, rows: Sequence[Grids]) -> Pairs | None:
        """The pairs that dots are; None where products of matrices would be a waste."""
        dots = _Dots(rows)
        if not dots.is_even:
            return None
        blocks = dots.blocks()
        if blocks is None:
            return None
        block, at_a, at_b, n_blocks = blocks
        a, b = dots.side(0, block, at_a, n_blocks), dots.side(1, block, at_b, n_blocks)
        if a is None or b is None or not dots.fits(a, b, block, at_a, at_b):
            return None
        shape = (*a.starts.shape, b.starts.shape[1])
        places = np.ravel_multi_index((block, at_a, at_b), shape)
        size = int(np.prod(shape)) * dots.lanes
        if len(np.unique(places)) < len(places) or len(places) < SHARE * np.prod(shape):
            return None
        if max(size, a.starts.size * a.n * a.lanes, b.starts.size * b.n * b.lanes) > MOST:
            return None
        move_a, move_b = dots.moves[:, 0].tolist()
        return cls(a, b, dots.out, places, rows, (move_a, move_b))

    # What runs them

    def forward(self, memory: Array) -> Thunk:
        """All products, then those that are there."""
        a, b = Vectors(self.a, memory), Vectors(self.b, memory)
        results, writing = self._results(memory)
        before = [*a.reading, *b.reading]
        before.append(partial(np.matmul, a.array, b.array.swapaxes(-1, -2), results))
        padded = not (self.a.is_full and self.b.is_full)
        exact = _Later(lambda: Ragged.of([row[:3] for row in self.rows]).dots(memory))
        return _run(before, [results] if padded else [], writing, exact)

    def backward(self, memory: Array) -> Thunk:
        """Gradients of all products, zero for those that are not there; then of both sides."""
        a, b = Vectors(self.a, memory), Vectors(self.b, memory)
        upstream, before = self._upstream(memory)
        products, after = [], []
        move_a, move_b = self.moves
        if move_a != NEVER:
            before += b.reading
            products.append(self._empty(memory, self.a))
            before.append(partial(np.matmul, upstream, b.array, products[-1]))
            after += a.adding(products[-1], move_a)
        if move_b != NEVER:
            before += a.reading
            products.append(self._empty(memory, self.b))
            back = upstream.swapaxes(-1, -2)
            before.append(partial(np.matmul, back, a.array, products[-1]))
            after += b.adding(products[-1], move_b)
        exact = _Later(lambda: dots_back(self.rows, memory))
        return _run(before, products, after, exact)

    @property
    def _lanes(self) -> tuple[int, ...]:
        return (self.a.lanes,) if self.a.lanes > 1 else ()

    @property
    def _shape(self) -> tuple[int, ...]:
        return (*self._lanes, *self.a.starts.shape, self.b.starts.shape[1])

    def _empty(self, memory: Array, side: Side) -> Array:
        n = max(self.a.n, self.b.n)
        return np.empty((*self._lanes, *side.starts.shape, n), memory.dtype)

    def _results(self, memory: Array) -> tuple[Array, list[Thunk]]:
        """A place for all products, and what writes those that are there to the memory."""
        results = np.empty(self._shape, memory.dtype)
        flat = results.reshape(*self._lanes, -1)
        cells = Cells(memory, self.out)
        if not self._lanes:
            take = partial(flat.take, self.places, None, cells.array[:, 0], "clip")
            return results, [take, *cells.writing()]
        some = np.empty((len(flat), len(self.places)), memory.dtype)
        take = partial(flat.take, self.places, 1, some, "clip")
        return results, [take, partial(np.copyto, cells.array, some.T), *cells.writing()]

    def _upstream(self, memory: Array) -> tuple[Array, list[Thunk]]:
        """The gradients of all products, and what fills it."""
        upstream = np.zeros(self._shape, memory.dtype)
        flat, cells = upstream.reshape(*self._lanes, -1), Cells(memory, self.out)
        where: Any = (slice(None), self.places) if self._lanes else self.places
        given = cells.array.T if self._lanes else cells.array[:, 0]
        return upstream, [*cells.reading(), partial(flat.__setitem__, where, given)]


class _Later:
    """Calls that are made when they are needed for the first time."""

    def __init__(self, make: Any) -> None:
        self.make = make
        self.calls: list[Thunk] | None = None

    def __call__(self) -> None:
        if self.calls is None:
            self.calls = self.make()
        for call in self.calls or ():
            call()


def _run(before: list[Thunk], looked_at: list[Array], after: list[Thunk], exact: Thunk) -> Thunk:
    """Calls, or others in place of the last ones where a number in between is not finite."""
    squares = [flat.dot for flat in (x.reshape(-1) for x in looked_at)]
    flats = [x.reshape(-1) for x in looked_at]

    def run() -> None:
        for call in before:
            call()
        for square, flat in zip(squares, flats, strict=True):
            if not square(flat) < np.inf:
                exact()
                return
        for call in after:
            call()

    return run


def view_of(memory: Array, grid: Grid) -> Array:
    """The numbers of a grid, which may coincide."""
    size = memory.itemsize
    strides = [s * size for s in grid.strides]
    return np.lib.stride_tricks.as_strided(memory[grid.start :], grid.shape, strides)


class _Dots:
    """Dots one by one: where their vectors start, and how long they are.

    Arrays of two rows are of both sides. Which side a vector is on does not matter to a dot: so
    that those of one kind are on one side, some dots are turned round.
    """

    def __init__(self, rows: Sequence[Grids]) -> None:
        out, *sides = [list(column) for column in zip(*rows, strict=True)]
        self.lanes = out[0].shape[1]
        self.out = np.concatenate([grid.offsets for grid in out])
        counts = [grid.shape[0] for grid in sides[0]]
        self.n = np.repeat([grid.shape[1] for grid in sides[0]], counts)
        of_each = [self._facts(numbers, counts) for numbers in sides[:2]]
        self.starts, self.inner, self.wide = [
            np.stack([facts[k] for facts in of_each]) for k in range(3)
        ]
        self.inner[:, self.n == 1] = -1  # any
        moves = [_moves(*pair) for pair in zip(sides[:2], sides[2:], strict=False)]
        self.moves = np.stack([np.repeat(x, counts) for x in moves or [[NEVER] * len(counts)] * 2])
        self._turn()

    def _facts(self, grids: Sequence[Any], counts: Sequence[int]) -> list[Ints]:
        starts = np.concatenate([g.start + np.arange(g.shape[0]) * g.strides[0] for g in grids])
        inner, wide = [np.repeat([g.strides[k] for g in grids], counts) for k in (1, 2)]
        return [starts, inner, wide]

    def _turn(self) -> None:
        """Turn dots round, so that no vector is on both sides, if that can be."""
        number = np.unique(self.starts, return_inverse=True)[1].reshape(self.starts.shape)
        colour = _colours(*number)
        a, b = colour[number]
        if (a == -b).all():
            turned = a < 0
            for facts in (self.starts, self.inner, self.wide, self.moves):
                facts[:, turned] = facts[::-1, turned]

    @property
    def is_even(self) -> bool:
        """Whether all vectors of a side have the same strides, and their gradients lie as far."""
        same = [len(np.unique(row)) == 1 for facts in (self.wide, self.moves) for row in facts]
        return all(same) and all(len(np.unique(row[row != -1])) <= 1 for row in self.inner)

    def blocks(self) -> tuple[Ints, Ints, Ints, int] | None:
        """For each dot its block and the numbers of its vectors there; blocks share no vector."""
        numbers = [np.unique(x, return_inverse=True) for x in self.starts]
        (all_a, of_a), (all_b, of_b) = numbers
        label = _components(of_a, of_b + len(all_a), len(all_a) + len(all_b))
        block_of = np.unique(label[of_a], return_inverse=True)[1]
        found = []
        for all_, of in ((all_a, of_a), (all_b, of_b)):
            block = np.zeros(len(all_), dtype=np.int64)
            block[of] = block_of
            sizes = np.bincount(block)
            if (sizes != sizes[0]).any():
                return None
            order = np.argsort(block, kind="stable")
            place = np.empty(len(all_), dtype=np.int64)
            place[order] = np.arange(len(all_)) % sizes[0]
            found.append(place[of])
        return block_of, found[0], found[1], int(block_of.max()) + 1

    def side(self, k: int, block: Ints, at: Ints, n_blocks: int) -> Side | None:
        """The vectors of one side, block by block; each as long as its longest dot."""
        shape = (n_blocks, int(at.max()) + 1)
        starts, lengths = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
        starts[block, at] = self.starts[k]
        np.maximum.at(lengths, (block, at), self.n)
        inner = int(np.where(self.inner[k] == -1, 1, self.inner[k]).max())
        return Side(starts, lengths, inner, int(self.wide[k, 0]), self.lanes)

    def fits(self, a: Side, b: Side, block: Ints, at_a: Ints, at_b: Ints) -> bool:
        """Whether zeros behind the short vectors of one side make all dots right."""
        if a.n != b.n:
            return False
        lengths = (a.lengths[block, at_a], b.lengths[block, at_b])
        return any(bool((x == self.n).all()) for x in lengths)


def _moves(of: Sequence[Any], gradients: Sequence[Any]) -> list[int]:
    """How far gradients lie from their numbers."""
    pairs = zip(of, gradients, strict=True)
    return [NEVER if grad is None else grad.start - grid.start for grid, grad in pairs]


LONGEST = 64
"""So many steps from dot to dot at most are followed to find the sides of vectors."""


def _colours(of_a: Ints, of_b: Ints) -> Ints:
    """1 or -1 for each vector: the other one for those that it meets in a dot, if that can be."""
    n = int(max(of_a.max(), of_b.max())) + 1
    colour = np.where(_components(of_a, of_b, n) == np.arange(n), 1, 0)
    for _ in range(LONGEST):
        for one, other in ((of_a, of_b), (of_b, of_a)):
            new = (colour[other] == 0) & (colour[one] != 0)
            colour[other[new]] = -colour[one[new]]
        if colour.all():
            break
    return colour


def _components(of_a: Ints, of_b: Ints, n: int) -> Ints:
    """For each of n vectors the smallest that it is joined to by dots.

    >>> _components(np.array([0, 2, 4]), np.array([1, 1, 3]), 5).tolist()
    [0, 0, 0, 3, 3]
    """
    label = np.arange(n)
    while True:
        lower = np.minimum(label[of_a], label[of_b])
        new = label.copy()
        np.minimum.at(new, of_a, lower)
        np.minimum.at(new, of_b, lower)
        new = new[new]
        if (new == label).all():
            return label
        label = new
