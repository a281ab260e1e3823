"""Which scalars of a graph lie in which box: by module, by being alike, by call or row."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from attrs import define, field

from neuroflow.core.value import Value
from neuroflow.inspect.sources import call_of
from neuroflow.view.boxes import READABLE, Box, bounded

ALIKE = 8
"""So many siblings that are alike become one box even where there is room for them."""


class Facts:
    """What grouping needs to know of each scalar, by its position in topological order."""

    def __init__(self, order: Sequence[Value], names: dict[Value, str]) -> None:
        self.order = order
        self.names = names
        index = {value: k for k, value in enumerate(order)}
        self.inputs = [[index[x] for x in value.inputs] for value in order]
        self.depth: list[int] = []
        for inputs in self.inputs:
            self.depth.append(1 + max((self.depth[x] for x in inputs), default=-1))
        self.path = self._paths()

    def _paths(self) -> list[tuple[str, ...]]:
        """The boxes around each scalar; a leaf lies where all of its users are."""
        paths: list[tuple[str, ...] | None] = [None] * len(self.order)
        split: dict[str, tuple[str, ...]] = {}
        for k in reversed(range(len(self.order))):
            value = self.order[k]
            if value.op is not None:
                scope = str(value.scope)
                if scope not in split:
                    split[scope] = _components(scope)
                paths[k] = split[scope]
            own = paths[k] or ()
            for x in self.inputs[k]:
                if self.order[x].op is None:
                    known = paths[x]
                    paths[x] = own if known is None else _common(known, own)
        return [path or () for path in paths]

    def key(self, k: int) -> tuple[Any, ...]:
        """Scalars with equal keys are alike, and none depends on another."""
        value = self.order[k]
        if value.op is not None:
            return (value.op.name, self.depth[k])
        if value in self.names:
            return ("parameters", stem(self.names[value]))
        return ("inputs", stem(value.name)) if value.name else ("constants", "")


def _components(scope: str) -> tuple[str, ...]:
    """A scope as path of boxes: the number of a list belongs to the list's name.

    >>> _components("layers.0.neurons.3")
    ('layers.0', 'neurons.3')
    """
    return tuple(re.findall(r"[^.]+(?:\.\d+(?=\.|$))*", scope))


def _common(a: tuple[str, ...], b: tuple[str, ...]) -> tuple[str, ...]:
    shared = 0
    while shared < min(len(a), len(b)) and a[shared] == b[shared]:
        shared += 1
    return a[:shared]


def stem(name: str) -> str:
    """The name without its numbers at the end: ``weights.3 -> weights``, ``x12 -> x``."""
    return re.sub(r"[._\d\[\]]+$", "", name)


@define(eq=False)
class Scope:
    """A module's own scalars, and the modules inside it."""

    scalars: list[int] = field(factory=list)
    inner: dict[str, Scope] = field(factory=dict)


def scopes_of(facts: Facts) -> Scope:
    root = Scope()
    for k, path in enumerate(facts.path):
        here = root
        for name in path:
            here = here.inner.setdefault(name, Scope())
        here.scalars.append(k)
    return root


def arranged(scope: Scope, facts: Facts, path: str, label: str = "") -> Box:
    """The box of one module: its inner modules and its scalars, alike ones put together."""
    inner = {
        name: arranged(part, facts, f"{path}.{name}" if path else name, name)
        for name, part in scope.inner.items()
    }
    modules = _together(
        list(inner),
        lambda name: (stem(name), _signature(scope.inner[name], facts)),
        lambda names: f"{stem(names[0])}",
        lambda name: inner[name],
    )
    readable = len(scope.scalars) + len(modules) <= READABLE
    scalars = _together(
        scope.scalars,
        facts.key,
        lambda ks: _title(facts.key(ks[0]), path),
        lambda k: k,
        lambda ks: _split(ks, facts, path),
        least=ALIKE if readable else 2,
    )
    children = bounded([*modules, *scalars], "part")
    only = children[0] if len(children) == 1 else None
    if label and isinstance(only, Box) and only.holds == "module":  # no box around a single box
        only.label = f"{label}.{only.label}"
        return only
    return Box(label, "module", children, path)


def _title(key: tuple[Any, ...], path: str) -> str:
    """What to call scalars that are alike: an op's name, or the name of the parameters."""
    return str(key[0] if isinstance(key[1], int) else key[1].removeprefix(f"{path}.") or key[0])


def _together(
    items: Sequence[Any],
    key: Callable[[Any], Any],
    label: Callable[[list[Any]], str],
    member: Callable[[Any], Box | int],
    split: Callable[[list[Any]], list[Box | int]] | None = None,
    least: int = 2,
) -> list[Box | int]:
    """Items of equal key in one box each; fewer than ``least`` stay as they are."""
    alike: dict[Any, list[Any]] = {}
    for item in items:
        alike.setdefault(key(item), []).append(item)
    found: list[Box | int] = []
    for same in alike.values():
        if len(same) < least:
            found += map(member, same)
        else:
            name = label(same)
            children = split(same) if split else list(map(member, same))
            found.append(Box(f"{name} ×{len(same)}", "siblings", bounded(children, name)))
    return found


def _signature(scope: Scope, facts: Facts) -> Any:
    """Modules with equal signatures compute alike at the same depth, so none needs another."""
    ops = Counter(facts.key(k)[:2] for k in scope.scalars if facts.order[k].op is not None)
    inner = Counter(_signature(part, facts) for part in scope.inner.values())
    return (frozenset(ops.items()), frozenset(inner.items()))


def _split(ks: list[int], facts: Facts, path: str) -> list[Box | int]:
    """Many scalars that are alike: by call of their module, or by row, or just in order."""
    if len(ks) > READABLE:
        for part, word in ((_call, "call"), (_row, "")):
            groups: dict[Any, list[int]] = {}
            for k in ks:
                name = part(facts, k)
                name = name.removeprefix(f"{path}.") if isinstance(name, str) else name
                groups.setdefault(name, []).append(k)
            if 1 < len(groups) < len(ks) and None not in groups:
                return [
                    Box(f"{word} {name}".strip(), "part", bounded(list(group), str(name)))
                    for name, group in groups.items()
                ]
    return list(ks)


def _call(facts: Facts, k: int) -> int | None:
    call = call_of(facts.order[k])
    return call if call >= 0 else None


def _row(facts: Facts, k: int) -> str | None:
    name = facts.names.get(facts.order[k], facts.order[k].name)
    return name.rpartition(".")[0] or None
