"""Forward mode: the same partials, multiplied from the inputs to the output."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

from neuroflow.core.careful import slopes_at
from neuroflow.core.derivatives import gradients
from neuroflow.core.gradient import topological_order
from neuroflow.core.inputs import real
from neuroflow.core.value import Value
from neuroflow.errors import InputError, require


def jvp(y: Value, xs: Sequence[Value], tangents: Sequence[float]) -> float:
    """The change of y per unit of a joint change of the xs.

    sum_i (dy/dx_i) t_i, computed from inputs to output in one pass. Where that pass meets a
    partial that is not finite, the way back decides whether it counts, as in
    :func:`neuroflow.gradients`: raises :class:`DomainError` if it does.

    >>> a, b = Value(2.0), Value(3.0)
    >>> jvp(a * b, [a, b], [1.0, 10.0])
    23.0
    """
    require(y, Value, "y", "a Value")
    for what, listed in (("the xs", xs), ("the tangents", tangents)):
        require(listed, Sequence, what, "a list")
    if len(xs) != len(tangents):
        what = f"jvp got {len(xs)} inputs and {len(tangents)} tangents"
        raise InputError(what, expected="as many", got=tangents)
    slope = dict(zip(xs, map(real, tangents), strict=True))
    for node in topological_order(y):
        if node.op is not None and node not in slope and any(x in slope for x in node.inputs):
            moved = _moved(node, slope)
            if not isfinite(moved) and isfinite(y.data):
                pairs = zip(gradients(y, xs), tangents, strict=True)
                return float(sum(slope * tangent for slope, tangent in pairs))
            slope[node] = moved
    return slope.get(y, 0.0)


def _moved(node: Value, slope: dict[Value, float]) -> float:
    """The change of a node per unit of the changes of its inputs."""
    assert node.op is not None
    partials = slopes_at(node.op, node.data, [x.data for x in node.inputs])
    pairs = zip(partials, node.inputs, strict=True)
    return float(sum(partial * slope[x] for partial, x in pairs if x in slope))
