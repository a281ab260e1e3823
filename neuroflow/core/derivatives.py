"""Derivatives that leave no mark in a graph: of one value by others, and those of an op's rule."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import isfinite
from operator import attrgetter
from typing import Any

from neuroflow.core import rules
from neuroflow.core.careful import number_of
from neuroflow.core.gradient import chain_rule, is_held, require_finite, topological_order
from neuroflow.core.inputs import Number
from neuroflow.core.protocols.chaining import core_ops
from neuroflow.core.value import Op, Value, lift
from neuroflow.errors import require

_data = attrgetter("data")


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
    require_finite(map(number_of, slopes), path, asked)
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
    slopes = _slopes(path, y, leaves, lift if symbolic else _data, is_held)
    return [*map(lift, slopes)] if symbolic else slopes
