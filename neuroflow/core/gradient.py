"""The chain rule, written once, and the ways to ask for a derivative."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import isfinite
from operator import attrgetter
from typing import Any

from neuroflow.core import rules
from neuroflow.core.careful import finite_partials, number_of
from neuroflow.core.chaining import core_ops
from neuroflow.core.inputs import Number
from neuroflow.core.value import LIFTED, Op, Value, lift
from neuroflow.errors import DomainError, reason, require


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


def _is_held(node: Value) -> bool:
    """Whether a node is a leaf that anybody can ask: not a plain number."""
    return node.op is None and node.call is not LIFTED


def chain_rule(
    order: Sequence[Value], read: Callable[[Value], Any], grads: dict[Value, Any] | None = None,
    asked: Callable[[Value], bool] = _is_held, carefully: bool = False,
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


def _require_finite(
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
    _require_finite(map(_grad, leaves), order, _is_held)


def gradients(y: Value, xs: Sequence[Value], create_graph: bool = False) -> list[Any]:
    """dy/dx for each x, as floats; no ``grad`` changes.

    With ``create_graph`` they are Values, which can be differentiated again. Raises
    :class:`DomainError` for a derivative that is not finite where all numbers are.

    >>> x = Value(3.0)
    >>> (slope,) = gradients(x * x * x, [x], create_graph=True)
    >>> slope.data, gradients(slope, [x])
    (27.0, [18.0])
    """
    require(xs, Iterable, "xs", "a list of Values")
    for name, value in (("y", y), *(("each x", x) for x in xs)):
        require(value, Value, name, "a Value")
    path = _between(topological_order(y), xs)
    asked = set(xs).__contains__
    slopes = _slopes(path, y, xs, lift if create_graph else _data, asked, not all(
        isfinite(x.data) for x in (y, *(x for node in path if create_graph for x in node.inputs))
    ))  # fmt: skip  # in a graph, 0 times infinity would count
    _require_finite(map(number_of, slopes), path, asked)
    return [lift(slope) for slope in slopes] if create_graph else slopes


def _slopes(
    path: Sequence[Value], y: Value, xs: Sequence[Value], read: Callable[[Value], Any],
    asked: Callable[[Value], bool], carefully: bool = False,
) -> list[Any]:  # fmt: skip
    """dy/dx for each x, along the path from them to y."""
    grads: dict[Value, Any] = {**dict.fromkeys([*path, *xs], 0.0), y: 1.0}
    chain_rule(path, read, grads, asked, carefully)
    return [grads[x] for x in xs]


def _between(order: Sequence[Value], xs: Sequence[Value]) -> list[Value]:
    """The nodes of ``order`` that were computed from one of ``xs``."""
    reaching = set(xs)
    path = []
    for node in order:
        if any(x in reaching for x in node.inputs):
            reaching.add(node)
            path.append(node)
    return path


def through(op: Op, inputs: Sequence[Number]) -> list[Any]:
    """The partials of an op that declares none: its rule is run on stand-ins for its inputs."""
    symbolic = any(isinstance(x, Value) for x in inputs)
    leaves = [core_ops["identity"](x) if isinstance(x, Value) else Value(x) for x in inputs]
    y = op.forward(*leaves)
    if not isinstance(y, Value):
        raise rules.cut_off(op, inputs, y)
    path = _between(topological_order(y), leaves)
    slopes = _slopes(path, y, leaves, lift if symbolic else _data, _is_held)
    return [*map(lift, slopes)] if symbolic else slopes
