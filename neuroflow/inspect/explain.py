r"""A gradient as a receipt: every use of a value, its local derivative times what comes upstream.

If ``x`` is used by the nodes ``n_1, n_2, ...`` then

.. math:: \frac{dy}{dx} = \sum_k \frac{\partial n_k}{\partial x} \, \frac{dy}{dn_k}

and the receipt has one line per term.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Sequence
from typing import Any

from attrs import field, frozen

from neuroflow.core.gradient import gradients, topological_order
from neuroflow.core.module import Module
from neuroflow.core.value import Value
from neuroflow.errors import InputError, require
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


@frozen(eq=False)
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
        return _receipt(part.node, self.outputs, self.names, self.top)

    def __str__(self) -> str:
        return self.text()

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
        return _aligned(rows)

    def latex(self) -> str:
        r"""The chain rule with this receipt's nodes, then its numbers, as an ``aligned`` block."""
        value = LATEX.write(self.value, self.names)
        y = LATEX.write(self.outputs[0], self.names) if len(self.outputs) == 1 else "y"
        y = y if len(y) < 24 else "y"
        rows = [rf"\frac{{\partial {y}}}{{\partial {value}}} &= {_latex_number(self.gradient)}"]
        for k, part in enumerate(self.largest):
            assert part.node.op is not None
            node = LATEX.write_op(part.node, part._own_names, 1)[0]
            derivative = local_derivative(part.node, part.position, LATEX, part._own_names)
            rows.append(
                rf"&{'=' if k == 0 else '+'} \underbrace{{{_latex_number(part.local)}}}_"
                rf"{{\partial\left({node}\right) / \partial {value} \,=\, {derivative}}}"
                rf" \cdot \underbrace{{{_latex_number(part.upstream)}}}_"
                rf"{{\partial {y} / \partial\left({node}\right)}}"
            )
        for group in self.rest:
            words = LATEX.name(f"{group.count} more in {group.scope or 'the top scope'}")
            rows.append(rf"&+ \underbrace{{{_latex_number(group.amount)}}}_{{{words}}}")
        body = " \\\\\n".join(rows)
        return f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}"

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


@frozen(eq=False)
class Overview:
    """How an output was computed, and its gradients: what ``output.explain()`` gives."""

    value: Value
    slopes: tuple[tuple[str, Value, float], ...]
    names: Names = field(default=NO_NAMES, repr=False)
    top: int = 8

    def __str__(self) -> str:
        return self.text()

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
        table = _aligned(rows) + ([f"  and {more} more leaves"] if more else [])
        return "\n".join([*lines, "", *table])

    def latex(self) -> str:
        r"""The gradients as an ``aligned`` block."""
        rows = [
            rf"\frac{{\partial y}}{{\partial {LATEX.write(x, self.names)}}} &= {_latex_number(g)}"
            for _, x, g in self.largest
        ]
        formula = LATEX.write_op(self.value, self.names, 3)[0] if self.value.op else ""
        rows.insert(0, f"y &= {formula} = {_latex_number(self.value.data)}")
        body = " \\\\\n".join(rows)
        return f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}"

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


def explain(
    value: Value, other: Value | None = None, *, model: Module | None = None, top: int = 8
) -> Receipt | Overview:
    """Why a gradient is what it is.

    ``explain(x, y)``, in either order, is the receipt of dy/dx. ``explain(x)`` finds the
    outputs computed from x by itself: those that ``backward()`` was called on, if any. For an
    output it lists the gradients of its leaves, of the named ones if there are some. ``model``
    lends its parameters' names; ``top`` parts are listed one by one, the rest is summed by
    scope. No gradient changes.

    Raises :class:`InputError` if the two do not depend on each other.

    >>> import neuroflow as nf
    >>> a, b = nf.Value(-4.0, "a"), nf.Value(2.0, "b")
    >>> print(explain(a, a * b + b ** 3))
    d(a * b + b ** 3) / d(a) = 2   at a = -4, 1 use
      used in  local derivative     upstream  contribution
      a * b               b = 2  x         1             2
      sum                                                2
    """
    require(value, Value, "what is to be explained", "a neuroflow.Value, such as a loss")
    require(other, (Value, type(None)), "the other value", "a neuroflow.Value, such as a loss")
    names = {p: name for name, p in model.named_parameters()} if model is not None else NO_NAMES
    if other is not None:
        x, y = _in_order(value, other)
        return _receipt(x, (y,), names, top)
    outputs = outputs_of(value)
    if outputs == (value,):
        return _overview(value, names, top)
    return _receipt(value, outputs, names, top)


