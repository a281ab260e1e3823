"""Lowering: the groups of a plan as instructions of the machine.

What matters is to see regularity: operands that lie one behind the other need no copy, rows of
equal stride are one instruction, and dots that share a row of weights are one matrix product.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
from attrs import define
from numpy.typing import NDArray

from neuroflow.core import arithmetic
from neuroflow.engine.kernels import Kernels
from neuroflow.engine.machine import WIDTH, Kind, Program, padded
from neuroflow.engine.plan import Group, Plan
from neuroflow.engine.tape import Ints, Take

_GRAD, _LATE = 1 << 50, 1 << 45
"""Marks of offsets that are known when all is placed: gradients in the arena, and copies of what
depends on parameters alone, which lie behind the lanes, to survive from one batch to the next."""

_INDEX = 1 << 40

_Row = tuple[list[int], Group]
_Run = tuple[int, int, int]


def lower(
    plan: Plan, kernels: Kernels, lanes: int = 1, width: int = 1, gradients: str = "parameters"
) -> Program:
    """Instructions for a plan; ``lanes`` is 1 or a multiple of the vector ``width``.

    ``gradients`` is "none", "parameters", or "all" for those of the inputs too.
    """
    return _Lowering(plan, kernels, lanes, width, gradients).program()


@define(eq=False)
class _Rows:
    """The rows of one operand: where each starts, and the stride inside all of them."""

    starts: Ints
    inner: int


class _Lowering:
    def __init__(
        self, plan: Plan, kernels: Kernels, lanes: int, width: int, gradients: str
    ) -> None:
        self.plan, self.kernels, self.lanes, self.width = plan, kernels, lanes, width
        self.gradients = gradients
        self.parameters = padded(plan.n_parameters, width)
        self.arena = self.top = 2 * self.parameters
        self.late = 0
        self.biases = self._biases()
        self.biased = {add.first: bias for add, bias in self.biases.values()}
        self.where = self._place_cells()
        self.wants = self._cells_that_want_gradients()
        self.reached = self._groups_that_gradients_reach()

        self.forward: dict[bool, list[_Row]] = {True: [], False: []}
        self.backward: dict[bool, list[list[_Row]]] = {True: [], False: []}
        self.runs: list[_Run] = []
        self.gathered: dict[Any, int] = {}
        self.transposed: dict[tuple[int, ...], tuple[int, int]] = {}
        self.n_matrices = 0

    # Where things lie

    def _place_cells(self) -> Ints:
        plan = self.plan
        where = np.zeros(plan.n_cells, dtype=np.int64)
        first, last = plan.first_parameter, plan.first_parameter + plan.n_parameters
        where[:first] = self._room(first, 1)
        where[first:last] = np.arange(plan.n_parameters)
        for uniform in (True, False):
            if not uniform:
                self.first_lane = self.top
                n = len(plan.input_numbers)
                where[plan.n_uniform : plan.n_uniform + n] = self._room(n, self.lanes)
            for group in plan.groups:
                if group.uniform == uniform and group.first not in self.biases:
                    lanes = 1 if uniform else self.lanes
                    where[group.first : group.first + group.count] = self._room(group.count, lanes)
        for first, (add, _) in self.biases.items():
            where[first : first + add.count] = where[add.first : add.first + add.count]
        return where

    def _biases(self) -> dict[int, tuple[Group, Ints]]:
        """Dots over lanes whose every result only gets a number without lanes added: a layer.

        By the first cell of the dots: the group that adds, and what it adds. The dots then share
        the cells of the sums, and of their gradients.
        """
        if self.lanes == 1:
            return {}
        plan = self.plan
        uses = np.bincount(
            np.concatenate([plan.outputs, *[group.inputs.ravel() for group in plan.groups]]),
            minlength=plan.n_cells,
        )
        dots = {g.first: g for g in plan.groups if g.op is arithmetic.dot and not g.uniform}
        found: dict[int, tuple[Group, Ints]] = {}
        for group in plan.groups:
            if group.op is not arithmetic.add or group.uniform:
                continue
            for j in (0, 1):
                cells, other = group.inputs[:, j], group.inputs[:, 1 - j]
                dot = dots.get(int(cells[0]))
                if (
                    dot is not None
                    and dot.count == group.count
                    and bool((np.diff(cells) == 1).all() and (uses[cells] == 1).all())
                    and bool((other < plan.n_uniform).all())
                    and _half_uniform(dot, plan.n_uniform)
                ):
                    found[dot.first] = (group, other)
        return found

    def _room(self, count: int, lanes: int) -> Ints:
        """Offsets for new cells; whole vectors, so that the last may be overrun."""
        first = self.top
        self.top += padded(count * lanes, self.width)
        return first + np.arange(count) * lanes

    def _late_room(self, count: int) -> int:
        first = _LATE + self.late
        self.late += padded(count, self.width)
        return first

    def grad(self, offset: int) -> int:
        """Where the gradient of the value at ``offset`` lies."""
        return offset + self.parameters if offset < self.arena else _GRAD + offset

    # Which gradients are needed

    def _cells_that_want_gradients(self) -> NDArray[np.bool_]:
        plan = self.plan
        wants = np.zeros(plan.n_cells, dtype=bool)
        if self.gradients == "none":
            return wants
        wants[plan.first_parameter : plan.n_parameters + plan.first_parameter] = True
        if self.gradients == "all":
            wants[plan.n_uniform : plan.n_uniform + len(plan.input_numbers)] = True
        for group in plan.groups:
            sends = self._sends(group)
            if any(sends):
                inputs = group.inputs if all(sends) else group.inputs[:, np.array(sends)]
                wants[group.first : group.first + group.count] = wants[inputs].any(axis=1)
        return wants

    def _groups_that_gradients_reach(self) -> set[int]:
        reached = np.zeros(self.plan.n_cells, dtype=bool)
        reached[self.plan.outputs] = True
        groups = set()
        for group in reversed(self.plan.groups):
            cells = slice(group.first, group.first + group.count)
            if (reached[cells] & self.wants[cells]).any():
                groups.add(group.first)
                sends = self._sends(group)
                inputs = group.inputs if all(sends) else group.inputs[:, np.array(sends)]
                reached[inputs.ravel()] = True
        return groups

    def _sends(self, group: Group) -> list[bool]:
        """To which operands an op sends gradients: stop_gradient and conditions to none."""
        if is_structural(group):
            return [True] * group.arity
        return self.kernels.sends_gradient(group.op, group.arity)

    def _wanted(self, cells: Ints) -> bool:
        return self.trains and bool(self.wants[cells].any())

    # Operands

    def _operand(self, cells: Ints) -> tuple[Ints, NDArray[np.bool_]]:
        """The offsets of cells, and which of them hold lanes."""
        return self.where[cells], (cells >= self.plan.n_uniform) & (self.lanes > 1)

    def contiguous(self, cells: Ints, wide: bool) -> int:
        """Where the cells lie one behind the other: themselves, or a copy."""
        flat = cells.ravel()
        offsets, holds_lanes = self._operand(flat)
        step = self.lanes if wide else 1
        direct = not wide or bool(holds_lanes.all())
        if direct and bool((np.diff(offsets) == step).all()):
            return int(offsets[0])
        key = (wide, offsets.tobytes())
        if key not in self.gathered:
            self.gathered[key] = self._gather(flat, offsets, holds_lanes, wide)
        return self.gathered[key]

    def _gather(
        self, cells: Ints, offsets: Ints, holds_lanes: NDArray[np.bool_], wide: bool
    ) -> int:
        """Copy cells; what depends on parameters alone is copied once per step."""
        uniform = not wide and bool((cells < self.plan.n_uniform).all())
        runs = _lane_runs(offsets, holds_lanes, self.lanes) if wide else _runs(offsets, self.arena)
        if uniform:
            to = self._late_room(len(offsets))
        else:
            to = int(self._room(len(offsets), self.lanes if wide else 1)[0])
        self._emit_to(uniform, Kind.GATHER, to, self._add_runs(runs), len(runs))
        if self._wanted(cells):
            runs = [(self.grad(start), stride, n) for start, stride, n in runs]
            back = [int(Kind.SCATTER), self.grad(to), self._add_runs(runs), len(runs)]
            self.scatters[uniform].append((back, self.group))
        return to

    def _add_runs(self, runs: list[_Run]) -> int:
        self.runs.extend(runs)
        return len(self.runs) - len(runs)

    def _affine_rows(self, cells: Ints, wide: bool) -> _Rows:
        """Rows of equal stride; copied if they are not so already."""
        offsets, holds_lanes = self._operand(cells)
        step = self.lanes if wide else 1
        if (not wide or holds_lanes.all()) and self._in_one_place(offsets):
            inner = _common_stride(offsets, step)
            if inner is not None:
                return _Rows(offsets[:, 0], inner)
        start = self.contiguous(cells, wide)
        return _Rows(start + np.arange(len(cells)) * cells.shape[1] * step, step)

    def _in_one_place(self, offsets: Ints) -> bool:
        """Whether all are parameters or none is: from one to the other gradients step unevenly."""
        parameters = offsets < self.arena
        return bool(parameters.all() or not parameters.any())

    # Instructions

    def emit(self, kind: int, *operands: int) -> None:
        """Append a forward instruction of the group at hand."""
        self._emit_to(self.group.uniform, kind, *operands)

    def _emit_to(self, uniform: bool, kind: int, *operands: int) -> None:
        self.forward[uniform].append(([int(kind), *operands], self.group))

    def emit_back(self, kind: int, *operands: int) -> None:
        """Append a backward instruction of the group at hand."""
        self.back.append(([int(kind), *operands], self.group))

    def program(self) -> Program:
        """All groups, one after the other, and their backward instructions in reverse."""
        for group in self.plan.groups:
            self._lower_group(group)
        parts = [self.forward[True], self.forward[False]]
        parts += [
            [row for rows in reversed(self.backward[uniform]) for row in rows]
            for uniform in (False, True)
        ]
        return self._assembled(parts)

    def _lower_group(self, group: Group) -> None:
        self.group = group
        self.trains = group.first in self.reached
        self.back: list[_Row] = []
        self.scatters: dict[bool, list[_Row]] = {True: [], False: []}
        if isinstance(group.op, Take):
            self._take(group)
        elif group.op is arithmetic.dot:
            self._dot(group)
        elif group.op is arithmetic.sum:
            self._rows(group, Kind.SUM)
        elif is_extreme(group):
            self._rows(group, Kind.EXTREME)
        else:
            self._map(group)
        for uniform, rows in self.scatters.items():
            self.backward[uniform].append(rows)
        self.backward[group.uniform].append(self.back)

    def _assembled(self, parts: list[list[_Row]]) -> Program:
        rows = [row for part in parts for row in part]
        late, end = self.top, self.top + self.late
        shift = end - self.arena

        def placed(x: int) -> int:
            if x >= _GRAD:
                return placed(x - _GRAD) + shift
            return x - _LATE + late if x >= _LATE else x

        longest = max([len(row) for row, _ in rows], default=1)
        code = np.zeros((len(rows), max(WIDTH, longest)), dtype=np.int64)
        for k, (row, _) in enumerate(rows):
            code[k, : len(row)] = [placed(x) for x in row]
        runs = [(placed(start), stride, n) for start, stride, n in self.runs]
        return Program(
            plan=self.plan,
            lanes=self.lanes,
            code=code,
            parts=tuple(np.cumsum([0, *map(len, parts)]).tolist()),
            runs=np.array(runs, dtype=np.int64).reshape(-1, 3),
            labels=[group for _, group in rows],
            where=self.where,
            arena=self.arena,
            first_lane=self.first_lane,
            late=late,
            shift=shift,
            size=end + (0 if self.gradients == "none" else shift) + 64,
            matrices=self.n_matrices,
            gathers=len(self.gathered),
            n_numbers=self.plan.n_numbers,
            has_gradients=self.gradients != "none",
        )

    # Groups

    def _map(self, group: Group) -> None:
        lanes = 1 if group.uniform else self.lanes
        out = int(self.where[group.first])
        if group.first in self.biased:
            self._bias_back(out, self.biased[group.first])
            return
        kernel = self.kernels.forward(group.op, group.arity)
        xs = [self.contiguous(group.inputs[:, j], lanes > 1) for j in range(group.arity)]
        n = group.count * lanes
        self.emit(Kind.MAP + kernel, n, out, *xs)
        if not self.trains:
            return
        sends = self._sends(group)
        mask = tuple(sends[j] and self._wanted(group.inputs[:, j]) for j in range(group.arity))
        kernel = self.kernels.backward(group.op, group.arity, mask)
        targets = [self.grad(x) for x, wanted in zip(xs, mask, strict=True) if wanted]
        self.emit_back(Kind.MAP + kernel, n, self.grad(out), out, *xs, *targets)

    def _bias_back(self, out: int, bias: Ints) -> None:
        """The sums were made with the dots; a bias's gradient is the sum over lanes."""
        if self._wanted(bias):
            runs = [(self.grad(int(x)), 0, self.lanes) for x in self.where[bias]]
            self.emit_back(Kind.SCATTER, self.grad(out), self._add_runs(runs), len(runs))

    def _rows(self, group: Group, kind: Kind) -> None:
        """Reduce each row of inputs to one number: the sum, the largest, the smallest."""
        lanes = 1 if group.uniform else self.lanes
        rows = self._affine_rows(group.inputs, lanes > 1)
        for first, count, ((a, row),) in _fold(rows.starts[:, None]):
            out = int(self.where[group.first]) + first * lanes
            shape = (count, group.arity, a, row, rows.inner, lanes)
            if kind == Kind.EXTREME:
                self.emit(kind, out, *shape, -1 if group.name == "minimum" else 1)
                if self.trains:
                    g, ga = self.grad(out), self.grad(a)
                    self.emit_back(Kind.EXTREME_BACK, g, *shape, ga, out)
                continue
            self.emit(kind, out, *shape)
            if self.trains:
                shape = (count, group.arity, self.grad(a), row, rows.inner, lanes)
                self.emit_back(Kind.SUM_BACK, self.grad(out), *shape)

    def _take(self, group: Group) -> None:
        assert group.index is not None
        wide = self.lanes > 1 and bool((group.inputs >= self.plan.n_uniform).any())
        rows = self._affine_rows(group.inputs, wide)
        starts = np.stack([rows.starts, group.index * _INDEX], axis=1)
        for first, count, ((table, step), (index, index_step)) in _fold(starts):
            same = count if index_step == 0 else 1  # one instruction serves one index
            for k in range(0, count, same):
                out = int(self.where[group.first]) + (first + k) * self.lanes
                number = (index + k * index_step) // _INDEX
                rest = (rows.inner, step, number, self.lanes, int(wide))
                self.emit(Kind.TAKE, out, same, table + k * step, *rest)
                if self._wanted(group.inputs):
                    target = self.grad(table + k * step)
                    self.emit_back(Kind.TAKE_BACK, self.grad(out), same, target, *rest)

    def _dot(self, group: Group) -> None:
        half = group.arity // 2
        a, b = group.inputs[:, :half], group.inputs[:, half:]
        if (b < self.plan.n_uniform).all() and not (a < self.plan.n_uniform).all():
            a, b = b, a
        if self.lanes > 1 and not group.uniform:
            self._lane_dots(group, a, b)
        else:
            self._single_dots(group, a, b)

    def _single_dots(self, group: Group, a: Ints, b: Ints) -> None:
        """Dots of single numbers; those that share a matrix over several vectors, together."""
        rows_a, rows_b = self._affine_rows(a, False), self._affine_rows(b, False)
        wanted = (self._wanted(a), self._wanted(b))
        out = int(self.where[group.first])
        blocks: dict[tuple[Any, ...], list[tuple[int, int]]] = defaultdict(list)
        for first, count, ((a0, a_row), (b0, b_row)) in _fold(
            np.stack([rows_a.starts, rows_b.starts], axis=1)
        ):
            left, right = (a0, a_row, rows_a.inner), (b0, b_row, rows_b.inner)
            swap = a_row == 0 and b_row != 0
            (b0, b_row, b_inner), left = (left, right) if swap else (right, left)
            blocks[(count, *left, b_row, b_inner, swap)].append((b0, out + first))
        for (count, a0, a_row, a_inner, b_row, b_inner, swap), vectors in blocks.items():
            want = wanted[::-1] if swap else wanted
            half = a.shape[1]
            shape = (count, half, a0, a_row, a_inner)
            matrix = a_inner == b_inner == 1 and b_row == 0 and count > 1 and self._is_uniform(a0)
            for _, n, ((b0, b_step), (out0, out_step)) in _fold(np.array(vectors)):
                apart = min(abs(b_step), abs(a_row)) >= half  # rows that overlap add in turn
                if matrix and apart and n > 1:
                    self._matrix(a0, a_row, b0, b_step, out0, out_step, count, half, n, want)
                    continue
                for k in range(n):
                    operands = (*shape, b0 + k * b_step, b_row, b_inner)
                    self._single_dot(out0 + k * out_step, operands, want)

    def _is_uniform(self, offset: int) -> bool:
        return offset < self.arena or offset >= _LATE or offset < self.first_lane

    def _single_dot(self, out: int, shape: tuple[int, ...], want: tuple[bool, bool]) -> None:
        self.emit(Kind.DOT, out, *shape)
        if self.trains:
            a, b = shape[2], shape[5]
            targets = [self.grad(x) if w else -1 for x, w in zip((a, b), want, strict=True)]
            self.emit_back(Kind.DOT_BACK, self.grad(out), *shape, *targets)

    def _matrix(
        self, a: int, a_row: int, b: int, b_step: int, out: int, out_step: int,
        rows: int, inner: int, vectors: int, want: tuple[bool, bool],
    ) -> None:  # fmt: skip
        """out[t] = A b[t] for several vectors: C = B A', with A' kept for the whole step."""
        self.n_matrices += 1
        key = (a, a_row, rows, inner)
        if key not in self.transposed:
            stride = padded(rows, self.width)
            self.transposed[key] = (self._late_room(inner * stride), stride)
            self._emit_to(True, Kind.TRANSPOSE, a, rows, inner, a_row, *self.transposed[key])
        to, stride = self.transposed[key]
        self.emit(Kind.MATMUL, b, b_step, 1, to, stride, out, out_step, vectors, rows, inner, 0)
        if not self.trains:
            return
        g = self.grad(out)
        if want[1]:
            self.emit_back(
                Kind.MATMUL, g, out_step, 1, a, a_row, self.grad(b), b_step,
                vectors, inner, rows, 1,
            )  # fmt: skip
        if want[0]:
            self.emit_back(
                Kind.MATMUL, g, 1, out_step, b, b_step, self.grad(a), a_row,
                rows, inner, vectors, 1,
            )  # fmt: skip

    def _lane_dots(self, group: Group, a: Ints, b: Ints) -> None:
        """Dots over all lanes; a layer is one product of its weights with the lanes' rows."""
        wide_a, wide_b = [bool((x >= self.plan.n_uniform).any()) for x in (a, b)]
        rows_a, rows_b = self._affine_rows(a, wide_a), self._affine_rows(b, wide_b)
        want_a, want_b = self._wanted(a), self._wanted(b)
        i, j, n, lanes = rows_a.inner, rows_b.inner, a.shape[1], self.lanes
        starts = np.stack([rows_a.starts, rows_b.starts], axis=1)
        bias = self.biases[group.first][1] if group.first in self.biases else None
        for first, count, ((a0, a_row), (b0, b_row)) in _fold(starts):
            out = int(self.where[group.first]) + first * lanes
            g, ga, gb = self.grad(out), self.grad(a0), self.grad(b0)
            if wide_a or b_row or j == 0:
                shape = (count, n, a0, a_row, i, int(wide_a), b0, b_row, j, int(wide_b))
                self.emit(Kind.LANE_DOT, out, *shape, lanes)
                if bias is not None:
                    kernel = self.kernels.forward(arithmetic.add, 2)
                    more = self.contiguous(bias[first : first + count], True)
                    self.emit(Kind.MAP + kernel, count * lanes, out, out, more)
                if self.trains:
                    targets = (ga if want_a else -1, gb if want_b else -1)
                    self.emit_back(Kind.LANE_DOT_BACK, g, *shape, *targets, lanes)
                continue
            self.n_matrices += 1
            how = (0, 0, 0) if bias is None else (2, *self._biases_of(bias, first, count))
            self.emit(Kind.MATMUL, a0, a_row, i, b0, j, out, lanes, count, lanes, n, *how)
            if self.trains and want_b:
                self.emit_back(Kind.MATMUL, a0, i, a_row, g, lanes, gb, j, n, lanes, count, 1)
            if self.trains and want_a:
                self.emit_back(Kind.OUTER, g, lanes, b0, j, ga, a_row, i, count, n, lanes)

    def _biases_of(self, bias: Ints, first: int, count: int) -> tuple[int, int]:
        """Where the numbers that a layer adds lie: the first, and the stride."""
        rows = self._affine_rows(bias[None, first : first + count], False)
        return int(rows.starts[0]), rows.inner


