"""A computation graph as boxes in boxes: modules, repeated siblings, and at last single scalars.

Everything that the pictures show, static or in the page, is in :class:`Graph`.
"""

from __future__ import annotations

from attrs import frozen

from neuroflow.buffer import Buffer
from neuroflow.core.derivatives import gradients
from neuroflow.core.module import Module
from neuroflow.core.value import Value
from neuroflow.errors import DomainError
from neuroflow.view.boxes import READABLE, Box, boxes_in
from neuroflow.view.looks import looks_of, looks_without_path
from neuroflow.view.nesting import Facts, arranged, scopes_of


@frozen(eq=False)
class Graph:
    """The scalars in the order of the tree, and the tree; ``boxes[0]`` is the whole."""

    output: Value
    values: list[Value]
    roles: list[str]
    """Per scalar: ``output``, ``op``, ``parameter``, ``buffer``, ``input`` or ``constant``."""
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
    names = {p: name for name, p in model.named_values()} if model is not None else {}
    order = _reading_order(output, {p: k for k, p in enumerate(names)})
    facts = Facts(order, names)
    root = arranged(scopes_of(facts), facts, "")
    number = _number(root)
    _give_looks(root, model)
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
        list(boxes_in(root)),
    )


def _give_looks(root: Box, model: Module | None) -> None:
    """The boxes of layers look as plugins say."""
    looks = looks_of(model) if model is not None else {}
    others = looks_without_path()
    for box in boxes_in(root):
        if box.holds == "module" and box.path:
            paths = _paths_of(box)
            box.look = next((looks[path] for path in paths if path in looks), others.get(box.label))


def _paths_of(box: Box) -> list[str]:
    """The paths of all modules that it is the box of, the innermost first.

    There is no box around a single box: the inner one stands for both.
    """
    outside = box.parent.path if box.parent else ""
    words = box.path.split(".")
    paths = (".".join(words[:n]) for n in range(len(words), 0, -1))
    return [path for path in paths if len(path) > len(outside)]


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
    for box in boxes_in(root):  # outer boxes first, so that the innermost path has the last word
        start = f"{box.path}."
        if box.path:
            for k in range(box.first, box.last):
                short[k] = labels[k].removeprefix(start) if labels[k] else ""
    return short


def _renumber(box: Box, place: dict[int, int]) -> None:
    for inner in boxes_in(box):
        inner.children = [c if isinstance(c, Box) else place[c] for c in inner.children]


def _role(value: Value, output: Value, names: dict[Value, str]) -> str:
    if value is output:
        return "output"
    if value.op is not None:
        return "op"
    if isinstance(value, Buffer):
        return "buffer"
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
