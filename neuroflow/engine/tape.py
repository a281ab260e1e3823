"""The tape: a traced function as flat arrays, a few dozen bytes per node.

A *cell* is the number of a node, in the order of creation; leaves are cells too. The tape holds
no Python object per node, so that ten million nodes fit where ten million Values would not.
"""

from __future__ import annotations

from array import array
from typing import Any

import numpy as np
from attrs import define, field, frozen
from numpy.typing import NDArray

from neuroflow.core.op import Op

Ints = NDArray[np.int64]

CONSTANT, PARAMETER, INPUT = 0, 1, 2
"""Kinds of leaves: the first entries of every tape's table of ops."""

LEAVES = ("constant", "parameter", "input")


@frozen(eq=False)
class Take:
    """The choice of one of its inputs by an index input; stands where an op stands."""

    index: int
    """Which of the example's inputs holds the index."""

    name: str = "take"


@define(eq=False)
class Tape:
    """Nodes in creation order: op, inputs (as cells) and module scope of each.

    ``ops`` is the table that ``op`` points into; its first three entries stand for leaves.
    Input k of the example is read through ``payload`` of its cell; a constant's payload is a
    position in ``constants`` (numbers, or Values that are no parameters and are read anew by every
    run), a parameter's a position in ``parameters``.
    """

    ops: list[Any] = field(factory=lambda: list(LEAVES))
    op: Any = field(factory=lambda: array("i"))
    start: Any = field(factory=lambda: array("q", [0]))
    inputs: Any = field(factory=lambda: array("i"))
    scope: Any = field(factory=lambda: array("i"))
    scopes: dict[str, int] = field(factory=lambda: {"": 0})
    constants: list[Any] = field(factory=list)
    parameters: list[Any] = field(factory=list)
    _op_number: dict[int, int] = field(factory=dict)

    def __len__(self) -> int:
        return len(self.op)

    def add(self, op: Op | Take, inputs: list[int], scope: str = "") -> int:
        """Write down one node; returns its cell."""
        number = self._op_number.get(id(op))
        if number is None:
            number = self._op_number[id(op)] = len(self.ops)
            self.ops.append(op)
        return self._append(number, inputs, scope)

    def leaf(self, kind: int, payload: int) -> int:
        """Write down a constant, a parameter or an input."""
        return self._append(kind, [payload], "")

    def _append(self, number: int, inputs: list[int], scope: str) -> int:
        self.op.append(number)
        self.inputs.extend(inputs)
        self.start.append(len(self.inputs))
        self.scope.append(self.scopes.setdefault(scope, len(self.scopes)))
        return len(self.op) - 1
