"""Computing without a graph: another way to make nodes, in full."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from neuroflow.core.value import Op, Value, building, evaluate


def forget(op: Op, inputs: tuple[Any, ...]) -> Value:
    """What an op gives, without its history."""
    node = evaluate(op, inputs)
    node.op, node.inputs = None, ()
    return node


def no_grad() -> AbstractContextManager[None]:
    """Compute without building a graph, in this thread or task alone: results are leaves.

    >>> with no_grad():
    ...     y = Value(2.0) * 3
    >>> y.inputs
    ()
    """
    return building(forget)
