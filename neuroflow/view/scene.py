"""What of a graph is visible, and where: boxes in boxes, each laid out on its own.

Lines enter and leave an open box at one port each, so that they run round what is inside.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from attrs import define, field

from neuroflow.errors import InputError
from neuroflow.view.boxes import Box
from neuroflow.view.graph import Graph
from neuroflow.view.layout import Edge, Point, layered

LIMIT = 500
"""No picture shows more boxes than this: nobody could read it."""
PAD, HEAD = 18.0, 34.0

STROKES = [(1, 1.1), (16, 1.8), (256, 2.6), (10**9, 3.4)]
"""How wide a line is: up to so many edges of the graph, drawn as one, so many pixels."""
SIGNS = {
    "add": "+", "sub": "−", "mul": "×", "div": "÷", "neg": "−x", "pow": "xʸ", "sum": "Σ",
    "dot": "a·b", "sqrt": "√",
}  # fmt: skip


@define(eq=False)
class Item:
    """A scalar or a box on the picture; ``x`` and ``y`` are its middle."""

    what: Box | int
    inside: Item | None
    width: float = 0.0
    height: float = 0.0
    x: float = 0.0
    y: float = 0.0
    units: list[Item] = field(factory=list)
    lines: dict[Edge, list[Point]] = field(factory=dict)
    """Lines between the units inside, by their positions: the points they pass through."""
    back: set[Edge] = field(factory=set)
    ins: dict[int, list[Point]] = field(factory=dict)
    outs: dict[int, list[Point]] = field(factory=dict)
    port_in: Point = (0.0, 0.0)
    port_out: Point = (0.0, 0.0)
    index: int = 0
    depth: int = 0

    def at(self, point: Point) -> Point:
        """A point of the inside, on the whole picture."""
        return self.x - self.width / 2 + point[0], self.y - self.height / 2 + point[1]


@define(eq=False)
class Line:
    """A line of the picture; ``count`` edges of the graph are drawn as one."""

    points: list[Point]
    count: int
    back: bool


@define(eq=False)
class Scene:
    """All that is to be drawn."""

    root: Item
    items: list[Item]
    frames: list[Item]
    lines: list[Line]


def scene_of(graph: Graph, opened: Iterable[Box], down: bool) -> Scene:
    """Arrange the graph with some of its boxes open, flowing down or to the right.

    Raises :class:`InputError` if that is more than can be read.
    """
    items: list[Item] = []
    frames: list[Item] = []
    shows: dict[int, Item] = {}
    root = _unfold(graph.root, None, set(opened), items, frames)
    if len(items) > LIMIT:
        raise InputError(
            f"the picture would show {len(items)} boxes, more than the {LIMIT} that can be read",
            remedy="open fewer boxes, or save it as .html and open there what you want to see",
            got=len(items),
        )
    for item in items:
        if isinstance(item.what, Box):
            shows.update(dict.fromkeys(range(item.what.first, item.what.last), item))
        else:
            shows[item.what] = item
    counts: Counter[tuple[Item, Item]] = Counter()
    for node, inputs in enumerate(graph.inputs):
        for x in inputs:
            if shows[x] is not shows[node]:
                counts[shows[x], shows[node]] += 1
    lifted = {pair: _lift(*pair) for pair in counts}
    for item in items:
        item.width, item.height = size(graph, item.what)
    for frame in reversed(frames):
        _fill(frame, down)
    root.x, root.y = root.width / 2, root.height / 2
    for frame in frames:
        for unit in frame.units:
            unit.x, unit.y = frame.at((unit.x, unit.y))
    lines = [_line(*pair, *lifted[pair], count, down) for pair, count in counts.items()]
    return Scene(root, items, frames, lines)


def _unfold(
    what: Box | int, inside: Item | None, opened: set[Box], items: list[Item], frames: list[Item]
) -> Item:
    item = Item(what, inside)
    if inside is not None:
        item.index, item.depth = len(inside.units), inside.depth + 1
        inside.units.append(item)
    if isinstance(what, Box) and what in opened:
        frames.append(item)
        for child in what.children:
            _unfold(child, item, opened, items, frames)
    else:
        items.append(item)
    return item


def _lift(start: Item, end: Item) -> tuple[Item, Edge]:
    """The innermost box around both ends, and the line between its units; ports are noted."""
    a, b = start, end
    while a.inside is not b.inside:
        if a.depth >= b.depth:
            assert a.inside is not None
            a.inside.outs[a.index] = []
            a = a.inside
        else:
            assert b.inside is not None
            b.inside.ins[b.index] = []
            b = b.inside
    assert a.inside is not None
    a.inside.lines[a.index, b.index] = []
    return a.inside, (a.index, b.index)


def _fill(frame: Item, down: bool) -> None:
    """Lay out the inside of an open box, and find its size."""

    def turned(point: Point) -> Point:
        return (point[1], point[0]) if down else point

    sizes = [turned((unit.width, unit.height)) for unit in frame.units]
    edges = list(frame.lines)
    port_in = port_out = -1
    if edges and frame.ins:
        port_in = len(sizes)
        sizes.append((2.0, 2.0))
        edges += [(port_in, k) for k in frame.ins]
    if frame.lines and frame.outs:
        port_out = len(sizes)
        sizes.append((2.0, 2.0))
        edges += [(k, port_out) for k in frame.outs]
    found = layered(sizes, edges, down)
    width, height = turned((found.width, found.height))
    label = frame.what.shown if isinstance(frame.what, Box) else ""
    shift = max(0.0, (min(40, len(label)) * 7.6 + 60 - width - 2 * PAD) / 2)

    def moved(point: Point) -> Point:
        x, y = turned(point)
        return x + PAD + shift, y + HEAD

    for unit, at in zip(frame.units, found.at, strict=False):
        unit.x, unit.y = moved(at)
    for edge in frame.lines:
        frame.lines[edge] = [moved(p) for p in found.through.get(edge, [])]
    for way in (frame.ins, frame.outs):
        for k in way:
            edge = (port_in, k) if way is frame.ins else (k, port_out)
            way[k] = [moved(p) for p in found.through.get(edge, [])]
    frame.back = found.back
    frame.width, frame.height = width + 2 * (PAD + shift), height + HEAD + PAD
    frame.port_in = _port(frame, moved(found.at[port_in]) if port_in >= 0 else None, down, 0.0)
    frame.port_out = _port(frame, moved(found.at[port_out]) if port_out >= 0 else None, down, 1.0)


def _port(frame: Item, near: Point | None, down: bool, side: float) -> Point:
    """Where lines cross the border: beside the port that the layout placed, or in the middle."""
    x, y = near or (frame.width / 2, frame.height / 2)
    return (x, frame.height * side) if down else (frame.width * side, y)


def _line(start: Item, end: Item, around: Item, edge: Edge, count: int, down: bool) -> Line:
    back = edge in around.back
    sign = -0.5 if back else 0.5
    dx, dy = (0.0, sign) if down else (sign, 0.0)
    points = [(start.x + dx * start.width, start.y + dy * start.height)]
    last = [(end.x - dx * end.width, end.y - dy * end.height)]
    one = start
    while not back and one.inside is not around and one.inside is not None:
        frame = one.inside
        points += [frame.at(p) for p in (*frame.outs[one.index], frame.port_out)]
        one = frame
    one = end
    while not back and one.inside is not around and one.inside is not None:
        frame = one.inside
        last = [frame.at(p) for p in (frame.port_in, *frame.ins[one.index])] + last
        one = frame
    points += [around.at(p) for p in around.lines[edge]]
    return Line(points + last, count, back)


def size(graph: Graph, what: Box | int) -> Point:
    """Width and height of a closed box or a scalar, by the length of its texts."""
    if isinstance(what, Box):
        texts = max(len(what.shown) * 7.6 + 46, len(inside(graph, what)) * 6.5 + 24)
        return min(240.0, max(120.0, texts)), 50.0
    title = len(name(graph, what)) * 7.6 + 26
    if graph.roles[what] == "constant":
        return max(58.0, title), 30.0
    numbers = len(short(graph.values[what].data) + short(graph.slopes[what])) * 6.9 + 52
    return min(230.0, max(104.0, numbers, title)), 46.0


def name(graph: Graph, what: Box | int) -> str:
    """What is written on it."""
    if isinstance(what, Box):
        return what.shown
    value = graph.values[what]
    if graph.roles[what] == "constant":
        return short(value.data)
    label = graph.short[what]
    sign = SIGNS.get(value.op.step) if value.op is not None and value.op.name == label else None
    return f"{sign}  {label}" if sign else label


def inside(graph: Graph, box: Box) -> str:
    """What is written below the name of a closed box."""
    steepest = max((abs(slope) for slope in graph.slopes[box.first : box.last]), default=0.0)
    return f"{box.size:,} scalars · |∂| ≤ {short(steepest, 2)}"


def short(x: float, digits: int = 4) -> str:
    """A number with four digits and a true minus sign."""
    return f"{x:.{digits}g}".replace("-", "−")
