"""An anomaly: one thing that went wrong, where, with which numbers, and what to do about it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from attrs import field, frozen

from neuroflow.core.module import Module, current_scope
from neuroflow.core.value import Op, Value
from neuroflow.errors import DomainError, reason
from neuroflow.inspect.naming import NO_NAMES, Names, label, number
from neuroflow.inspect.sources import short_source, source_of, source_text, users_line

REMEDIES = {
    "nan": "look where the first nan comes from: an input that is nan, or inf - inf",
    "infinity": "make the numbers smaller: a lower learning rate, clip_norm, or scaled inputs",
    "domain": "keep the input inside the op's domain, for example with maximum(x, 1e-12)",
    "dead unit": "lower the learning rate, initialise it anew, or use an activation that has a"
    " slope on both sides, such as leaky_relu or gelu",
    "saturated unit": "make its inputs smaller: scale the data, lower the learning rate, or"
    " initialise with smaller weights",
    "saturated softmax": "make the logits smaller: scale them by 1/sqrt(size) in attention,"
    " normalise before, or lower the learning rate",
}


@frozen(eq=False)
class Anomaly:
    """One thing that went wrong: what, where, with which numbers, and what to do about it."""

    fault: str
    """One of the keys of :data:`REMEDIES`."""
    phase: str
    """``forward`` or ``backward``."""
    op: str
    what: str
    inputs: tuple[tuple[str, float], ...] = ()
    scope: str = ""
    source: str = ""
    example: int | None = None
    advice: str = ""
    """What fits its numbers; else what fits every such fault."""
    node: Value | None = field(default=None, repr=False)

    @property
    def remedy(self) -> str:
        """What to do about it."""
        return self.advice or REMEDIES[self.fault]

    def __str__(self) -> str:
        where = [f"in {self.scope}"] if self.scope else []
        if self.source:
            code = source_text(self.source)
            where.append(f"at {short_source(self.source)}" + (f": {code}" if code else ""))
        if self.example is not None:
            where.append(f"in example {self.example}")
        inputs = ", ".join(
            number(x) if name == number(x) else f"{name} = {number(x)}"
            for name, x in self.inputs[:6]
        ) + (f" and {len(self.inputs) - 6} more" if len(self.inputs) > 6 else "")
        lines = [f"{self.fault} ({self.phase}): {self.what}"]
        lines += [f"  {part}" for part in where]
        lines += [f"  inputs: {inputs}"] if inputs else []
        return "\n".join([*lines, f"  remedy: {self.remedy}"])

    def to_dict(self) -> dict[str, Any]:
        """All facts, for JSON; numbers that JSON lacks are words."""
        return {
            "fault": self.fault,
            "phase": self.phase,
            "op": self.op,
            "what": self.what,
            "inputs": {name: x if math.isfinite(x) else str(x) for name, x in self.inputs},
            "scope": self.scope,
            "source": self.source,
            "example": self.example,
            "remedy": self.remedy,
        }


def names_of(model: Module | None) -> Names:
    return {p: name for name, p in model.named_values()} if model is not None else NO_NAMES


def wrong_number(node: Value, names: Names, phase: str = "forward", what: str = "") -> Anomaly:
    """An anomaly for a node whose number, or derivative, is not finite."""
    op = node.op.name if node.op else "leaf"
    for x in node.inputs if not what else ():
        if x.op is None and not math.isfinite(x.data):
            return wrong_number(x, names)
    name = label(node, names) if node.op is None else f"{op} = {label(node, names)}"
    what = what or f"{name} is {node.data}"
    fault = "nan" if "nan" in what.rpartition(" is ")[2] else "infinity"
    return Anomaly(
        fault, phase, op, what, named_inputs(node.inputs, names), str(node.scope), source_of(node),
        node=node,
    )  # fmt: skip


def refused(op: Op, inputs: Sequence[Any], error: DomainError, names: Names) -> Anomaly:
    """An anomaly for a node that could not be made."""
    values = [x if isinstance(x, Value) else Value(x) for x in inputs]
    overflow = isinstance(error.__cause__, OverflowError) or error.got in (math.inf, -math.inf)
    return Anomaly(
        "infinity" if overflow else "domain", "forward", op.name,
        f"{op.name} has no finite value: {reason(error.__cause__ or error.got)}",
        named_inputs(values, names), current_scope(), users_line(), advice=error.remedy,
    )  # fmt: skip


def named_inputs(values: Sequence[Value], names: Names) -> tuple[tuple[str, float], ...]:
    return tuple((label(x, names, 40), x.data) for x in values)
