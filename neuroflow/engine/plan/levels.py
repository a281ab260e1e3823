"""Levels and sources: how far each node is from the leaves, and what it depends on."""

from __future__ import annotations

import numpy as np

from neuroflow.engine.plan.graph import ROUNDS, Bools, OpGraph
from neuroflow.engine.plan.slices import SharedSlices, Stretch, shared_slices, stretches
from neuroflow.engine.trace.tape import CONSTANT, FIRST_OP, LIVE, PARAMETER, Ints

CHAIN = 1 << 8
"""So many nodes, if they hang together like a chain, are taken one by one."""


def sources(graph: OpGraph, shared: SharedSlices | None = None) -> Ints:
    """What each node depends on: nothing (0), parameters (1) or inputs (2)."""
    form = graph.form
    column = np.full(len(graph), 2, dtype=np.int8)
    column[form == CONSTANT] = 0
    column[(form == PARAMETER) | (form == LIVE)] = 1
    column[form >= FIRST_OP] = 0
    for number in graph.forms.takes():
        column[form == number] = 2
    settle(graph, column, 0, shared)
    return column


def levels(graph: OpGraph, shared: SharedSlices | None = None) -> Ints:
    """The longest path from a leaf to each node."""
    column = np.zeros(len(graph), dtype=np.int32)
    settle(graph, column, 1, shared)
    return column


def settle(
    graph: OpGraph, column: Ints, step: int, shared: SharedSlices | None = None
) -> None:  # fmt: skip
    """Raise each node's number to the largest of its inputs' plus ``step``, inputs first.

    ``shared`` are the graph's long slices, where they are known.
    """
    shared = shared_slices(graph) if shared is None else shared
    kept = np.zeros(len(shared), dtype=column.dtype)
    for stretch in stretches(graph, shared):
        nodes = stretch.nodes
        largest = stretch.reduced(lambda cells, at: np.maximum.reduceat(column[cells], at), kept)
        column[nodes] = np.maximum(stretch.over(np.maximum, largest) + step, column[nodes])
        is_inner = _inside(stretch, len(largest))
        if is_inner.any():
            readers = np.flatnonzero(stretch.over(np.logical_or, is_inner))
            _settle_inside(stretch, column, step, readers, is_inner, largest)
            kept[stretch.new] = largest[stretch.n_short : len(stretch.starts)]


def _inside(stretch: Stretch, n: int) -> Bools:
    """Which of the slices hold nodes of the stretch itself."""
    found = np.zeros(n, dtype=np.bool_)
    if len(stretch.starts):
        cells, bounds = stretch.cells()
        found[: len(bounds)] = np.maximum.reduceat(cells, bounds) >= stretch.nodes[0]
    return found


def _settle_inside(
    stretch: Stretch, column: Ints, step: int, readers: Ints, is_inner: Bools, largest: Ints
) -> None:
    """The nodes of a stretch that read others of it, until nothing changes."""
    nodes, (read, first) = stretch.nodes[readers], stretch.read_by(readers)
    inner = np.unique(read[is_inner[read]])
    cells, bounds = stretch.cells(inner)
    for _ in range(ROUNDS):
        largest[inner] = np.maximum.reduceat(column[cells], bounds)
        new = np.maximum.reduceat(largest[read], first) + column.dtype.type(step)
        if bool((new <= column[nodes]).all()):
            return
        column[nodes] = np.maximum(new, column[nodes])
    if len(readers) <= CHAIN:
        _settle_one_by_one(nodes, *stretch.graph.edges_of(nodes), column, step)
        largest[inner] = np.maximum.reduceat(column[cells], bounds)
        return
    for half in np.array_split(readers, 2):
        _settle_inside(stretch, column, step, half, is_inner, largest)


def _settle_one_by_one(nodes: Ints, edges: Ints, counts: Ints, column: Ints, step: int) -> None:
    each, numbers = edges.tolist(), column.data
    first = 0
    for node, count in zip(nodes.tolist(), counts.tolist(), strict=True):
        new = max([numbers[x] for x in each[first : first + count]]) + step
        numbers[node] = max(new, numbers[node])
        first += count
