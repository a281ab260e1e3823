"""Common subexpressions: nodes with the same op and the same inputs become one."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from neuroflow.core.value import add, mul
from neuroflow.engine.plan.graph import PART, OpGraph, keep
from neuroflow.engine.plan.slices import (
    SharedSlices,
    Stretch,
    shared_slices,
    stretch_of,
    stretches,
)
from neuroflow.engine.trace.tape import FIRST_OP, Ints, pieces

_ODD, _ODDER = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9)
_LOW = np.uint64(0xFFFFFFFF)


def merge_common_subexpressions(graph: OpGraph, shared: SharedSlices) -> OpGraph:
    """Merge level by level, for nodes become equal when their inputs do.

    ``shared`` are the graph's long slices; where nothing merges, the graph is what it was.
    """
    if not _has_twins(graph, shared):
        return graph
    same = np.arange(len(graph), dtype=np.int32)
    for nodes in _by_level(graph):
        for twin, other in _twins(graph, nodes, same):
            same[twin] = other
    merged = same != np.arange(len(graph))
    graph.notes.append(f"{int(merged.sum())} nodes computed twice merged")
    graph.rename(same)
    return keep(graph, ~merged)


def _has_twins(graph: OpGraph, shared: SharedSlices) -> bool:
    """Whether any two nodes are equal as they stand; if not, none ever become equal."""
    marks = np.empty(int(np.count_nonzero(graph.form >= FIRST_OP)), dtype=np.uint64)
    kept = np.empty(len(shared), dtype=np.uint64)
    done = 0
    for stretch in stretches(graph, shared):
        marks[done : done + len(stretch.nodes)] = _marks(stretch, kept, None)
        done += len(stretch.nodes)
    return any(True for _ in _equal_pairs(graph, marks, None))


def _by_level(graph: OpGraph) -> list[Ints]:
    """The nodes of each level but the leaves', in order of creation."""
    keys = np.flatnonzero(graph.form >= FIRST_OP)
    keys |= graph.level[keys].astype(np.int64) << 32
    keys.sort()
    bounds = np.searchsorted(keys, np.arange(1, int(keys[-1] >> 32) + 1) << 32)
    keys &= int(_LOW)
    return [part for part in np.split(keys, bounds) if len(part) > 1]


def _twins(graph: OpGraph, nodes: Ints, same: Ints) -> list[tuple[int, int]]:
    shared = shared_slices(graph, nodes)
    kept = np.empty(len(shared), dtype=np.uint64)
    marks = _marks(stretch_of(graph, nodes, shared, 0), kept, same)
    return list(_equal_pairs(graph, marks, same))


def _marks(stretch: Stretch, kept: Ints, same: Ints | None) -> Ints:
    """For each node half a hash of its op and inputs, above its number: equal ones sort together.

    Twins are told from others with the same hash by a look at their inputs.
    """
    pairs = _pairs(stretch)
    mixed = stretch.reduced(lambda cells, at: _mixed(cells, at, pairs, same), kept)[stretch.which]
    counts, nodes = np.diff(stretch.first), stretch.nodes
    place = (np.arange(len(mixed)) - np.repeat(stretch.first[:-1], counts)).astype(np.uint64)
    mixed = (mixed ^ (mixed >> np.uint64(31))) * (place * np.uint64(2) + _ODD)
    total = np.add.reduceat(mixed, stretch.first[:-1])
    total += stretch.graph.form[nodes].astype(np.uint64) * _ODD
    total ^= total >> np.uint64(31)
    total *= _ODDER
    marks: Ints = (total & ~_LOW) | nodes.astype(np.uint64)
    return marks


def _pairs(stretch: Stretch) -> Ints:
    """The slices that are both operands of a sum or a product: a + b is b + a."""
    graph = stretch.graph
    either = [graph.forms.find(op, 2) for op in (add, mul)]
    readers = np.flatnonzero(np.isin(graph.form[stretch.nodes], either))
    return stretch.which[stretch.first[readers]]


def _mixed(cells: Ints, bounds: Ints, pairs: Ints, same: Ints | None) -> Ints:
    """A hash of the cells of some slices, in their order, which for ``pairs`` does not count."""
    cells = cells.copy() if same is None else same[cells]
    at = bounds[pairs]
    a, b = cells[at], cells[at + 1]
    cells[at], cells[at + 1] = np.minimum(a, b), np.maximum(a, b)
    lengths = np.diff(np.append(bounds, len(cells)))
    place = (np.arange(len(cells)) - np.repeat(bounds, lengths)).astype(np.uint64)
    mixed = (cells.astype(np.uint64) + np.uint64(1)) * _ODD
    mixed ^= mixed >> np.uint64(29)
    mixed *= (place * np.uint64(2) + np.uint64(1)) * _ODDER
    return np.add.reduceat(mixed, bounds)


def _inputs(graph: OpGraph, node: int, same: Ints | None) -> Ints:
    """The inputs of a node, those of a sum or product of two in a fixed order: a + b is b + a."""
    inputs = graph.edges_of(np.array([node]))[0]
    inputs = inputs if same is None else same[inputs]
    either = [graph.forms.find(op, 2) for op in (add, mul)]
    return np.sort(inputs) if graph.form[node] in either else inputs


def _equal_pairs(graph: OpGraph, marks: Ints, same: Ints | None) -> Iterator[tuple[int, int]]:
    """(twin, first of its kind) for nodes that are equal, from their marks."""
    marks.sort()
    first, last = -1, -2
    for part in pieces(len(marks) - 1, PART):
        hashes = marks[part.start : part.stop + 1] & ~_LOW
        for k in (np.flatnonzero(hashes[1:] == hashes[:-1]) + part.start + 1).tolist():
            if k != last + 1:
                first = int(marks[k - 1] & _LOW)
            last = k
            node = int(marks[k] & _LOW)
            if _equal(graph, first, node, same):
                yield node, first


def _equal(graph: OpGraph, a: int, b: int, same: Ints | None) -> bool:
    if graph.form[a] != graph.form[b]:
        return False
    left, right = _inputs(graph, a, same), _inputs(graph, b, same)
    return bool(np.array_equal(left, right))
