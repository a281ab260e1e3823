"""Fusing: dots that share a matrix, position after position, as one instruction of native code.

In attention each position's query meets the keys up to its own, and its weights the values up to
its own: a program has a dot instruction for each position and head. Here those that share a
matrix become one of :mod:`~neuroflow.engine.native.ragged`'s products.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

import numpy as np
from attrs import define, field

from neuroflow.engine.lower.kernels import MapKernel
from neuroflow.engine.lower.merging import Span
from neuroflow.engine.lower.program import Instruction, Program
from neuroflow.engine.native.first_additions import written_first
from neuroflow.engine.native.matrices import PACKED
from neuroflow.engine.trace.tape import Ints

FEWEST = 4
"""Vectors from which one instruction for all of them is faster."""


class Fused(IntEnum):
    """Instructions of native code alone; operands: matrix, first vector in the table of runs,
    how many, stride, short side, and for products whether they are added."""

    ALONG = -1
    ACROSS = -2
    OUTER_SUMS = -3


@define(eq=False)
class NativeForm:
    """The rows that run instead of those of a program: ``code``, and what it reads of ``runs``.

    Row k of the program begins in row ``at[k]``; -1 where it is one of several that became one.
    Gradients of lanes are set to zero where ``cleared`` says, from the first to the end.
    """

    code: Ints
    runs: Ints
    parts: tuple[int, ...]
    at: Ints
    cleared: Span

    def rows(self, begin: int, end: int) -> tuple[int, int] | None:
        """The rows for those of the program; None if these are not whole instructions."""
        first, last = int(self.at[begin]), int(self.at[end])
        return None if min(first, last) < 0 else (first, last)


def fused(program: Program, kernels: Sequence[MapKernel]) -> NativeForm:
    """A program's code: dots of equal matrix are one instruction, first additions written."""
    first = written_first(program, kernels)
    fusing = _Fusing(program, first.code)
    parts = [0]
    for begin, end in zip(program.parts[:-1], program.parts[1:], strict=True):
        fusing.add(begin, end)
        parts.append(len(fusing.rows))
    fusing.at[len(program.code)] = len(fusing.rows)
    runs = np.array(fusing.runs, dtype=np.int64).reshape(-1, 3)
    code = np.array(fusing.rows, dtype=np.int64).reshape(-1, program.code.shape[1])
    return NativeForm(
        code, np.concatenate([program.runs, runs]), tuple(parts), fusing.at, first.cleared
    )


def unfused(program: Program) -> NativeForm:
    """A program's code as it is, so that any of its rows can run alone."""
    at = np.arange(len(program.code) + 1)
    return NativeForm(program.code, program.runs, program.parts, at, program.lane_gradients)


@define(eq=False)
class _Fusing:
    """The rows so far, more runs, and where each row of the program begins among them."""

    program: Program
    code: Ints
    rows: list[list[int]] = field(factory=list)
    runs: list[tuple[int, int, int]] = field(factory=list)
    at: Ints = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.at = np.full(len(self.program.code) + 1, -1, dtype=np.int64)

    def add(self, begin: int, end: int) -> None:
        """The instructions of one part: dots are looked into, all else stays as it is."""
        for first, last in self.program.instructions(begin, end):
            word, rows = self.code[first, 0], [*range(first, last)]
            if word in (Instruction.DOT, Instruction.DOT_BACK) and len(rows) >= FEWEST:
                self._dots(rows)
            else:
                self._keep(rows)

    def _keep(self, rows: list[int]) -> None:
        for row in rows:
            self.at[row] = len(self.rows)
            self.rows.append(self.code[row].tolist())

    def _dots(self, merged: list[int]) -> None:
        """One instruction: rows of one matrix together, the others as they are."""
        self.at[merged[0]] = len(self.rows)
        of_matrix: dict[tuple[int, ...], list[list[int]]] = {}
        for row in self.code[merged].tolist():
            of_matrix.setdefault(_matrix(row), []).append(row)
        for key, rows in of_matrix.items():
            if key and len(rows) >= FEWEST:
                self._fuse(key, rows)
            else:
                self.rows += rows

    def _fuse(self, key: tuple[int, ...], rows: list[list[int]]) -> None:
        """One matrix and its vectors; the rows of the table of runs are sorted by their length."""
        word, a, stride, short, by_rows, gradient, sends = key
        length = 2 if by_rows else 3
        rows = sorted(rows, key=lambda row: row[length])
        if word == Instruction.DOT:
            self._product(by_rows, a, stride, short, 0, [(r[1], r[length], r[7]) for r in rows])
            return
        if sends:
            vectors = [(r[11], r[length], r[1]) for r in rows]
            self._product(not by_rows, a, stride, short, 1, vectors)
        if gradient >= 0:
            x, y = (1, 7) if by_rows else (7, 1)
            self._emit(
                Fused.OUTER_SUMS, gradient, stride, short, 0,
                [(r[x], r[length], r[y]) for r in rows],
            )  # fmt: skip

    def _product(
        self, by_rows: int, a: int, stride: int, short: int, how: int,
        vectors: list[tuple[int, int, int]],
    ) -> None:  # fmt: skip
        word = Fused.ACROSS if by_rows else Fused.ALONG
        self._emit(word, a, stride, short, how, vectors)

    def _emit(
        self, word: Fused, a: int, stride: int, short: int, how: int,
        vectors: list[tuple[int, int, int]],
    ) -> None:  # fmt: skip
        first = len(self.program.runs) + len(self.runs)
        self.runs += vectors
        row = [int(word), a, first, len(vectors), stride, short, how]
        self.rows.append(row + [0] * (self.program.code.shape[1] - len(row)))


def _matrix(row: list[int]) -> tuple[int, ...]:
    """What rows of dots share that meet one matrix: its place, stride, short side; () if none.

    ``by_rows`` says that the length counts the matrix's rows, which lie ``stride`` apart; else it
    counts the numbers inside a row.
    """
    word, _, count, n, a, a_row, a_inner, _, b_row, b_inner = row[:10]
    by_rows = a_inner == 1
    if b_row != 0 or b_inner != 1 or not (by_rows or a_row == 1) or min(count, n) < 2:
        return ()
    stride, short = (a_row, n) if by_rows else (a_inner, count)
    if short > PACKED:
        return ()
    back = word == Instruction.DOT_BACK
    sends = back and row[11] >= 0
    return word, a, stride, short, by_rows, row[10] if back else -1, sends
