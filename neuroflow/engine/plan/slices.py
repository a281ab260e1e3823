"""Slices: what nodes read, each vector looked at once, however many nodes read it.

A row of weights is read at every position of a text, and a token by every row of a matrix. What a
pass asks of all inputs of a node (the largest level, a hash) it asks of each slice once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from attrs import define

from neuroflow.engine.plan.graph import OpGraph
from neuroflow.engine.trace.tape import FIRST_OP, SHARED_FROM, Ints, pieces, ranges

FEWEST, MOST = 1 << 11, 1 << 15
"""Nodes of a stretch: the more nodes there are, the longer their stretches."""


@define(eq=False)
class SharedSlices:
    """The long slices, each once, in the order of their first readers; ``ids`` by their starts."""

    ids: Ints
    starts: Ints
    lengths: Ints

    def __len__(self) -> int:
        return len(self.starts)


@define(eq=False)
class Stretch:
    """Some nodes one after the other, and the slices that they read.

    Node ``nodes[k]`` reads the slices ``which[first[k] : first[k + 1]]``, numbers among the slices
    of this stretch: the short ones, the long ones that nobody before has read, both written out in
    ``starts`` and ``lengths``, and then those that are known already.
    """

    graph: OpGraph
    nodes: Ints
    first: Ints
    which: Ints
    starts: Ints
    lengths: Ints
    n_short: int
    new: slice
    known: Ints

    def cells(self, some: Ints | slice = slice(None)) -> tuple[Ints, Ints]:
        """The cells of slices that are written out, and where each begins among them."""
        return cells_of(self.graph, self.starts[some], self.lengths[some])

    def reduced(self, reduce: Callable[[Ints, Ints], Ints], kept: Ints) -> Ints:
        """What ``reduce(cells, bounds)`` gives for each slice; ``kept`` has it for long ones."""
        found = reduce(*self.cells()) if len(self.starts) else kept[:0]
        kept[self.new] = found[self.n_short :]
        return np.concatenate([found, kept[self.known]]) if len(self.known) else found

    def over(self, ufunc: Any, of_slices: Ints) -> Ints:
        """For each node what holds for its slices, put together."""
        read: Ints = of_slices[self.which]
        return read if len(read) == len(self.nodes) else ufunc.reduceat(read, self.first[:-1])

    def read_by(self, readers: Ints) -> tuple[Ints, Ints]:
        """The slices that some of the nodes read, and where those of each begin."""
        counts = self.first[readers + 1] - self.first[readers]
        return self.which[ranges(self.first[readers], counts)], np.cumsum(counts) - counts


def cells_of(graph: OpGraph, starts: Ints, lengths: Ints) -> tuple[Ints, Ints]:
    """The cells of some slices one behind the other, and where each begins among them."""
    bounds = np.cumsum(lengths) - lengths
    if len(starts) and np.array_equal(starts - starts[0], bounds):  # as they were written
        return graph.cells[starts[0] : starts[0] + bounds[-1] + lengths[-1]], bounds
    return graph.cells[ranges(starts, lengths)], bounds


def shared_slices(graph: OpGraph, nodes: Ints | None = None) -> SharedSlices:
    """The long slices of a graph, or of some of its nodes."""
    some = [nodes] if nodes is not None else _all_nodes(graph)
    long = [_long_slices(graph, each) for each in some]
    starts = np.concatenate([each for each, _ in long]) if long else np.zeros(0, np.int32)
    if not len(starts):
        return SharedSlices(starts, starts, starts)
    lengths = np.concatenate([each for _, each in long])
    turns = np.arange(len(starts), dtype=np.int32)
    ids = np.empty(len(graph.cells), dtype=np.int32)
    ids[starts[::-1]] = turns[::-1]  # the last to write is the first to read
    firsts = np.flatnonzero(ids[starts] == turns)
    ids[starts[firsts]] = turns[: len(firsts)]
    return SharedSlices(ids, starts[firsts], lengths[firsts])


def _long_slices(graph: OpGraph, nodes: Ints) -> tuple[Ints, Ints]:
    starts, lengths = graph.slices_of(nodes)
    long = lengths >= SHARED_FROM
    return starts[long], lengths[long]


def _all_nodes(graph: OpGraph) -> Iterator[Ints]:
    """All nodes but leaves, some thousand at a time."""
    for part in pieces(len(graph), min(max(len(graph) >> 5, FEWEST), MOST)):
        nodes = part.start + np.flatnonzero(graph.form[part] >= FIRST_OP)
        if len(nodes):
            yield nodes


def stretches(graph: OpGraph, shared: SharedSlices | None = None) -> Iterator[Stretch]:
    """All nodes but leaves, stretch after stretch."""
    shared = shared_slices(graph) if shared is None else shared
    done = 0
    for nodes in _all_nodes(graph):
        stretch = stretch_of(graph, nodes, shared, done)
        done = stretch.new.stop
        yield stretch


def stretch_of(graph: OpGraph, nodes: Ints, shared: SharedSlices, done: int) -> Stretch:
    """Some nodes as a stretch, where the first ``done`` of the long slices are known."""
    starts, lengths = graph.slices_of(nodes)
    counts = graph.forms.columns()[1][graph.form[nodes]]
    first = np.concatenate([np.zeros(1, np.int32), np.cumsum(counts, dtype=np.int32)])
    which, known, n_short = np.arange(len(starts), dtype=np.int32), starts[:0], len(starts)
    new = slice(done, done)
    long = np.flatnonzero(lengths >= SHARED_FROM) if len(shared) else starts[:0]
    if len(long):
        ids = shared.ids[starts[long]]
        new = slice(done, max(done, int(ids.max()) + 1))
        short = np.flatnonzero(lengths < SHARED_FROM)
        n_short = len(short)
        own = n_short + new.stop - done
        known = ids[ids < done]
        place = np.empty(len(ids), dtype=np.int32)
        place[ids < done] = own + np.arange(len(known))
        place[ids >= done] = n_short + ids[ids >= done] - done
        which[short], which[long] = np.arange(n_short), place
        starts = np.concatenate([starts[short], shared.starts[new]])
        lengths = np.concatenate([lengths[short], shared.lengths[new]])
    return Stretch(graph, nodes, first, which, starts, lengths, n_short, new, known)
