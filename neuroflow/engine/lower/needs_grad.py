"""Which gradients are needed: of what reaches a parameter, and is reached from the output."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from neuroflow.engine.lower.kernels import Kernels
from neuroflow.engine.lower.steps import reduction_of
from neuroflow.engine.plan.plan import Group, Plan, Table
from neuroflow.engine.trace.tape import Ints, Take


class NeedsGrad:
    """``cells`` whose gradients are needed, and ``groups`` (by first cell) that gradients reach.

    ``gradients`` is "none", "parameters", or "all" for those of the inputs too.
    """

    def __init__(self, plan: Plan, kernels: Kernels, gradients: str) -> None:
        self.kernels = kernels
        self.gradients = gradients
        self.cells = np.zeros(plan.n_cells, dtype=np.bool_)
        self.groups: set[int] = set()
        if gradients != "none":
            self._start(plan, gradients)
            self._forward(plan)
            self._backward(plan)

    def any(self, cells: Ints) -> bool:
        """Whether any of the cells needs its gradient."""
        return bool(self.cells[cells].any())

    def sends(self, group: Group) -> list[bool]:
        """To which operands an op sends gradients: stop_gradient and conditions to none."""
        if is_structural(group):
            return [True] * group.arity
        return self.kernels.sends_gradient(group.op, group.arity)

    def _start(self, plan: Plan, gradients: str) -> None:
        first = plan.first_parameter
        self.cells[first : first + plan.n_parameters] = True
        if gradients == "all":
            self.cells[plan.n_uniform : plan.n_uniform + len(plan.input_numbers)] = True

    def _forward(self, plan: Plan) -> None:
        """A node needs its gradient if an operand does to which it sends one."""
        for group in plan.groups:
            for table in self._sending(group):
                needed = np.asarray(self.cells[table.rows].any(axis=1))
                self.cells[group.cells] |= table.each(needed)

    def _backward(self, plan: Plan) -> None:
        """Gradients start at the first output, and go where they are needed."""
        reached = np.zeros(plan.n_cells, dtype=np.bool_)
        reached[plan.outputs[:1]] = True
        for group in reversed(plan.groups):
            if (reached[group.cells] & self.cells[group.cells]).any():
                self.groups.add(group.first)
                for table in self._sending(group):
                    reached[table.rows] = True

    def _sending(self, group: Group) -> Iterator[Table]:
        """The operands that are sent gradients."""
        sends = self.sends(group)
        if all(sends):
            yield from group.tables
        elif any(sends):
            yield Table(group.inputs[:, np.array(sends)])


def is_structural(group: Group) -> bool:
    """Ops that the machine has instructions for; all others are maps of their own rule."""
    return isinstance(group.op, Take) or bool(reduction_of(group.op))
