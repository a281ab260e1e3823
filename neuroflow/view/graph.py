"""A computation graph as boxes in boxes: modules, repeated siblings, and at last single scalars.

The tree is cut by what a person can read: a box never opens onto more than about forty others.
Everything that the pictures show, static or in the page, is in :class:`Graph`.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from attrs import define, field, frozen

from neuroflow.core.gradient import gradients
from neuroflow.core.module import Module
from neuroflow.core.value import Op, Value
from neuroflow.errors import DomainError
from neuroflow.inspect.sources import call_of, short_source, source_of, source_text

READABLE = 40
"""More boxes than this inside one are grouped further."""
ALIKE = 8
"""So many siblings that are alike become one box even where there is room for them."""
PARTIALS = 60_000
"""Up to this many edges, local derivatives are computed too, so that receipts can be shown."""


@define(eq=False)
class Box:
    """Scalars (by number) and boxes that are drawn as one until it is opened."""

    label: str
    holds: str
    """``module``, ``siblings`` (repeated, independent) or ``part`` (some of many)."""
    children: list[Box | int] = field(factory=list)
    path: str = ""
    parent: Box | None = field(default=None, repr=False)
    first: int = 0
    last: int = 0
    """The scalars inside are those numbered from ``first`` up to, not including, ``last``."""

    @property
    def count(self) -> int:
        """How many siblings, or children, it stands for."""
        return len(self.children)

    @property
    def size(self) -> int:
        """How many scalars are inside."""
        return self.last - self.first


@frozen(eq=False)
class Graph:
    """The scalars in the order of the tree, and the tree; ``boxes[0]`` is the whole."""

    output: Value
    values: list[Value]
    roles: list[str]
    """Per scalar: ``output``, ``op``, ``parameter``, ``input`` or ``constant``."""
    labels: list[str]
    short: list[str]
    """The labels as they are seen from inside the innermost module around the scalar."""
    slopes: list[float]
    """The derivative of the output by each scalar."""
    inputs: list[list[int]]
    boxes: list[Box]

    @property
    def root(self) -> Box:
        """The box around everything."""
        return self.boxes[0]


def graph_of(output: Value, model: Module | None = None) -> Graph:
    """The graph of everything that ``output`` was computed from, as boxes in boxes."""
    names = {p: name for name, p in model.named_parameters()} if model is not None else {}
    order = _reading_order(output, {p: k for k, p in enumerate(names)})
    facts = _Facts(order, names)
    root = _arrange(_scopes(facts), facts, "")
    number = _number(root)
    values = [order[k] for k in number]
    place = {k: n for n, k in enumerate(number)}
    _renumber(root, place)
    index = {value: n for n, value in enumerate(values)}
    labels = [_label(value, names) for value in values]
    return Graph(
        output,
        values,
        [_role(value, output, names) for value in values],
        labels,
        _short_labels(root, labels),
        _slopes(output, values),
        [[index[x] for x in value.inputs] for value in values],
        list(_boxes(root)),
    )


def _reading_order(output: Value, parameters: dict[Value, int]) -> list[Value]:
    """Inputs before outputs, as the run made them, and parameters in the order of the model."""
    order: list[Value] = []
    seen: set[Value] = set()
    stack: list[tuple[Value, bool]] = [(output, False)]
    while stack:
        value, done = stack.pop()
        if done:
            order.append(value)
        elif value not in seen:
            seen.add(value)
            stack.append((value, True))
            stack += [(x, False) for x in reversed(value.inputs) if x not in seen]
    own = sorted((x for x in order if x in parameters), key=parameters.__getitem__)
    return own + [x for x in order if x not in parameters]


class _Facts:
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
            return ("parameters", _stem(self.names[value]))
        return ("inputs", _stem(value.name)) if value.name else ("constants", "")


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


def _stem(name: str) -> str:
    """The name without its numbers at the end: ``weights.3 -> weights``, ``x12 -> x``."""
    return re.sub(r"[._\d\[\]]+$", "", name)


@define(eq=False)
class _Scope:
    """A module's own scalars, and the modules inside it."""

    scalars: list[int] = field(factory=list)
    inner: dict[str, _Scope] = field(factory=dict)


