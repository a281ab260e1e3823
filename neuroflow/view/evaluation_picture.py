"""A picture of an evaluation: up to three panels, as SVG.

The SVG needs no library and takes the colours of the page around it, light or dark.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from neuroflow.evaluation.evaluation import Evaluation
from neuroflow.view.chart import Point, ends, ticks
from neuroflow.view.curves import MIDDLE
from neuroflow.view.markup import escaped

SIDE, LEFT, TOP, BOTTOM, GAP = 240, 76, 52, 56, 28
PANEL = LEFT + SIDE + GAP
MOST_CLASSES = 24
MOST_DOTS = 2000

Panel = tuple[str, str]
"""A title, and what is drawn in a square of ``SIDE``, from its upper left corner."""


def evaluation_svg(evaluation: Evaluation) -> str:
    """The panels side by side, as one SVG element."""
    panels = list(_panels(evaluation))
    width, height = PANEL * max(1, len(panels)), TOP + SIDE + BOTTOM
    name = " ".join(filter(None, [evaluation.data, evaluation.part])) or "evaluation"
    scores = ", ".join(f"{score} {value:.4g}" for score, value in evaluation.scores.items())
    told = f"{name}: {scores}"
    parts = [
        f'<g transform="translate({k * PANEL + LEFT} {TOP})"><text x="{SIDE / 2}" y="-10"'
        f' text-anchor="middle" font-weight="600">{escaped(title)}</text>{drawn}</g>'
        for k, (title, drawn) in enumerate(panels)
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escaped(told)}"'
        f' viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
        ' style="max-width:100%;height:auto;color:inherit" fill="currentColor"'
        ' font-family="system-ui, DejaVu Sans, sans-serif" font-size="12">'
        "<style>@media (prefers-color-scheme: dark){svg:root{color:#e6e6e6}}</style>"
        f'<title>{escaped(told)}</title><text x="12" y="20">{escaped(shortened(told, width // 7))}'
        f"</text>{''.join(parts)}</svg>"
    )


def _panels(evaluation: Evaluation) -> Iterable[Panel]:
    if evaluation.confusion is not None and len(evaluation.labels) <= MOST_CLASSES:
        yield "right (rows) and said (columns)", _confusion(evaluation)
    if evaluation.calibration is not None:
        yield "how often it is right", _calibration(evaluation)
    for column, pairs in enumerate(evaluation.pairs[:3]):
        of = f", column {column}" if len(evaluation.pairs) > 1 else ""
        yield f"predicted and right{of}", _scatter(pairs, "right", "predicted", diagonal=True)
        if len(evaluation.pairs) == 1:
            apart = [(said, said - right) for right, said in pairs]
            yield "residuals", _scatter(apart, "predicted", "predicted - right", diagonal=False)
    if evaluation.position_losses:
        points = [(float(k), loss) for k, loss in enumerate(evaluation.position_losses, 1)]
        yield "loss by position", _line(points)


def _confusion(evaluation: Evaluation) -> str:
    """A square per pair of classes, the darker the larger its share of the row."""
    counts = evaluation.confusion or []
    size = SIDE / len(counts)
    parts = []
    for i, row in enumerate(counts):
        for j, count in enumerate(row):
            share = count / max(1, sum(row))
            x, y = j * size, i * size
            parts.append(
                f'<rect x="{x:.1f}" y="{y:.1f}" width="{size - 1:.1f}" height="{size - 1:.1f}"'
                f' fill="{MIDDLE[i != j] if count else "currentColor"}"'
                f' fill-opacity="{0.06 + 0.74 * share:.3f}"/>'
            )
            if count and len(counts) <= 14:
                middle = x + size / 2, y + size / 2 + 4
                parts.append(_text(middle, f"{count}", anchor="middle"))
    every = max(1, -(-len(counts) // 12))
    for k, label in list(enumerate(evaluation.labels))[::every]:
        at = k * size + size / 2
        parts.append(_text((-8, at + 4), shortened(label, 10), anchor="end"))
        below = shortened(label, max(2, int(size * every / 7)))
        parts.append(_text((at, SIDE + 16), below, "middle"))
    return "".join(parts)


def _calibration(evaluation: Evaluation) -> str:
    """The share that is right over the confidence; on the diagonal where both are the same."""
    calibration = evaluation.calibration
    assert calibration is not None
    frame = _Frame((0.0, 1.0), (0.0, 1.0))
    most = max(each.count for each in calibration.bins)
    parts = [
        frame.axes("confidence", "share that is right"),
        frame.line([(0, 0), (1, 1)], dash=True),
    ]
    parts.append(frame.line([(each.confidence, each.accuracy) for each in calibration.bins]))
    for each in calibration.bins:
        x, y = frame.at((each.confidence, each.accuracy))
        radius = 3 + 5 * math.sqrt(each.count / most)
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="{MIDDLE[0]}"/>')
    parts.append(_text((8, 16), f"expected error {calibration.expected_error:.3f}"))
    return "".join(parts)


def _scatter(points: Sequence[Point], x_label: str, y_label: str, *, diagonal: bool) -> str:
    """A dot per example, at most 2,000 of them, with the line on which all would be right."""
    step = -(-len(points) // MOST_DOTS)
    some = [point for point in points[::step] if all(map(math.isfinite, point))]
    both = [number for point in some for number in point]
    xs, ys = [x for x, _ in some], [y for _, y in some]
    frame = _Frame(
        ends(both if diagonal else xs, 0.04), ends(both if diagonal else [*ys, 0.0], 0.04)
    )
    (left, right), parts = frame.xs, [frame.axes(x_label, y_label)]
    ideal = [(left, left), (right, right)] if diagonal else [(left, 0.0), (right, 0.0)]
    parts.append(frame.line(ideal, dash=True))
    for point in some:
        x, y = frame.at(point)
        parts.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.6" fill="{MIDDLE[0]}" fill-opacity=".55"/>'
        )
    return "".join(parts)


def _line(points: Sequence[Point]) -> str:
    finite = [point for point in points if math.isfinite(point[1])]
    frame = _Frame(ends([x for x, _ in points]), ends([0.0, *(y for _, y in finite)], 0.04))
    return frame.axes("token", "loss") + frame.line(finite)


class _Frame:
    """Two axes with round numbers, and where points lie between them."""

    def __init__(self, xs: Point, ys: Point) -> None:
        self.xs, self.ys = xs, ys

    def at(self, point: Point) -> Point:
        """Where a point is in the square."""
        (left, right), (low, high) = self.xs, self.ys
        return (
            (point[0] - left) / (right - left) * SIDE,
            SIDE - (point[1] - low) / (high - low) * SIDE,
        )

    def axes(self, x_label: str, y_label: str) -> str:
        """Grid lines with their numbers, and what they are of."""
        parts = []
        for tick in ticks(*self.xs, about=4):
            x, _ = self.at((tick, self.ys[0]))
            parts.append(_grid((x, 0.0), (x, SIDE)) + _text((x, SIDE + 16), f"{tick:g}", "middle"))
        for tick in ticks(*self.ys, about=5):
            _, y = self.at((self.xs[0], tick))
            parts.append(_grid((0.0, y), (SIDE, y)) + _text((-6, y + 4), f"{tick:g}", "end"))
        parts.append(_text((SIDE / 2, SIDE + 36), x_label, "middle"))
        parts.append(
            f'<text transform="translate(-52 {SIDE / 2}) rotate(-90)" text-anchor="middle"'
            f' fill-opacity=".8">{escaped(y_label)}</text>'
        )
        return "".join(parts)

    def line(self, points: Sequence[Point], dash: bool = False) -> str:
        """A line through points; a dashed one is what would be right."""
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(self.at, points))
        look = (
            'stroke="currentColor" stroke-opacity=".5" stroke-dasharray="4 4"'
            if dash
            else f'stroke="{MIDDLE[0]}" stroke-width="1.8"'
        )
        return f'<polyline {look} fill="none" points="{path}"/>'


def _grid(start: Point, end: Point) -> str:
    return (
        f'<line x1="{start[0]:.1f}" y1="{start[1]:.1f}" x2="{end[0]:.1f}" y2="{end[1]:.1f}"'
        ' stroke="currentColor" stroke-opacity=".12"/>'
    )


def _text(place: Point, text: str, anchor: str = "start") -> str:
    x, y = place
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill-opacity=".85">'
        f"{escaped(text)}</text>"
    )


def shortened(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: max(1, most - 1)]}…"
