"""The chain rule, written once, and the ways to ask for a derivative."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any

from neuroflow.core.chaining import core_ops
from neuroflow.core.domain import undefined
from neuroflow.core.inputs import Number, Rule
from neuroflow.core.value import Value, lift
from neuroflow.errors import reason, require


def topological_order(root: Value) -> list[Value]:
    """Every node that ``root`` was computed from, inputs before outputs, each once.

    Iterative: graphs are deeper than Python's stack.
    """
    order: list[Value] = []
    seen: set[Value] = set()
    stack: list[Value | None] = [root]
    while stack:
        node = stack.pop()
        if node is None:  # all that lay above this mark is done: the node below it is next
            order.append(stack.pop())  # type: ignore[arg-type]
        elif node not in seen:
            seen.add(node)
            stack += (node, None)
            for x in node.inputs:
                if x in seen:
                    continue
                if x.inputs:
                    stack.append(x)
                else:  # a leaf waits for nothing
                    seen.add(x)
                    order.append(x)
    return order


_data = attrgetter("data")


def chain_rule(
    order: Sequence[Value], read: Callable[[Value], Any], grads: dict[Value, Any] | None = None
) -> None:
    """Send each node's gradient on to its inputs: input.grad += partial * node.grad.

    With ``grads`` the gradients are kept there, and nothing that another thread can see changes.
    ``read`` gives what the partials are computed from: the data of a node, or the node itself,
    and then the gradients are graphs that can be differentiated again. A gradient of exactly 0
    sends nothing on, whatever the partial: behind a closed relu even sqrt(0) has a derivative.
    """
    for node in reversed(order):
        upstream = node.grad if grads is None else grads[node]
        if node.op is None or upstream == 0.0:
            continue
        try:
            partials = node.op.partials_at(read(node), *map(read, node.inputs))
        except (ArithmeticError, ValueError) as error:
            problem = f"in its derivative, {reason(error)}"
            raise undefined(node.op, node.inputs, problem, node.call) from error
        pairs = zip(node.inputs, partials, strict=True)
        if grads is None:
            for x, partial in pairs:
                x.grad = x.grad + partial * upstream
        else:
            for x, partial in pairs:
                grads[x] = grads[x] + partial * upstream


def backward(root: Value) -> None:
    """Add d(root)/d(leaf) to the gradient of every leaf.

    Interior gradients start from zero, so that a second call doubles the leaves' gradients
    and nothing else.

    >>> a, b = Value(2.0), Value(3.0)
    >>> backward(a * b + a)
    >>> a.grad, b.grad
    (4.0, 2.0)
    """
    order = topological_order(root)
    for node in order:
        if node.op is not None:
            node.grad = 0.0
    root.grad += 1.0
    chain_rule(order, _data)


def gradients(y: Value, xs: Sequence[Value], create_graph: bool = False) -> list[Any]:
    """dy/dx for each x, as floats; no ``grad`` changes.

    With ``create_graph`` they are Values, which can be differentiated again.

    >>> x = Value(3.0)
    >>> (slope,) = gradients(x * x * x, [x], create_graph=True)
    >>> slope.data, gradients(slope, [x])
    (27.0, [18.0])
    """
    for name, value in (("y", y), *(("each x", x) for x in xs)):
        require(value, Value, name, "a Value")
    order = topological_order(y)
    path = _between(order, xs)
    grads: dict[Value, Any] = {**dict.fromkeys(order, 0.0), y: 1.0}
    chain_rule(path, lift if create_graph else _data, grads)
    slopes = [grads.get(x, 0.0) for x in xs]
    return [lift(slope) for slope in slopes] if create_graph else slopes


def _between(order: Sequence[Value], xs: Sequence[Value]) -> list[Value]:
    """The nodes of ``order`` that were computed from one of ``xs``."""
    reaching = set(xs)
    path = []
    for node in order:
        if any(x in reaching for x in node.inputs):
            reaching.add(node)
            path.append(node)
    return path


def through(rule: Rule, inputs: Sequence[Number]) -> list[Any]:
    """The partials of a rule that declares none: it is run on stand-ins for its inputs."""
    symbolic = any(isinstance(x, Value) for x in inputs)
    leaves = [core_ops["identity"](x) if isinstance(x, Value) else Value(x) for x in inputs]
    return gradients(rule(*leaves), leaves, create_graph=symbolic)
