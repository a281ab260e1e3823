"""Matmuls: groups of dots as matrix products, wherever they share rows."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np

from neuroflow.core.value import add
from neuroflow.engine.lower.emitter import Emitter
from neuroflow.engine.lower.kernels import Kernels
from neuroflow.engine.lower.memory import MemoryLayout
from neuroflow.engine.lower.operands import Operands
from neuroflow.engine.lower.program import Instruction, padded
from neuroflow.engine.lower.strides import even_pieces
from neuroflow.engine.plan.plan import Group, Table
from neuroflow.engine.trace.tape import Ints

_Places = list[tuple[int, int]]


class Matmuls:
    """Lowers groups of dots."""

    def __init__(
        self, layout: MemoryLayout, operands: Operands, emitter: Emitter, kernels: Kernels
    ) -> None:
        self.layout, self.operands, self.emitter = layout, operands, emitter
        self.kernels = kernels
        self.transposed: dict[tuple[int, ...], tuple[int, int]] = {}

    def lower(self, group: Group) -> None:
        """One group of dots, of single numbers or over lanes."""
        a, b = group.halves()
        n_uniform = self.layout.plan.n_uniform
        if (b.rows < n_uniform).all() and not (a.rows < n_uniform).all():
            a, b = b, a
        if self.layout.lanes > 1 and not group.uniform:
            self._lane_dots(group, a, b)
        else:
            self._single_dots(group, a, b)

    # Dots of single numbers

    def _single_dots(self, group: Group, a: Table, b: Table) -> None:
        """Those that share a matrix over several vectors, together."""
        needs = (self.operands.needs_grad(a.rows), self.operands.needs_grad(b.rows))
        for (count, left, right, swap), vectors in self._blocks(group, a, b).items():
            self._block(a.length, count, left, right, vectors, needs[::-1] if swap else needs)

    def _blocks(self, group: Group, a: Table, b: Table) -> dict[tuple[Any, ...], _Places]:
        """Stretches of dots whose rows step evenly, by their shape and their matrix.

        For each shape, where its vectors start and where its results go.
        """
        rows_a, rows_b = self.operands.rows(a, False), self.operands.rows(b, False)
        out = int(self.layout.where[group.first])
        blocks: dict[tuple[Any, ...], _Places] = defaultdict(list)
        starts = np.stack([rows_a.starts, rows_b.starts], axis=1)
        for first, count, ((a0, a_row), (b0, b_row)) in even_pieces(starts):
            left, right = (a0, a_row, rows_a.inner), (b0, b_row, rows_b.inner)
            swap = a_row == 0 and b_row != 0
            left, right = (right, left) if swap else (left, right)
            blocks[count, left, right[1:], swap].append((right[0], out + first))
        return blocks

    def _block(
        self, n: int, count: int, left: tuple[int, int, int], right: tuple[int, int],
        vectors: _Places, needs: tuple[bool, bool],
    ) -> None:  # fmt: skip
        """One matrix and its vectors: as products where they lie evenly, else dot by dot."""
        a0, a_row, a_inner = left
        matrix = a_inner == right[1] == 1 and right[0] == 0 and count > 1
        matrix = matrix and self.layout.is_uniform(a0)
        for _, several, ((b0, b_step), (out, out_step)) in even_pieces(np.array(vectors)):
            apart = min(abs(b_step), abs(a_row)) >= n  # rows that overlap add in turn
            if matrix and apart and several > 1:
                self._matrix(a0, a_row, b0, b_step, out, out_step, count, n, several, needs)
                continue
            for k in range(several):
                operands = (count, n, *left, b0 + k * b_step, *right)
                self._single_dot(out + k * out_step, operands, needs)

    def _single_dot(self, out: int, shape: tuple[int, ...], needs: tuple[bool, bool]) -> None:
        self.emitter.emit(Instruction.DOT, out, *shape)
        if self.emitter.trains:
            gradient = self.layout.gradient
            pairs = zip((shape[2], shape[5]), needs, strict=True)
            targets = [gradient(x) if needs_grad else -1 for x, needs_grad in pairs]
            self.emitter.emit_back(Instruction.DOT_BACK, gradient(out), *shape, *targets)

    def _matrix(
        self, a: int, a_row: int, b: int, b_step: int, out: int, out_step: int,
        rows: int, inner: int, vectors: int, needs: tuple[bool, bool],
    ) -> None:  # fmt: skip
        """out[t] = A b[t] for several vectors: C = B A', with A' kept for the whole step."""
        emitter, gradient = self.emitter, self.layout.gradient
        to, stride = self._transpose(a, a_row, rows, inner)
        emitter.emit(
            Instruction.MATMUL, b, b_step, 1, to, stride, out, out_step, vectors, rows, inner, 0
        )
        if not emitter.trains:
            return
        g = gradient(out)
        if needs[1]:
            emitter.emit_back(
                Instruction.MATMUL, g, out_step, 1, a, a_row,
                gradient(b), b_step, vectors, inner, rows, 1,
            )  # fmt: skip
        if needs[0]:
            emitter.emit_back(
                Instruction.MATMUL, g, 1, out_step, b, b_step,
                gradient(a), a_row, rows, inner, vectors, 1,
            )  # fmt: skip

    def _transpose(self, a: int, a_row: int, rows: int, inner: int) -> tuple[int, int]:
        """Where the transposed matrix lies, and its stride; made once per step."""
        key = (a, a_row, rows, inner)
        if key not in self.transposed:
            stride = padded(rows, self.layout.width)
            self.transposed[key] = (self.layout.late_buffer(inner * stride), stride)
            shape = (a, rows, inner, a_row, *self.transposed[key])
            self.emitter.emit_to(True, Instruction.TRANSPOSE, *shape)
        return self.transposed[key]

    # Dots over lanes

    def _lane_dots(self, group: Group, a: Table, b: Table) -> None:
        """A layer is one product of its weights with the lanes' rows."""
        n_uniform, lanes = self.layout.plan.n_uniform, self.layout.lanes
        wide_a, wide_b = [bool((x.rows >= n_uniform).any()) for x in (a, b)]
        rows_a, rows_b = self.operands.rows(a, wide_a), self.operands.rows(b, wide_b)
        needs = (self.operands.needs_grad(a.rows), self.operands.needs_grad(b.rows))
        bias = self.layout.biases[group.first][1] if group.first in self.layout.biases else None
        starts = np.stack([rows_a.starts, rows_b.starts], axis=1)
        for first, count, ((a0, a_row), (b0, b_row)) in even_pieces(starts):
            out = int(self.layout.where[group.first]) + first * lanes
            added = None if bias is None else bias[first : first + count]
            left, right = (a0, a_row, rows_a.inner), (b0, b_row, rows_b.inner)
            if wide_a or b_row or rows_b.inner == 0:
                wide = (int(wide_a), int(wide_b))
                self._lane_dot(out, count, a.length, left, right, wide, needs, added)
            else:
                self._lane_matrix(out, count, a.length, left, right, needs, added)

    def _lane_dot(
        self, out: int, count: int, n: int, left: tuple[int, ...], right: tuple[int, ...],
        wide: tuple[int, int], needs: tuple[bool, bool], bias: Ints | None,
    ) -> None:  # fmt: skip
        """Rows that share nothing, in every lane; what is added comes after."""
        lanes, gradient = self.layout.lanes, self.layout.gradient
        shape = (count, n, *left, wide[0], *right, wide[1])
        self.emitter.emit(Instruction.LANE_DOT, out, *shape, lanes)
        if bias is not None:
            kernel = self.kernels.forward(add, 2)
            more = self.operands.contiguous(bias, True)
            self.emitter.emit(Instruction.MAP + kernel, count * lanes, out, out, more)
        if self.emitter.trains:
            pairs = zip((left[0], right[0]), needs, strict=True)
            targets = [gradient(x) if needs_grad else -1 for x, needs_grad in pairs]
            self.emitter.emit_back(
                Instruction.LANE_DOT_BACK, gradient(out), *shape, *targets, lanes
            )

    def _lane_matrix(
        self, out: int, count: int, n: int, left: tuple[int, ...], right: tuple[int, ...],
        needs: tuple[bool, bool], bias: Ints | None,
    ) -> None:  # fmt: skip
        """Rows without lanes, all times the same rows of lanes: one product."""
        lanes, g = self.layout.lanes, self.layout.gradient(out)
        (a, a_row, i), (b, _, j) = left, right
        how = (0, 0, 0) if bias is None else (2, *self._biases_at(bias))
        self.emitter.emit(Instruction.MATMUL, *left, b, j, out, lanes, count, lanes, n, *how)
        if self.emitter.trains and needs[1]:
            to = self.layout.gradient(b)
            self.emitter.emit_back(
                Instruction.MATMUL, a, i, a_row, g, lanes, to, j, n, lanes, count, 1
            )
        if self.emitter.trains and needs[0]:
            to = self.layout.gradient(a)
            self.emitter.emit_back(Instruction.OUTER, g, lanes, b, j, to, a_row, i, count, n, lanes)

    def _biases_at(self, bias: Ints) -> tuple[int, int]:
        """Where the numbers that a layer adds lie: the first, and the stride."""
        rows = self.operands.rows(Table(bias[None]), False)
        return int(rows.starts[0]), rows.inner
