"""Buffers of gradients: those of lanes share memory, for each is needed for a while alone.

Backward, a gradient's cells are needed from the first instruction that adds to them to the last
one that reads them, which sends them on. So a large program, written as if each value had a
gradient's cell of its own, is moved to fewer of them: before the first addition its buffer is set
to zero, by a copy of a zero. No sum changes. A program in which a row steps from gradients of lanes
to others stays as it is.
"""

from __future__ import annotations

import numpy as np
from attrs import define, evolve

from neuroflow.engine.lower.grids import Grid, whole
from neuroflow.engine.lower.memory import packed
from neuroflow.engine.lower.merging import Span
from neuroflow.engine.lower.program import Instruction, Program
from neuroflow.engine.trace.tape import Ints

LARGE = 200_000
"""Numbers from which gradients of lanes share memory: fewer lie in the caches anyway."""


def share_gradients(program: Program, width: int, large: int = LARGE) -> Program:
    """The same program with gradients of lanes in shared buffers, if they are many."""
    begin, end = program.lane_gradients
    of_lanes = begin <= program.output_gradient < end
    if not program.has_gradients or not of_lanes or end - begin < large:
        return program
    return _Sharing(program, width, begin, end).shared()


def spans_of_row(program: Program, row: list[int], arity: int) -> list[Span]:
    """The spans of the memory that a backward row of code reads or changes."""
    word, *x = row
    if word >= Instruction.MAP:
        return [(start, start + x[0] - 1) for start in x[1:]]
    if word == Instruction.SCATTER:
        runs = program.runs[x[1] : x[1] + x[2]].tolist()
        copy = (x[0], x[0] + sum(n for _, _, n in runs) - 1)
        return [copy, *[Grid(start, (n,), (step,)).span for start, step, n in runs]]
    return [grid.span for grid in whole(Instruction(word), x, arity) if grid]


