"""Forward mode: the same partials, multiplied from the inputs to the output."""

from __future__ import annotations

from collections.abc import Sequence

from neuroflow.core.gradient import topological_order
from neuroflow.core.value import Value
from neuroflow.errors import InputError, require


def jvp(y: Value, xs: Sequence[Value], tangents: Sequence[float]) -> float:
    """The change of y per unit of a joint change of the xs.

    sum_i (dy/dx_i) t_i, computed from inputs to output in one pass.

    >>> a, b = Value(2.0), Value(3.0)
    >>> jvp(a * b, [a, b], [1.0, 10.0])
    23.0
    """
    require(y, Value, "y", "a Value")
    if len(xs) != len(tangents):
        what = f"jvp got {len(xs)} inputs and {len(tangents)} tangents"
        raise InputError(what, expected="as many", got=tangents)
    slope = dict(zip(xs, tangents, strict=True))
    for node in topological_order(y):
        if node.op is not None and node not in slope:
            partials = node.op.partials_at(node.data, *[x.data for x in node.inputs])
            parts = zip(partials, node.inputs, strict=True)
            slope[node] = sum(partial * slope.get(x, 0.0) for partial, x in parts)
    return slope.get(y, 0.0)
