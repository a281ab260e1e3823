"""Prefix: whether a longer text begins, node for node, as a shorter one; the graphs tell.

A text may be filled up to a greater length if nothing that belongs to its own positions changes.
Two things must hold, and neither is taken for granted, for a model is anybody's code:

1. What comes out at a position depends on no token behind it. So a graph is asked for the newest
   position that each node reads.
2. Those nodes of the longer text that read no position beyond the end of the shorter one are the
   nodes of the shorter one, in their order: the same ops of the same inputs, and the same random
   numbers. A model that counts its tokens, divides by their number or looks from the end has
   others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from attrs import define, field

from neuroflow.engine.plan.graph import OpGraph
from neuroflow.engine.plan.levels import settle
from neuroflow.engine.trace.tape import CONSTANT, FIRST_OP, INPUT, LIVE, PARAMETER, Ints, Take

NOWHERE = np.iinfo(np.int32).max
"""The position of what no position reads."""

AT_ONCE = 1 << 14
"""Nodes that are compared at once."""


@define(eq=False)
class TextGraph:
    """The graph of one text of ``length`` tokens, and what comes out at each position.

    The inputs are ``lists`` lists with an entry for each position, one behind the other, and then
    a random number for each of ``draws``. ``outputs`` has the cells that belong to each of the
    last positions; nodes from cell ``end`` on make something of all of them, and do not count.
    """

    graph: OpGraph
    length: int
    lists: int
    draws: Sequence[Callable[[], float]]
    outputs: Sequence[Sequence[int]]
    end: int
    newest: Ints = field(init=False)
    """The newest position that a node reads, -1 where it reads none."""

    position: Ints = field(init=False)
    """The same; for a node that reads none, the first position for which it is needed."""

    def __attrs_post_init__(self) -> None:
        self.newest = self._newest()
        self.position = self._position()

    @property
    def first(self) -> int:
        """The position to which the first outputs belong."""
        return self.length - len(self.outputs)

    def looks_ahead(self) -> bool:
        """Whether what comes out at a position depends on a token behind it."""
        return any(
            bool((self.newest[np.array(cells, dtype=np.int64)] > self.first + k).any())
            for k, cells in enumerate(self.outputs)
        )

    def positions_of_draws(self) -> Ints:
        """For each random number the first position for which it is needed."""
        first = self.lists * self.length
        found = np.full(len(self.draws), NOWHERE, dtype=np.int32)
        leaves = np.flatnonzero(self.graph.form == INPUT)
        drawn = leaves[self.graph.at[leaves] >= first]
        found[self.graph.at[drawn] - first] = self.position[drawn]
        return found

    def _position_of_input(self, numbers: Ints) -> Ints:
        return np.where(numbers < self.lists * self.length, numbers % self.length, -1)

    def _newest(self) -> Ints:
        graph = self.graph
        column = np.full(len(graph), -1, dtype=np.int32)
        leaves = np.flatnonzero(graph.form == INPUT)
        column[leaves] = self._position_of_input(graph.at[leaves])
        for form in graph.forms.takes():
            number = np.array(graph.forms[form].op.index)
            column[graph.form == form] = self._position_of_input(number)
        settle(graph, column, 0)
        return column

    def _position(self) -> Ints:
        """Backwards from those that read positions to those that read none."""
        column = np.where(self.newest < 0, NOWHERE, self.newest).astype(np.int32)
        if not self.draws and bool((self.newest[self.graph.form >= FIRST_OP] >= 0).all()):
            return column  # parameters and constants belong to no position
        for nodes in self.graph.nodes_in_pieces(backwards=True):
            edges, counts = self.graph.edges_of(nodes)
            readers = np.repeat(nodes, counts)
            unplaced = self.newest[edges] < 0
            edges, readers = edges[unplaced], readers[unplaced]
            before = None
            while before is None or not np.array_equal(before, column[edges]):
                before = column[edges]
                np.minimum.at(column, edges, column[readers])
        return column


def begins_as(long: TextGraph, short: TextGraph) -> bool:
    """Whether the longer text begins, node for node, as the shorter one."""
    kept = [_nodes_before(text, short.length) for text in (long, short)]
    if len(kept[0]) != len(kept[1]) or not _same_draws(long, short):
        return False
    forms: dict[Any, int] = {}
    constants = np.unique(np.concatenate([_bits(text.graph.numbers) for text in (long, short)]))
    names = [
        _names(text, nodes, constants, short.length)
        for text, nodes in zip((long, short), kept, strict=True)
    ]
    for first in range(0, len(kept[0]), AT_ONCE):
        parts = [nodes[first : first + AT_ONCE] for nodes in kept]
        a, b = (
            _described(text, nodes, named, forms)
            for text, nodes, named in zip((long, short), parts, names, strict=True)
        )
        if not all(map(np.array_equal, a, b)):
            return False
    return _outputs_named(long, names[0], short) == _outputs_named(short, names[1], short)


def _nodes_before(text: TextGraph, length: int) -> Ints:
    """The nodes, leaves apart, that belong to positions before the end of a text so long."""
    is_op, position = text.graph.form[: text.end] >= FIRST_OP, text.position[: text.end]
    return np.flatnonzero(is_op & (position < length))


def _names(text: TextGraph, nodes: Ints, constants: Ints, length: int) -> Ints:
    """What stands for each cell: equal in both graphs where they hold the same.

    A node has its place among the ``nodes``, a leaf a negative number by what it is.
    """
    graph, form, at = text.graph, text.graph.form, text.graph.at.astype(np.int64)
    names = np.full(len(graph), -1, dtype=np.int64)
    names[nodes] = np.arange(len(nodes))
    leaves = np.flatnonzero(form == CONSTANT)
    found = np.searchsorted(constants, _bits(graph.numbers)[at[leaves]])
    names[leaves] = _leaf(CONSTANT, found)
    leaves = np.flatnonzero(form == PARAMETER)
    names[leaves] = _leaf(PARAMETER, at[leaves])
    leaves = np.flatnonzero(form == LIVE)
    held = np.array([id(value) for value in graph.live], dtype=np.int64)
    names[leaves] = _leaf(LIVE, held[at[leaves]] % (1 << 50))
    leaves = np.flatnonzero(form == INPUT)
    names[leaves] = _leaf(INPUT, _input_names(text, at[leaves], length))
    return names


def _leaf(kind: int, numbers: Ints) -> Ints:
    return -2 - (numbers * 4 + kind)


def _input_names(text: TextGraph, numbers: Ints, length: int) -> Ints:
    """Inputs by list and position; random numbers by their place among those that are drawn."""
    n_given = text.lists * text.length
    own = text.positions_of_draws() < length
    place = np.append(np.cumsum(own) - own, 0)
    drawn = np.clip(numbers - n_given, 0, max(len(own) - 1, 0))
    of_list = numbers // text.length + text.lists * (numbers % text.length)
    names: Ints = np.where(numbers < n_given, 2 * of_list, 2 * place[drawn] + 1)
    return names


def _described(
    text: TextGraph, nodes: Ints, names: Ints, forms: dict[Any, int]
) -> tuple[Ints, ...]:
    """Nodes as numbers: which op each is, and what stands for its inputs."""
    edges, _ = text.graph.edges_of(nodes)
    known = {
        number: forms.setdefault(_op(text, number), len(forms))
        for number in np.unique(text.graph.form[nodes]).tolist()
    }
    ops = np.array([known[number] for number in text.graph.form[nodes].tolist()], dtype=np.int64)
    arity = text.graph.forms.columns()[0][text.graph.form[nodes]]
    return ops, arity, names[edges]


def _op(text: TextGraph, number: int) -> Any:
    form = text.graph.forms[number]
    if not isinstance(form.op, Take):
        return form.op, form.arity
    chosen = form.op.index
    return "take", chosen // text.length, chosen % text.length, form.arity


def _outputs_named(text: TextGraph, names: Ints, short: TextGraph) -> list[list[int]]:
    """What stands for the outputs at the positions of the shorter text."""
    count = len(short.outputs) + short.first - text.first
    return [names[np.array(cells, dtype=np.int64)].tolist() for cells in text.outputs[:count]]


def _same_draws(long: TextGraph, short: TextGraph) -> bool:
    """Whether both draw the same random numbers, in the same order, for their common positions."""
    pairs = []
    for text in (long, short):
        drawn = zip(text.draws, text.positions_of_draws().tolist(), strict=True)
        pairs.append([draw for draw, position in drawn if position < short.length])
    if len(pairs[1]) != len(short.draws) or len(pairs[0]) != len(pairs[1]):
        return False
    return all(map(_is_same_source, *pairs))


def _is_same_source(a: Any, b: Any) -> bool:
    """Whether two functions draw from the same: the same method, or the same code on the same."""
    if a == b:
        return True
    code, other = getattr(a, "__code__", None), getattr(b, "__code__", None)
    if code is None or code is not other or a.__defaults__ != b.__defaults__:
        return False
    cells = zip(a.__closure__ or (), b.__closure__ or (), strict=True)
    return all(x.cell_contents is y.cell_contents for x, y in cells)


def _bits(numbers: Any) -> Ints:
    """Constants as whole numbers, so that 0.0 and -0.0 are two, and nan is itself."""
    return np.asarray(numbers, dtype=np.float64).view(np.int64)
