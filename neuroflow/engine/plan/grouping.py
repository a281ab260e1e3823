"""Grouping: nodes of equal level, op and arity side by side, in the order of their creation.

That order is what makes the rows of a layer lie one behind the other.
"""

from __future__ import annotations

from array import array
from typing import Any

import numpy as np

from neuroflow.engine.plan.common_subexpressions import merge_common_subexpressions
from neuroflow.engine.plan.constant_folding import fold_constants
from neuroflow.engine.plan.dead_code import drop_dead_code, drop_unread
from neuroflow.engine.plan.dot_products import recognise_dot_products
from neuroflow.engine.plan.graph import EDGES, PART, OpGraph, graph_of
from neuroflow.engine.plan.levels import levels, sources
from neuroflow.engine.plan.plan import Group, Plan, Table
from neuroflow.engine.plan.slices import shared_slices
from neuroflow.engine.trace.tape import (
    CONSTANT,
    FIRST_OP,
    INPUT,
    LIVE,
    PARAMETER,
    SHARED_FROM,
    Ints,
    Take,
    Tape,
    pieces,
    ranges,
)


def plan_of_tape(tape: Tape, outputs: list[int]) -> Plan:
    """Tidy a tape and group its nodes; it uses up the tape."""
    n_traced = len(tape)
    return group_nodes(tidy(tape, outputs), n_traced)


def group_nodes(graph: OpGraph, n_traced: int) -> Plan:
    """Give each node its cell, group by group."""
    order, bounds = _in_groups(graph)
    level_of = graph.level[order[bounds[:-1]]].tolist()
    graph.level = graph.level[:0]
    source, form = graph.source, graph.form
    held = np.flatnonzero(form == LIVE)
    constants = np.concatenate([np.flatnonzero(form == CONSTANT), held])
    parameters, inputs = (_by_number(graph, form) for form in (PARAMETER, INPUT))
    n_uniform = int(np.count_nonzero(source < 2))
    n_before = len(constants) + len(parameters)

    cell = np.empty(len(graph), dtype=np.int32)
    cell[constants] = np.arange(len(constants))
    cell[parameters] = len(constants) + np.arange(len(parameters))
    cell[inputs] = n_uniform + np.arange(len(inputs))
    n_first = n_uniform - n_before
    cell[order[:n_first]] = np.arange(n_before, n_uniform, dtype=np.int32)
    cell[order[n_first:]] = np.arange(n_uniform + len(inputs), len(graph), dtype=np.int32)

    graph.outputs = cell[graph.outputs].astype(np.int64)
    numbers, live = _constants(graph, constants)
    return Plan(
        constants=numbers,
        live=live,
        n_parameters=len(parameters),
        input_numbers=graph.at[inputs].astype(np.int64),
        groups=[
            _group(graph, cell, order[a:b], level)
            for a, b, level in zip(bounds[:-1], bounds[1:], level_of, strict=True)
        ],
        n_uniform=n_uniform,
        n_cells=len(graph),
        outputs=graph.outputs,
        n_traced=n_traced,
        notes=graph.notes,
    )


def _by_number(graph: OpGraph, form: int) -> Ints:
    """The leaves of a form, in the order of their numbers."""
    leaves = np.flatnonzero(graph.form == form)
    return leaves[np.argsort(graph.at[leaves], kind="stable")]


def _constants(graph: OpGraph, cells: Ints) -> tuple[array[float], dict[int, Any]]:
    """The numbers, zero for those that every run reads anew, and the Values of these."""
    numbers, live = array("d", bytes(8 * len(cells))), {}
    for k, node in enumerate(cells.tolist()):
        if graph.form[node] == LIVE:
            live[k] = graph.live[graph.at[node]]
        else:
            numbers[k] = graph.numbers[graph.at[node]]
    return numbers, live


