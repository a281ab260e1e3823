"""The plan: equal nodes in groups, their numbers side by side in one buffer.

A plan says what to compute and where; :mod:`neuroflow.engine.plan.grouping` makes it from a graph,
and :mod:`neuroflow.engine.lower.lower` says with which instructions it runs.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import groupby
from typing import Any

import numpy as np
from attrs import define, field, frozen

from neuroflow.engine.trace.tape import Ints


@frozen(eq=False)
class Table:
    """One slice of the inputs of every node of a group: ``rows[which]``, each row once.

    ``which`` is None where every node has a row of its own.
    """

    rows: Ints
    which: Ints | None = None

    @property
    def count(self) -> int:
        """How many nodes."""
        return len(self.rows if self.which is None else self.which)

    @property
    def length(self) -> int:
        """How many inputs each."""
        return int(self.rows.shape[1])

    def each(self, of_rows: Ints) -> Ints:
        """What holds for every row, for every node."""
        return of_rows if self.which is None else of_rows[self.which]

    def columns(self, first: int, end: int) -> Table:
        """Some of the inputs of every node."""
        return Table(self.rows[:, first:end], self.which)


@define(eq=False)
class Group:
    """Nodes with one op: ``count`` outputs from cell ``first`` on.

    ``tables`` has two entries for long dots, one vector each, and else one. ``index`` says for
    each node of a ``take`` which input of the example chooses.
    """

    op: Any
    level: int
    uniform: bool
    first: int
    tables: tuple[Table, ...]
    scope: str
    index: Ints | None = None

    @property
    def count(self) -> int:
        return self.tables[0].count

    @property
    def arity(self) -> int:
        return sum(table.length for table in self.tables)

    @property
    def name(self) -> str:
        return str(self.op.name)

    @property
    def cells(self) -> slice:
        """Its outputs."""
        return slice(self.first, self.first + self.count)

    @property
    def inputs(self) -> Ints:
        """The inputs of every node, written out: (count, arity)."""
        return np.concatenate([table.each(table.rows) for table in self.tables], axis=1)

    def halves(self) -> tuple[Table, Table]:
        """The two vectors of a dot."""
        if len(self.tables) == 2:
            return self.tables[0], self.tables[1]
        (both,) = self.tables
        half = both.length // 2
        return both.columns(0, half), both.columns(half, 2 * half)

    def whole(self) -> Table:
        """All inputs as one table."""
        return self.tables[0] if len(self.tables) == 1 else Table(self.inputs)


@define(eq=False, slots=False)
class Plan:
    """Cells in the order: constants, parameters, uniform groups, then inputs, other groups.

    *Uniform* cells depend on parameters alone: one number each, computed once per step. All
    other cells hold one number per lane. ``live`` are the Values, by their place among the
    constants, whose numbers every run reads anew.
    """

    constants: array[float]
    live: dict[int, Any]
    n_parameters: int
    input_numbers: Ints
    """Which number of the example each input cell holds."""

    groups: list[Group]
    n_uniform: int
    n_cells: int
    outputs: Ints
    n_traced: int
    n_numbers: int = 0
    """How many numbers an example has, used or not."""

    notes: list[str] = field(factory=list)

    def constant_numbers(self) -> array[float]:
        """The constants now; Values among them are read."""
        for k, value in self.live.items():
            self.constants[k] = value.data
        return self.constants

    @cached_property
    def index_numbers(self) -> list[int]:
        """Which numbers of an example choose, as indices."""
        found = [group.index for group in self.groups if group.index is not None]
        return np.unique(np.concatenate(found)).tolist() if found else []

    @staticmethod
    def stages(groups: Iterable[Group]) -> Iterator[list[Group]]:
        """Groups of one level in a row: they wait for none of each other."""
        for _, stage in groupby(groups, lambda group: (group.uniform, group.level)):
            yield list(stage)

    @cached_property
    def vectors_per_matrix(self) -> float:
        """How many vectors of one example a row of parameters is multiplied with, at one time.

        A model over positions has one for each of them; of a network without, it is 1.
        """
        products = rows = 0
        for group in self.groups:
            if group.op.step == "dot" and not group.uniform:
                for half in group.halves():
                    if (half.rows < self.n_uniform).all():
                        products += half.count * half.length
                        rows += len(np.unique(half.rows[:, 0])) * half.length
        return products / max(rows, 1)

    @property
    def n_nodes(self) -> int:
        """Computed cells."""
        return sum(group.count for group in self.groups)

    @property
    def first_parameter(self) -> int:
        return len(self.constants)
