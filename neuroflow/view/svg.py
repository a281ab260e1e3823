"""A scene as static SVG: no script, no font of its own, light and dark."""

from __future__ import annotations

from itertools import pairwise

from neuroflow.view.boxes import Box
from neuroflow.view.graph import Graph, first_open
from neuroflow.view.layout import Point
from neuroflow.view.looks import box
from neuroflow.view.markup import escaped
from neuroflow.view.scene import PAD, STROKES, Item, Line, Scene, inside, name, scene_of, short

STYLE = """
.nf-graph { font: 13px system-ui, "Segoe UI", "DejaVu Sans", sans-serif; --paper: #fbfaf8;
  --card: #fff; --ink: #1d2430; --faint: #5d6675; --line: #cfd4dc; --frame: #56627a0e;
  --edge: #8c97a8; --parameter: #0072b2; --input: #00795c; --constant: #767d88; --op: #46506a;
  --output: #c04a00; --buffer: #8a4fa3; --group: #eef1f7; }
@media (prefers-color-scheme: dark) { .nf-graph { --paper: #14171d; --card: #20252e;
  --ink: #e8ebf1; --faint: #a0a9b8; --line: #39414e; --frame: #becdeb0d; --edge: #67738a;
  --parameter: #56b4e9; --input: #35c79c; --constant: #9aa3b2; --op: #aab4cc;
  --output: #f08a4b; --buffer: #c79adf; --group: #2a313d; } }
.nf-graph .paper { fill: var(--paper); }
.nf-graph text { fill: var(--ink); } .nf-graph .name { font-weight: 620; }
.nf-graph .small { font-size: 11.5px; fill: var(--faint); }
.nf-graph .card { fill: var(--card); stroke: var(--line); stroke-width: 1.2; }
.nf-graph .group, .nf-graph .under { fill: var(--group); stroke: var(--line); }
.nf-graph .frame { fill: var(--frame); stroke: var(--line); }
.nf-graph .edge { fill: none; stroke: var(--edge); stroke-opacity: .6; }
.nf-graph .back { stroke-dasharray: 5 4; }
.nf-graph .parameter { fill: var(--parameter); } .nf-graph .input { fill: var(--input); }
.nf-graph .constant { fill: var(--constant); } .nf-graph .op { fill: var(--op); }
.nf-graph .buffer { fill: var(--buffer); } .nf-graph .output { fill: var(--output); }
"""
MARGIN = 14.0


def graph_svg(graph: Graph, title: str, opened: list[Box] | None = None) -> str:
    """The graph as an SVG element, flowing the way in which it is less stretched."""
    opened = first_open(graph) if opened is None else opened
    scenes = [scene_of(graph, opened, down) for down in (False, True)]
    scene = min(scenes, key=lambda s: max(s.root.width / 1.3, s.root.height))
    return render(graph, scene, title, down=scene is scenes[1])


def render(graph: Graph, scene: Scene, title: str, down: bool) -> str:
    """Frames, then lines, then what they join."""
    width, height = scene.root.width + 2 * MARGIN, scene.root.height + 2 * MARGIN
    shapes = [_frame(frame) for frame in scene.frames if frame.inside is not None]
    shapes += [_edge(line, down) for line in scene.lines]
    shapes += [_item(graph, item) for item in scene.items]
    told = f"{len(graph.values)} scalars; data on the left, gradient of the output on the right"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="nf-graph" role="img"'
        f' aria-label="{escaped(title)}: {told}" viewBox="0 0 {width:.0f} {height:.0f}"'
        f' width="{width:.0f}" height="{height:.0f}" style="max-width:100%;height:auto">'
        f"<title>{escaped(title)}: {told}</title><style>{STYLE}</style>"
        f'<rect class="paper" width="100%" height="100%" rx="10"/>'
        f'<text class="name" x="{MARGIN + 8}" y="{MARGIN + 14}">{escaped(title)}</text>'
        f'<g transform="translate({MARGIN} {MARGIN})">{"".join(shapes)}</g></svg>'
    )


def _frame(frame: Item) -> str:
    x, y = frame.at((0.0, 0.0))
    label = frame.what.shown if isinstance(frame.what, Box) else ""
    look = frame.what.look if isinstance(frame.what, Box) else None
    colour = f' style="stroke:{look.colour}"' if look else ""
    label = _shortened(label, int((frame.width - 50) / 7.4))
    return (
        f'<rect class="frame" x="{x:.1f}" y="{y:.1f}" width="{frame.width:.1f}"'
        f' height="{frame.height:.1f}" rx="12"{colour}/>'
        f'<text class="name" x="{x + PAD:.1f}" y="{y + 21:.1f}">{escaped(label)}</text>'
    )


def _edge(line: Line, down: bool) -> str:
    width = next(width for most, width in STROKES if line.count <= most)
    css = "edge back" if line.back else "edge"
    return f'<path class="{css}" stroke-width="{width}" d="{curve(line.points, down)}"/>'


def curve(points: list[Point], down: bool) -> str:
    """A smooth path: it leaves and enters every point along the flow."""
    d = f"M{points[0][0]:.1f} {points[0][1]:.1f}"
    for (x1, y1), (x2, y2) in pairwise(points):
        bx, by = (0.0, (y2 - y1) / 2) if down else ((x2 - x1) / 2, 0.0)
        d += f"C{x1 + bx:.1f} {y1 + by:.1f} {x2 - bx:.1f} {y2 - by:.1f} {x2:.1f} {y2:.1f}"
    return d


def _item(graph: Graph, item: Item) -> str:
    x, y = item.at((0.0, 0.0))
    label = escaped(_shortened(name(graph, item.what), int((item.width - 22) / 7.4)))
    rect = f'width="{item.width:.1f}" height="{item.height:.1f}" rx="8"'
    if isinstance(item.what, Box):
        under = [
            f'<rect class="under" x="{x + d:.1f}" y="{y + d:.1f}" {rect}/>'
            for d in (6, 3)
            if item.what.holds != "module"
        ]
        look = item.what.look.table() if item.what.look else None
        told = f": {look['words']}" if look else ""
        return (
            f"<g><title>{escaped((item.what.path or item.what.label) + told)}</title>"
            f"{''.join(under)}{box(look, (x, y, item.width, item.height), 'group')}"
            f'<text class="name" x="{x + 13:.1f}" y="{y + 20:.1f}">{label}</text>'
            f'<text class="small" x="{x + 13:.1f}" y="{y + 38:.1f}">'
            f"{escaped(inside(graph, item.what))}</text></g>"
        )
    value, role = graph.values[item.what], graph.roles[item.what]
    data, slope = short(value.data), short(graph.slopes[item.what])
    told = f"{graph.labels[item.what] or role}: data {value.data!r}, gradient {slope}"
    numbers = (
        f'<text class="small" x="{x + 13:.1f}" y="{y + 37:.1f}">{data}</text>'
        f'<text class="small" x="{x + item.width - 10:.1f}" y="{y + 37:.1f}"'
        f' text-anchor="end">∂ {slope}</text>'
    )
    return (
        f'<g><title>{escaped(told)}</title><rect class="card" x="{x:.1f}" y="{y:.1f}" {rect}/>'
        f'<rect class="{role}" x="{x:.1f}" y="{y + 7:.1f}" width="4"'
        f' height="{item.height - 14:.1f}" rx="2"/>'
        f'<text class="name" x="{x + 13:.1f}" y="{y + 20:.1f}">'
        f"{label}</text>{numbers if role != 'constant' else ''}</g>"
    )


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
