"""The layout: where in memory each cell lies.

Parameters come first, then their gradients, then the arena: constants and what depends on
parameters alone, one number each, and behind them the cells with one number per lane. A run
without gradients needs a cell only until its last reader has run, so groups *share* buffers.
"""

from __future__ import annotations

from bisect import bisect_right

import numpy as np
from attrs import define, field

from neuroflow.engine.lower.program import padded
from neuroflow.engine.plan.plan import Group, Plan
from neuroflow.engine.trace.tape import Ints


@define(eq=False)
class Buffers:
    """Stretches of memory from ``start`` on; ``top`` is the end of the highest ever used."""

    start: int
    top: int = field(init=False)
    _free: list[tuple[int, int]] = field(init=False, factory=list)

    def __attrs_post_init__(self) -> None:
        self.top = self.start

    def take(self, size: int) -> int:
        """The smallest free buffer that is large enough, or a new one.

        >>> buffers = Buffers(0)
        >>> a, b = buffers.take(8), buffers.take(16)
        >>> buffers.give_back(a, 8)
        >>> buffers.take(4), buffers.take(8), buffers.top
        (0, 24, 32)
        """
        fitting = [buffer for buffer in self._free if buffer[1] >= size]
        if not fitting:
            return self._extend(size)
        start, length = min(fitting, key=lambda buffer: buffer[1])
        self._free.remove((start, length))
        if length > size:
            self._free.append((start + size, length - size))
        return start

    def _extend(self, size: int) -> int:
        """A buffer at the top; what is free just below it is part of it."""
        last = next((buffer for buffer in self._free if sum(buffer) == self.top), (self.top, 0))
        if last[1]:
            self._free.remove(last)
        self.top = last[0] + size
        return last[0]

    def give_back(self, start: int, size: int) -> None:
        """A buffer that nothing reads any more; it grows together with free neighbours."""
        if not size:
            return
        for buffer in list(self._free):
            if sum(buffer) == start or start + size == buffer[0]:
                self._free.remove(buffer)
                start, size = min(start, buffer[0]), size + buffer[1]
        self._free.append((start, size))


def packed(lives: list[tuple[int, int, int]]) -> tuple[list[int], int]:
    """Places for buffers of (size, first use, last use), in order of first use; and the top.

    >>> packed([(8, 0, 1), (8, 1, 2), (8, 2, 3)])
    ([0, 8, 0], 16)
    """
    buffers, places = Buffers(0), []
    ends: list[tuple[int, int, int]] = []
    for size, first, last in lives:
        for end in [end for end in ends if end[0] < first]:
            ends.remove(end)
            buffers.give_back(end[1], end[2])
        places.append(buffers.take(size))
        ends.append((last, places[-1], size))
    return places, buffers.top


GRADIENT, LATE, COPY = 1 << 50, 1 << 46, 1 << 44
"""Marks of offsets that are known when all is placed: gradients in the arena; copies of what
depends on parameters alone, which lie behind the lanes, to survive from one batch to the next; and
other copies, if buffers are shared."""


