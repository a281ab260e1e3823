"""Copies and pickles of Values and ops, however deep the graph.

A copy of a Value is a graph of its own: data, gradients, names and sharing are kept. An op is a
definition, and stays the very same: a pickle only says where it is defined. Python's own way
would go down the graph by recursion, and graphs are deeper than Python's stack.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from typing import Any

from neuroflow.core.gradient import topological_order
from neuroflow.core.rules.mistakes import mistake
from neuroflow.core.value import Op, Value

_bare = object.__new__


def restored(
    before: Sequence[Value], op: Op | None, inputs: tuple[Value, ...], *facts: Any
) -> Value:
    """A Value again; ``before`` holds what it was computed from, to have been restored first."""
    kind, data, grad, name, call = facts
    value: Value = _bare(kind)
    value.op, value.inputs = op, inputs
    value.data, value.grad, value.name, value.call = data, grad, name, call
    return value


def _facts(value: Value) -> tuple[Any, ...]:
    kept = getattr(type(value), "kept", False)  # a buffer stays one
    return type(value) if kept else Value, value.data, value.grad, value.name, value.call


def copied(value: Value) -> Value:
    """``copy.copy``: another Value of the same op and the same inputs."""
    return restored((), value.op, value.inputs, *_facts(value))


def deep_copied(value: Value, memo: dict[int, Any]) -> Value:
    """``copy.deepcopy``: the whole graph again, each node once."""
    for node in topological_order(value):
        if id(node) not in memo:
            inputs = tuple([memo[id(x)] for x in node.inputs])
            memo[id(node)] = restored((), node.op, inputs, *_facts(node))
    return memo[id(value)]  # type: ignore[no-any-return]


# Pickles

_saved: ContextVar[tuple[frozenset[Value], ...]] = ContextVar("saved", default=())
"""The nodes whose graphs are being pickled right now, inputs before outputs."""


class Ancestors(list[Value]):
    """The nodes of a graph, inputs before outputs: so nobody goes down more than one step.

    Pickle asks for the items one by one, and has written each before it asks for the next.
    """

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return Ancestors, (), None, self._items()

    def _items(self) -> Iterator[Value]:
        before = _saved.get()
        _saved.set((*before, frozenset(self)))
        try:
            yield from self
        finally:
            _saved.set(before)


def reduced(value: Value, protocol: Any) -> tuple[Any, ...]:
    """How a Value is pickled: behind its history, unless that is being written already."""
    deep = any(x.inputs for x in value.inputs)
    written = not deep or any(value in nodes for nodes in _saved.get())
    before = [] if written else Ancestors(topological_order(value)[:-1])
    return restored, (before, value.op, value.inputs, *_facts(value))


def itself(op: Op, memo: Any = None) -> Op:
    """A copy of an op, flat or deep."""
    return op


def _bound(op: Op, settings: dict[str, float]) -> Op:
    return op.bind(**settings)


def reduced_op(op: Op) -> Any:
    """How an op is pickled: by where it is defined, and the settings that it is bound to."""
    if op.base is not None:
        return _bound, (op.base, op.settings)
    module = sys.modules.get(op.__module__)
    for name, thing in vars(module).items() if module is not None else ():
        if thing is op:
            return name
    raise mistake(
        op.rule, op.name, f"cannot be pickled: no name of the module {op.__module__} means it",
        "an op that is defined at the top of a module, under a name that it keeps",
    )  # fmt: skip


# Python asks an object's class for these; they stand here, as they need the walk over a graph.
_METHODS: tuple[tuple[type, str, Any], ...] = (
    (Value, "__copy__", copied), (Value, "__deepcopy__", deep_copied),
    (Value, "__reduce_ex__", reduced), (Op, "__reduce__", reduced_op),
    (Op, "__copy__", itself), (Op, "__deepcopy__", itself),
)  # fmt: skip
for _type, _name, _method in _METHODS:
    setattr(_type, _name, _method)