def _scopes(facts: _Facts) -> _Scope:
    root = _Scope()
    for k, path in enumerate(facts.path):
        here = root
        for name in path:
            here = here.inner.setdefault(name, _Scope())
        here.scalars.append(k)
    return root


def _arrange(scope: _Scope, facts: _Facts, path: str, label: str = "") -> Box:
    """The box of one module: its inner modules and its scalars, alike ones put together."""
    inner = {
        name: _arrange(part, facts, f"{path}.{name}" if path else name, name)
        for name, part in scope.inner.items()
    }
    modules = _together(
        list(inner),
        lambda name: (_stem(name), _signature(scope.inner[name], facts)),
        lambda names: f"{_stem(names[0])}",
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
    children = _bounded([*modules, *scalars], "part")
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
            found.append(Box(f"{name} ×{len(same)}", "siblings", _bounded(children, name)))
    return found


def _signature(scope: _Scope, facts: _Facts) -> Any:
    """Modules with equal signatures compute alike at the same depth, so none needs another."""
    ops = Counter(facts.key(k)[:2] for k in scope.scalars if facts.order[k].op is not None)
    inner = Counter(_signature(part, facts) for part in scope.inner.values())
    return (frozenset(ops.items()), frozenset(inner.items()))


def _split(ks: list[int], facts: _Facts, path: str) -> list[Box | int]:
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
                    Box(f"{word} {name}".strip(), "part", _bounded(list(group), str(name)))
                    for name, group in groups.items()
                ]
    return list(ks)


def _call(facts: _Facts, k: int) -> int | None:
    call = call_of(facts.order[k])
    return call if call >= 0 else None


def _row(facts: _Facts, k: int) -> str | None:
    name = facts.names.get(facts.order[k], facts.order[k].name)
    return name.rpartition(".")[0] or None


def _bounded(children: list[Box | int], name: str = "") -> list[Box | int]:
    """At most a readable number of children: more are cut into parts, in order."""
    if len(children) <= READABLE:
        return children
    size = 32
    while size * 32 < len(children):
        size *= 32
    return [
        Box(
            f"{name} {start + 1}-{min(start + size, len(children))}".strip(),
            "part",
            _bounded(children[start : start + size], name),
        )
        for start in range(0, len(children), size)
    ]


def _number(root: Box) -> list[int]:
    """The scalars in the order of the tree; each box learns which of them are its own."""
    order: list[int] = []

    def visit(box: Box) -> None:
        box.first = len(order)
        for child in box.children:
            if isinstance(child, Box):
                child.parent = box
                visit(child)
            else:
                order.append(child)
        box.last = len(order)

    visit(root)
    return order


def _short_labels(root: Box, labels: list[str]) -> list[str]:
    short = list(labels)
    for box in _boxes(root):  # outer boxes first, so that the innermost path has the last word
        start = f"{box.path}."
        if box.path:
            for k in range(box.first, box.last):
                short[k] = labels[k].removeprefix(start) if labels[k] else ""
    return short


def _renumber(box: Box, place: dict[int, int]) -> None:
    for inner in _boxes(box):
        inner.children = [c if isinstance(c, Box) else place[c] for c in inner.children]


def _boxes(box: Box) -> Iterable[Box]:
    yield box
    for child in box.children:
        if isinstance(child, Box):
            yield from _boxes(child)


def _role(value: Value, output: Value, names: dict[Value, str]) -> str:
    if value is output:
        return "output"
    if value.op is not None:
        return "op"
    if value in names:
        return "parameter"
    return "input" if value.name else "constant"


def _label(value: Value, names: dict[Value, str]) -> str:
    """A name if it has one, else its op; a constant is its number."""
    return names.get(value) or value.name or (value.op.name if value.op else "")


def _slopes(output: Value, values: list[Value]) -> list[float]:
    """The gradients of this output; those of the last backward pass where that fails."""
    try:
        return gradients(output, values)
    except DomainError:
        return [value.grad for value in values]


