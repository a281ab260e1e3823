"""What is checked: any function of scalars, with all that its author declared about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from attrs import field, frozen

from neuroflow.checks.messages import short
from neuroflow.core.domain import Domain
from neuroflow.core.rules import looked_at
from neuroflow.core.value import Op
from neuroflow.core.vectors import VectorOp

VECTOR_LENGTH = 3


@frozen(eq=False)
class Subject:
    """An op on a fixed number of scalars.

    ``inputs`` are names for messages: ``x``, or ``a[0], a[1], b[0], b[1]`` for vectors.
    ``rules`` are the functions whose source is read.
    """

    op: Op
    name: str
    inputs: tuple[str, ...]
    domains: tuple[Domain, ...]
    formula: str = ""
    summary: str = ""
    rules: tuple[Callable[..., Any], ...] = ()
    output: int | None = None
    whole: Callable[..., Any] | None = field(default=None)

    @classmethod
    def of(cls, op: Op, length: int = VECTOR_LENGTH, **facts: Any) -> Subject:
        """An op; one on vectors is looked at with vectors of ``length``."""
        names, domains = op.parameters, op.domain
        if op.vectors:
            names = tuple(f"{name}[{k}]" for name in op.parameters for k in range(length))
            domains = tuple(domain for domain in op.domain for _ in range(length))
        rules = tuple(rule for rule in (op.rule, op.partials_rule) if rule is not None)
        known = {"formula": op.formula, "summary": op.summary, "rules": rules, "name": op.name}
        return cls(op=op, inputs=names, domains=domains, **{**known, **facts})

    @property
    def declares_no_slope(self) -> bool:
        """Whether the convention says that the derivative is 0 everywhere, by definition."""
        return self.op.convention.startswith("0 everywhere")

    def forward(self, *numbers: Any) -> Any:
        """The rule on any kind of number."""
        return looked_at(self.op.forward)(*numbers)

    def apply(self, *values: Any) -> Any:
        """What a user calls, on Values: the op, or the function that is no op."""
        if self.whole is not None:
            return self.whole(*values)
        inputs = self.op.split(values) if isinstance(self.op, VectorOp) else values
        return self.op(*inputs)

    def partials(self, *numbers: Any) -> Sequence[Any]:
        """All partial derivatives at a point."""
        return list(self.slopes(self.forward(*numbers), *numbers))

    def slopes(self, out: Any, *numbers: Any) -> Any:
        """The rule of partials, or what is derived from that of the op, as it is."""
        return looked_at(self.op.partials_at)(out, *numbers)

    def at(self, numbers: Sequence[float]) -> str:
        """A point, as a message says it: ``x = 2.0``."""
        shown = zip(self.inputs, numbers, strict=True)
        return ", ".join(f"{name} = {short(x)}" for name, x in shown)
