"""Pictures of the book: each is computed by neuroflow when the book is built."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

import neuroflow as nf
from neuroflow.sphinxext.plot import Chart


def loss_curve(
    losses: Sequence[float], alt: str, baselines: Mapping[str, float] | None = None
) -> str:
    """The loss over the steps, with the baselines that it is to be held against."""
    baselines = baselines or {}
    top = max(*losses, *baselines.values(), 0.0)
    chart = Chart((0.0, float(len(losses))), (0.0, 1.05 * top), alt, "step", height=260.0)
    for name, baseline in baselines.items():
        chart.horizontal(baseline, name)
    chart.line([(float(k + 1), loss) for k, loss in enumerate(losses)], "loss")
    return chart.svg()


def all_losses(run: Any) -> list[float]:
    """Train to the end; the loss of every step."""
    return [loss for step in run for loss in step.losses]


def smoothed(losses: Sequence[float], width: int) -> list[float]:
    """The mean of each ``width`` losses up to here."""
    windows = (losses[max(0, k - width + 1) : k + 1] for k in range(len(losses)))
    return [sum(window) / len(window) for window in windows]


def decision_boundary(
    model: Callable[[list[float]], Any], data: Any, alt: str, cells: int = 44
) -> str:
    """What the model says in every place, and the points that it learned from."""
    xs, ys = zip(*data.inputs, strict=True)
    box_x, box_y = (min(xs) - 0.4, max(xs) + 0.4), (min(ys) - 0.4, max(ys) + 0.4)
    chart = Chart(box_x, box_y, alt, "x", "", width=520.0, height=400.0)
    dx, dy = (box_x[1] - box_x[0]) / cells, (box_y[1] - box_y[0]) / cells
    with nf.no_grad():
        for i in range(cells):
            for j in range(cells):
                x, y = box_x[0] + i * dx, box_y[0] + j * dy
                score = float(model([x + dx / 2, y + dy / 2]))
                strength = 0.12 + 0.3 * min(1.0, abs(score) / 2.0)
                chart.cell(x, y, dx, dy, int(score > 0), strength)
    for (x, y), target in data:
        chart.dot(x, y, int(target), "square" if target else "circle", 4.0)
    return chart.svg()


def fitted_curve(
    f: Callable[[float], float], model: Callable[[float], Any], low: float, high: float, alt: str
) -> str:
    """The function and what the network made of it."""
    xs = [low + (high - low) * k / 120 for k in range(121)]
    with nf.no_grad():
        target = [(x, float(f(x))) for x in xs]
        fit = [(x, float(model(x))) for x in xs]
    seen = [y for _, y in target + fit]
    chart = Chart((low, high), (min(seen) - 0.5, max(seen) + 0.9), alt, "x")
    chart.line(target, "f(x)", dashed=True, colour=1)
    chart.line(fit, "network", colour=0)
    return chart.svg()


def heatmap(
    rows: Sequence[Sequence[float]], labels: Sequence[str], alt: str, cell: float = 46.0
) -> str:
    """Attention weights: one row per query, one column per key, darker for more."""
    left, top, size = 70.0, 46.0, len(labels)
    width, height = left + cell * size + 10, top + cell * len(rows) + 10
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}"'
        f' width="{width:g}" role="img" aria-label="{escape(alt)}"><title>{escape(alt)}</title>'
    ]
    for j, label in enumerate(labels):
        x = left + cell * (j + 0.5)
        parts.append(
            f'<text class="nf-label" x="{x:g}" y="{top - 10:g}" text-anchor="middle">{label}</text>'
        )
    for i, row in enumerate(rows):
        y = top + cell * i
        parts.append(
            f'<text class="nf-label" x="{left - 10:g}" y="{y + cell / 2 + 4:g}"'
            f' text-anchor="end">{labels[i]}</text>'
        )
        for j, weight in enumerate(row):
            x = left + cell * j
            parts.append(
                f'<rect x="{x:g}" y="{y:g}" width="{cell - 2:g}" height="{cell - 2:g}"'
                f' fill="var(--nf-1, #2f7ed8)" fill-opacity="{0.04 + 0.8 * weight:.3f}"/>'
                f'<text class="nf-label" x="{x + cell / 2 - 1:g}" y="{y + cell / 2 + 4:g}"'
                f' text-anchor="middle">{weight:.2f}</text>'
            )
    return "".join([*parts, "</svg>"])
