"""Dead code: what no output needs is never computed."""

from __future__ import annotations

import numpy as np

from neuroflow.engine.plan.graph import ROUNDS, Bools, OpGraph, keep
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
    alive = np.zeros(len(graph), dtype=np.bool_)
    alive[graph.outputs] = True
    for nodes in graph.nodes_in_pieces(backwards=True):
        _mark(graph, nodes, alive)
    alive |= (graph.form < FIRST_OP) & (graph.form != CONSTANT)
    return keep(graph, alive)


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