def is_structural(group: Group) -> bool:
    """Ops that the machine has instructions for; all others are maps of their own rule."""
    if isinstance(group.op, Take) or is_extreme(group):
        return True
    return group.op is arithmetic.dot or group.op is arithmetic.sum


def is_extreme(group: Group) -> bool:
    """The bundled maximum and minimum, whose rule is the machine's EXTREME instruction."""
    if group.name not in ("maximum", "minimum") or not group.op.vectors:
        return False
    return bool(group.op.rule.__module__ == "neuroflow_plugins.ops")


def _half_uniform(dot: Group, n_uniform: int) -> bool:
    half = dot.arity // 2
    uniform = dot.inputs < n_uniform
    return bool(uniform[:, :half].all() or uniform[:, half:].all())


def _common_stride(offsets: Ints, only: int) -> int | None:
    """The stride inside all rows, if they agree; rows of one element have any."""
    if offsets.shape[1] == 1:
        return only
    steps = np.diff(offsets, axis=1)
    stride = steps[0, 0]
    return int(stride) if (steps == stride).all() else None


def _runs(offsets: Ints, border: int) -> list[_Run]:
    """Offsets as runs (start, stride, length), none of which crosses the border."""
    sides = np.split(offsets, np.flatnonzero(np.diff(offsets < border)) + 1)
    return [(start, step, n) for side in sides for _, n, ((start, step),) in _fold(side[:, None])]


