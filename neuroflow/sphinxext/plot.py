"""Charts as SVG text: no plotting library, the same bytes on every machine, colours by CSS.

Colours are CSS variables with defaults that can be read on light and dark pages:
``--nf-1`` (blue), ``--nf-2`` (orange), ``--nf-3`` (green), ``--nf-4`` (purple).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

from attrs import define, field, frozen

from neuroflow.view.chart import Point, sampled, ticks, value_at, visible
from neuroflow.view.markup import escaped

WIDTH, HEIGHT = 600.0, 300.0
LEFT, RIGHT, TOP, BOTTOM = 52.0, 16.0, 16.0, 40.0
COLOURS = ("#2f7ed8", "#d9730d", "#1a9850", "#8e5bd0", "#c2410c", "#6b7280")


@frozen
class Stroke:
    """One curve: points, a name for the legend, dashed or not."""

    points: tuple[Point, ...]
    name: str = ""
    dashed: bool = False
    colour: int = 0
    width: float = 2.2


@define
class Chart:
    """Lines and dots over two axes; :meth:`svg` writes it.

    >>> chart = Chart(x=(0.0, 1.0), y=(0.0, 1.0), alt="a diagonal")
    >>> chart.line([(0.0, 0.0), (1.0, 1.0)], "y = x")
    >>> "a diagonal" in chart.svg()
    True
    """

    x: tuple[float, float]
    y: tuple[float, float]
    alt: str
    x_label: str = ""
    y_label: str = ""
    width: float = WIDTH
    height: float = HEIGHT
    lines: list[Stroke] = field(factory=list)
    marks: list[str] = field(factory=list)
    under: list[str] = field(factory=list)

    def line(
        self, points: Iterable[Point], name: str = "", *, dashed: bool = False,
        colour: int | None = None, width: float = 2.2,
    ) -> None:  # fmt: skip
        """Add a curve; points that are not finite break it."""
        chosen = len({line.name for line in self.lines}) if colour is None else colour
        for run in _runs(points):
            self.lines.append(Stroke(tuple(run), name, dashed, chosen, width))

    def horizontal(self, y: float, label: str) -> None:
        """A thin line across, with a label: a baseline or a bound."""
        a, b = self.at(self.x[0], y), self.at(self.x[1], y)
        self.under.append(_path([a, b], "nf-baseline"))
        self.under.append(_text(b[0] - 4, b[1] - 5, label, "end"))

    def dot(
        self, x: float, y: float, colour: int = 0, shape: str = "circle", size: float = 3.6
    ) -> None:
        """A mark at a place: a ``circle`` or a ``square``."""
        px, py = self.at(x, y)
        style = f'fill="{_colour(colour)}" stroke="var(--color-background-primary, #fff)"'
        if shape == "circle":
            self.marks.append(f'<circle cx="{px:.1f}" cy="{py:.1f}" r="{size:g}" {style}/>')
        else:
            s = size * 1.8
            place = f'x="{px - s / 2:.1f}" y="{py - s / 2:.1f}" width="{s:g}" height="{s:g}"'
            self.marks.append(f"<rect {place} {style}/>")

    def cell(self, x: float, y: float, dx: float, dy: float, colour: int, strength: float) -> None:
        """A filled rectangle under the lines, from 0 (clear) to 1 (full colour)."""
        (left, top), (right, bottom) = self.at(x, y + dy), self.at(x + dx, y)
        self.under.append(
            f'<rect x="{left:.1f}" y="{top:.1f}" width="{right - left + 0.3:.1f}"'
            f' height="{bottom - top + 0.3:.1f}" fill="{_colour(colour)}"'
            f' fill-opacity="{strength:.2f}"/>'
        )

    def at(self, x: float, y: float) -> Point:
        """Data to pixels."""
        inner_w, inner_h = self.width - LEFT - RIGHT, self.height - TOP - BOTTOM
        px = LEFT + (x - self.x[0]) / (self.x[1] - self.x[0]) * inner_w
        py = TOP + (self.y[1] - y) / (self.y[1] - self.y[0]) * inner_h
        return px, py

    def svg(self) -> str:
        """The chart as one ``<svg>`` element with its alternative text."""
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width:g} {self.height:g}"'
            f' class="nf-chart" role="img" aria-label="{escaped(self.alt)}">',
            f"<title>{escaped(self.alt)}</title>",
            *self._axes(),
            *self.under,
        ]
        for line in self.lines:
            parts.append(self._curve(line))
        parts += [*self.marks, *self._legend(), "</svg>"]
        return "".join(parts)

    def _curve(self, line: Stroke) -> str:
        dash = ' stroke-dasharray="7 5"' if line.dashed else ""
        places = " ".join("{:.1f},{:.1f}".format(*self.at(*p)) for p in line.points)
        return (
            f'<polyline points="{places}" fill="none" stroke="{_colour(line.colour)}"'
            f' stroke-width="{line.width:g}" stroke-linejoin="round"{dash}/>'
        )

    def _axes(self) -> list[str]:
        parts = []
        for x in ticks(*self.x):
            top, bottom = self.at(x, self.y[1]), self.at(x, self.y[0])
            parts.append(_path([top, bottom], "nf-axis" if x == 0 else "nf-grid"))
            parts.append(_text(bottom[0], bottom[1] + 15, f"{x:g}", "middle"))
        for y in ticks(*self.y):
            left, right = self.at(self.x[0], y), self.at(self.x[1], y)
            parts.append(_path([left, right], "nf-axis" if y == 0 else "nf-grid"))
            parts.append(_text(left[0] - 6, left[1] + 4, f"{y:g}", "end"))
        if self.x_label:
            parts.append(
                _text((LEFT + self.width - RIGHT) / 2, self.height - 6, self.x_label, "middle")
            )
        if self.y_label:
            parts.append(_text(LEFT + 6, TOP + 10, self.y_label, "start"))
        return parts

    def _legend(self) -> list[str]:
        named = {line.name: line for line in reversed(self.lines) if line.name}
        parts = []
        for row, (name, line) in enumerate(reversed(list(named.items()))):
            y = TOP + 14 + 18 * (row + bool(self.y_label))
            x = LEFT + 12
            dash = ' stroke-dasharray="7 5"' if line.dashed else ""
            parts.append(
                f'<line x1="{x:g}" y1="{y:g}" x2="{x + 28:g}" y2="{y:g}"'
                f' stroke="{_colour(line.colour)}" stroke-width="2.2"{dash}/>'
            )
            parts.append(_text(x + 34, y + 4, name, "start"))
        return parts


def function_chart(
    f: Callable[[float], float],
    slope: Callable[[float], float] | None,
    low: float,
    high: float,
    *,
    kinks: Sequence[float] = (),
    names: tuple[str, str] = ("f(x)", "f′(x)"),
    alt: str = "",
    x_label: str = "x",
) -> str:
    """f and its derivative, the derivative broken and marked at the kinks."""
    curve = sampled(f, low, high, 241)
    slopes = sampled(slope, low, high, 241) if slope else []
    bottom, top = visible([*curve, *slopes])
    margin = 0.08 * (top - bottom)
    chart = Chart((low, high), (bottom - margin, top + margin), alt, x_label)
    clip = (bottom - margin, top + margin)
    chart.line(_clipped(curve, clip), names[0], colour=0)
    near = (high - low) / 480
    split = [(x, math.nan if any(abs(x - k) < near for k in kinks) else y) for x, y in slopes]
    chart.line(_clipped(split, clip), names[1], dashed=True, colour=1)
    for kink in kinks:
        if low < kink < high:
            chart.under.append(_path([chart.at(kink, clip[0]), chart.at(kink, clip[1])], "nf-kink"))
            chart.dot(kink, value_at(f, kink), 0)
            if slope:
                chart.dot(kink, value_at(slope, kink), 1, "square")
    return chart.svg()


def _clipped(points: Iterable[Point], limits: tuple[float, float]) -> list[Point]:
    low, high = limits
    return [(x, y if low <= y <= high else math.nan) for x, y in points]


def _runs(points: Iterable[Point]) -> list[list[Point]]:
    runs: list[list[Point]] = [[]]
    for x, y in points:
        if math.isfinite(y):
            runs[-1].append((x, y))
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]


def _path(points: Sequence[Point], css: str) -> str:
    places = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{places}" class="{css}" fill="none"/>'


def _text(x: float, y: float, text: str, anchor: str) -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f'<text {place} class="nf-label">{escaped(text)}</text>'


def _colour(number: int) -> str:
    return f"var(--nf-{number + 1}, {COLOURS[number % len(COLOURS)]})"
