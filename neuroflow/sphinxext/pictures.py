"""The picture of an entry on its page, as SVG: its curves, or how a schedule goes."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from neuroflow.registry.entries import Entry
from neuroflow.sphinxext.plot import Chart, function_chart
from neuroflow.view.entry_curves import curves_of


def plot_of(entry: Entry, target: Any) -> str:
    """A picture of the entry as SVG, or nothing where one line cannot show it."""
    if entry.kind == "schedule":
        return _plot_of_schedule(entry.name, target)
    curves = curves_of(entry)
    if curves is None:
        return ""
    kinks = f", with a kink at {', '.join(f'{k:g}' for k in curves.kinks)}" if curves.kinks else ""
    of = f"The loss {entry.name} for the target 1" if entry.kind == "loss" else curves.names[0]
    span = f"for {curves.over} from {curves.low:g} to {curves.high:g}"
    return function_chart(
        curves.f, curves.slope, curves.low, curves.high, kinks=curves.kinks, names=curves.names,
        alt=f"{of}, solid, and its derivative, dashed, {span}{kinks}.", x_label=curves.over,
    )  # fmt: skip


def _plot_of_schedule(name: str, rate: Callable[..., float]) -> str:
    known = inspect.signature(rate).parameters
    options: dict[str, float] = {"warmup": 10} if "warmup" in known else {}
    options |= {"every": 25, "factor": 0.5} if "every" in known else {}
    points = [(float(k), float(rate(1.0, k, 100, **options))) for k in range(100)]
    said = ", ".join(f"{key}={value}" for key, value in options.items())
    alt = f"The schedule {name} over 100 steps, starting from 1{' with ' + said if said else ''}."
    chart = Chart((0.0, 100.0), (0.0, 1.1), alt, "step", height=220.0)
    chart.line(points, f"{name}({said})")
    return chart.svg()