def outputs_of(value: Value) -> tuple[Value, ...]:
    """The values computed from ``value`` whose gradient is of interest, found among all alive.

    A Value does not know what was computed from it: links point one way, so that graphs are
    freed at once. Python's garbage collector does. Where ``backward()`` was called, the
    outputs are what it was called on; elsewhere, what nothing else was computed from.
    """
    users = _users(value)
    if not users:
        return (value,)
    used = {x for node in users for x in node.inputs}
    ends = [node for node in users if node not in used]
    reached = _first_with_gradient(ends, users | {value})
    return tuple(reached) or tuple(ends)


def _users(value: Value) -> set[Value]:
    """Every live node that was computed from ``value``, directly or not."""
    direct: dict[Value, list[Value]] = {}
    for thing in gc.get_objects():
        if type(thing) is Value and thing.inputs:
            for x in thing.inputs:
                direct.setdefault(x, []).append(thing)
    found: set[Value] = set()
    waiting = [value]
    while waiting:
        for node in direct.get(waiting.pop(), ()):
            if node not in found:
                found.add(node)
                waiting.append(node)
    return found


def _first_with_gradient(ends: Iterable[Value], among: set[Value]) -> list[Value]:
    """Going down from the ends, the first nodes that a backward pass has reached."""
    found: list[Value] = []
    seen: set[Value] = set()
    waiting = list(ends)
    while waiting:
        node = waiting.pop()
        if node in seen:
            continue
        seen.add(node)
        if node.grad != 0.0 and node.op is not None:
            found.append(node)
        else:
            waiting += [x for x in node.inputs if x in among]
    return found


def _in_order(a: Value, b: Value) -> tuple[Value, Value]:
    """The two as (input, output)."""
    for x, y in ((a, b), (b, a)):
        if x in set(topological_order(y)):
            return x, y
    raise InputError(
        f"{label(a)} and {label(b)} do not depend on each other",
        expected="one to be computed from the other",
        remedy="explain a value of the graph, such as loss.explain(weight)",
    )


def _receipt(x: Value, outputs: tuple[Value, ...], names: Names, top: int) -> Receipt:
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


def _overview(value: Value, names: Names, top: int) -> Overview:
    leaves = [node for node in topological_order(value) if node.op is None and node is not value]
    leaves = [leaf for leaf in leaves if leaf.name or leaf in names] or leaves
    slopes = gradients(value, leaves)
    named = [label(leaf, names) for leaf in leaves]
    return Overview(value, tuple(zip(named, leaves, slopes, strict=True)), names, top)


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows as text: the first and the last of six columns to the left, the rest to the right."""
    if not any(row[-1] for row in rows[1:]):
        rows = [(*row[:-1], "") for row in rows]
    columns = list(zip(*rows, strict=True))
    widths = [max(map(len, column)) for column in columns]
    lines = []
    for row in rows:
        cells = [
            cell.ljust(width) if k in (0, 5) else cell.rjust(width)
            for k, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  " + "  ".join(cells).rstrip())
    return lines


def _latex_number(x: float) -> str:
    text = number(x)
    mantissa, _, exponent = text.partition("e")
    return rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if exponent else text
