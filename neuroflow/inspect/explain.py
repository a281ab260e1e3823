"""Why a gradient is what it is: the receipt of a value, or the overview of an output."""

from __future__ import annotations

from neuroflow.core.gradient import topological_order
from neuroflow.core.module import Module
from neuroflow.core.value import Value
from neuroflow.errors import InputError, require
from neuroflow.inspect.naming import NO_NAMES, label
from neuroflow.inspect.outputs import outputs_of
from neuroflow.inspect.overview import Overview, overview_of
from neuroflow.inspect.receipt import Receipt, receipt_of
from neuroflow.pythonic import whole_number


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
    top = whole_number(top, "top")
    names = {p: name for name, p in model.named_values()} if model is not None else NO_NAMES
    if other is not None:
        x, y = _in_order(value, other)
        return receipt_of(x, (y,), names, top)
    outputs = outputs_of(value)
    if outputs == (value,):
        return overview_of(value, names, top)
    return receipt_of(value, outputs, names, top)


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
