"""The plan: equal nodes in groups, their numbers side by side in one buffer.

Nodes of equal level, op and arity form a group, in the order in which they were created: that
order is what makes the rows of a layer lie one behind the other. A plan says what to compute and
where; :mod:`neuroflow.engine.lower` says with which instructions.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from attrs import define, field

from neuroflow.core.value import Value
from neuroflow.engine.passes import Graph, tidy
from neuroflow.engine.tape import CONSTANT, INPUT, PARAMETER, Ints, Take, Tape


@define(eq=False)
class Group:
    """Nodes with one op: ``count`` outputs from cell ``first`` on; inputs is (count, arity).

    ``index`` says for each node of a ``take`` which input of the example chooses.
    """

    op: Any
    level: int
    uniform: bool
    first: int
    inputs: Ints
    scope: str
    index: Ints | None = None

    @property
    def count(self) -> int:
        return len(self.inputs)

    @property
    def arity(self) -> int:
        return int(self.inputs.shape[1])

    @property
    def name(self) -> str:
        return str(self.op.name)


@define(eq=False, slots=False)
class Plan:
    """Cells in the order: constants, parameters, uniform groups, then inputs, other groups.

    *Uniform* cells depend on parameters alone: one number each, computed once per step. All
    other cells hold one number per lane.
    """

    constants: list[Any]
    n_parameters: int
    input_numbers: Ints
    """Which number of the example each input cell holds."""

    groups: list[Group]
    n_uniform: int
    n_cells: int
    outputs: Ints
    n_traced: int
    n_numbers: int = 0
    """How many numbers an example has, used or not."""

    notes: list[str] = field(factory=list)

    def constant_numbers(self) -> list[float]:
        """The constants now; Values among them are read."""
        return [c.data if isinstance(c, Value) else c for c in self.constants]

    def describe(self, lanes: int = 1) -> str:
        """The plan as a table: groups, sizes, what was recognised, bytes, operations."""
        from neuroflow.engine.report import report

        return str(report(self, lanes))

    @cached_property
    def index_numbers(self) -> list[int]:
        """Which numbers of an example choose, as indices."""
        found = [group.index for group in self.groups if group.index is not None]
        return np.unique(np.concatenate(found)).tolist() if found else []

    @property
    def n_nodes(self) -> int:
        """Computed cells."""
        return sum(group.count for group in self.groups)

    @property
    def first_parameter(self) -> int:
        return len(self.constants)


def plan_of_tape(tape: Tape, outputs: list[int]) -> Plan:
    """Tidy a tape and group its nodes."""
    return group_nodes(tidy(tape, outputs), len(tape), list(tape.scopes))


def group_nodes(graph: Graph, n_traced: int, scopes: list[str]) -> Plan:
    """Give each node its cell, group by group."""
    assert graph.level is not None
    assert graph.uniform is not None
    counts = np.diff(graph.start)
    payload = graph.inputs[graph.start[:-1] * (graph.op <= INPUT)]
    kind = _group_numbers(graph)
    inner = np.flatnonzero(graph.op > INPUT)
    keys = (inner, counts[inner], kind[inner], graph.level[inner], ~graph.uniform[inner])
    order = inner[np.lexsort(keys)]

    constants = np.flatnonzero(graph.op == CONSTANT)
    parameters = np.flatnonzero(graph.op == PARAMETER)
    inputs = np.flatnonzero(graph.op == INPUT)
    parameters = parameters[np.argsort(payload[parameters])]
    inputs = inputs[np.argsort(payload[inputs])]
    n_uniform_nodes = int(graph.uniform[order].sum())
    uniform = np.concatenate([constants, parameters, order[:n_uniform_nodes]])
    nodes = np.concatenate([uniform, inputs, order[n_uniform_nodes:]])
    cell = np.empty(len(graph), dtype=np.int64)
    cell[nodes] = np.arange(len(nodes))

    same = np.ones(len(order), dtype=bool)
    for key in keys[1:]:
        key = key[np.lexsort(keys)]
        same[1:] &= key[1:] == key[:-1]
    same[:1] = False
    bounds = np.append(np.flatnonzero(~same), len(order))
    groups = [
        _group(graph, cell, order[a:b], counts, scopes)
        for a, b in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True)
    ]
    return Plan(
        constants=[graph.constants[k] for k in payload[constants]],
        n_parameters=len(parameters),
        input_numbers=payload[inputs].astype(np.int64),
        groups=groups,
        n_uniform=len(uniform),
        n_cells=len(nodes),
        outputs=cell[graph.outputs],
        n_traced=n_traced,
        notes=graph.notes,
    )


def _group_numbers(graph: Graph) -> Ints:
    """The op of each node as a number that is equal for all takes, whatever their index."""
    first_take = next((k for k, op in enumerate(graph.ops) if isinstance(op, Take)), -1)
    numbers = [first_take if isinstance(op, Take) else k for k, op in enumerate(graph.ops)]
    return np.array(numbers, dtype=np.int64)[graph.op]


def _group(graph: Graph, cell: Ints, nodes: Ints, counts: Ints, scopes: list[str]) -> Group:
    assert graph.level is not None
    assert graph.uniform is not None
    first = int(nodes[0])
    arity = int(counts[first])
    inputs = cell[graph.edges_of(nodes)[0]].reshape(len(nodes), arity)
    op = graph.ops[graph.op[first]]
    index = None
    if isinstance(op, Take):
        index = np.array([graph.ops[k].index for k in graph.op[nodes]], dtype=np.int64)
    scope = _common_scope([scopes[k] for k in np.unique(graph.scope[nodes])])
    level, uniform = int(graph.level[first]), bool(graph.uniform[first])
    return Group(op, level, uniform, int(cell[first]), inputs, scope, index)


def _common_scope(scopes: list[str]) -> str:
    """The module that all scopes lie in.

    >>> _common_scope(["layers.0.neurons.0", "layers.0.neurons.1"])
    'layers.0.neurons'
    """
    paths = [scope.split(".") for scope in scopes]
    same = [names[0] for names in zip(*paths, strict=False) if len(set(names)) == 1]
    return ".".join(same)