def _in_groups(graph: OpGraph) -> tuple[Ints, list[int]]:
    """All nodes but leaves, group after group, those that inputs reach last; and the bounds.

    Sorting whole numbers in place (what a group is, then the node) needs the least memory.
    """
    node_bits = len(graph).bit_length()
    class_of, n_classes = _classes(graph)
    n_levels = int(graph.level.max(initial=0)) + 1
    keys = np.flatnonzero(graph.form >= FIRST_OP)
    for part in pieces(len(keys), PART):
        nodes = keys[part]
        group = (graph.source[nodes] == 2) * n_levels + graph.level[nodes]
        group = group * n_classes + class_of[graph.form[nodes]]
        keys[part] |= group << node_bits
    keys.sort()
    bounds = [0]
    for part in pieces(len(keys), PART):
        group = keys[max(part.start - 1, 0) : part.stop] >> node_bits
        bounds += (np.flatnonzero(np.diff(group)) + max(part.start, 1)).tolist()
    keys &= (1 << node_bits) - 1
    return keys.astype(np.int32), [*bounds, len(keys)] if len(keys) else [0]


def _classes(graph: OpGraph) -> tuple[Ints, int]:
    """A number for each form that occurs, and how many there are: by op, then by inputs.

    It is equal for all choices among equally many, whatever their index.
    """
    ops: dict[Any, int] = {}
    of_form = {}
    for number in np.unique(graph.form).tolist():
        form = graph.forms[number]
        what = Take if isinstance(form.op, Take) else form.op
        of_form[number] = (ops.setdefault(what, len(ops)), form.arity)
    order = {key: k for k, key in enumerate(sorted(set(of_form.values())))}
    class_of = np.zeros(len(graph.forms.entries), dtype=np.int64)
    class_of[list(of_form)] = [order[key] for key in of_form.values()]
    return class_of, len(order)


def _group(graph: OpGraph, cell: Ints, nodes: Ints, level: int) -> Group:
    first = int(nodes[0])
    form = graph.forms[int(graph.form[first])]
    index = None
    if isinstance(form.op, Take):
        numbers = graph.form[nodes].tolist()
        index = np.array([graph.forms[k].op.index for k in numbers], dtype=np.int64)
    return Group(
        op=form.op,
        level=level,
        uniform=bool(graph.source[first] < 2),
        first=int(cell[first]),
        tables=_tables(graph, cell, nodes, form.slices),
        scope=_common_scope(graph.scopes.among(nodes)),
        index=index,
    )


def _tables(graph: OpGraph, cell: Ints, nodes: Ints, slices: int) -> tuple[Table, ...]:
    """The inputs of a group; vectors that several nodes read are written out once."""
    starts, lengths = graph.slices_of(nodes)
    return tuple([_table(graph, cell, starts[k::slices], int(lengths[0])) for k in range(slices)])


def _table(graph: OpGraph, cell: Ints, starts: Ints, length: int) -> Table:
    which = None
    if length >= SHARED_FROM:
        several, numbers = np.unique(starts, return_inverse=True)
        if len(several) < len(starts):
            starts, which = several, numbers.astype(np.int32)
    rows = np.empty((len(starts), length), dtype=np.int32)
    for part in pieces(len(starts), max(1, EDGES // length)):
        at = ranges(starts[part], np.full(part.stop - part.start, length))
        rows[part] = cell[graph.cells[at]].reshape(-1, length)
    return Table(rows, which)


def _common_scope(scopes: list[str]) -> str:
    """The module that all scopes lie in.

    >>> _common_scope(["layers.0.neurons.0", "layers.0.neurons.1"])
    'layers.0.neurons'
    """
    paths = [scope.split(".") for scope in scopes]
    same = [names[0] for names in zip(*paths, strict=False) if len(set(names)) == 1]
    return ".".join(same)


def tidy(tape: Tape, outputs: list[int]) -> OpGraph:
    """The graph that computes the same numbers with fewer nodes; it uses up the tape."""
    graph = drop_dead_code(graph_of(tape, outputs))
    graph = drop_unread(recognise_dot_products(fold_constants(graph)))
    shared = shared_slices(graph)
    graph.level = levels(graph, shared)
    merged = merge_common_subexpressions(graph, shared)
    merged.source = sources(merged, shared if merged is graph else None)
    return merged