class MemoryLayout:
    """Offsets for the cells of a plan, and for the copies that lowering makes."""

    def __init__(self, plan: Plan, lanes: int, width: int, share: bool) -> None:
        self.plan, self.lanes, self.width, self.share = plan, lanes, width, share
        self.parameters = padded(plan.n_parameters, width)
        self.arena = self.top = 2 * self.parameters
        self.late = 0
        self.copies: list[tuple[int, int, int]] = []
        self.starts: list[int] = []
        self.biases = _biases(plan) if lanes > 1 else {}
        self.biased = {add.first: bias for add, bias in self.biases.values()}
        self.where = np.zeros(plan.n_cells, dtype=np.int64)
        self._place_cells()

    def _place_cells(self) -> None:
        plan = self.plan
        first, last = plan.first_parameter, plan.first_parameter + plan.n_parameters
        self._place(slice(0, first), 1)
        self.where[first:last] = np.arange(plan.n_parameters)
        for group in plan.groups:
            if group.uniform:
                self._place(group.cells, 1)
        self.first_lane = self.top
        n = len(plan.input_numbers)
        self._place(slice(plan.n_uniform, plan.n_uniform + n), self.lanes)
        self._place_lanes([group for group in plan.groups if not group.uniform])

    def _place_lanes(self, groups: list[Group]) -> None:
        """A buffer for each group's outputs; those read for the last time here serve the next."""
        buffers = Buffers(self.top)
        stages = [*self.plan.stages(groups)]
        last = self._last_readers(stages)
        ends: dict[int, list[tuple[int, int]]] = {}
        for k, stage in enumerate(stages):
            for group in stage:
                if group.first in self.biased:
                    continue  # it shares the buffer of its dots
                owner = self.biases[group.first][0] if group.first in self.biases else group
                size = padded(group.count * self.lanes, self.width)
                start = buffers.take(size)
                self._spread(owner.cells, start, self.lanes)
                self.where[group.cells] = self.where[owner.cells]
                ends.setdefault(int(last[owner.cells].max()), []).append((start, size))
            for buffer in ends.pop(k, []):
                buffers.give_back(*buffer)
        self.top = buffers.top

    def _last_readers(self, stages: list[list[Group]]) -> Ints:
        """The last level that reads each cell; one behind all others if it must stay.

        Groups of one level run in any order, so what one of them reads is kept for all of them.
        """
        last = np.full(self.plan.n_cells, len(stages), dtype=np.int32)
        if self.share:
            for k, stage in enumerate(stages):
                for group in stage:
                    for table in group.tables:
                        last[table.rows] = k
            last[self.plan.outputs] = len(stages)
        return last

    def _place(self, cells: slice, lanes: int) -> None:
        size = padded((cells.stop - cells.start) * lanes, self.width)
        self._spread(cells, self.top, lanes)
        self.top += size  # whole vectors, so that the last may be overrun

    def _spread(self, cells: slice, start: int, lanes: int) -> None:
        self.where[cells] = start + np.arange(cells.stop - cells.start) * lanes

    # Copies

    def late_buffer(self, count: int) -> int:
        """A buffer for a copy that is made once per step."""
        first = LATE + self.late
        self.late += padded(count, self.width)
        return first

    def copy_buffer(self, count: int, lanes: int, stage: int) -> int:
        """A buffer for a copy of lanes, which groups of this stage and of later ones read."""
        size = padded(count * lanes, self.width)
        if not self.share:
            self.top += size
            return self.top - size
        before = self.starts[-1] + self.copies[-1][0] if self.copies else 0
        self.starts.append(before)
        self.copies.append((size, stage, stage))
        return COPY + before

    def read_copy(self, offset: int, stage: int) -> None:
        """A copy made before is read again."""
        if COPY <= offset < LATE:
            k = bisect_right(self.starts, offset - COPY) - 1
            size, first, _ = self.copies[k]
            self.copies[k] = (size, first, stage)

    def gradient(self, offset: int) -> int:
        """Where the gradient of the value at ``offset`` lies."""
        return offset + self.parameters if offset < self.arena else GRADIENT + offset

    def close(self) -> None:
        """Place what was only marked: copies behind the lanes, and late ones behind these."""
        self.places, size = packed(self.copies)
        self.first_copy = self.top
        self.first_late = self.top + size
        self.end = self.first_late + self.late
        self.shift = self.end - self.arena

    def placed(self, x: Ints) -> Ints:
        """The offsets that marked ones stand for, once the layout is closed."""
        is_gradient = x >= GRADIENT
        x = x - GRADIENT * is_gradient
        late, copy = x >= LATE, (x >= COPY) & (x < LATE)
        x = np.where(late, x - LATE + self.first_late, x)
        if copy.any():
            k = np.searchsorted(self.starts, x[copy] - COPY, "right") - 1
            moved = np.array(self.places) - np.array(self.starts)
            x[copy] += self.first_copy - COPY + moved[k]
        placed: Ints = x + self.shift * is_gradient
        return placed

    def is_uniform(self, offset: int) -> bool:
        """Whether an offset is that of one number for all lanes."""
        return offset < self.first_lane or offset >= LATE


def _biases(plan: Plan) -> dict[int, tuple[Group, Ints]]:
    """Dots over lanes whose every result only gets a number without lanes added: a layer.

    By the first cell of the dots: the group that adds, and what it adds. The dots then share
    the cells of the sums, and of their gradients.
    """
    uses = np.zeros(plan.n_cells, dtype=np.int32)
    np.add.at(uses, plan.outputs, 1)
    for group in plan.groups:
        for table in group.tables:
            _count(uses, table.rows if table.which is None else table.rows[table.which])
    dots = {g.first: g for g in plan.groups if g.op.step == "dot" and not g.uniform}
    found: dict[int, tuple[Group, Ints]] = {}
    for group in plan.groups:
        if group.op.step != "add" or group.uniform:
            continue
        inputs = group.inputs
        for j in (0, 1):
            cells, other = inputs[:, j], inputs[:, 1 - j]
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


def _count(uses: Ints, cells: Ints) -> None:
    """One use more for each of the cells, which lie near each other."""
    first = int(cells.min(initial=len(uses)))
    counts = np.bincount((cells - first).ravel())
    uses[first : first + len(counts)] += counts.astype(uses.dtype)


def _half_uniform(dot: Group, n_uniform: int) -> bool:
    return any(bool((half.rows < n_uniform).all()) for half in dot.halves())
