"""Tidy a tape: recognise sums, drop what nothing needs, merge what is computed twice.

Each pass takes a :class:`Graph` and gives a graph that computes the same numbers.
"""

from __future__ import annotations

from array import array
from typing import Any

import numpy as np
from attrs import define, evolve
from numpy.typing import NDArray

from neuroflow.core import arithmetic
from neuroflow.core.op import Op
from neuroflow.engine.tape import CONSTANT, INPUT, Ints, Tape

MANY_TERMS = 8
"""A chain of additions at least this long becomes one sum; shorter ones stay as they are."""


@define(eq=False)
class Graph:
    """A tape as numpy arrays, inputs before outputs; ``outputs`` are the cells asked for.

    ``level`` is the longest path from a leaf, ``uniform`` marks what depends on parameters and
    constants alone, and ``notes`` says in words what was recognised.
    """

    ops: list[Any]
    op: NDArray[np.int32]
    start: Ints
    inputs: NDArray[np.int32]
    scope: NDArray[np.int32]
    outputs: Ints
    constants: list[Any]
    notes: list[str]
    level: NDArray[np.int32] | None = None
    uniform: NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        return len(self.op)

    def edges_of(self, nodes: Ints) -> tuple[Ints, Ints]:
        """All inputs of ``nodes``, one behind the other, and how many each has."""
        first, count = self.start[nodes], self.start[nodes + 1] - self.start[nodes]
        begin = np.cumsum(count) - count
        positions = np.arange(count.sum()) + np.repeat(first - begin, count)
        return self.inputs[positions], count

    def number_of(self, op: Any) -> int:
        """The number of an op in ``ops``; a new one is added."""
        for number, known in enumerate(self.ops):
            if known is op:
                return number
        self.ops.append(op)
        return len(self.ops) - 1


def graph_of(tape: Tape, outputs: list[int]) -> Graph:
    """The tape's arrays, not copied."""
    return Graph(
        list(tape.ops),
        np.frombuffer(tape.op, np.int32),
        np.frombuffer(tape.start, np.int64),
        np.frombuffer(tape.inputs, np.int32),
        np.frombuffer(tape.scope, np.int32),
        np.array(outputs, dtype=np.int64),
        list(tape.constants),
        [],
    )


def tidy(tape: Tape, outputs: list[int]) -> Graph:
    """All passes, in the order in which each helps the next."""
    graph = recognise_sums(graph_of(tape, outputs))
    return merge_equal(levelled(keep(graph, reachable(graph))))


def recognise_sums(graph: Graph) -> Graph:
    """Chains of additions as one ``sum``, sums of products as one ``dot``.

    ``w[0] * x[0] + w[1] * x[1] + b`` is how people write a neuron; the engine needs to see
    one dot product per neuron to see the matrix product of a layer.
    """
    rewriter = _SumRewriter(graph)
    rewriter.rewrite_all()
    return rewriter.result()


