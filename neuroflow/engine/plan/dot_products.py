"""Dot products recognised: sums of products as one ``dot``, chains of additions as one ``sum``.

``w[0] * x[0] + w[1] * x[1] + b`` is how people write a neuron; the engine needs to see one dot
product per neuron to see the matrix product of a layer. Nodes are rewritten where they stand: a
new dot takes the place of the last product in it, which nothing else reads.
"""

from __future__ import annotations

from array import array

import numpy as np

from neuroflow.core import vectors
from neuroflow.core.value import add, mul
from neuroflow.engine.plan.graph import PART, OpGraph
from neuroflow.engine.plan.slices import cells_of, shared_slices, stretches
from neuroflow.engine.trace.tape import Inputs, Ints, pieces

MANY_TERMS = 8
"""A chain of additions at least this long becomes one sum; shorter ones stay as they are."""


def recognise_dot_products(graph: OpGraph) -> OpGraph:
    """Rewrite the graph; the nodes that are no longer read are dropped by a later pass."""
    rewriter = _Rewriter(graph)
    if rewriter.mul < 0 and rewriter.add < 0:
        return graph
    rewriter.count_uses()
    for node in rewriter.candidates():
        if not rewriter.taken[node]:
            rewriter.rewrite(node)
    rewriter.finish()
    return graph


class _Rewriter:
    def __init__(self, graph: OpGraph) -> None:
        self.graph = graph
        self.add = graph.forms.find(add, 2)
        self.mul = graph.forms.find(mul, 2)
        self.sums = graph.forms.of(vectors.sum)
        self.uses = np.zeros(0, dtype=np.int32)
        self.taken = np.zeros(len(graph), dtype=np.bool_)
        self.written = Inputs((len(graph.cells), len(graph.slices)))
        self.n_dots = self.n_sums = 0

    def count_uses(self) -> None:
        """How often each cell is read; an output keeps its own cell."""
        graph, shared = self.graph, shared_slices(self.graph)
        self.uses = np.zeros(len(graph), dtype=np.int32)
        readers = np.zeros(len(shared), dtype=np.int32)
        for stretch in stretches(graph, shared):
            starts, lengths = stretch.starts[: stretch.n_short], stretch.lengths[: stretch.n_short]
            np.add.at(self.uses, cells_of(graph, starts, lengths)[0], 1)
            new = stretch.which[stretch.which >= stretch.n_short] - stretch.n_short
            ids = np.concatenate([np.arange(stretch.new.start, stretch.new.stop), stretch.known])
            np.add.at(readers, ids[new], 1)
        for part in pieces(len(shared), PART):
            lengths = shared.lengths[part]
            cells = cells_of(graph, shared.starts[part], lengths)[0]
            np.add.at(self.uses, cells, np.repeat(readers[part], lengths))
        np.add.at(self.uses, graph.outputs, 2)

    def candidates(self) -> list[int]:
        """Additions and sums of what only they read, from the last to the first."""
        found: list[Ints] = []
        for nodes in self.graph.nodes_in_pieces(backwards=True):
            some = nodes[np.isin(self.graph.form[nodes], [self.add, *self.sums])]
            if len(some):
                edges, counts = self.graph.edges_of(some)
                form = self.graph.form[edges]
                inside = ((form == self.mul) | (form == self.add)) & (self.uses[edges] == 1)
                found.append(some[np.logical_or.reduceat(inside, np.cumsum(counts) - counts)][::-1])
        return np.concatenate(found).tolist() if found else []

    def rewrite(self, node: int) -> None:
        """One addition or sum, if it hides a dot or many terms."""
        is_add = self.graph.form[node] == self.add
        terms = self._chain(node) if is_add else self.graph.inputs_of(node)
        products = [x for x in terms if self._is_product(x)]
        if len(products) == len(set(products)) and len(products) >= 1:
            others = self._without_zeros([x for x in terms if not self._is_product(x)])
            if len(products) >= 2 or len(products) + len(others) < len(terms):
                self._make_dot(node, products, others)
                return
        if is_add and len(terms) >= MANY_TERMS:
            self.n_sums += 1
            self._write(node, vectors.sum, self._without_zeros(terms) or terms)

    def _chain(self, node: int) -> list[int]:
        """The terms of nested additions that nothing else reads, from left to right."""
        form, uses = self.graph.form, self.uses
        terms: list[int] = []
        stack = [node]
        while stack:
            x = stack.pop()
            if form[x] == self.add and (x == node or uses[x] == 1):
                self.taken[x] = True
                at = self.graph.at[x]
                stack += [int(self.graph.cells[at + 1]), int(self.graph.cells[at])]
            else:
                terms.append(x)
        return terms

    def _is_product(self, x: int) -> bool:
        return bool(self.graph.form[x] == self.mul and self.uses[x] == 1)

    def _without_zeros(self, terms: list[int]) -> list[int]:
        """The rules of ``dot`` and ``sum`` start at 0 themselves, as Python's ``sum`` does."""
        return [x for x in terms if self.graph.number(x) != 0.0]

    def _make_dot(self, node: int, products: list[int], others: list[int]) -> None:
        self.n_dots += 1
        at = self.graph.at[products]
        inputs = [*self.graph.cells[at].tolist(), *self.graph.cells[at + 1].tolist()]
        if not others:
            self._write(node, vectors.dot, inputs)
            return
        dot = max(products)  # behind all that the products read
        self._write(dot, vectors.dot, inputs)
        rest = add if len(others) == 1 else vectors.sum
        self._write(node, rest, [dot, *others])

    def _write(self, node: int, op: object, inputs: list[int]) -> None:
        forms = self.graph.forms
        number = forms.number(op, len(inputs))
        self.graph.form[node] = number
        self.graph.at[node] = self.written.write(forms[number], array("i", inputs))

    def finish(self) -> None:
        """Put what was written behind the old cells, and say what was recognised."""
        graph = self.graph
        if not self.n_dots and not self.n_sums:
            return
        graph.cells = np.concatenate([graph.cells, np.frombuffer(self.written.cells, np.int32)])
        slices = np.array(self.written.slices, dtype=np.int32)
        graph.slices = np.concatenate([graph.slices, slices])
        graph.notes.append(f"{self.n_dots} hand-written sums of products recognised as dot")
        if self.n_sums:
            graph.notes.append(f"{self.n_sums} long chains of additions recognised as sum")
