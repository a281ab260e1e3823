"""An output at a glance: how it was computed, and the gradients of its leaves."""

from __future__ import annotations

from typing import Any

from attrs import field, frozen

from neuroflow.core.derivatives import gradients
from neuroflow.core.gradient import topological_order
from neuroflow.core.value import Value
from neuroflow.inspect.naming import LATEX, NO_NAMES, TEXT, Names, label, number
from neuroflow.inspect.tables import aligned, latex_lines, latex_number


@frozen(eq=False, repr=False)
class Overview:
    """How an output was computed, and its gradients: what ``output.explain()`` gives."""

    value: Value
    slopes: tuple[tuple[str, Value, float], ...]
    names: Names = field(default=NO_NAMES, repr=False)
    top: int = 8

    def __str__(self) -> str:
        return self.text()

    __repr__ = __str__

    @property
    def largest(self) -> tuple[tuple[str, Value, float], ...]:
        """The leaves with the steepest gradients."""
        return tuple(sorted(self.slopes, key=lambda slope: -abs(slope[2]))[: self.top])

    def text(self) -> str:
        """The inputs of the value's op, then the gradients of the leaves, steepest first."""
        if self.value.op is None:
            return f"{label(self.value, self.names)} = {number(self.value.data)}, given"
        lines = [
            f"{TEXT.write_op(self.value, self.names, 3)[0]} = {number(self.value.data)}",
            f"  {self.value.op.name}: {self.value.op.summary}",
        ]
        rows = [("leaf", "value", "gradient")]
        rows += [(name, number(x.data), number(g)) for name, x, g in self.largest]
        more = len(self.slopes) - len(self.largest)
        table = aligned(rows) + ([f"  and {more} more leaves"] if more else [])
        return "\n".join([*lines, "", *table])

    def latex(self) -> str:
        r"""The gradients as an ``aligned`` block."""
        rows = [
            rf"\frac{{\partial y}}{{\partial {LATEX.write(x, self.names)}}} &= {latex_number(g)}"
            for _, x, g in self.largest
        ]
        formula = LATEX.write_op(self.value, self.names, 3)[0] if self.value.op else ""
        rows.insert(0, f"y &= {formula} = {latex_number(self.value.data)}")
        return latex_lines(rows)

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"

    def to_dict(self) -> dict[str, Any]:
        """All leaves, for JSON."""
        return {
            "value": label(self.value, self.names),
            "data": self.value.data,
            "leaves": [
                {"name": name, "data": x.data, "gradient": slope} for name, x, slope in self.slopes
            ],
        }


def overview_of(value: Value, names: Names, top: int) -> Overview:
    leaves = [node for node in topological_order(value) if node.op is None and node is not value]
    leaves = [leaf for leaf in leaves if leaf.name or leaf in names] or leaves
    slopes = gradients(value, leaves)
    named = [label(leaf, names) for leaf in leaves]
    return Overview(value, tuple(zip(named, leaves, slopes, strict=True)), names, top)
