r"""What would happen if: predicted and actual change, with nothing changed.

For changes :math:`t_i` of the values :math:`x_i` the prediction is

.. math:: \sum_i \frac{dy}{dx_i} t_i
   + \frac12 \sum_{ij} \frac{d^2 y}{dx_i \, dx_j} t_i t_j

and the actual change is found by running every rule of the graph again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

from attrs import asdict, frozen

from neuroflow.core.derivatives import gradients
from neuroflow.core.domain import undefined
from neuroflow.core.gradient import topological_order
from neuroflow.core.inputs import real
from neuroflow.core.module import Module
from neuroflow.core.value import Value
from neuroflow.errors import DomainError, InputError, did_you_mean, reason, require
from neuroflow.inspect.naming import number


@frozen(repr=False)
class WhatIf:
    """The answer to a what-if question; ``print`` it."""

    before: float
    after: float
    first_order: float
    """Slope times change."""
    second_order: float
    """Half of the curvature times change squared: what the slope misses first."""

    @property
    def predicted(self) -> float:
        """The change that slope and curvature predict."""
        return self.first_order + self.second_order

    @property
    def actual(self) -> float:
        """The change found by computing the graph again."""
        return self.after - self.before

    def __str__(self) -> str:
        return "\n".join(
            (
                f"now        {self.before:.9g}",
                f"predicted  {self.before + self.predicted:.9g}   change {number(self.predicted)}"
                f" = {number(self.first_order)} (slope) + {number(self.second_order)} (curvature)",
                f"actual     {self.after:.9g}   change {number(self.actual)}",
            )
        )

    __repr__ = __str__

    def to_dict(self) -> dict[str, Any]:
        """All numbers, for JSON."""
        return {**asdict(self), "predicted": self.predicted, "actual": self.actual}


def what_if(
    output: Value, changes: Mapping[Value | str, float], *, model: Module | None = None
) -> WhatIf:
    """What adding ``changes`` to values of the graph does to ``output``.

    A value may be given by its ``name``, or by its path in ``model``. A value inside the graph
    is held at its changed number. Neither data nor gradients change.

    Raises :class:`InputError` for a value that ``output`` does not depend on, and
    :class:`DomainError` where the changed graph has no finite value, or the output no first or
    second derivative.

    >>> import neuroflow as nf
    >>> x = nf.Value(3.0)
    >>> answer = what_if(x * x, {x: 0.5})
    >>> answer.first_order, answer.second_order, answer.actual, x.data
    (3.0, 0.25, 3.25, 3.0)
    """
    require(output, Value, "the output", "a neuroflow.Value, such as a loss")
    require(changes, Mapping, "what changes", "a dict of values and steps, such as {x: 0.1}")
    order = topological_order(output)
    changed = _resolve(order, changes, model)
    xs, steps = list(changed), list(changed.values())
    slopes = gradients(output, xs, create_graph=True)
    first = sum(slope.data * step for slope, step in zip(slopes, steps, strict=True))
    along: Any = sum(slope * step for slope, step in zip(slopes, steps, strict=True))
    bends = gradients(along, xs) if isinstance(along, Value) else [0.0] * len(xs)
    second = 0.5 * sum(bend * step for bend, step in zip(bends, steps, strict=True))
    return WhatIf(output.data, recompute(order, changed), first, second)


def recompute(order: Sequence[Value], changes: Mapping[Value, float]) -> float:
    """The last node of ``order`` with some values changed, computed anew on the side."""
    now: dict[Value, float] = {x: x.data + step for x, step in changes.items()}
    for node in order:
        if node.op is not None and node not in now and any(x in now for x in node.inputs):
            try:
                after = float(node.op.forward(*[now.get(x, x.data) for x in node.inputs]))
            except (ArithmeticError, ValueError) as error:
                raise _undefined(node, now, reason(error)) from error
            if not isfinite(after) and (isfinite(node.data) or node is order[-1]):
                raise _undefined(node, now, f"it is {after}")
            now[node] = after
    return now.get(order[-1], order[-1].data)


def _undefined(node: Value, now: Mapping[Value, float], problem: str) -> DomainError:
    """The error for a node that has no finite value at what its inputs are after the change."""
    inputs = [Value(now.get(x, x.data)) for x in node.inputs]
    return undefined(node.op, inputs, f"{problem}, after the change", node.call)


def _resolve(
    order: Sequence[Value], changes: Mapping[Value | str, float], model: Module | None
) -> dict[Value, float]:
    named = {node.name: node for node in order if node.name}
    named |= dict(model.named_values()) if model is not None else {}
    nodes = set(order)
    resolved: dict[Value, float] = {}
    for key, step in changes.items():
        if isinstance(key, str) and key not in named:
            naming = "give the Value itself, name it, or pass model= to use its parameters' paths"
            raise InputError(
                f"no value named {key!r} in this graph",
                remedy=did_you_mean(key, named, naming),
                got=key,
            )
        value = named[key] if isinstance(key, str) else key
        if value not in nodes:
            raise InputError(
                f"the output does not depend on {value!r}: no node of its graph uses it",
                remedy="change a value that the output was computed from",
                got=value,
            )
        step = real(step)
        if not isfinite(step) or not isfinite(value.data + step):
            what = f"a change is a finite number to add, but got {step!r} for {value!r}"
            raise InputError(what, got=step)
        resolved[value] = resolved.get(value, 0.0) + step
    return resolved