def _lane_runs(offsets: Ints, holds_lanes: NDArray[np.bool_], lanes: int) -> list[_Run]:
    """Runs that fill ``lanes`` numbers per cell; uniform cells are repeated."""
    runs: list[_Run] = []
    for offset, wide in zip(offsets.tolist(), holds_lanes.tolist(), strict=True):
        if wide and runs and runs[-1][1] == 1 and runs[-1][0] + runs[-1][2] == offset:
            runs[-1] = (runs[-1][0], 1, runs[-1][2] + lanes)
        else:
            runs.append((offset, 1 if wide else 0, lanes))
    return runs


def _fold(starts: Ints) -> list[tuple[int, int, list[tuple[int, int]]]]:
    """Rows of offsets, one column per operand, as pieces in which every column steps evenly.

    Each piece is (first row, count, [(start, step) per column]).

    >>> _fold(np.array([[0], [4], [8], [100], [101]]))
    [(0, 3, [(0, 4)]), (3, 2, [(100, 1)])]
    """
    n = len(starts)
    steps = np.diff(starts, axis=0)
    changes = np.append(np.flatnonzero((np.diff(steps, axis=0) != 0).any(axis=1)) + 1, n - 1)
    ends, rows, step_rows = changes.tolist(), starts.tolist(), steps.tolist()
    pieces, i, e = [], 0, 0
    while i < n:
        if i == n - 1:
            pieces.append((i, 1, [(start, 0) for start in rows[i]]))
            break
        while ends[e] <= i:
            e += 1
        pieces.append((i, ends[e] - i + 1, list(zip(rows[i], step_rows[i], strict=True))))
        i = ends[e] + 1
    return pieces
