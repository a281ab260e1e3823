"""Units that are dead or saturated on every example, and softmax that is saturated."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import takewhile
from typing import Any

from neuroflow.core.value import Value
from neuroflow.inspect.anomaly import Anomaly, named_inputs
from neuroflow.inspect.naming import Names, number
from neuroflow.inspect.sources import source_of
from neuroflow.registry.manager import find

SATURATED = 0.9999
"""A softmax with a probability above this passes next to no gradient on."""
FLAT = 1e-4
"""A unit whose slope is below this on every example is saturated."""


def flat_units(
    orders: Sequence[Sequence[Value]], parameters: set[Value], names: Names
) -> Iterator[Anomaly]:
    """Units, each the same op behind the same parameters, whose slope is zero on all examples."""
    units: dict[Any, list[Value]] = {}
    for order in orders:
        for node in order:
            if _is_activation(node):
                units.setdefault(_unit(node, parameters), []).append(node)
    for unit, nodes in units.items():
        assert nodes[0].op is not None
        slopes = [abs(n.op.partials_at(n.data, n.inputs[0].data)[0]) for n in nodes if n.op]
        if max(slopes) < FLAT:
            fault = "dead unit" if max(slopes) == 0.0 else "saturated unit"
            steepest = "slope 0" if max(slopes) == 0.0 else f"no slope above {number(max(slopes))}"
            op, inputs = nodes[0].op.name, [n.inputs[0] for n in nodes]
            low, high = min(x.data for x in inputs), max(x.data for x in inputs)
            span = f"all {len(nodes)} inputs seen, {number(low)} to {number(high)}"
            what = f"{op} has {steepest} for {span}"
            yield Anomaly(
                fault, "forward", op, what, named_inputs(inputs[:3], names),
                _path(unit[-1], names) or str(nodes[0].scope), source_of(nodes[0]), node=nodes[0],
            )  # fmt: skip


@cache
def _activations() -> frozenset[str]:
    """The names of the activations that map one number to one, installed ones included."""
    entries = [entry for entry in find("*", "activation") if getattr(entry, "elementwise", True)]
    return frozenset(name for entry in entries for name in (entry.name, *entry.aliases))


def _is_activation(node: Value) -> bool:
    return node.op is not None and len(node.inputs) == 1 and node.op.name in _activations()


def _unit(node: Value, parameters: set[Value]) -> Any:
    """What makes two nodes the same unit on different examples: op, scope and own parameters.

    Its own are those between it and the activations before it.
    """
    own: set[Value] = set()
    seen: set[Value] = set()
    waiting = list(node.inputs)
    while waiting and len(seen) < 1000:
        x = waiting.pop()
        if x in parameters:
            own.add(x)
        elif x not in seen and not _is_activation(x):
            seen.add(x)
            waiting += x.inputs
    return (node.op, str(node.scope), frozenset(own))


def _path(parameters: frozenset[Value], names: Names) -> str:
    """The path of the module that some parameters have in common."""
    paths = [names[p].split(".")[:-1] for p in parameters]
    shared = takewhile(lambda words: len(set(words)) == 1, zip(*paths, strict=False))
    words = [words[0] for words in shared]
    return ".".join(words[:-1] if words and words[-1] == "weights" else words)


def saturated_softmaxes(orders: Sequence[Sequence[Value]], names: Names) -> Iterator[Anomaly]:
    """Softmaxes, recognised as ``exp(..) / sum of them``, one per scope, the most extreme."""
    worst: dict[str, tuple[float, int, Value, int]] = {}
    for k, order in enumerate(orders):
        for node in order:
            if _is_softmax(node) and node.data > SATURATED:
                key = str(node.scope)
                count = worst[key][3] + 1 if key in worst else 1
                first = worst[key][:3] if key in worst and worst[key][0] >= node.data else None
                worst[key] = (*(first or (node.data, k, node)), count)
    for scope, (probability, k, node, count) in worst.items():
        what = f"softmax gives one entry {probability:.7g} and the others next to nothing"
        what += f", {count} times" if count > 1 else ""
        exponentials = node.inputs[1].inputs
        logits = [e.inputs[0] for e in exponentials if e.inputs]
        yield Anomaly(
            "saturated softmax", "forward", "div", what, named_inputs(logits, names), scope,
            source_of(node), k, node=node,
        )  # fmt: skip


def _is_softmax(node: Value) -> bool:
    """An exponential divided by a sum of more than one that it is part of."""
    if node.op is None or node.op.step != "div":
        return False
    top, bottom = node.inputs
    return (
        top.op is not None and top.op.step == "exp"
        and bottom.op is not None and bottom.op.step in ("sum", "add")
        and len(bottom.inputs) > 1
        and (bottom.op.step == "add" or top in bottom.inputs)
    )  # fmt: skip
