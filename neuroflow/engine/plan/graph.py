"""A tape as numpy columns, which passes rewrite in place to save memory.

What needs the inputs of many nodes at once works on *pieces* of some thousand nodes, so that no
pass needs more than a few bytes per node beside the graph itself.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import Any

import numpy as np
from attrs import define, evolve, field
from numpy.typing import NDArray

from neuroflow.engine.trace.tape import (
    CONSTANT,
    FIRST_OP,
    Forms,
    Inputs,
    Ints,
    Scopes,
    Tape,
    pieces,
    ranges,
)

Bools = NDArray[np.bool_]

PIECE, EDGES = 1 << 11, 1 << 15
"""The nodes of a piece, and the inputs beyond which it is divided further."""

PART = 1 << 11
"""Entries of a column that are rewritten at once."""

ROUNDS = 48
"""Rounds after which a piece is taken apart: what hangs together like a chain."""


@define(eq=False)
class OpGraph:
    """Nodes, inputs before outputs; ``outputs`` are the cells asked for.

    ``level`` is the longest path from a leaf and ``source`` what a node depends on: nothing (0),
    parameters (1) or inputs (2). ``notes`` says in words what was recognised.
    """

    forms: Forms
    form: Ints
    at: Ints
    cells: Ints
    slices: Ints
    scopes: Scopes
    outputs: Ints
    numbers: Any
    live: list[Any]
    notes: list[str] = field(factory=list)
    level: Ints = field(factory=lambda: np.zeros(0, np.int32))
    source: Ints = field(factory=lambda: np.zeros(0, np.int8))

    def __len__(self) -> int:
        return len(self.form)

    def nodes_in_pieces(self, backwards: bool = False) -> Iterator[Ints]:
        """All nodes but leaves, some thousand at a time."""
        parts = list(pieces(len(self), PIECE))
        arity = self.forms.columns()[0]
        for part in reversed(parts) if backwards else parts:
            nodes = part.start + np.flatnonzero(self.form[part] >= FIRST_OP)
            edges = int(arity[self.form[nodes]].sum())
            divided = np.array_split(nodes, -(-edges // EDGES)) if edges else []
            yield from (p for p in (reversed(divided) if backwards else divided) if len(p))

    def edges_of(self, nodes: Ints) -> tuple[Ints, Ints]:
        """All inputs of ``nodes``, one behind the other, and how many each has."""
        starts, lengths = self.slices_of(nodes)
        arity = self.forms.columns()[0][self.form[nodes]]
        return self.cells[ranges(starts, lengths)], arity

    def slices_of(self, nodes: Ints) -> tuple[Ints, Ints]:
        """Where the slices of nodes begin among ``cells``, and how long they are."""
        arity, slices = (column[self.form[nodes]] for column in self.forms.columns())
        at = self.at[nodes]
        if len(nodes) == 0 or slices.max() == 1:
            return at, arity
        starts, several = np.repeat(at, slices), np.repeat(slices > 1, slices)
        entries = ranges(np.zeros(len(nodes), np.int64), slices)
        starts[several] = self.slices[(starts + entries)[several]]
        return starts, np.repeat(arity // slices, slices)

    def inputs_of(self, node: int) -> list[int]:
        """The inputs of one node."""
        return self.edges_of(np.array([node]))[0].tolist()  # type: ignore[no-any-return]

    def number(self, cell: int) -> float | None:
        """The number of a constant; None for any other cell."""
        return float(self.numbers[self.at[cell]]) if self.form[cell] == CONSTANT else None

    def rename(self, new: Ints) -> None:
        """Read ``new[x]`` wherever x was read, in place."""
        for part in pieces(len(self.cells), PART):
            self.cells[part] = new[self.cells[part]]
        self.outputs = new[self.outputs].astype(np.int64)


def graph_of(tape: Tape, outputs: list[int]) -> OpGraph:
    """The tape's columns, not copied but taken away: passes rewrite them."""
    graph = view_of(tape, outputs)
    tape.form, tape.at, tape.inputs = array("i"), array("i"), Inputs()
    return graph


def view_of(tape: Tape, outputs: list[int]) -> OpGraph:
    """The tape's columns to look at, not copied."""
    return OpGraph(
        forms=tape.forms,
        form=np.frombuffer(tape.form, np.int32),
        at=np.frombuffer(tape.at, np.int32),
        cells=np.frombuffer(tape.inputs.cells, np.int32),
        slices=np.frombuffer(tape.inputs.slices, np.int32),
        scopes=tape.scopes,
        outputs=np.array(outputs, dtype=np.int64),
        numbers=np.array(tape.numbers),
        live=tape.live,
    )


def keep(graph: OpGraph, kept: Bools) -> OpGraph:
    """The graph of the kept nodes alone, numbered anew."""
    if kept.all():
        return graph
    new = np.cumsum(kept, dtype=np.int32)
    new -= 1
    starts = np.frombuffer(graph.scopes.starts, np.int32)
    before = np.searchsorted(np.flatnonzero(kept), starts).astype(np.int32)
    graph.rename(new)
    return evolve(
        graph,
        form=graph.form[kept],
        at=graph.at[kept],
        scopes=Scopes(before, graph.scopes.names),
        level=graph.level[kept] if len(graph.level) else graph.level,
        source=graph.source[kept] if len(graph.source) else graph.source,
    )