class _SumRewriter:
    """Collects replacements of nodes; new nodes stand directly before the node they help."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.add, self.mul, self.sum, self.mean, self.dot = (
            graph.number_of(op)
            for op in (
                arithmetic.add, arithmetic.mul, arithmetic.sum, arithmetic.mean, arithmetic.dot,
            )
        )  # fmt: skip
        inner = graph.op > INPUT
        counts = np.diff(graph.start)
        real_edges = np.repeat(inner, counts)
        self.uses = np.bincount(graph.inputs[real_edges], minlength=len(graph))
        np.add.at(self.uses, graph.outputs, 2)  # an output keeps its own cell
        self.replaced: dict[int, tuple[int, list[int]]] = {}
        self.extra: list[tuple[int, int, list[int]]] = []
        self.extra_leaves: list[tuple[int, int]] = []
        self.n_dots = self.n_sums = 0

    def inputs_of(self, node: int) -> list[int]:
        graph = self.graph
        return graph.inputs[graph.start[node] : graph.start[node + 1]].tolist()  # type: ignore[no-any-return]

    def rewrite_all(self) -> None:
        taken: set[int] = set()
        op = self.graph.op
        for node in np.flatnonzero((op == self.add) | (op == self.sum) | (op == self.mean))[::-1]:
            node = int(node)
            if node in taken:
                continue
            if op[node] == self.add:
                terms = self._chain(node, taken)
                self._rewrite(node, terms, MANY_TERMS)
            elif op[node] == self.sum:
                self._rewrite(node, self.inputs_of(node), 1 << 62)
            else:
                self._rewrite_mean(node)

    def _chain(self, node: int, taken: set[int]) -> list[int]:
        """The terms of nested additions that nothing else uses, from left to right."""
        op, uses = self.graph.op, self.uses
        terms: list[int] = []
        stack = [node]
        while stack:
            x = stack.pop()
            if op[x] == self.add and (x == node or uses[x] == 1):
                taken.add(x)
                stack.extend(reversed(self.inputs_of(x)))
            else:
                terms.append(x)
        return terms

    def _rewrite(self, node: int, terms: list[int], many: int) -> None:
        products = [x for x in terms if self.graph.op[x] == self.mul and self.uses[x] == 1]
        others = [x for x in terms if not (self.graph.op[x] == self.mul and self.uses[x] == 1)]
        if len(products) >= 2 and len(set(products)) == len(products):
            pairs = [self.inputs_of(x) for x in products]
            self.n_dots += 1
            self._replace(node, self.dot, [p[0] for p in pairs] + [p[1] for p in pairs], others)
        elif len(terms) >= many:
            self.n_sums += 1
            self._replace(node, self.sum, terms, [])

    def _replace(self, node: int, op: int, inputs: list[int], others: list[int]) -> None:
        if not others:
            self.replaced[node] = (op, inputs)
        else:
            rest = self._new(node, self.sum, others) if len(others) > 1 else others[0]
            self.replaced[node] = (self.add, [self._new(node, op, inputs), rest])

    def _rewrite_mean(self, node: int) -> None:
        xs = self.inputs_of(node)
        scale = self._constant(1.0 / len(xs))
        self.replaced[node] = (self.mul, [self._new(node, self.sum, xs), scale])

    def _new(self, before: int, op: int, inputs: list[int]) -> int:
        self.extra.append((before, op, inputs))
        return len(self.graph) + len(self.extra) + len(self.extra_leaves) - 1

    def _constant(self, number: float) -> int:
        self.graph.constants.append(number)
        self.extra.append((-1, CONSTANT, [len(self.graph.constants) - 1]))
        return len(self.graph) + len(self.extra) - 1

    def result(self) -> Graph:
        graph = self.graph
        if not self.replaced:
            return graph
        n, m = len(graph), len(self.extra)
        place = np.concatenate([np.arange(n) + 0.5, [before + 0.25 for before, _, _ in self.extra]])
        order = np.argsort(place, kind="stable")
        new_cell = np.empty(n + m, dtype=np.int32)
        new_cell[order] = np.arange(n + m)
        op, inputs, counts = [], [], []
        for old in order.tolist():
            if old >= n:
                _, number, cells = self.extra[old - n]
            elif old in self.replaced:
                number, cells = self.replaced[old]
            else:
                number, cells = int(graph.op[old]), self.inputs_of(old)
            op.append(number)
            counts.append(len(cells))
            inputs.extend(cells if number <= INPUT else new_cell[cells].tolist())
        notes = [f"{self.n_dots} hand-written sums of products recognised as dot"]
        if self.n_sums:
            notes.append(f"{self.n_sums} long chains of additions recognised as sum")
        new = np.array([graph.scope[before] for before, _, _ in self.extra], dtype=np.int32)
        return evolve(
            graph,
            op=np.array(op, dtype=np.int32),
            start=np.concatenate([[0], np.cumsum(counts)]),
            inputs=np.array(inputs, dtype=np.int32),
            scope=np.concatenate([graph.scope, new])[order],
            outputs=new_cell[graph.outputs].astype(np.int64),
            notes=graph.notes + (notes if self.n_dots or self.n_sums else []),
        )


def reachable(graph: Graph) -> NDArray[np.bool_]:
    """What the outputs need; parameters and inputs always stay."""
    live = bytearray(len(graph))
    for cell in graph.outputs.tolist():
        live[cell] = 1
    op, start, inputs = graph.op.data, graph.start.data, graph.inputs
    for node in range(len(graph) - 1, -1, -1):
        if live[node] and op[node] > INPUT:
            for x in inputs[start[node] : start[node + 1]].tolist():
                live[x] = 1
    alive = np.frombuffer(bytes(live), np.bool_)
    dropped = int(np.sum(~alive & (graph.op > INPUT)))
    if dropped:
        graph.notes.append(f"{dropped} dead nodes dropped")
    always = (graph.op <= INPUT) & (graph.op != CONSTANT)
    return np.asarray(alive | always)


def keep(graph: Graph, kept: NDArray[np.bool_]) -> Graph:
    """The graph of the kept nodes alone, numbered anew."""
    if kept.all():
        return graph
    nodes = np.flatnonzero(kept)
    new_cell = np.cumsum(kept) - 1
    inputs, counts = graph.edges_of(nodes)
    leaf_edge = np.repeat(graph.op[nodes] <= INPUT, counts)
    return evolve(
        graph,
        op=graph.op[nodes],
        start=np.concatenate([[0], np.cumsum(counts)]),
        inputs=np.where(leaf_edge, inputs, new_cell[inputs * ~leaf_edge]).astype(np.int32),
        scope=graph.scope[nodes],
        outputs=new_cell[graph.outputs],
        level=None if graph.level is None else graph.level[nodes],
        uniform=None if graph.uniform is None else graph.uniform[nodes],
    )


def levelled(graph: Graph) -> Graph:
    """Fill in ``level`` and ``uniform``."""
    op, start, inputs = graph.op.data, graph.start.data, graph.inputs
    is_take = [not isinstance(entry, (Op, str)) for entry in graph.ops]
    level = array("i", bytes(4 * len(op)))
    uniform = bytearray(len(op))
    for node, number in enumerate(op):
        if number <= INPUT:
            uniform[node] = number != INPUT
            continue
        xs = inputs[start[node] : start[node + 1]].tolist()
        level[node] = max([level[x] for x in xs]) + 1
        uniform[node] = not is_take[number] and all(uniform[x] for x in xs)
    return evolve(
        graph,
        level=np.frombuffer(level, np.int32),
        uniform=np.frombuffer(bytes(uniform), np.bool_),
    )


def merge_equal(graph: Graph) -> Graph:
    """Nodes with the same op and the same inputs become one, level by level."""
    assert graph.level is not None
    same = np.arange(len(graph))
    inputs = graph.inputs.copy()
    by_level = np.argsort(graph.level, kind="stable")
    bounds = np.flatnonzero(np.diff(graph.level[by_level])) + 1
    merged = 0
    for nodes in np.split(by_level, bounds)[1:]:
        positions, counts = _positions(graph, nodes)
        inputs[positions] = same[inputs[positions]]
        if len(nodes) > 1:
            merged += _merge_level(graph, nodes, counts, inputs[positions], same)
    if not merged:
        return graph
    graph.notes.append(f"{merged} nodes computed twice merged")
    graph = evolve(graph, inputs=inputs, outputs=same[graph.outputs])
    return keep(graph, same == np.arange(len(graph)))


def _positions(graph: Graph, nodes: Ints) -> tuple[Ints, Ints]:
    first, counts = graph.start[nodes], graph.start[nodes + 1] - graph.start[nodes]
    begin = np.cumsum(counts) - counts
    return np.arange(counts.sum()) + np.repeat(first - begin, counts), counts


def _merge_level(graph: Graph, nodes: Ints, counts: Ints, flat: Any, same: Ints) -> int:
    """Find equal nodes of one level by a hash of (op, inputs), then compare them really."""
    begin = np.cumsum(counts) - counts
    place = np.arange(len(flat)) - np.repeat(begin, counts)
    mixed = (flat.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    mixed ^= mixed >> np.uint64(29)
    mixed *= (place.astype(np.uint64) * np.uint64(2) + np.uint64(1)) * np.uint64(0xBF58476D1CE4E5B9)
    hashes = np.add.reduceat(mixed, begin) + graph.op[nodes].astype(np.uint64)
    _, first, which = np.unique(hashes, return_index=True, return_inverse=True)
    twins = np.flatnonzero(first[which] != np.arange(len(nodes)))
    merged = 0
    for k in twins.tolist():
        other = int(first[which[k]])
        equal = graph.op[nodes[k]] == graph.op[nodes[other]] and counts[k] == counts[other]
        mine = flat[begin[k] : begin[k] + counts[k]]
        if equal and np.array_equal(mine, flat[begin[other] : begin[other] + counts[other]]):
            same[nodes[k]] = nodes[other]
            merged += 1
    return merged
