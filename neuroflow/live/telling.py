"""A receipt in words: in which neuron and for which example a number is used, and why it counts.

Which example and which position of a text a number belongs to is known from the calls of the
modules: they are noted in their order while the graph is built.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from attrs import define, field

from neuroflow.core.protocols.calls import Call, overseen
from neuroflow.core.value import Value
from neuroflow.inspect.naming import number
from neuroflow.inspect.receipt import Part, Receipt
from neuroflow.live.words import Wording

Opened = Sequence[Sequence[int]]
"""The parts that are opened in place: each as the way to it, ``[2, 0]`` is part 0 of part 2."""

DEEPEST = 8
"""A receipt can be opened so far below its first line."""

OPS = {"dot": "weighted sum", "add": "sum", "mul": "product", "sub": "difference", "div": "share"}
"""The words for steps that people know by other names; other ops keep their own."""


@define(eq=False)
class Calls:
    """The calls of modules in the order in which they were made."""

    number_of: dict[int, int] = field(factory=dict)
    """The how-manyth call of its module a call is, within the outermost call."""
    count_of: dict[tuple[int, int], int] = field(factory=dict)
    kept: list[Call] = field(factory=list)
    outermost: int = 0

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Note all calls for a while."""
        with overseen(self._run):
            yield

    def _run(self, call: Call, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
        self.kept.append(call)  # so that no other call gets its id
        if not isinstance(call.outer, Call):
            self.number_of[id(call)] = self.outermost
            self.outermost += 1
        else:
            key = id(_outermost(call)), id(call.module)
            self.number_of[id(call)] = self.count_of.get(key, 0)
            self.count_of[key] = self.number_of[id(call)] + 1
        return call.module.forward(*inputs, **options)

    def example_of(self, node: Value) -> int | None:
        """Which call of the model a node was made in."""
        call = node.call
        return self.number_of.get(id(_outermost(call))) if isinstance(call, Call) else None

    def position_of(self, node: Value, length: int) -> int | None:
        """Which position of a text a node belongs to: where a module is called for each."""
        call = node.call
        while isinstance(call, Call) and isinstance(call.outer, Call):
            key = id(_outermost(call)), id(call.module)
            if self.count_of.get(key) == length:
                return self.number_of[id(call)]
            call = call.outer
        return None


def _outermost(call: Call) -> Call:
    while isinstance(call.outer, Call):
        call = call.outer
    return call


@define(eq=False, slots=False)
class Telling:
    """The words for the nodes of one graph.

    ``rows`` are the examples in the order in which the model was called on them, ``tokens`` those
    of a text.
    """

    words: Wording
    calls: Calls = field(factory=Calls)
    rows: Sequence[int] = ()
    tokens: Sequence[int] = ()

    @cached_property
    def _names(self) -> dict[Value, str]:
        return {p: name for name, p in self.words.training.model.named_values()}

    def value(self, value: Value) -> str:
        """A parameter, a number of an example, or a node."""
        if value in self._names:
            return self.words.parameter(self._names[value])
        if value.name:
            return value.name
        return self.node(value) if value.op is not None else "a number that is given"

    def node(self, node: Value) -> str:
        """What a node is, in which module, and for which example or letter."""
        assert node.op is not None
        what = OPS.get(node.op.step or "", node.op.name)
        if node.op.step == "mul" and len(set(node.inputs)) == 1 and node.inputs[0] in self._names:
            return "the L2 penalty, which has its square"
        said = f"{what} {self._where(node)}"
        return f"{said}, {place}" if (place := self.place(node)) else said

    def _where(self, node: Value) -> str:
        """In which module a node was made; an activation belongs to the neuron before it."""
        scope, inner = node.scope, node.inputs[0].scope
        if len(node.inputs) == 1 and inner.startswith(f"{scope}."):
            scope = inner
        if not scope:
            return "in the model itself" if isinstance(node.call, Call) else "in the loss"
        return f"of {self.words.module(scope)}"

    def place(self, node: Value) -> str:
        """The letter or the example that a node belongs to."""
        if self.tokens:
            position = self.calls.position_of(node, len(self.tokens))
            return "" if position is None else self.letter(position)
        example = self.calls.example_of(node)
        known = example is not None and example < len(self.rows) > 1
        return f"example {self.rows[example]}" if known and example is not None else ""

    def letter(self, position: int) -> str:
        """A token and where it stands."""
        said = self.words.token(self.tokens[position])
        return said if position == 0 else f"{said} (position {position})"

    def reason(self, part: Part) -> str:
        """Why a local slope is what it is."""
        node, position = part.node, part.position
        op, inputs = node.op, node.inputs
        assert op is not None
        if op.kinks and len(inputs) == 1:
            return self._kink(part)
        if op.step in ("add", "sum", "sub"):
            return (
                "a sum passes each change on as it is: the slope is 1"
                if part.local == 1
                else "it is taken away: the slope is −1"
            )
        half = len(inputs) // 2
        if op.step in ("mul", "dot") and len(inputs) == 2 * half:
            other = inputs[(position + half) % len(inputs)]
            return f"it is multiplied by {self.value(other)}, which is {number(other.data)} here"
        at = number(inputs[position].data)
        return f"the slope of {op.name} where this input is {at}: {part.derivative}"

    def _kink(self, part: Part) -> str:
        op, x = part.node.op, part.node.inputs[part.position].data
        assert op is not None
        if x in op.kinks:
            return f"exactly at the kink of {op.name}: by convention {op.convention or 'as here'}"
        state = "closed" if part.local == 0 else "open"
        return f"{op.name} is {state} here: its input is {number(x)}, the slope is {part.local:g}"


def gradient_of(receipt: Receipt, telling: Telling, opened: Opened = ()) -> dict[str, Any]:
    """A receipt as a page shows it, with the parts that are opened in place."""
    return {
        "gradient": receipt.gradient,
        "sum": receipt.total,
        "parts": [
            {
                "node": part.label,
                "words": telling.node(part.node),
                "op": part.node.op.name if part.node.op else "",
                "scope": str(part.node.scope),
                "derivative": part.derivative,
                "local": part.local,
                "upstream": part.upstream,
                "amount": part.amount,
                **_opened(receipt, part, telling, [way[1:] for way in opened if way[:1] == [k]]),
            }
            for k, part in enumerate(receipt.largest)
        ],
        "rest": [
            {
                "scope": rest.scope,
                "words": telling.words.module(rest.scope) or "the loss",
                "count": rest.count,
                "amount": rest.amount,
            }
            for rest in receipt.rest
        ],
        "text": receipt.text(),
    }


def _opened(
    receipt: Receipt, part: Part, telling: Telling, deeper: list[Sequence[int]]
) -> dict[str, Any]:
    """What lies behind the two factors of a part: why the local slope, and whence the other."""
    if not deeper:
        return {}
    is_loss = part.node in receipt.outputs
    upstream = None if is_loss else gradient_of(receipt.of(part), telling, deeper)
    return {"opened": {"reason": telling.reason(part), "upstream": upstream}}