@define(eq=False)
class _Sharing:
    """What moves where: gradients of lanes from ``begin`` to ``end``, by the number of a buffer."""

    program: Program
    width: int
    begin: int
    end: int

    def shared(self) -> Program:
        """The program with each gradient's offset moved to its new place."""
        program = self.program
        instructions = program.instructions(*program.parts[2:4])
        touched = [self._touched(first, last) for first, last in instructions]
        if any(self._crosses(each) for spans in touched for each in spans):
            return program
        starts = self._buffers([each for spans in touched for each in spans])
        lives = self._lives(touched, starts)
        order = sorted(lives, key=lambda k: lives[k])  # the output's is the first
        sizes = np.diff([*starts, self.end])
        places, top = packed([(int(sizes[k]), *lives[k]) for k in order])
        moved = np.full(len(starts), -1)
        moved[order] = self.begin + self.width + np.array(places)  # behind a zero to copy
        clears = [
            (instructions[lives[k][0]][0], int(moved[k]), int(sizes[k])) for k in order[1:]
        ]  # fmt: skip
        at = _Places(self.begin, self.end, self.begin + self.width + top, starts, moved)
        cleared = self.begin + self.width + int(sizes[order[0]])
        return self._rewritten(at, sorted(clears), cleared)

    def _touched(self, first: int, last: int) -> list[Span]:
        """The spans of gradients of lanes that the rows of one instruction touch."""
        rows = zip(
            self.program.code[first:last].tolist(), self.program.labels[first:last], strict=True
        )
        program = self.program
        spans = [each for row, group in rows for each in spans_of_row(program, row, group.arity)]
        return [each for each in spans if self.begin <= each[1] and each[0] < self.end]

    def _crosses(self, each: Span) -> bool:
        """Whether a row steps from gradients of lanes to others: one of them cannot move alone."""
        return each[0] < self.begin or each[1] >= self.end

    def _buffers(self, spans: list[Span]) -> Ints:
        """Where buffers begin: those of groups and of copies; what one row reaches over is one."""
        program = self.program
        values = [int(program.where[g.first]) for g in program.plan.groups if not g.uniform]
        forward = program.code[program.parts[1] : program.parts[2]]
        values += forward[forward[:, 0] == Instruction.GATHER, 1].tolist()
        starts = np.unique([self.begin, *[x + program.shift for x in values]])
        starts = starts[(starts >= self.begin) & (starts < self.end)]
        low, high = np.searchsorted(starts, np.array(spans).reshape(-1, 2).T, "right")
        reaching = np.zeros(len(starts) + 1, dtype=np.int64)
        np.add.at(reaching, low, 1)
        np.add.at(reaching, high, -1)
        parted: Ints = starts[np.cumsum(reaching)[:-1] == 0]
        return parted

    def _lives(self, touched: list[list[Span]], starts: Ints) -> dict[int, tuple[int, int]]:
        """The first and the last instruction that need a buffer; the output's is needed before."""

        def numbers(offsets: list[int]) -> list[int]:
            return list(map(int, np.searchsorted(starts, offsets, "right") - 1))

        lives = {numbers([self.program.output_gradient])[0]: (-1, -1)}
        for k, spans in enumerate(touched):
            for buffer in numbers([low for low, _ in spans]):
                lives[buffer] = (lives.get(buffer, (k, k))[0], k)
        return lives

    def _rewritten(self, at: _Places, clears: list[tuple[int, int, int]], cleared: int) -> Program:
        """Code and runs with new places, and rows that clear buffers before their first use."""
        program = self.program
        code, runs = program.code.copy(), program.runs.copy()
        copies = np.isin(code[:, 0], [Instruction.GATHER, Instruction.SCATTER])
        code[:, 1] = at.new(code[:, 1])
        code[~copies, 2:] = at.new(code[~copies, 2:])
        runs[:, 0] = at.new(runs[:, 0])
        rows = np.zeros((len(clears), code.shape[1]), dtype=np.int64)
        before = np.array([row for row, _, _ in clears], dtype=np.int64)
        rows[:, 0], rows[:, 1] = Instruction.GATHER, [to for _, to, _ in clears]
        rows[:, 2], rows[:, 3] = len(runs) + np.arange(len(clears)), 1
        zeros = np.array([(self.begin, 0, n) for _, _, n in clears], dtype=np.int64).reshape(-1, 3)
        firsts = [
            program.firsts + np.searchsorted(before, program.firsts, "right"),
            np.unique(before) + np.searchsorted(before, np.unique(before), "left"),
        ]
        parts = np.array(program.parts)
        labels = [(k + 0.5, group) for k, group in enumerate(program.labels)]
        labels += [(row, program.labels[row]) for row in before.tolist()]
        return evolve(
            program,
            code=np.insert(code, before, rows, axis=0),
            runs=np.concatenate([runs, zeros]),
            firsts=np.unique(np.concatenate(firsts)),
            parts=tuple((parts + np.searchsorted(before, parts, "left")).tolist()),
            labels=[group for _, group in sorted(labels, key=lambda pair: pair[0])],
            lane_gradients=(self.begin, cleared),
            late_gradients=(at.top, at.top + program.late_gradients[1] - self.end),
            output_gradient=int(at.new(np.array([program.output_gradient]))[0]),
            size=program.size - self.end + at.top,
        )


@define(eq=False)
class _Places:
    """Where offsets go: those of buffers to buffers, what lies behind all of them to ``top``."""

    begin: int
    end: int
    top: int
    starts: Ints
    moved: Ints

    def new(self, offsets: Ints) -> Ints:
        """The new offsets; counts and strides, which are smaller than any, stay."""
        k = np.maximum(np.searchsorted(self.starts, offsets, "right") - 1, 0)
        of_buffer = self.moved[k] + offsets - self.starts[k]
        inside = (offsets >= self.begin) & (offsets < self.end)
        behind = np.where(offsets >= self.end, offsets - self.end + self.top, offsets)
        return np.where(inside, of_buffer, behind)
