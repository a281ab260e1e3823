"""Panels: how long the gradient is at each step, and all numbers of the last report."""

from __future__ import annotations

import math

import neuroflow as nf

WIDTH, HEIGHT, LEFT, TOP = 420, 150, 52, 14


def gradient_norm(reports):
    """The norm of the gradient at each report, on a logarithmic scale."""
    known = [(report["step"], report.get("gradient_norm", 0.0)) for report in reports]
    known = [(step, norm) for step, norm in known if 0.0 < norm < math.inf]
    if len(known) < 2:
        return []
    low, high = (pick(norm for _, norm in known) for pick in (min, max))
    first, last = known[0][0], known[-1][0]
    decades = math.log10(high / low) or 1.0
    points = " ".join(
        f"{LEFT + (WIDTH - LEFT - 10) * (step - first) / (last - first):.1f},"
        f"{TOP + (HEIGHT - 2 * TOP) * math.log10(high / norm) / decades:.1f}"
        for step, norm in known
    )
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="from {known[0][1]:.3g} to'
        f' {known[-1][1]:.3g}" font-size="12" fill="var(--faint)">'
        f'<text x="{LEFT - 8}" y="{TOP + 4}" text-anchor="end">{high:.3g}</text>'
        f'<text x="{LEFT - 8}" y="{HEIGHT - TOP + 4}" text-anchor="end">{low:.3g}</text>'
        f'<path d="M{LEFT} {TOP}H{WIDTH - 10}M{LEFT} {HEIGHT - TOP}H{WIDTH - 10}"'
        ' stroke="var(--line)"/>'
        f'<polyline points="{points}" fill="none" stroke="var(--accent)" stroke-width="1.8"/></svg>'
    )


def numbers(reports):
    """Every number of the last report, by name."""
    return list(reports[-1].items()) if reports else []


@nf.hookimpl
def neuroflow_panels():
    """All panels by name."""
    titles = {gradient_norm: "Gradient norm", numbers: "Last report"}
    return [
        nf.PanelEntry(
            name=target.__name__,
            target=target,
            title=title,
            summary=(target.__doc__ or "").rstrip("."),
        )
        for target, title in titles.items()
    ]
