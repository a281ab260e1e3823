"""The emitter: instructions in the order in which they run, collected group by group."""

from __future__ import annotations

import numpy as np

from neuroflow.engine.lower.memory import MemoryLayout
from neuroflow.engine.lower.merging import merged
from neuroflow.engine.lower.needs_grad import NeedsGrad
from neuroflow.engine.lower.program import WIDTH, Instruction, Program
from neuroflow.engine.lower.strides import Run
from neuroflow.engine.plan.plan import Group, Plan

Row = tuple[list[int], Group]
"""The words of an instruction, and the group that it belongs to."""


class Emitter:
    """Forward and backward instructions, apart for what depends on parameters alone.

    ``group`` is the one at hand, ``stage`` says on which level it is, and ``trains`` whether
    gradients reach it.
    """

    group: Group
    stage: int
    trains: bool

    def __init__(self, needs_grad: NeedsGrad) -> None:
        self.needs_grad = needs_grad
        self.forward: dict[bool, list[Row]] = {True: [], False: []}
        self.backward: dict[bool, list[list[Row]]] = {True: [], False: []}
        self.runs: list[Run] = []

    def begin(self, group: Group, stage: int) -> None:
        """From now on, instructions are those of this group."""
        self.group, self.stage = group, stage
        self.trains = group.first in self.needs_grad.groups
        self.back: list[Row] = []
        self.scatters: dict[bool, list[Row]] = {True: [], False: []}

    def end(self) -> None:
        """The group is done; backward, its copies are scattered after all else."""
        for uniform, rows in self.scatters.items():
            self.backward[uniform].append(rows)
        self.backward[self.group.uniform].append(self.back)

    def emit(self, word: int, *operands: int) -> None:
        """Append a forward instruction."""
        self.emit_to(self.group.uniform, word, *operands)

    def emit_to(self, uniform: bool, word: int, *operands: int) -> None:
        """Append a forward instruction to the part for lanes or to the one before."""
        self.forward[uniform].append(([int(word), *operands], self.group))

    def emit_back(self, word: int, *operands: int) -> None:
        """Append a backward instruction."""
        self.back.append(([int(word), *operands], self.group))

    def emit_scatter(self, uniform: bool, *operands: int) -> None:
        """Append the backward instruction of a copy."""
        self.scatters[uniform].append(([int(Instruction.SCATTER), *operands], self.group))

    def add_runs(self, runs: list[Run]) -> int:
        """Write down runs for a copy; returns the number of the first."""
        self.runs.extend(runs)
        return len(self.runs) - len(runs)

    def program(self, plan: Plan, layout: MemoryLayout, merge: bool) -> Program:
        """All instructions, backward ones in reverse order of groups, with offsets as placed.

        With ``merge``, rows that do the same for each position are one instruction.
        """
        parts = [self.forward[True], self.forward[False]]
        parts += [
            [row for rows in reversed(self.backward[uniform]) for row in rows]
            for uniform in (False, True)
        ]
        layout.close()
        rows = [row for part in parts for row in part]
        longest = max([len(row) for row, _ in rows], default=1)
        code = np.zeros((len(rows), max(WIDTH, longest)), dtype=np.int64)
        for k, (row, _) in enumerate(rows):
            code[k, : len(row)] = row
        code = layout.placed(code)
        table = np.array(self.runs, dtype=np.int64).reshape(-1, 3)
        table[:, 0] = layout.placed(table[:, 0])
        bounds = np.cumsum([0, *map(len, parts)]).tolist()
        labels = [group for _, group in rows]
        together = merged(code, labels, table, bounds) if merge else [[k] for k in range(len(rows))]
        order = [row for each in together for row in each]
        shift = layout.shift
        has_gradients = self.needs_grad.gradients != "none"
        return Program(
            plan=plan,
            lanes=layout.lanes,
            code=code[order],
            firsts=np.cumsum([0, *map(len, together)]),
            parts=tuple(bounds),
            runs=table,
            labels=[labels[row] for row in order],
            where=layout.where,
            arena=layout.arena,
            first_lane=layout.first_lane,
            late=layout.first_late,
            shift=shift,
            lane_gradients=(layout.first_lane + shift, layout.first_late + shift),
            late_gradients=(layout.first_late + shift, layout.end + shift),
            output_gradient=int(layout.where[plan.outputs[0]]) + shift,
            size=layout.end + (shift if has_gradients else 0) + 64,
            has_gradients=has_gradients,
        )
