"""Which outputs were computed from a value: found among all nodes that are alive."""

from __future__ import annotations

import gc
from collections.abc import Iterable

from neuroflow.core.value import Value


def outputs_of(value: Value) -> tuple[Value, ...]:
    """The values computed from ``value`` whose gradient is of interest, found among all alive.

    A Value does not know what was computed from it: links point one way, so that graphs are
    freed at once. Python's garbage collector does. Where ``backward()`` was called, the
    outputs are what it was called on; elsewhere, what nothing else was computed from.
    """
    users = _users(value)
    if not users:
        return (value,)
    used = {x for node in users for x in node.inputs}
    ends = [node for node in users if node not in used]
    reached = _first_with_gradient(ends, users | {value})
    return tuple(reached) or tuple(ends)


def _users(value: Value) -> set[Value]:
    """Every live node that was computed from ``value``, directly or not."""
    direct: dict[Value, list[Value]] = {}
    for thing in gc.get_objects():
        if type(thing) is Value and thing.inputs:
            for x in thing.inputs:
                direct.setdefault(x, []).append(thing)
    found: set[Value] = set()
    waiting = [value]
    while waiting:
        for node in direct.get(waiting.pop(), ()):
            if node not in found:
                found.add(node)
                waiting.append(node)
    return found


def _first_with_gradient(ends: Iterable[Value], among: set[Value]) -> list[Value]:
    """Going down from the ends, the first nodes that a backward pass has reached."""
    found: list[Value] = []
    seen: set[Value] = set()
    waiting = list(ends)
    while waiting:
        node = waiting.pop()
        if node in seen:
            continue
        seen.add(node)
        if node.grad != 0.0 and node.op is not None:
            found.append(node)
        else:
            waiting += [x for x in node.inputs if x in among]
    return found
