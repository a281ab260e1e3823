"""The network as neurons in columns: weights as lines, signs as colours, activations by name."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from neuroflow.view.layout import Point
from neuroflow.view.looks import box
from neuroflow.view.markup import escaped

SHOWN = 20
"""Of a layer with more neurons than this, the first and the last are drawn."""
WIDTH = 560
"""Of the tree of modules: name and kind on the left, sizes and shapes on the right."""

COLUMN, ROW, RADIUS, TOP = 190.0, 40.0, 15.0, 74.0


def network_svg(network: Mapping[str, Any], title: str) -> str:
    """The network as an SVG element: neurons in columns, or the tree of its modules.

    Columns are drawn where layers of neurons follow each other, and stand in no box of another.
    """
    if not network["layers"] or _is_composed(network):
        return _modules_svg(network, title)
    columns = _columns(network)
    rows = max(len(column) for column in columns)
    width, height = COLUMN * len(columns), TOP + ROW * rows + 24
    at = _places(columns, height)
    strongest = max(
        (
            abs(w)
            for layer in network["layers"]
            for neuron in layer["neurons"]
            for w in neuron["weights"]
            if math.isfinite(w)
        ),
        default=1.0,
    )
    shapes = [_weights(network, k, at, strongest) for k in range(len(network["layers"]))]
    shapes += [_neurons(network, k, column, at) for k, column in enumerate(columns)]
    told = f"{network['held']}; orange lines are positive weights, blue negative"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="nf-network" role="img"'
        f' aria-label="{escaped(title)}: {told}" viewBox="0 0 {width:.0f} {height:.0f}"'
        f' width="{width:.0f}" height="{height:.0f}" style="max-width:100%;height:auto">'
        f"<title>{escaped(title)}: {told}</title><style>{STYLE}</style>"
        f'<rect class="paper" width="100%" height="100%" rx="10"/>{"".join(shapes)}'
        f'<text class="small" x="14" y="{height - 10:.0f}"><tspan class="plus">━</tspan> positive, '
        f'<tspan class="minus">━</tspan> negative; the widest is {strongest:.3g}</text>'
        "</svg>"
    )


def _is_composed(network: Mapping[str, Any]) -> bool:
    """Whether layers of neurons stand in boxes with a look, or do not follow each other."""
    layers = network["layers"]
    boxes = [row["path"] for row in network["modules"] if row["look"]]
    inside = any(
        layer["path"].startswith(f"{box}.") or not box for layer in layers for box in boxes
    )
    pairs = pairwise(layers)
    return inside or any(
        len(first["neurons"]) != len(then["neurons"][0]["weights"]) for first, then in pairs
    )


STYLE = """
.nf-network { font: 13px system-ui, "Segoe UI", "DejaVu Sans", sans-serif; --paper: #fbfaf8;
  --card: #fff; --ink: #1d2430; --faint: #5d6675; --ring: #46506a; --plus: #d05f00;
  --minus: #0072b2; }
@media (prefers-color-scheme: dark) { .nf-network { --paper: #14171d; --card: #20252e;
  --ink: #e8ebf1; --faint: #a0a9b8; --ring: #aab4cc; --plus: #f0943f; --minus: #56b4e9; } }
.nf-network .paper { fill: var(--paper); } .nf-network text { fill: var(--ink); }
.nf-network .name { font-weight: 620; }
.nf-network .small { font-size: 11.5px; fill: var(--faint); }
.nf-network .over { paint-order: stroke; stroke: var(--paper); stroke-width: 5px; }
.nf-network .plus { stroke: var(--plus); } .nf-network .minus { stroke: var(--minus); }
.nf-network .broken { stroke: var(--ink); stroke-dasharray: 2 4; }
.nf-network tspan.plus { fill: var(--plus); stroke: none; }
.nf-network tspan.minus { fill: var(--minus); stroke: none; }
.nf-network circle { fill: var(--card); stroke: var(--ring); stroke-width: 1.5; }
.nf-network .curve { fill: none; stroke: var(--ring); stroke-width: 1.6; }
.nf-network .card { fill: var(--card); stroke: var(--ring); stroke-opacity: .4; }
"""


def _columns(network: Mapping[str, Any]) -> list[list[int | None]]:
    """Which inputs and neurons each column shows; None stands for those left out."""
    sizes = [len(network["layers"][0]["neurons"][0]["weights"])]
    sizes += [len(layer["neurons"]) for layer in network["layers"]]
    return [_some(size) for size in sizes]


def _some(size: int) -> list[int | None]:
    if size <= SHOWN:
        return list(range(size))
    return [*range(SHOWN - 4), None, *range(size - 3, size)]


def _places(columns: list[list[int | None]], height: float) -> list[dict[int, Point]]:
    middle = TOP + (height - TOP - 24) / 2
    return [
        {
            number: (COLUMN * (k + 0.5), middle + ROW * (row - (len(column) - 1) / 2))
            for row, number in enumerate(column)
            if number is not None
        }
        for k, column in enumerate(columns)
    ]


def _weights(
    network: Mapping[str, Any], k: int, at: list[dict[int, Point]], strongest: float
) -> str:
    lines = []
    widest = 3.4 if len(at[k]) * len(at[k + 1]) <= 150 else 2.0
    for j, (x2, y2) in at[k + 1].items():
        weights = network["layers"][k]["neurons"][j]["weights"]
        for i, (x1, y1) in at[k].items():
            if i < len(weights) and weights[i]:
                broken = not math.isfinite(weights[i])
                size = 1.0 if broken else abs(weights[i]) / (strongest or 1.0)
                css = "broken" if broken else "plus" if weights[i] > 0 else "minus"
                lines.append(
                    f'<line class="{css}" x1="{x1 + RADIUS:.1f}" y1="{y1:.1f}"'
                    f' x2="{x2 - RADIUS:.1f}" y2="{y2:.1f}"'
                    f' stroke-width="{0.3 + widest * size:.2f}"'
                    f' stroke-opacity="{0.2 + 0.6 * size:.2f}"/>'
                )
    return f"<g>{''.join(lines)}</g>"


def _neurons(
    network: Mapping[str, Any], k: int, column: list[int | None], at: list[dict[int, Point]]
) -> str:
    x = COLUMN * (k + 0.5)
    layer = network["layers"][k - 1] if k else {}
    count = len(network["layers"][0]["neurons"][0]["weights"]) if k == 0 else len(layer["neurons"])
    head = [f"{count} input{'s' * (count > 1)}"] if k == 0 else [layer["activation"]]
    if k:
        head.append(f"{layer['path'] or 'neuron'} · {count} neuron{'s' * (count > 1)}")
        head += [f"from {layer['provider']}"] if layer["provider"] else []
        head += [layer["look"]["words"]] if layer["look"] else []
    parts = [
        f'<text class="{"small" if n else "name"}" x="{x}" y="{24 + 17 * n}"'
        f' text-anchor="middle">{escaped(text)}</text>'
        for n, text in enumerate(head)
    ]
    for number, (cx, cy) in at[k].items():
        told = f"input {number}" if k == 0 else _told(layer, number)
        curve = _small_curve(layer.get("curve", []), cx, cy)
        parts.append(
            f"<g><title>{escaped(told)}</title>"
            f'<circle cx="{cx:.1f}" cy="{cy:.1f}" r="{RADIUS}"/>{curve}</g>'
        )
    if None in column:
        row = column.index(None)
        left = count - len(column) + 1
        middle = [y for _, y in at[k].values()]
        y = min(middle) + ROW * row
        parts.append(
            f'<text class="small" x="{x}" y="{y + 4:.1f}" text-anchor="middle">⋮ {left} more</text>'
        )
    return f"<g>{''.join(parts)}</g>"


def _told(layer: Mapping[str, Any], number: int) -> str:
    neuron = layer["neurons"][number]
    weights = ", ".join(f"{w:.4g}" for w in neuron["weights"][:12])
    more = ", ..." if len(neuron["weights"]) > 12 else ""
    bias = "" if neuron["bias"] is None else f"; bias {neuron['bias']:.4g}"
    return f"{neuron['path'] or 'neuron'}: {layer['activation']}; weights {weights}{more}{bias}"


def _small_curve(curve: list[float], x: float, y: float) -> str:
    """The activation's curve inside the circle."""
    if not curve:
        return ""
    step = 17.0 / (len(curve) - 1)
    points = " ".join(f"{x - 8.5 + k * step:.1f},{y - 7.5 * v:.1f}" for k, v in enumerate(curve))
    return f'<polyline class="curve" points="{points}"/>'


def _modules_svg(network: Mapping[str, Any], title: str) -> str:
    """The modules of a model without neurons, one row each, indented by where they lie."""
    single = {neuron["path"] for layer in network["layers"] for neuron in layer["neurons"]}
    single -= {layer["path"] for layer in network["layers"]}
    rows = [row for row in network["modules"] if row["path"] not in single][:200]
    height = 66 + 30 * len(rows)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="nf-network" role="img"'
        f' aria-label="{escaped(title)}: {len(rows)} modules" viewBox="0 0 {WIDTH} {height}"'
        f' width="{WIDTH}" height="{height}" style="max-width:100%;height:auto">'
        f"<title>{escaped(title)}: {len(rows)} modules</title><style>{STYLE}</style>"
        f'<rect class="paper" width="100%" height="100%" rx="10"/>'
        f'<text class="name" x="14" y="30">{escaped(title)} · {network["held"]}'
        f"</text>{''.join(_module(row, 50 + 30 * k, title) for k, row in enumerate(rows))}</svg>"
    )


def _module(row: Mapping[str, Any], y: int, title: str) -> str:
    """One module: its name on the left, what it is on the right, on a box with its look."""
    indent = 22 * (len([w for w in row["path"].split(".") if w and not w.isdigit()]))
    name = row["path"].rpartition(".")[2] if row["path"] else title
    name = ".".join(row["path"].split(".")[-2:]) if name.isdigit() else name
    kind = row["look"]["words"] if row["look"] else row["type"]
    held = row["held"].replace(" parameters", "")
    held = "" if row["look"] and held == "0" else held
    shapes = row["shapes"].replace("->", "→")
    label = " · ".join(filter(None, (kind, row["activation"], held, shapes)))
    return (
        f"<g><title>{escaped(row['path'] or title)}: {escaped(row['type'])}</title>"
        f"{box(row['look'], (14 + indent, y, WIDTH - 28 - indent, 25), 'card')}"
        f'<text class="name" x="{24 + indent}" y="{y + 17}">{escaped(name)}</text>'
        f'<text class="small" x="{WIDTH - 24}" y="{y + 17}" text-anchor="end">{escaped(label)}'
        "</text></g>"
    )
