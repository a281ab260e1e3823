"""Find what went wrong: in graphs that exist, and in code that still has to run."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from neuroflow.core.gradient import topological_order
from neuroflow.core.module import Module
from neuroflow.core.value import Op, Value, builder, building
from neuroflow.errors import DomainError, require
from neuroflow.inspect.anomaly import Anomaly, names_of, refused, wrong_number
from neuroflow.inspect.not_finite import first_gradient, first_of, first_value
from neuroflow.inspect.saturation import flat_units, saturated_softmaxes
from neuroflow.inspect.sources import record_sources


def find_anomalies(outputs: Value | Sequence[Value], model: Module | None = None) -> list[Anomaly]:
    """What is wrong in the graphs of one output, or of one per example; worst first.

    First the first number that is not finite, forward and then backward. Then units of
    ``model`` that are dead or saturated on all examples, and softmaxes that are saturated.
    No number and no gradient changes.

    >>> import neuroflow as nf
    >>> x = nf.Value(-2.0, "x")
    >>> print(find_anomalies(x.relu() * 3)[0])
    dead unit (forward): relu has slope 0 for all 1 inputs seen, -2 to -2
      inputs: x = -2
      remedy: lower the learning rate, initialise it anew, or use an activation that has a slope
      on both sides, such as leaky_relu or gelu
    """
    several = isinstance(outputs, (list, tuple))
    outputs = list(outputs) if several else [outputs]  # type: ignore[list-item]
    for y in outputs:
        require(y, Value, "an output", "a neuroflow.Value, such as a loss")
    names = names_of(model)
    orders = [topological_order(y) for y in outputs]
    found = first_of(first_value(order, names) for order in orders)
    found = found or first_of(first_gradient(order, names) for order in orders)
    parameters = model.parameters() if model is not None else []
    return [
        *found,
        *flat_units(orders, set(parameters), names),
        *saturated_softmaxes(orders, names),
    ]


@contextmanager
def detect_anomalies(model: Module | None = None) -> Iterator[list[Anomaly]]:
    """Watch the nodes made inside: the list fills with the first anomaly, sources recorded.

    The error that an op raises outside its domain is raised as ever; afterwards the list tells
    which node it was. ``model`` lends its parameters' names.

    >>> import neuroflow as nf
    >>> with nf.detect_anomalies() as anomalies:
    ...     try:
    ...         (nf.Value(1.0) - 2.0).log()
    ...     except nf.DomainError:
    ...         pass
    >>> anomalies[0].fault, anomalies[0].op, anomalies[0].inputs
    ('domain', 'log', (('1 - 2', -1.0),))
    """
    found: list[Anomaly] = []
    names = names_of(model)
    with record_sources():
        recording = builder.get()

        def build(op: Op, inputs: tuple[Any, ...]) -> Value:
            try:
                node = recording(op, inputs)
            except DomainError as error:
                if not found:
                    found.append(refused(op, inputs, error, names))
                raise
            if not found and not math.isfinite(node.data):
                found.append(wrong_number(node, names))
            return node

        with building(build):
            yield found
