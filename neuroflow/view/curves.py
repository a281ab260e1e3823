"""Several curves in one picture: the losses of runs, as SVG, as a figure, and as one line of text.

The SVG needs no library and is the same every time; it takes the colours of the page around it,
light or dark, and names each curve in a legend.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from neuroflow.view.chart import Point, colour, ends, shown, ticks
from neuroflow.view.markup import escaped

if TYPE_CHECKING:
    from neuroflow.view.figure import PlainFigure

Curves = Mapping[str, Sequence[Point]]

MOST_POINTS = 240
"""Points of a curve that are drawn: beyond that each is the mean of several."""

WIDE = 30.0
"""Where the largest number is so many times the smallest, and none is below 0, log it is."""

BARS = "▁▂▃▄▅▆▇█"
WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 640, 300, 64, 40, 28
MIDDLE = ("#2f86c5", "#e07b28", "#12a37a", "#bb62a0", "#a58d10", "#7c8796", "#a8622a", "#7070d8")
"""Colours that can be seen on white and on black, in the order of the palette."""

DASHES = ("", "6 3", "2 3", "9 3 2 3")
"""How curves differ that have one colour."""


def thinned(points: Sequence[Point], most: int = MOST_POINTS) -> list[Point]:
    """At most so many points, each the mean of those that it stands for.

    >>> thinned([(1.0, 4.0), (2.0, 2.0), (3.0, 6.0), (4.0, 0.0)], most=2)
    [(1.5, 3.0), (3.5, 3.0)]
    """
    if len(points) <= most:
        return list(points)
    size = math.ceil(len(points) / most)
    parts = (points[k : k + size] for k in range(0, len(points), size))
    return [
        (
            math.fsum(x for x, _ in part) / len(part),
            math.fsum(shown(y for _, y in part)) / len(part),
        )
        for part in parts
    ]


def is_log(curves: Curves) -> bool:
    """Whether the numbers differ so much that only a logarithmic axis shows all of them."""
    ys = [y for points in curves.values() for _, y in points]
    return bool(ys) and min(ys) > 0 and max(ys) / min(ys) > WIDE


def sparkline(points: Sequence[Point], width: int = 24) -> str:
    """A curve as one line of text, from its own lowest to its own highest.

    >>> sparkline([(0.0, 8.0), (1.0, 4.0), (2.0, 2.0), (3.0, 1.0)], width=4)
    '█▄▂▁'
    """
    ys = [y for _, y in thinned(points, width)]
    if not ys:
        return ""
    low, high = min(ys), max(ys)
    scale = (len(BARS) - 1) / (high - low) if high > low else 0.0
    return "".join(BARS[round((y - low) * scale)] for y in ys)


def curves_svg(curves: Curves, x_label: str = "step", y_label: str = "loss") -> str:
    """The curves as one SVG element; with none, an empty frame that says so."""
    log = is_log(curves)
    drawn = {name: _placed(thinned(points), log) for name, points in curves.items()}
    every = [point for points in drawn.values() for point in points]
    (left, right), (low, high) = (ends([p[k] for p in every], 0.0 if k == 0 else 0.04)
                                  for k in (0, 1))  # fmt: skip
    rows = math.ceil(len(drawn) / 2)
    height = HEIGHT + 18 * rows

    def at(point: Point) -> Point:
        x = LEFT + (point[0] - left) / (right - left) * (WIDTH - LEFT - 12)
        y = HEIGHT - BOTTOM - (point[1] - low) / (high - low) * (HEIGHT - BOTTOM - TOP)
        return x, y

    parts = [_axis_x(tick, at((tick, low))) for tick in ticks(left, right)]
    parts += [_axis_y(tick, at((left, tick)), log) for tick in ticks(low, high, 5)]
    parts += [_line(k, map(at, points)) for k, points in enumerate(drawn.values())]
    parts += [_legend(k, name) for k, name in enumerate(drawn)]
    told = f"{y_label} over {x_label}" + (", logarithmic" if log else "")
    told = told if every else "no curve: nothing was recorded"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escaped(told)}"'
        f' viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
        ' style="max-width:100%;height:auto;color:inherit" fill="currentColor"'
        ' font-family="system-ui, DejaVu Sans, sans-serif" font-size="12">'
        f"<title>{escaped(told)}</title>"
        f'<text x="{LEFT}" y="16" font-weight="600">{escaped(told)}</text>{"".join(parts)}</svg>'
    )


def _placed(points: Iterable[Point], log: bool) -> list[Point]:
    """Where points lie on the axes, before they are scaled to the picture."""
    return [(x, math.log10(y) if log else y) for x, y in points]


def _axis_x(tick: float, place: Point) -> str:
    x, y = place
    return (
        f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{y:.1f}" stroke="currentColor"'
        f' stroke-opacity=".12"/><text x="{x:.1f}" y="{y + 18:.1f}" text-anchor="middle"'
        f' fill-opacity=".75">{tick:g}</text>'
    )


def _axis_y(tick: float, place: Point, log: bool) -> str:
    x, y = place
    return (
        f'<line x1="{x:.1f}" x2="{WIDTH - 12}" y1="{y:.1f}" y2="{y:.1f}" stroke="currentColor"'
        f' stroke-opacity=".12"/><text x="{x - 8:.1f}" y="{y + 4:.1f}" text-anchor="end"'
        f' fill-opacity=".75">{10**tick if log else tick:.3g}</text>'
    )


def _look(number: int) -> str:
    dash = DASHES[number // len(MIDDLE) % len(DASHES)]
    return (
        f'stroke="{MIDDLE[number % len(MIDDLE)]}" stroke-width="1.8" fill="none"'
        + f' stroke-dasharray="{dash}"' * bool(dash)
    )


def _line(number: int, points: Iterable[Point]) -> str:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline {_look(number)} stroke-linejoin="round" points="{path}"/>'


def _legend(number: int, name: str) -> str:
    x, y = LEFT + (number % 2) * (WIDTH - LEFT) // 2, HEIGHT + 8 + 18 * (number // 2)
    text = name if len(name) <= 38 else f"…{name[-37:]}"
    return (
        f'<line {_look(number)} x1="{x}" x2="{x + 24}" y1="{y}" y2="{y}"/>'
        f'<text x="{x + 30}" y="{y + 4}">{escaped(text)}</text>'
    )


def curves_figure(curves: Curves, x_label: str = "step", y_label: str = "loss") -> PlainFigure:
    """The curves as a figure of matplotlib (extra ``plot``), which pyplot knows nothing of."""
    from neuroflow.view.plots import new_figure, plain_name

    figure = new_figure(7.2, 4.4)
    axes = figure.subplots()
    styles = ("-", "--", ":", "-.")
    for k, (name, points) in enumerate(curves.items()):
        xs, ys = zip(*thinned(points), strict=True) if points else ((), ())
        axes.plot(xs, shown(ys), color=colour(k), label=plain_name(name), linewidth=1.4,
                  linestyle=styles[k // 8 % len(styles)])  # fmt: skip
    if is_log(curves):
        axes.set_yscale("log")
    axes.set(xlabel=x_label, ylabel=plain_name(y_label))
    axes.spines[["top", "right"]].set_visible(False)
    if curves:
        axes.legend(frameon=False)
    return figure
