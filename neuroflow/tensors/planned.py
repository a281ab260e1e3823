"""A function of lists on tensors: traced once, its plan run group by group.

Losses, softmax, and layers that have no tensor form of their own: what is written for one example,
number by number, runs here for many at once. A group of equal nodes is one call of PyTorch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from attrs import define, field
from torch import Tensor

from neuroflow.core.value import Value
from neuroflow.engine.lower.steps import reduction_of
from neuroflow.engine.plan.function import Trace, TracedFunction
from neuroflow.engine.plan.plan import Group, Table
from neuroflow.engine.trace.structure import Structure
from neuroflow.engine.trace.tape import Ints, Take
from neuroflow.errors import InputError
from neuroflow.tensors.kernels import OpOnTensors, reduced

SPARSE = 2
"""A product of all rows with all rows is taken where at most so many times the needed are made."""


def structure_of(shape: Sequence[int], kind: str) -> Structure:
    """The nested lists that a tensor of one example stands for.

    >>> structure_of((2,), "f"), structure_of((), "i")
    (('f', 'f'), 'i')
    """
    for length in reversed(shape):
        kind = (kind,) * length  # type: ignore[assignment]
    return kind


def shape_of(structure: Structure) -> tuple[int, ...] | None:
    """The shape of nested lists; None if they are of different lengths.

    >>> shape_of((("f", "f"), ("f", "f"))), shape_of((("f",), "f"))
    ((2, 2), None)
    """
    if isinstance(structure, str):
        return ()
    if any(entry != structure[0] for entry in structure):
        return None
    inner = shape_of(structure[0]) if structure else ()
    return None if inner is None else (len(structure), *inner)


class PlacedCells:
    """Where some cells lie: in which pieces, and at which places of these one behind the other.

    Places that follow each other, and one place for all, need no copy.
    """

    def __init__(self, pieces: tuple[int, ...], places: Ints, shape: tuple[int, ...]) -> None:
        self.pieces, self.places, self.shape = pieces, places, shape
        self.first, self.count = int(places[0]) if len(places) else 0, len(places)
        self.follow = bool((places == self.first + np.arange(self.count)).all())
        self.one = bool((places == self.first).all())

    def of(self, row: Tensor) -> Tensor:
        """The cells, from their pieces one behind the other."""
        if self.follow:
            row = row if self.count == row.shape[-1] else row.narrow(-1, self.first, self.count)
        elif self.one:
            row = row.narrow(-1, self.first, 1).expand(*row.shape[:-1], self.count)
        else:
            row = row.index_select(-1, torch.from_numpy(self.places).to(row.device))
        return row.reshape(*row.shape[:-1], *self.shape)


class Memory:
    """The numbers computed so far, piece after piece; those of examples have an axis in front."""

    def __init__(self, lanes: int, pieces: list[Tensor]) -> None:
        self.lanes, self.pieces = lanes, pieces

    def read(self, cells: PlacedCells) -> Tensor:
        """Some cells in their shape, for each example if any depends on it."""
        found = [self.pieces[k] for k in cells.pieces]
        if len({x.dim() for x in found}) > 1:
            found = [x if x.dim() == 2 else x.expand(self.lanes, -1) for x in found]
        return cells.of(found[0] if len(found) == 1 else torch.cat(found, -1))


class PlanOnTensors:
    """One plan, ready to run on tensors of any number of examples."""

    def __init__(self, trace: Trace) -> None:
        self.trace, self.plan = trace, trace.plan
        plan = self.plan
        sizes = [len(plan.constants), plan.n_parameters]
        uniform = [group for group in plan.groups if group.uniform]
        others = [group for group in plan.groups if not group.uniform]
        sizes += [group.count for group in uniform]
        sizes += [len(plan.input_numbers), *[group.count for group in others]]
        self.starts = np.cumsum([0, *sizes[:-1]])
        self.sizes = sizes
        self.uniform_steps = [self._step(group) for group in uniform]
        self.steps = [self._step(group) for group in others]
        n_outputs = len(plan.outputs) - len(trace.written)
        self.outputs = self._cells(plan.outputs[:n_outputs])
        self.written = self._cells(plan.outputs[n_outputs:]) if trace.written else None
        self.constants = np.array(plan.constants)

    def run(
        self, parameters: Tensor, live: dict[int, Tensor], numbers: Tensor, indices: Tensor
    ) -> tuple[Tensor, Tensor | None]:
        """What each example gives, and what it writes into buffers; (examples, numbers) in."""
        constants = torch.from_numpy(self.constants).to(numbers.device, numbers.dtype)
        for place, value in live.items():
            constants = constants.clone().index_put((torch.tensor(place),), value)
        memory = Memory(numbers.shape[0], [constants, parameters])
        for step in self.uniform_steps:
            memory.pieces.append(step(memory, indices))
        chosen = torch.from_numpy(self.plan.input_numbers).to(numbers.device)
        memory.pieces.append(numbers.index_select(-1, chosen))
        for step in self.steps:
            memory.pieces.append(step(memory, indices))
        outputs = memory.read(self.outputs)
        written = None if self.written is None else memory.read(self.written)
        return _for_each(outputs, numbers.shape[0]), written

    def _cells(self, cells: Ints) -> PlacedCells:
        """Where to read cells."""
        flat = cells.reshape(-1).astype(np.int64)
        holders = np.searchsorted(self.starts, flat, side="right") - 1
        holders = self._not_empty(holders, flat)
        used = np.unique(holders)
        before = np.cumsum([0, *[self.sizes[k] for k in used[:-1].tolist()]])
        places = before[np.searchsorted(used, holders)] + flat - self.starts[holders]
        return PlacedCells(tuple(used.tolist()), places, cells.shape)

    def _not_empty(self, holders: Ints, flat: Ints) -> Ints:
        """Of pieces that begin at one cell, the one that has it: others are empty."""
        sizes = np.array(self.sizes)
        while (empty := (sizes[holders] == 0)).any():
            holders = holders - empty
        return holders

    def _step(self, group: Group) -> Callable[[Memory, Tensor], Tensor]:
        """What computes a group."""
        if isinstance(group.op, Take):
            return self._take(group)
        kind = reduction_of(group.op)
        if kind == "dot":
            return self._dots(group)
        if kind:
            rows = self._cells(group.inputs)
            return lambda memory, _: reduced(kind, memory.read(rows))
        inputs = group.inputs
        columns = [self._cells(inputs[:, k]) for k in range(inputs.shape[1])]
        op = OpOnTensors(group.op, len(columns))
        return lambda memory, _: op(*[memory.read(c) for c in columns])

    def _dots(self, group: Group) -> Callable[[Memory, Tensor], Tensor]:
        """Inner products: a product of matrices where most pairs of rows meet."""
        left, right = group.halves()
        a, b = self._cells(left.rows), self._cells(right.rows)
        if len(left.rows) * len(right.rows) <= SPARSE * group.count:
            pick = _which(left) * len(right.rows) + _which(right)
            return lambda memory, _: _products(memory.read(a), memory.read(b), pick)
        first, second = self._cells(left.each(left.rows)), self._cells(right.each(right.rows))
        return lambda memory, _: (memory.read(first) * memory.read(second)).sum(-1)

    def _take(self, group: Group) -> Callable[[Memory, Tensor], Tensor]:
        """Choices by an index of the example, one for each node of the group."""
        rows = self._cells(group.inputs)
        assert group.index is not None
        which = np.asarray(group.index)

        def take(memory: Memory, indices: Tensor) -> Tensor:
            index = indices.index_select(-1, torch.from_numpy(which).to(indices.device))
            values = memory.read(rows)
            if values.dim() == 2 and bool((which == which[0]).all()):
                return values.t()[index[:, 0]]  # a row of a table
            return values.expand(index.shape[0], -1, -1).gather(-1, index.unsqueeze(-1)).squeeze(-1)

        return take


def _which(table: Table) -> Ints:
    return np.arange(len(table.rows)) if table.which is None else table.which.astype(np.int64)


def _products(a: Tensor, b: Tensor, pick: Ints) -> Tensor:
    """The inner products of all rows with all rows, and of these the ones asked for."""
    found = torch.matmul(a, b.transpose(-1, -2)).flatten(-2)
    if len(pick) == found.shape[-1] and bool((pick == np.arange(len(pick))).all()):
        return found
    return found.index_select(-1, torch.from_numpy(pick).to(found.device))


def _for_each(outputs: Tensor, lanes: int) -> Tensor:
    """The outputs with an axis of examples, also where they depend on none."""
    return outputs if outputs.dim() == 2 else outputs.expand(lanes, -1)


@define(eq=False)
class Planned:
    """``function(*statics, *inputs)`` on tensors: ``ranks`` says how many axes one input has.

    Whatever axes stand in front of these are examples.
    """

    function: Callable[..., Any]
    statics: tuple[Any, ...] = ()
    parameters: list[Value] = field(factory=list)
    writes: bool = False
    _traced: Any = None
    _plans: dict[Any, PlanOnTensors] = field(factory=dict)

    def __reduce__(self) -> Any:
        """A copy traces anew."""
        return Planned, (self.function, self.statics, self.parameters, self.writes)

    def plan(self, structure: Structure, training: bool) -> PlanOnTensors:
        """The plan for inputs of a structure; code that PyTorch compiles takes what is there."""
        known = self._plans.get((structure, training))
        if known is not None and torch.compiler.is_compiling():
            return known
        return self._looked_up(structure, training)

    @torch.compiler.disable
    def _looked_up(self, structure: Structure, training: bool) -> PlanOnTensors:
        if self._traced is None or not self._traced.is_current():
            made = TracedFunction(self.function, self.statics, self.parameters, writes=self.writes)
            self._traced, self._plans = made, {}
        trace = self._traced.trace(structure)
        known = self._plans.get((structure, training))
        if known is None or known.trace is not trace:
            known = self._plans[structure, training] = PlanOnTensors(trace)
        return known

    def __call__(
        self, inputs: Sequence[Tensor], ranks: Sequence[int], parameters: Tensor | None = None,
        live: Callable[[PlanOnTensors], dict[int, Tensor]] = lambda _: {}, training: bool = False,
    ) -> tuple[Tensor, PlanOnTensors, Tensor | None]:  # fmt: skip
        """The outputs, with the axes of the examples in front; the plan; and what was written."""
        first = inputs[0]
        lead = first.shape[: first.dim() - ranks[0]]
        own = [tuple(x.shape[x.dim() - r :]) for x, r in zip(inputs, ranks, strict=True)]
        kinds = ["f" if x.is_floating_point() else "i" for x in inputs]
        structure = tuple([structure_of(s, kind) for s, kind in zip(own, kinds, strict=True)])
        plan = self.plan(structure, training)
        dtype = _dtype(inputs, parameters)
        pairs = zip(inputs, own, strict=True)
        rows = [x.expand(*lead, *shape).reshape(_count(lead), -1) for x, shape in pairs]
        numbers = torch.cat([x.to(dtype) for x in rows], -1)
        indices = torch.cat([x.long() for x in rows], -1) if plan.plan.index_numbers else numbers
        if plan.trace.random_inputs:
            numbers = torch.cat([numbers, _drawn(plan.trace, numbers)], -1)
        empty = torch.zeros(0, dtype=dtype, device=first.device)
        outputs, written = plan.run(
            empty if parameters is None else parameters, live(plan), numbers, indices
        )
        shape = shape_of(plan.trace.outputs)
        if shape is None:
            raise InputError("a function on tensors gave lists of different lengths")
        return outputs.reshape(*lead, *shape), plan, written


@define(eq=False)
class ListsOnTensors:
    """A function of lists without parameters of its own, on tensors."""

    planned: Planned
    ranks: tuple[int, ...]

    def __call__(self, *inputs: Tensor) -> Tensor:
        return self.planned(inputs, self.ranks)[0]


def _count(lead: Sequence[int]) -> int:
    count = 1
    for n in lead:
        count *= n
    return count


def _dtype(inputs: Sequence[Tensor], parameters: Tensor | None) -> torch.dtype:
    found = [x.dtype for x in inputs if x.is_floating_point()]
    return found[0] if found else parameters.dtype if parameters is not None else torch.float64


def _drawn(trace: Trace, numbers: Tensor) -> Tensor:
    """The random numbers of each example, drawn by its own generators."""
    rows = [[draw() for draw in trace.random_inputs] for _ in range(numbers.shape[0])]
    return torch.tensor(rows, dtype=numbers.dtype, device=numbers.device)
