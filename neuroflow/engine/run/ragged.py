"""Rows of any shapes as one: their cells one behind the other, and where each row begins."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from neuroflow.engine.lower.grids import Grid, Grids
from neuroflow.engine.trace.tape import Ints

Array = NDArray[Any]
Thunk = Callable[[], Any]


class Cells:
    """Cells in any order as an array: a slice of the memory itself, or a copy of its own."""

    def __init__(self, memory: Array, offsets: Ints) -> None:
        self.memory, self.offsets = memory, offsets
        first, flat = int(offsets.flat[0]), offsets.ravel()
        self.is_view = bool((flat == first + np.arange(len(flat))).all())
        here = (
            memory[first : first + len(flat)] if self.is_view else np.empty(len(flat), memory.dtype)
        )
        self.array = here.reshape(offsets.shape)

    def reading(self) -> list[Thunk]:
        """What fills the array from the memory."""
        take = self.memory.take
        return [] if self.is_view else [partial(take, self.offsets, None, self.array, "clip")]

    def writing(self) -> list[Thunk]:
        """What writes the array to the memory."""
        put = self.memory.__setitem__
        return [] if self.is_view else [partial(put, self.offsets, self.array)]

    def adding(self, x: Array) -> list[Thunk]:
        """What adds an array to the cells, of which some may be the same."""
        memory, offsets, array = self.memory, self.offsets, self.array
        if self.is_view:
            return [partial(np.add, array, x, array)]
        if len(np.unique(offsets)) == offsets.size:
            return [lambda: memory.__setitem__(offsets, memory[offsets] + x)]
        return [partial(np.add.at, memory, offsets, x)]


@frozen(eq=False)
class Ragged:
    """The results of rows, and what they are made of, number after number.

    ``out`` is (rows, lanes); ``terms`` are (numbers, lanes) each, or one column if they are the
    same in all lanes. Row k has the numbers from ``first[k]`` on; ``which`` says whose each is.
    """

    out: Ints
    terms: tuple[Any, ...]
    first: Ints
    which: Ints

    @classmethod
    def of(cls, rows: Sequence[Grids]) -> Ragged:
        """From the grids of rows: first the results, (rows, lanes), then terms."""
        out, *terms = [list(column) for column in zip(*rows, strict=True)]
        shapes = [grid.shape for grid in terms[0] if grid]
        lengths = np.concatenate([np.full(shape[0], shape[1]) for shape in shapes])
        first = np.cumsum(lengths) - lengths
        return cls(
            np.concatenate([grid.offsets for grid in out if grid]),
            tuple([_column(column) for column in terms]),
            first,
            np.repeat(np.arange(len(lengths)), lengths),
        )

    @property
    def size(self) -> int:
        """How many numbers, in all lanes."""
        return len(self.which) * int(self.out.shape[1])

    # What runs them

    def reduced(self, memory: Array, reduce: np.ufunc) -> list[Thunk]:
        """Each result is the sum, or an extreme, of its terms."""
        (cells,) = self.terms
        terms, out = Cells(memory, cells), Cells(memory, self.out)
        reduced = partial(reduce.reduceat, terms.array, self.first, 0, None, out.array)
        return [*terms.reading(), reduced, *out.writing()]

    def spread(self, memory: Array) -> list[Thunk]:
        """Each term's gradient grows by that of its result."""
        (cells,) = self.terms
        upstream, given = self._upstream(memory)
        return [*given, *Cells(memory, cells).adding(upstream)]

    def dots(self, memory: Array) -> list[Thunk]:
        """Each result is the sum of the products of its terms."""
        cells_a, cells_b, *_ = self.terms
        a, b, out = Cells(memory, cells_a), Cells(memory, cells_b), Cells(memory, self.out)
        products = np.empty((len(self.which), self.out.shape[1]), memory.dtype)
        return [
            *a.reading(),
            *b.reading(),
            partial(np.multiply, a.array, b.array, products),
            partial(np.add.reduceat, products, self.first, 0, None, out.array),
            *out.writing(),
        ]

    def dots_back(self, memory: Array) -> list[Thunk]:
        """The gradient of each term grows by its result's times the other term."""
        cells_a, cells_b, grad_a, grad_b = list(self.terms)
        upstream, calls = self._upstream(memory)
        n, lanes = upstream.shape
        for grad, other in ((grad_a, cells_b), (grad_b, cells_a)):
            if grad is not None and other is not None:
                numbers, products = Cells(memory, other), np.empty((n, lanes), memory.dtype)
                calls += numbers.reading()
                calls.append(partial(np.multiply, upstream, numbers.array, products))
                sent = products
                if grad.shape[1] < lanes:
                    sent = np.empty((n, 1), memory.dtype)
                    calls.append(partial(np.add.reduce, products, 1, None, sent, True))
                calls += Cells(memory, grad).adding(sent)
        return calls

    def _upstream(self, memory: Array) -> tuple[Array, list[Thunk]]:
        """The results' gradients, repeated for each of their terms."""
        gradients = Cells(memory, self.out)
        upstream = np.empty((len(self.which), self.out.shape[1]), memory.dtype)
        take = gradients.array.take
        return upstream, [*gradients.reading(), partial(take, self.which, 0, upstream, "clip")]


def _column(grids: Sequence[Any]) -> Ints | None:
    """The cells of a column of grids, (numbers, lanes); one column where lanes do not differ."""
    if grids[0] is None:
        return None
    found = []
    for start, (rows, n, lanes), strides in grids:
        wide = lanes if strides[2] else 1
        found.append(Grid(start, (rows, n, wide), strides).offsets.reshape(-1, wide))
    return np.concatenate(found)


def dots_back(rows: Sequence[Grids], memory: Array) -> list[Thunk]:
    """Backward through dots, of which some may need one gradient alone."""
    alike: dict[tuple[bool, ...], list[Grids]] = {}
    for row in rows:
        alike.setdefault(tuple([grid is None for grid in row]), []).append(row)
    return [call for some in alike.values() for call in Ragged.of(some).dots_back(memory)]
