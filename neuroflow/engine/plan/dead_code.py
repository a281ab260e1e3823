"""Dead code: what no output needs is never computed."""

from __future__ import annotations

import numpy as np

from neuroflow.engine.plan.graph import ROUNDS, Bools, OpGraph, keep
from neuroflow.engine.plan.slices import stretches
from neuroflow.engine.trace.tape import CONSTANT, FIRST_OP, Ints


def drop_dead_code(graph: OpGraph) -> OpGraph:
    """The graph of what the outputs need, with a note of what they do not."""
    before = int(np.count_nonzero(graph.form >= FIRST_OP))
    graph = drop_unread(graph)
    dropped = before - int(np.count_nonzero(graph.form >= FIRST_OP))
    if dropped:
        graph.notes.append(f"{dropped} dead nodes dropped")
    return graph


def drop_unread(graph: OpGraph) -> OpGraph:
    """The same without a note, after passes that leave nodes behind.

    Parameters and inputs always stay.
    """
    alive = _read_or_asked_for(graph)
    if not alive[graph.form >= FIRST_OP].all():
        alive = _alive(graph)
    alive |= (graph.form < FIRST_OP) & (graph.form != CONSTANT)
    return keep(graph, alive)


def _read_or_asked_for(graph: OpGraph) -> Bools:
    """The nodes that any node reads, and the outputs: mostly all nodes, which are then alive."""
    read = np.zeros(len(graph), dtype=np.bool_)
    for stretch in stretches(graph):
        read[stretch.cells()[0]] = True
    read[graph.outputs] = True
    return read


def _alive(graph: OpGraph) -> Bools:
    """What the outputs need."""
    alive = np.zeros(len(graph), dtype=np.bool_)
    alive[graph.outputs] = True
    for nodes in graph.nodes_in_pieces(backwards=True):
        _mark(graph, nodes, alive)
    return alive


def _mark(graph: OpGraph, waiting: Ints, alive: Bools) -> None:
    """Mark what the living nodes of a piece read, and what these read in turn."""
    for _ in range(ROUNDS):
        chosen = alive[waiting]
        if not chosen.any():
            return
        alive[graph.edges_of(waiting[chosen])[0]] = True
        waiting = waiting[~chosen]
    for node in reversed(waiting.tolist()):
        if alive[node]:
            alive[graph.inputs_of(node)] = True
