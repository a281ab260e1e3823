"""The first nan or infinity of a graph: in its numbers, or in a gradient on the way back."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from operator import attrgetter

from attrs import evolve

from neuroflow.core.gradient import chain_rule
from neuroflow.core.value import Value
from neuroflow.errors import DomainError, reason
from neuroflow.inspect.anomaly import Anomaly, wrong_number
from neuroflow.inspect.naming import Names, label


def first_of(each: Iterator[Anomaly | None]) -> list[Anomaly]:
    """The first anomaly, with the number of the example that shows it."""
    for k, anomaly in enumerate(each):
        if anomaly is not None:
            return [evolve(anomaly, example=k)]
    return []


def first_value(order: Sequence[Value], names: Names) -> Anomaly | None:
    for node in order:
        if not math.isfinite(node.data):
            return wrong_number(node, names)
    return None


_data = attrgetter("data")


def first_gradient(order: Sequence[Value], names: Names) -> Anomaly | None:
    """The first node, going back from the output, that sends on a gradient not finite."""
    before = [node.grad for node in order]
    for node in order:
        node.grad = 0.0
    order[-1].grad = 1.0
    try:
        for node in reversed(order):
            found = _one_step_back(node, names)
            if found is not None:
                return found
    finally:
        for node, grad in zip(order, before, strict=True):
            node.grad = grad
    return None


def _one_step_back(node: Value, names: Names) -> Anomaly | None:
    if node.op is None:
        return None
    try:
        chain_rule([node], _data)
    except DomainError as error:
        found = wrong_number(node, names, "backward", f"{node.op.name} has no derivative here")
        what = f"{found.what}: {reason(error)}"
        return evolve(found, fault="domain", what=what, advice=error.remedy)
    for x in node.inputs:
        if not math.isfinite(x.grad):
            what = f"the gradient that {node.op.name} sends to {label(x, names)} is {x.grad}"
            return wrong_number(node, names, "backward", what)
    return None
