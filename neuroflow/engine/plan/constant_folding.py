"""Constant folding: what is known before the run, and steps that change nothing left out.

A node whose inputs are all numbers is computed once, with its op's own forward rule on floats, as
the eager run would. Where that rule raises or gives no finite number, the node stays: the
compiled run then reports it like any other.

Steps are left out only where the result is the same to the bit, for every number, infinities and
signed zeros included: ``x * 1``, ``x / 1``, ``x - 0``, ``x + -0.0``, ``x ** 1``, ``-(-x)``. Not
``x + 0``, which turns -0.0 into 0.0, and not ``x * 0``, which is nan for an infinite x. The one
that rounds differently, in the last bit, is ``x ** 2``: it is computed as ``x * x``.
"""

from __future__ import annotations

import math
from array import array

import numpy as np

from neuroflow.core import functions
from neuroflow.core.value import add, computed, div, mul, neg, sub
from neuroflow.engine.plan.graph import Bools, OpGraph
from neuroflow.engine.plan.levels import sources
from neuroflow.engine.plan.slices import shared_slices, stretches
from neuroflow.engine.trace.tape import CONSTANT, FIRST_OP, Ints

_NEUTRAL = (
    (add, 0, -0.0), (add, 1, -0.0), (sub, 1, 0.0),
    (mul, 0, 1.0), (mul, 1, 1.0), (div, 1, 1.0),
    (functions.pow, 1, 1.0),
)  # fmt: skip
"""Ops, and the number that one of their operands changes nothing with: the core's own arithmetic,
which is no plugin, so the passes know it by identity."""


def fold_constants(graph: OpGraph) -> OpGraph:
    """Compute what is known, then leave out what changes nothing."""
    compute_known(graph)
    leave_out(graph)
    return graph


def compute_known(graph: OpGraph) -> None:
    """Every node of numbers alone becomes a number."""
    if not _any_known(graph):
        return
    known = np.flatnonzero((sources(graph) == 0) & (graph.form >= FIRST_OP))
    numbers, folded = array("d", graph.numbers), 0
    for node in known.tolist():
        number = _computed(graph, node, numbers)
        if number is not None:
            graph.form[node], graph.at[node] = CONSTANT, len(numbers)
            numbers.append(number)
            folded += 1
    graph.numbers = np.array(numbers)
    if folded:
        graph.notes.append(f"{folded} nodes of constants alone folded")


def _any_known(graph: OpGraph) -> bool:
    """Whether any node has nothing but numbers for inputs."""
    if not len(graph.numbers):
        return False
    shared = shared_slices(graph)
    kept = np.zeros(len(shared), dtype=np.bool_)
    for stretch in stretches(graph, shared):
        unknown = stretch.reduced(
            lambda cells, at: np.logical_or.reduceat(graph.form[cells] != CONSTANT, at), kept
        )
        if not stretch.over(np.logical_or, unknown).all():
            return True
    return False


def _computed(graph: OpGraph, node: int, numbers: array[float]) -> float | None:
    """What the op's own rule gives for numbers; None where eager code would raise."""
    inputs = graph.inputs_of(node)
    if any(graph.form[x] != CONSTANT for x in inputs):  # one of them could not be folded
        return None
    op = graph.forms[int(graph.form[node])].op
    try:
        number = float(computed(op, tuple([numbers[graph.at[x]] for x in inputs])))
    except Exception:  # a rule may raise anything; the eager run shows what
        return None
    return number if math.isfinite(number) else None


def leave_out(graph: OpGraph) -> None:
    """Read the operand itself where a step would give it back unchanged."""
    same = np.arange(len(graph), dtype=np.int32)
    _share_numbers(graph, same)
    forms = graph.forms
    may_change_nothing = _may_change_nothing(graph)
    for piece in graph.nodes_in_pieces():
        nodes = piece[may_change_nothing[graph.form[piece]]]
        if not len(nodes):
            continue
        form = graph.form[nodes]
        for op, side, neutral in _NEUTRAL:
            some = nodes[form == forms.find(op, 2)]
            if len(some):
                _pass_on(graph, some, side, neutral, same)
        _pass_on_single(graph, nodes, same)
        _square(graph, nodes[form == forms.find(functions.pow, 2)])
    same = _at_last(same, same)
    changed = same != np.arange(len(same), dtype=np.int32)
    left = int(np.count_nonzero(changed & (graph.form >= FIRST_OP)))
    if left:
        graph.notes.append(f"{left} steps that change nothing left out")
    graph.rename(same)


def _may_change_nothing(graph: OpGraph) -> Bools:
    """For each form whether its op may; most nodes are dots, which never do."""
    forms = graph.forms
    arities = [(op, 2) for op, _, _ in _NEUTRAL] + [(neg, 1)]
    found = [forms.find(op, arity) for op, arity in arities] + forms.of(functions.identity)
    return np.isin(np.arange(len(forms.entries)), found)


def _share_numbers(graph: OpGraph, same: Ints) -> None:
    """Equal constants are one; 0.0 and -0.0 differ."""
    cells = np.flatnonzero(graph.form == CONSTANT)
    bits = graph.numbers[graph.at[cells]].view(np.int64)
    _, first, which = np.unique(bits, return_index=True, return_inverse=True)
    same[cells] = cells[first][which]


def _pass_on(graph: OpGraph, nodes: Ints, side: int, neutral: float, same: Ints) -> None:
    operand = graph.cells[graph.at[nodes] + side]
    equal = _is_number(graph, operand, neutral)
    same[nodes[equal]] = graph.cells[graph.at[nodes[equal]] + 1 - side]


def _pass_on_single(graph: OpGraph, nodes: Ints, same: Ints) -> None:
    """x for identity(x) and for -(-x)."""
    forms, form = graph.forms, graph.form[nodes]
    for number in forms.of(functions.identity):
        some = nodes[form == number]
        same[some] = graph.cells[graph.at[some]]
    negative = forms.find(neg, 1)
    some = nodes[form == negative]
    inner = _at_last(graph.cells[graph.at[some]], same)
    twice = graph.form[inner] == negative
    same[some[twice]] = graph.cells[graph.at[inner[twice]]]


def _at_last(cells: Ints, same: Ints) -> Ints:
    """What is read in the end: what is passed on may be passed on itself."""
    while True:
        further = same[cells]
        if np.array_equal(further, cells):
            return cells
        cells = further


def _square(graph: OpGraph, nodes: Ints) -> None:
    """x ** 2 is x * x: one rounding, and no logarithm."""
    if not len(nodes):
        return
    two = nodes[_is_number(graph, graph.cells[graph.at[nodes] + 1], 2.0)]
    graph.cells[graph.at[two] + 1] = graph.cells[graph.at[two]]
    graph.form[two] = graph.forms.number(mul, 2)


def _is_number(graph: OpGraph, cells: Ints, number: float) -> Bools:
    """Which cells are this very constant, to the bit."""
    equal: Bools = graph.form[cells] == CONSTANT
    numbers = graph.numbers[graph.at[cells[equal]]]
    equal[equal] = numbers.view(np.int64) == np.float64(number).view(np.int64)
    return equal
