"""The chain rule, written once, and ``backward``, which leaves its answer in every leaf."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import isfinite
from operator import attrgetter
from typing import Any

from neuroflow.core import rules
from neuroflow.core.careful import finite_partials
from neuroflow.core.value import LIFTED, Value
from neuroflow.errors import DomainError, reason


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


_data, _grad = attrgetter("data"), attrgetter("grad")


def is_held(node: Value) -> bool:
    """Whether a node is a leaf that anybody can ask: not a plain number."""
    return node.op is None and node.call is not LIFTED


def chain_rule(
    order: Sequence[Value], read: Callable[[Value], Any], grads: dict[Value, Any] | None = None,
    asked: Callable[[Value], bool] = is_held, carefully: bool = False,
) -> None:  # fmt: skip
    """Send each node's gradient on to its inputs: input.grad += partial * node.grad.

    With ``grads`` only gradients that it has are kept, there, and nothing that another thread can
    see changes.
    ``read`` gives what the partials are computed from: the data of a node, or the node itself,
    and then the gradients are graphs that can be differentiated again. A gradient of exactly 0
    sends nothing on, whatever the partial: behind a closed relu even sqrt(0) has a derivative.

    Raises :class:`DomainError` where a rule fails on the way to a value that was ``asked`` for,
    and ``carefully`` also where a gradient is just not finite; a nan stays nan then.
    """
    for node in reversed(order):
        upstream = node.grad if grads is None else grads[node]
        if node.op is None or upstream == 0.0:
            continue
        problem = ""
        try:
            partials = () if carefully else node.op.partials_at(read(node), *map(read, node.inputs))
        except Exception as error:
            rules.tell_mistake(node.op, node.inputs, error)
            partials, problem = (), reason(error.__cause__ or error)
        if not partials:
            partials = finite_partials(node, upstream, read, asked, problem)
        pairs = zip(node.inputs, partials, strict=True)
        if grads is None:
            for x, partial in pairs:
                x.grad = x.grad + partial * upstream
        else:
            for x, partial in pairs:
                if x in grads:
                    grads[x] = grads[x] + partial * upstream


def require_finite(
    slopes: Iterable[float], order: Sequence[Value], asked: Callable[[Value], bool]
) -> None:
    """Raise for a derivative that is not finite, where the numbers are; names the op."""
    if all(map(isfinite, slopes)) or not isfinite(order[-1].data):
        return  # all is well, or the graph has a nan already
    grads = {**dict.fromkeys(order, 0.0), order[-1]: 1.0}
    chain_rule(order, _data, grads, asked, carefully=True)
    raise DomainError(
        "the sum of a value's gradients is not finite",
        expected="within the range of float64",
        remedy="scale the numbers, or take a mean in place of a sum",
    )


def backward(root: Value) -> None:
    """Add d(root)/d(leaf) to the gradient of every leaf.

    Interior gradients start from zero, so that a second call doubles the leaves' gradients
    and nothing else. Raises :class:`DomainError` for a gradient that is not finite where all
    numbers are.

    >>> a, b = Value(2.0), Value(3.0)
    >>> backward(a * b + a)
    >>> a.grad, b.grad
    (4.0, 2.0)
    """
    order, leaves = topological_order(root), []
    for node in order:
        if node.op is not None:
            node.grad = 0.0
        elif node.call is not LIFTED:
            leaves.append(node)
    root.grad += 1.0
    chain_rule(order, _data, carefully=not isfinite(root.data))
    require_finite(map(_grad, leaves), order, is_held)