def to_data(graph: Graph, title: str = "", opened: Sequence[Box] | None = None) -> dict[str, Any]:
    """The graph for JSON: columns of scalars, and boxes; numbers with nine digits."""
    scopes, sources, labels = _Table(), _Table(), _Table()
    ops: dict[int, int] = {}
    op_facts: list[dict[str, str]] = []
    op_of = []
    for value in graph.values:
        if value.op is not None and id(value.op) not in ops:
            ops[id(value.op)] = len(op_facts)
            op_facts.append(_op_facts(value.op))
        op_of.append(ops[id(value.op)] if value.op is not None else -1)
    numbers = {id(box): k for k, box in enumerate(graph.boxes)}
    edges = sum(map(len, graph.inputs))
    return {
        "title": title,
        "open": [numbers[id(box)] for box in opened or first_open(graph)],
        "ops": op_facts,
        "op": op_of,
        "role": [ROLES.index(role) for role in graph.roles],
        "roles": ROLES,
        "data": [_short(value.data) for value in graph.values],
        "grad": [_short(slope) for slope in graph.slopes],
        "label": [labels[label] for label in graph.labels],
        "short": [labels[label] for label in graph.short],
        "scope": [scopes[str(value.scope)] for value in graph.values],
        "source": [sources[source_of(value)] for value in graph.values],
        "inputs": graph.inputs,
        "partials": _partials(graph) if edges <= PARTIALS else None,
        "labels": labels.rows,
        "scopes": scopes.rows,
        "sources": [_place(source) for source in sources.rows],
        "boxes": [
            {
                "label": box.label or title,
                "holds": box.holds,
                "path": box.path,
                "parent": numbers[id(box.parent)] if box.parent else -1,
                "first": box.first,
                "last": box.last,
                "children": [
                    -1 - c if isinstance(c, int) else numbers[id(c)] for c in box.children
                ],
            }
            for box in graph.boxes
        ],
    }


def first_open(graph: Graph, most: int = 10) -> list[Box]:
    """The boxes open at first: all of a small graph, else modules while the picture is small."""
    if len(graph.values) <= READABLE:
        return graph.boxes
    opened = [graph.root]
    visible = len(graph.root.children)
    for box in opened:
        for child in box.children:
            if isinstance(child, Box) and child.holds == "module":
                more = len(child.children) - 1
                if more < 12 and visible + more <= most:
                    visible += more
                    opened.append(child)
    return opened


def _place(source: str) -> str:
    """A source line as the page shows it: where it is and what it says."""
    return f"{short_source(source)}  {source_text(source)}".strip()


ROLES = ["output", "op", "parameter", "input", "constant"]


class _Table:
    """Each text once; asking for one gives its number."""

    def __init__(self) -> None:
        self.rows: list[str] = []
        self._numbers: dict[str, int] = {}

    def __getitem__(self, text: str) -> int:
        if text not in self._numbers:
            self._numbers[text] = len(self.rows)
            self.rows.append(text)
        return self._numbers[text]


def _short(x: float) -> float | str:
    """A number with nine digits; what JSON cannot write is a word."""
    return float(f"{x:.9g}") if math.isfinite(x) else str(x)


def _op_facts(op: Op) -> dict[str, str]:
    settings = ", ".join(f"{key} = {value:g}" for key, value in op.settings.items())
    return {
        "name": op.name,
        "step": op.step,
        "formula": op.formula,
        "summary": op.summary,
        "settings": settings,
        "convention": op.convention,
    }


def _partials(graph: Graph) -> list[list[float | str]]:
    rows: list[list[float | str]] = []
    for value in graph.values:
        if value.op is None:
            rows.append([])
            continue
        try:
            partials = value.op.partials_at(value.data, *[x.data for x in value.inputs])
        except (ArithmeticError, ValueError):
            partials = [math.nan] * len(value.inputs)
        rows.append([_short(float(p)) for p in partials])
    return rows
