"""What is checked: any function of scalars, with all that its author declared about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from attrs import field, frozen

from neuroflow.checks.shared.messages import short
from neuroflow.core.domain import Domain
from neuroflow.core.rules import looked_at
from neuroflow.core.value import Op
from neuroflow.core.vectors import VectorOp
from neuroflow.registry.for_checks import Checks

VECTOR_LENGTH = 3


@frozen(eq=False)
class Subject:
    """An op on a fixed number of scalars.

    ``inputs`` are names for messages: ``x``, or ``a[0], a[1], b[0], b[1]`` for vectors.
    ``rules`` are the functions whose source is read, ``settings`` those of a function that is no
    op.
    """

    op: Op
    name: str
    inputs: tuple[str, ...]
    domains: tuple[Domain, ...]
    formula: str = ""
    summary: str = ""
    rules: tuple[Callable[..., Any], ...] = ()
    output: int | None = None
    checks: Checks = field(factory=Checks)
    relations: Callable[..., None] | None = None
    whole: Callable[..., Any] | None = field(default=None)
    settings: Mapping[str, Any] = field(factory=dict)

    @classmethod
    def of(cls, op: Op, length: int = VECTOR_LENGTH, **facts: Any) -> Subject:
        """An op; one on vectors is looked at with vectors of ``length``."""
        names, domains = op.parameters, op.domain
        if op.vectors:
            names = tuple(f"{name}[{k}]" for name in op.parameters for k in range(length))
            domains = tuple(domain for domain in op.domain for _ in range(length))
        rules = tuple(rule for rule in (op.rule, op.partials_rule) if rule is not None)
        known = {"formula": op.formula, "summary": op.summary, "rules": rules, "name": op.name}
        facts = {**known, "checks": op.beside.get("checks") or Checks(), **facts}
        return cls(op=op, inputs=names, domains=domains, **facts)

    def with_op(self, op: Op, **facts: Any) -> Subject:
        """The same with the op's settings changed, or with ``length`` other numbers a vector."""
        kept = {"name": self.name, "checks": self.checks, "relations": self.relations}
        return Subject.of(op, **{**kept, **facts})

    @property
    def points(self) -> list[tuple[float, ...]]:
        """The points that the author names, as many numbers in each as there are inputs."""
        rows = [tuple(_flat(row)) for row in self.checks.points]
        return [row for row in rows if len(row) == len(self.inputs)]

    def within(self, relative: float) -> float:
        """A relative error that is allowed, or what the author allows if that is more."""
        return max(relative, self.checks.tolerance)

    @property
    def derivative(self) -> Any:
        """The function whose derivative the partials are meant to be, if it is not the rule."""
        return self.op.beside.get("derivative")

    @property
    def meant(self) -> str:
        """What the partials are meant to be, if not the derivative of the rule or of a function."""
        return self.derivative if isinstance(self.derivative, str) else ""

    @property
    def why_not_compared(self) -> str:
        """Why the partials are compared with no slope; empty if they are."""
        if self.meant:
            return f"the derivative is intended: {self.meant}"
        return "the derivative is 0 by convention" if self.declares_no_slope else ""

    def sloped(self, *numbers: Any) -> Any:
        """The function whose derivative the partials are: the rule, or what its author says."""
        if callable(self.derivative):
            return looked_at(self.derivative)(*self._whole_inputs(numbers))
        return self.forward(*numbers)

    def _whole_inputs(self, numbers: Sequence[Any]) -> Sequence[Any]:
        return self.op.split(numbers) if isinstance(self.op, VectorOp) else numbers

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
        return self.op(*self._whole_inputs(values))

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


def _flat(row: Sequence[Any]) -> Iterator[float]:
    for part in row:
        yield from map(float, part if isinstance(part, (list, tuple)) else (part,))
