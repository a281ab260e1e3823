"""A gradient as a receipt: every use of a value, its local derivative times what comes upstream.

If ``x`` is used by the nodes ``n_1, n_2, ...`` then

.. math:: \frac{dy}{dx} = \\sum_k \frac{\\partial n_k}{\\partial x} \\, \frac{dy}{dn_k}

and the receipt has one line per term.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from attrs import field, frozen

from neuroflow.core.derivatives import gradients
from neuroflow.core.gradient import topological_order
from neuroflow.core.value import Value
from neuroflow.inspect.naming import (
    LATEX,
    NO_NAMES,
    TEXT,
    Names,
    Nearby,
    label,
    local_derivative,
    number,
)
from neuroflow.inspect.sources import short_source, source_of, source_text
from neuroflow.inspect.tables import aligned, latex_lines, latex_number


@frozen(eq=False)
class Part:
    """One use of the value: input number ``position`` of ``node``."""

    node: Value
    position: int
    local: float
    upstream: float
    names: Names = field(repr=False)

    @property
    def amount(self) -> float:
        """What this use contributes to the gradient."""
        return self.local * self.upstream

    @property
    def label(self) -> str:
        """The node's name, or the expression that made it."""
        return label(self.node, self._own_names)

    @property
    def _own_names(self) -> Names:
        return Nearby(self.names, f"{self.node.scope}.")

    @property
    def derivative(self) -> str:
        """The local derivative as an expression, such as ``b`` for ``a * b``."""
        return local_derivative(self.node, self.position, TEXT, self._own_names)

    @property
    def source(self) -> str:
        """``file.py:12``, if sources were recorded."""
        return short_source(source_of(self.node))

    def to_dict(self) -> dict[str, Any]:
        """All facts, for JSON."""
        assert self.node.op is not None
        return {
            "node": self.label,
            "op": self.node.op.name,
            "formula": self.node.op.formula,
            "position": self.position,
            "scope": str(self.node.scope),
            "source": source_of(self.node),
            "code": source_text(source_of(self.node)),
            "data": self.node.data,
            "derivative": self.derivative,
            "local": self.local,
            "upstream": self.upstream,
            "amount": self.amount,
        }


@frozen
class Rest:
    """Parts too small or too many to be listed, summed by scope."""

    scope: str
    count: int
    amount: float


