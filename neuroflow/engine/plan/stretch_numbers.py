"""The numbers of a stretch of tape: what a copied call gives, computed with numpy, op by op.

The comparison with plain Values runs each distinct call as it is, and takes this for its copies.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuroflow.core import vectors
from neuroflow.engine.plan.graph import OpGraph
from neuroflow.engine.plan.levels import levels
from neuroflow.engine.trace.stamp import Template
from neuroflow.engine.trace.tape import CONSTANT, FIRST_OP, INPUT, Forms, Ints, Scopes, ranges

Numbers = NDArray[np.float64]
Compute = Callable[[Numbers], Any]

AT_ONCE = 1 << 20
"""Numbers that a group of dots reads at once."""


class StretchNumbers:
    """Computes the numbers of the nodes of one stretch, as often as it was copied."""

    def __init__(self, template: Template, forms: Forms) -> None:
        self.template, self.graph = template, _graph(template, forms)
        self.steps = [(nodes, _step(self.graph, nodes)) for nodes in _groups(self.graph)]

    def computed(self, outside: Numbers) -> Numbers:
        """The number of each node, from those of the cells outside the stretch."""
        first = len(self.graph) - len(self.template.form)
        numbers = np.zeros(len(self.graph))
        numbers[:first] = np.concatenate([outside, self.template.constants])
        with np.errstate(all="ignore"):
            for nodes, compute in self.steps:
                numbers[nodes] = compute(numbers)
        return numbers[first:]


def _graph(template: Template, forms: Forms) -> OpGraph:
    """The stretch alone: the cells outside it are inputs, then come the constants that it reads."""
    n, m = len(template.outside), len(template.constants)
    cells, at, entries = template.alone(n + m)
    return OpGraph(
        forms=forms,
        form=np.concatenate([np.full(n, INPUT), np.full(m, CONSTANT), template.form]).astype(
            np.int32
        ),
        at=np.concatenate([np.zeros(n + m, np.int32), at]),
        cells=cells,
        slices=entries,
        scopes=Scopes(),
        outputs=np.zeros(0, np.int64),
        numbers=template.constants,
        live=[],
    )


def _groups(graph: OpGraph) -> list[Ints]:
    """The nodes of each level and form, lowest first."""
    nodes = np.flatnonzero(graph.form >= FIRST_OP)
    keys = levels(graph)[nodes].astype(np.int64) << 32 | graph.form[nodes]
    order = np.argsort(keys, kind="stable")
    return np.split(nodes[order], np.flatnonzero(np.diff(keys[order])) + 1)


def _step(graph: OpGraph, nodes: Ints) -> Compute:
    """What computes the numbers of a group; which cells it reads is found once."""
    form = graph.forms[int(graph.form[nodes[0]])]
    starts, lengths = graph.slices_of(nodes)
    starts = starts.reshape(len(nodes), form.slices)
    if form.op is vectors.dot:
        half = form.arity // 2
        b = starts[:, 1] if form.slices == 2 else starts[:, 0] + half
        return _dots(graph.cells, starts[:, 0], b, half)
    each, forward = int(lengths[0]), form.op.forward
    columns = [graph.cells[starts[:, k // each] + k % each] for k in range(form.arity)]
    return lambda numbers: forward(*[numbers[column] for column in columns])


def _dots(cells: Ints, a: Ints, b: Ints, length: int) -> Compute:
    """Many dots: as a product of matrices where nearly all pairs of their vectors occur."""
    each_a, of_a = np.unique(a, return_inverse=True)
    each_b, of_b = np.unique(b, return_inverse=True)
    left, right = (_rows(cells, each, length) for each in (each_a, each_b))
    if len(each_a) * len(each_b) <= 4 * len(a):
        return lambda numbers: (numbers[left] @ numbers[right].T)[of_a, of_b]
    size = max(1, AT_ONCE // length)
    parts = [slice(k, k + size) for k in range(0, len(a), size)]
    return lambda numbers: np.concatenate([
        np.einsum("ij,ij->i", numbers[left[of_a[part]]], numbers[right[of_b[part]]])
        for part in parts
    ])  # fmt: skip


def _rows(cells: Ints, starts: Ints, length: int) -> Ints:
    """The cells of vectors, one in each row."""
    return cells[ranges(starts, np.full(len(starts), length))].reshape(-1, length)
