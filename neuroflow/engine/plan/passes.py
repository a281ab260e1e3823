"""Tidy a tape: all passes over its graph, in the order in which each helps the next."""

from __future__ import annotations

from neuroflow.engine.plan.common_subexpressions import merge_equal
from neuroflow.engine.plan.constant_folding import fold
from neuroflow.engine.plan.dead_code import drop_dead, drop_unread
from neuroflow.engine.plan.dot_products import recognise_sums
from neuroflow.engine.plan.graph import Graph, graph_of, levels, sources
from neuroflow.engine.trace.tape import Tape


def tidy(tape: Tape, outputs: list[int]) -> Graph:
    """The graph that computes the same numbers with fewer nodes; it uses up the tape."""
    graph = drop_dead(graph_of(tape, outputs))
    graph = drop_unread(recognise_sums(fold(graph)))
    graph.level = levels(graph)
    graph = merge_equal(graph)
    graph.source = sources(graph)
    return graph