@frozen(eq=False, repr=False)
class Receipt:
    """Where the gradient of ``value`` comes from; ``print`` it, or take it as LaTeX or a dict.

    ``gradient`` is what the chain rule gives; the amounts of the ``parts`` add up to it.
    """

    value: Value
    outputs: tuple[Value, ...]
    gradient: float
    parts: tuple[Part, ...]
    names: Names = field(default=NO_NAMES, repr=False)
    top: int = 8

    @property
    def label(self) -> str:
        """What the value is called."""
        return label(self.value, self.names)

    @property
    def output_label(self) -> str:
        """What the outputs are called; ``output`` where their expression is too long."""
        if len(self.outputs) > 1:
            return f"{len(self.outputs)} outputs"
        text = label(self.outputs[0], self.names)
        return text if "..." not in text else "output"

    @property
    def total(self) -> float:
        """The sum of the parts."""
        return sum(part.amount for part in self.parts)

    @property
    def largest(self) -> tuple[Part, ...]:
        """The parts to list: all, or the ``top`` largest in the order of the run."""
        if len(self.parts) <= self.top:
            return self.parts
        by_size = sorted(self.parts, key=lambda part: -abs(part.amount))
        chosen = {id(part) for part in by_size[: self.top]}
        return tuple(part for part in self.parts if id(part) in chosen)

    @property
    def rest(self) -> tuple[Rest, ...]:
        """The parts not listed, one line per scope, the largest sums first."""
        listed = {id(part) for part in self.largest}
        amounts: dict[str, list[float]] = {}
        for part in self.parts:
            if id(part) not in listed:
                amounts.setdefault(str(part.node.scope), []).append(part.amount)
        rest = [Rest(scope, len(each), sum(each)) for scope, each in amounts.items()]
        rest.sort(key=lambda group: -abs(group.amount))
        others = rest[self.top :]
        if not others:
            return tuple(rest)
        count, amount = sum(o.count for o in others), sum(o.amount for o in others)
        return (*rest[: self.top], Rest(f"{len(others)} more scopes", count, amount))

    def of(self, part: Part) -> Receipt:
        """The receipt of a part's upstream gradient: one step closer to the output."""
        return receipt_of(part.node, self.outputs, self.names, self.top)

    def __str__(self) -> str:
        return self.text()

    __repr__ = __str__

    def text(self, depth: int = 1) -> str:
        """The receipt as a table; with ``depth``, upstream gradients are explained as well."""
        return "\n".join(self._lines(depth, ""))

    def _lines(self, depth: int, indent: str) -> list[str]:
        lines = [indent + self._title(), *(indent + row for row in self._table())]
        if depth > 1:
            for part in {part.node: part for part in self.largest}.values():
                if part.node not in self.outputs:
                    lines += ["", *self.of(part)._lines(depth - 1, indent + "    ")]
        return lines

    def _title(self) -> str:
        outputs = self.output_label
        uses = f"{len(self.parts)} use{'s' * (len(self.parts) != 1)}"
        is_output = " (it is the output)" if self.value in self.outputs else ""
        name = self.label
        at = f"{name} = {number(self.value.data)}" if name != number(self.value.data) else name
        return f"d({outputs}) / d({name}) = {number(self.gradient)}   at {at}, {uses}{is_output}"

    def _table(self) -> list[str]:
        if not self.parts:
            return ["  no node of the output uses it" if self.value not in self.outputs else ""]
        rows = [("used in", "local derivative", "", "upstream", "contribution", "where")]
        for part in self.largest:
            where = "  ".join(filter(None, (str(part.node.scope), part.source)))
            value = number(part.local)
            text = part.derivative
            local = value if text == value else f"{text} = {value}"
            rows.append((part.label, local, "x", number(part.upstream), number(part.amount), where))
        for group in self.rest:
            what = f"{group.count} more use{'s' * (group.count != 1)}"
            rows.append((what, "", "", "", number(group.amount), group.scope))
        rows.append(("sum", "", "", "", number(self.total), ""))
        return aligned(rows)

    def latex(self) -> str:
        r"""The chain rule with this receipt's nodes, then its numbers, as an ``aligned`` block."""
        value = LATEX.write(self.value, self.names)
        y = LATEX.write(self.outputs[0], self.names) if len(self.outputs) == 1 else "y"
        y = y if len(y) < 24 else "y"
        rows = [rf"\frac{{\partial {y}}}{{\partial {value}}} &= {latex_number(self.gradient)}"]
        for k, part in enumerate(self.largest):
            assert part.node.op is not None
            node = LATEX.write_op(part.node, part._own_names, 1)[0]
            derivative = local_derivative(part.node, part.position, LATEX, part._own_names)
            rows.append(
                rf"&{'=' if k == 0 else '+'} \underbrace{{{latex_number(part.local)}}}_"
                rf"{{\partial\left({node}\right) / \partial {value} \,=\, {derivative}}}"
                rf" \cdot \underbrace{{{latex_number(part.upstream)}}}_"
                rf"{{\partial {y} / \partial\left({node}\right)}}"
            )
        for group in self.rest:
            words = LATEX.name(f"{group.count} more in {group.scope or 'the top scope'}")
            rows.append(rf"&+ \underbrace{{{latex_number(group.amount)}}}_{{{words}}}")
        return latex_lines(rows)

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"

    def to_dict(self) -> dict[str, Any]:
        """All parts with all digits, for JSON."""
        return {
            "value": self.label,
            "data": self.value.data,
            "output": [label(y, self.names) for y in self.outputs],
            "gradient": self.gradient,
            "sum": self.total,
            "parts": [part.to_dict() for part in self.parts],
        }


def receipt_of(x: Value, outputs: tuple[Value, ...], names: Names, top: int) -> Receipt:
    gradient = 0.0
    parts: list[Part] = []
    for y in outputs:
        users = [node for node in topological_order(y) if x in node.inputs]
        slope, *upstream = gradients(y, [x, *users])
        gradient += slope
        for node, up in zip(users, upstream, strict=True):
            parts += _parts(node, x, up, names)
    return Receipt(x, outputs, gradient, tuple(parts), names, top)


def _parts(node: Value, x: Value, upstream: float, names: Names) -> Iterable[Part]:
    """One part for each place that ``x`` has among the inputs of a node."""
    assert node.op is not None
    partials = node.op.partials_at(node.data, *[v.data for v in node.inputs])
    for position, v in enumerate(node.inputs):
        if v is x:
            yield Part(node, position, float(partials[position]), upstream, names)
