"""Lowering: the groups of a plan as instructions of the machine.

What matters is to see regularity: operands that lie one behind the other need no copy, rows of
equal stride are one instruction, and dots that share a row of weights are one matrix product.
"""

from __future__ import annotations

import numpy as np

from neuroflow.engine.lower.emitter import Emitter
from neuroflow.engine.lower.kernels import Kernels
from neuroflow.engine.lower.matmul import Matmuls
from neuroflow.engine.lower.memory import MemoryLayout
from neuroflow.engine.lower.needs_grad import NeedsGrad
from neuroflow.engine.lower.operands import Operands
from neuroflow.engine.lower.program import Instruction, Program
from neuroflow.engine.lower.steps import reduction_of
from neuroflow.engine.lower.strides import even_pieces
from neuroflow.engine.plan.plan import Group, Plan, Table
from neuroflow.engine.trace.tape import Ints, Take

_INDEX = 1 << 40
"""Keeps rows that different indices choose apart when evenly stepping ones are looked for."""


def lower(
    plan: Plan, kernels: Kernels, lanes: int = 1, width: int = 1, gradients: str = "parameters",
    share: bool = True, merge: bool = True,
) -> Program:  # fmt: skip
    """Instructions for a plan; ``lanes`` is 1 or a multiple of the vector ``width``.

    ``gradients`` is "none", "parameters", or "all" for those of the inputs too. Without gradients
    groups ``share`` the memory of others that nothing reads any more. With ``merge``, rows that do
    the same for each position are one instruction (see :mod:`neuroflow.engine.lower.merging`).
    """
    needs_grad = NeedsGrad(plan, kernels, gradients)
    layout = MemoryLayout(plan, lanes, width, share and gradients == "none")
    return _Lowering(layout, kernels, needs_grad).program(merge)


class _Lowering:
    def __init__(self, layout: MemoryLayout, kernels: Kernels, needs_grad: NeedsGrad) -> None:
        self.layout, self.kernels, self.needs_grad = layout, kernels, needs_grad
        self.emitter = Emitter(needs_grad)
        self.operands = Operands(layout, self.emitter)
        self.matmuls = Matmuls(layout, self.operands, self.emitter, kernels)

    def program(self, merge: bool) -> Program:
        """All groups, level by level."""
        plan, emitter = self.layout.plan, self.emitter
        for stage, groups in enumerate(plan.stages(plan.groups)):
            for group in groups:
                emitter.begin(group, stage)
                self._lower(group)
                emitter.end()
        return emitter.program(plan, self.layout, merge)

    def _lower(self, group: Group) -> None:
        reduction = "" if isinstance(group.op, Take) else reduction_of(group.op)
        if isinstance(group.op, Take):
            self._take(group, group.index)
        elif reduction == "dot":
            self.matmuls.lower(group)
        elif reduction == "sum":
            self._sum(group)
        elif reduction:
            self._extreme(group, -1 if reduction == "minimum" else 1)
        elif group.first in self.layout.biased:
            self._bias_back(group, self.layout.biased[group.first])
        else:
            self._map(group)

    def _lanes(self, group: Group) -> int:
        return 1 if group.uniform else self.layout.lanes

    def _map(self, group: Group) -> None:
        """The op's own rule, element by element."""
        lanes, gradient, inputs = self._lanes(group), self.layout.gradient, group.inputs
        out, n = int(self.layout.where[group.first]), group.count * lanes
        kernel = self.kernels.forward(group.op, group.arity)
        xs = [self.operands.contiguous(x, lanes > 1) for x in inputs.T]
        self.emitter.emit(Instruction.MAP + kernel, n, out, *xs)
        if not self.emitter.trains:
            return
        pairs = zip(self.needs_grad.sends(group), inputs.T, strict=True)
        mask = tuple([sends and self.operands.needs_grad(x) for sends, x in pairs])
        kernel = self.kernels.backward(group.op, group.arity, mask)
        targets = [gradient(x) for x, needs_grad in zip(xs, mask, strict=True) if needs_grad]
        self.emitter.emit_back(Instruction.MAP + kernel, n, gradient(out), out, *xs, *targets)

    def _bias_back(self, group: Group, bias: Ints) -> None:
        """The sums were made with the dots; a bias's gradient is the sum over lanes."""
        if self.operands.needs_grad(bias):
            gradient, where = self.layout.gradient, self.layout.where
            runs = [(gradient(x), 0, self.layout.lanes) for x in where[bias].tolist()]
            first = self.emitter.add_runs(runs)
            out = int(where[group.first])
            self.emitter.emit_back(Instruction.SCATTER, gradient(out), first, len(runs))

    def _pieces(self, group: Group) -> list[tuple[int, int, tuple[int, ...]]]:
        """Rows that step evenly: where their results go, where they start, and their shape."""
        lanes = self._lanes(group)
        rows = self.operands.rows(group.whole(), lanes > 1)
        out = int(self.layout.where[group.first])
        return [
            (out + first * lanes, start, (count, group.arity, start, row, rows.inner, lanes))
            for first, count, ((start, row),) in even_pieces(rows.starts[:, None])
        ]

    def _sum(self, group: Group) -> None:
        gradient = self.layout.gradient
        for out, start, shape in self._pieces(group):
            self.emitter.emit(Instruction.SUM, out, *shape)
            if self.emitter.trains:
                back = (*shape[:2], gradient(start), *shape[3:])
                self.emitter.emit_back(Instruction.SUM_BACK, gradient(out), *back)

    def _extreme(self, group: Group, sign: int) -> None:
        gradient = self.layout.gradient
        for out, start, shape in self._pieces(group):
            self.emitter.emit(Instruction.EXTREME, out, *shape, sign)
            if self.emitter.trains:
                back = (*shape, gradient(start), out)
                self.emitter.emit_back(Instruction.EXTREME_BACK, gradient(out), *back)

    def _take(self, group: Group, chosen_by: Ints | None) -> None:
        """One instruction for each stretch of rows that one index chooses from."""
        assert chosen_by is not None
        lanes, table = self.layout.lanes, group.whole()
        wide = lanes > 1 and bool((table.rows >= self.layout.plan.n_uniform).any())
        rows = self.operands.rows(table, wide)
        starts = np.stack([rows.starts, chosen_by * _INDEX], axis=1)
        for first, count, ((start, step), (index, index_step)) in even_pieces(starts):
            same = count if index_step == 0 else 1
            for k in range(0, count, same):
                out = int(self.layout.where[group.first]) + (first + k) * lanes
                number = (index + k * index_step) // _INDEX
                rest = (rows.inner, step, number, lanes, int(wide))
                self._take_rows(out, same, start + k * step, rest, table)

    def _take_rows(self, out: int, n: int, start: int, rest: tuple[int, ...], table: Table) -> None:
        self.emitter.emit(Instruction.TAKE, out, n, start, *rest)
        if self.operands.needs_grad(table.rows):
            gradient = self.layout.gradient
            self.emitter.emit_back(Instruction.TAKE_BACK, gradient(out), n, gradient(start), *rest)
