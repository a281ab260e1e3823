"""Sketches in a terminal: curves in braille dots and maps of decisions, without any library.

>>> print(plot({"x": [(0.0, 0.0), (1.0, 1.0)]}, width=6, height=2))
1 ┤   ⣀⠔⠊
0 ┤⡠⠔⠉
  └┬────┬
   0    1
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from attrs import frozen

from neuroflow.view.chart import Point, ends, shown
from neuroflow.view.outcome import LossCurve, Outcome

if TYPE_CHECKING:
    from rich.text import Text

    from neuroflow.training import Run

COLOURS = ("blue", "yellow", "magenta", "cyan", "green", "red")
_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
_GROUND = " ░▒▓"
_MARKS = "ox+*#%@"


@frozen
class Sketch:
    """Rows of characters, each with its style; ``str()`` is the sketch without colour."""

    rows: tuple[tuple[tuple[str, str], ...], ...]

    def __str__(self) -> str:
        return "\n".join("".join(text for text, _ in row).rstrip() for row in self.rows)

    def __rich__(self) -> Text:
        from rich.text import Text

        joined = Text(no_wrap=True)
        for k, row in enumerate(self.rows):
            joined.append("\n" if k else "")
            for text, style in row:
                joined.append(text, style=style)
        return joined


def plot(
    lines: Mapping[str, Iterable[Point]],
    width: int = 60,
    height: int = 14,
    *,
    limits: tuple[float, float] | None = None,
    x_label: str = "",
) -> Sketch:
    """Curves by name; the first is solid and the others are dotted, so no colour is needed.

    Points that are not finite, or that lie beyond ``limits``, break a curve.
    """
    curves = {name: [_placed(p) for p in points] for name, points in lines.items()}
    finite = [p for points in curves.values() for p in points if all(map(math.isfinite, p))]
    if not finite:
        return Sketch(((("(nothing to draw)", ""),),))
    left, right = ends([x for x, _ in finite])
    low, high = limits or ends([y for _, y in finite])
    owners: list[list[int]] = [[-1] * width for _ in range(height)]
    bits = [[0] * width for _ in range(height)]
    for number, points in enumerate(curves.values()):
        cells = [
            ((x - left) / (right - left) * (2 * width - 1), (high - y) / (high - low))
            if math.isfinite(x) and math.isfinite(y) and low <= y <= high
            else None
            for x, y in points
        ]
        for column, row in _dots(cells, 4 * height - 1, sparse=number > 0):
            bits[row // 4][column // 2] |= _DOTS[row % 4][column % 2]
            owners[row // 4][column // 2] = max(number, owners[row // 4][column // 2])
    rows = _framed(bits, owners, (left, right), (low, high))
    if len(curves) > 1 or x_label:
        rows.append([*_legend(curves), (f"over {x_label}" if x_label else "", "")])
    return Sketch(tuple(map(tuple, rows)))


def decision_map(
    classify: Callable[[list[list[float]]], Sequence[int]],
    points: Sequence[Sequence[float]],
    targets: Sequence[int],
    labels: Sequence[str],
    width: int = 60,
    height: int = 18,
) -> Sketch:
    """What class a model gives to each place of a plane, with the examples on top.

    Classes are shades and marks (``o``, ``x`` ...); an example that is misread is a capital
    or, where there is none, bold red.
    """
    places = list(map(_placed, points))
    left, right = ends([p[0] for p in places], margin=0.08)
    low, high = ends([p[1] for p in places], margin=0.08)
    xs = [left + (right - left) * (k + 0.5) / width for k in range(width)]
    ys = [high - (high - low) * (k + 0.5) / height for k in range(height)]
    ground = list(classify([[x, y] for y in ys for x in xs]))
    cells = [
        [(_shade(c), _colour(c)) for c in ground[k * width : (k + 1) * width]]
        for k in range(height)
    ]
    given = classify([list(p) for p in points])
    for point, target, answer in zip(places, targets, given, strict=True):
        column = min(width - 1, int((point[0] - left) / (right - left) * width))
        row = min(height - 1, int((high - point[1]) / (high - low) * height))
        mark = _MARKS[target % len(_MARKS)]
        wrong = answer != target
        style = "bold red" if wrong else f"bold {_colour(target)}"
        cells[row][column] = (mark.upper() if wrong else mark, style)
    sketch = [[_gutter(row, ys), *line] for row, line in enumerate(cells)]
    sketch += _axis(width, left, right, _gutter_width(ys))
    legend = [
        (f"{_MARKS[k % len(_MARKS)]} on {_shade(k)!r}: {label}   ", _colour(k))
        for k, label in enumerate(labels)
    ]
    wrong_count = sum(a != t for a, t in zip(given, targets, strict=True))
    sketch.append([*legend, (f"capitals are misread: {wrong_count} of {len(points)}", "")])
    return Sketch(tuple(map(tuple, sketch)))


def _placed(point: Sequence[float]) -> Point:
    """Where a point is shown."""
    x, y = shown(point)
    return x, y


def _dots(cells: Sequence[Any], bottom: int, sparse: bool) -> Iterable[tuple[int, int]]:
    """The dots of a polyline; every other pair of columns is left out where sparse."""
    before: tuple[int, int] | None = None
    for cell in cells:
        here = None if cell is None else (round(cell[0]), round(cell[1] * bottom))
        if here is not None:
            start = before or here
            count = max(abs(here[0] - start[0]), abs(here[1] - start[1]), 1)
            for k in range(count + 1):
                column = round(start[0] + (here[0] - start[0]) * k / count)
                row = round(start[1] + (here[1] - start[1]) * k / count)
                if not sparse or (column + row) % 3 == 0:
                    yield column, row
        before = here


def _framed(
    bits: list[list[int]],
    owners: list[list[int]],
    x_ends: Point,
    y_ends: Point,
) -> list[list[tuple[str, str]]]:
    height, width = len(bits), len(bits[0])
    ys = [y_ends[1] - (y_ends[1] - y_ends[0]) * k / max(height - 1, 1) for k in range(height)]
    rows: list[list[tuple[str, str]]] = []
    for k in range(height):
        line = [
            (chr(0x2800 + bit) if bit else " ", _colour(owner) if owner >= 0 else "")
            for bit, owner in zip(bits[k], owners[k], strict=True)
        ]
        rows.append([_gutter(k, ys), *line])
    return rows + _axis(width, *x_ends, _gutter_width(ys))


def _labelled(height: int) -> set[int]:
    """Which rows carry a number: the ends, and some between where there is room."""
    parts = 4 if height >= 9 else 2 if height >= 5 else 1
    return {round((height - 1) * k / parts) for k in range(parts + 1)}


def _gutter_width(ys: Sequence[float]) -> int:
    return max(len(_short(ys[k])) for k in _labelled(len(ys)))


def _gutter(k: int, ys: Sequence[float]) -> tuple[str, str]:
    here = k in _labelled(len(ys))
    text = _short(ys[k]) if here else ""
    return f"{text:>{_gutter_width(ys)}} {'┤' if here else '│'}", "dim"


def _axis(width: int, left: float, right: float, gutter: int) -> list[list[tuple[str, str]]]:
    parts = 4 if width >= 40 else 2 if width >= 16 else 1
    places = [round((width - 1) * k / parts) for k in range(parts + 1)]
    ruler = "".join("┬" if k in places else "─" for k in range(width))
    words = [" "] * (width + 12)
    for k, place in enumerate(places):
        text = _short(left + (right - left) * k / parts)
        start = max(0, place - len(text) // 2)
        words[start : start + len(text)] = list(text)
    label = "".join(words).rstrip()
    return [[(" " * (gutter + 1) + "└" + ruler, "dim")], [(" " * (gutter + 2) + label, "dim")]]


def _legend(curves: Mapping[str, Any]) -> list[tuple[str, str]]:
    dashes = ["──", "··"]
    return [("  ", "")] + [
        (f"{dashes[min(k, 1)]} {name}   ", _colour(k)) for k, name in enumerate(curves)
    ]


def _shade(number: int) -> str:
    return _GROUND[number % len(_GROUND)]


def _colour(number: int) -> str:
    return COLOURS[number % len(COLOURS)]


def _short(x: float) -> str:
    return f"{x:.3g}".replace("-0", "0") if abs(x) < 1e-12 else f"{x:.3g}"


def sketch_of_run(run: Run, width: int = 64) -> Sketch:
    """A map of decisions, a fitted curve, or else the loss over the steps."""
    outcome = Outcome(run.training)
    if outcome.sight == "plane":
        data = run.training.dataset
        return decision_map(
            outcome.classes, data.raw_inputs, data.targets, data.labels, width, height=18
        )
    if outcome.sight == "curve":
        return _curve(outcome, width)
    curve = LossCurve.of(run)
    lines = {"loss": curve.train} | ({"test loss": curve.test} if curve.test else {})
    return plot(lines, width, 14, x_label="step")


def _curve(outcome: Outcome, width: int) -> Sketch:
    data = outcome.training.dataset
    rows = data.raw_inputs
    low, high = ends([row[0] for row in rows])
    xs = [low + (high - low) * k / 200 for k in range(201)]
    fitted = list(zip(xs, outcome.numbers([[x] for x in xs]), strict=True))
    wanted = sorted((row[0], y) for row, y in zip(rows, map(_number, data.targets), strict=True))
    return plot({"the model": fitted, "the data": wanted}, width, 16, x_label="x")


def _number(target: object) -> float:
    return float(target[0] if isinstance(target, list) else target)  # type: ignore[arg-type]
