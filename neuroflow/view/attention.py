"""Attention as a picture: one heatmap per layer and head, as SVG, with the tokens at its edges."""

from __future__ import annotations

from collections.abc import Iterator

from neuroflow.generation.attention import AttentionTrace
from neuroflow.view.markup import escaped

CELL, LABEL, GAP = 22.0, 46.0, 18.0
LETTER = 7.2
"""So wide is a letter of a title, at most on the average."""
STRONGEST = 4
"""So many tokens, those that get most of the attention, are told in words."""

STYLE = """
.nf-attention { font: 12px system-ui, "DejaVu Sans", sans-serif; --paper: #fbfaf8;
  --ink: #1d2430; --line: #cfd4dc; --heat: #0072b2; }
@media (prefers-color-scheme: dark) { .nf-attention { --paper: #14171d; --ink: #e8ebf1;
  --line: #39414e; --heat: #56b4e9; } }
.nf-attention .paper { fill: var(--paper); } .nf-attention text { fill: var(--ink); }
.nf-attention .cell { fill: var(--heat); } .nf-attention .name { font-weight: 620; }
.nf-attention .frame { fill: none; stroke: var(--line); }
"""


def attention_svg(trace: AttentionTrace) -> str:
    """A row of heatmaps per layer, one for each head; darker is more.

    A row of a heatmap is a token that looks, a column one that is looked at; the number is in
    the tooltip of its cell.
    """
    n_heads = max(len(heads) for heads in trace.weights)
    columns = max(len(head[0]) for heads in trace.weights for head in heads)
    rows = max(len(head) for heads in trace.weights for head in heads)
    longest = max(len(_title(layer, n_heads - 1)) for layer in trace.layers)
    width = LABEL + max(columns * CELL, LETTER * longest) + GAP
    height = 24.0 + LABEL + rows * CELL + GAP
    maps = [
        f'<g transform="translate({GAP + h * width:.0f} {GAP + k * height:.0f})">'
        f"{_heatmap(trace, layer, h, head)}</g>"
        for k, layer in enumerate(trace.layers)
        for h, head in enumerate(trace.weights[k])
    ]
    size = GAP + n_heads * width, GAP + len(trace.layers) * height
    told = f"Attention of {len(trace.layers)} layers with {n_heads} heads on {len(trace.labels)}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="nf-attention" role="img"'
        f' aria-label="{told} tokens" viewBox="0 0 {size[0]:.0f} {size[1]:.0f}"'
        f' width="{size[0]:.0f}" height="{size[1]:.0f}" style="max-width:100%;height:auto">'
        f"<title>{told} tokens</title><style>{STYLE}</style>"
        f'<rect class="paper" width="100%" height="100%" rx="10"/>{"".join(maps)}</svg>\n'
    )


def _title(layer: str, head: int) -> str:
    """What a heatmap is called; people count heads from one."""
    return f"{layer}, head {head + 1}"


def attention_text(trace: AttentionTrace) -> str:
    """For each layer, head and token, where most of its attention goes."""
    lines = []
    for layer, heads in zip(trace.layers, trace.weights, strict=True):
        for head, rows in enumerate(heads):
            lines.append(f"  {_title(layer, head)}")
            lines += [f"    {line}" for line in _looks(trace, rows)]
    return "\n".join(lines)


def _looks(trace: AttentionTrace, rows: list[list[float]]) -> Iterator[str]:
    """One line per token that looks: the strongest weights and whom they are for."""
    across = _labels(trace, len(rows[0]))
    for label, row in zip(_labels(trace, len(rows)), rows, strict=True):
        order = sorted(range(len(row)), key=row.__getitem__, reverse=True)[:STRONGEST]
        yield f"{label}: " + ", ".join(f"{across[j]} {row[j]:.1%}" for j in order if row[j])


def _heatmap(trace: AttentionTrace, layer: str, head: int, weights: list[list[float]]) -> str:
    """One head: its name, the tokens down and across, and a square for each weight."""
    down = _labels(trace, len(weights))
    across = _labels(trace, len(weights[0]))
    shapes = [f'<text class="name" x="{LABEL}" y="12">{escaped(_title(layer, head))}</text>']
    top = 24.0 + LABEL
    for j, label in enumerate(across):
        x, y = LABEL + (j + 0.65) * CELL, top - 5
        shapes.append(
            f'<text transform="translate({x:.1f} {y:.1f}) rotate(-60)">{escaped(label)}</text>'
        )
    for i, (label, row) in enumerate(zip(down, weights, strict=True)):
        y = top + i * CELL
        shapes.append(
            f'<text x="{LABEL - 6}" y="{y + 0.7 * CELL:.1f}" text-anchor="end">'
            f"{escaped(label)}</text>"
        )
        for j, weight in enumerate(row):
            if weight:
                shapes.append(
                    f'<rect class="cell" x="{LABEL + j * CELL:.1f}" y="{y:.1f}" width="{CELL}"'
                    f' height="{CELL}" fill-opacity="{weight:.3f}"><title>{escaped(label)} looks'
                    f" at {escaped(across[j])}: {weight:.4f}</title></rect>"
                )
    shapes.append(
        f'<rect class="frame" x="{LABEL}" y="{top}" width="{len(across) * CELL}"'
        f' height="{len(down) * CELL}"/>'
    )
    return "".join(shapes)


def _labels(trace: AttentionTrace, count: int) -> list[str]:
    """The tokens where they are known, else their positions: both short enough to fit."""
    known = trace.labels if count == len(trace.labels) else [str(k) for k in range(count)]
    return [label if len(label) <= 7 else f"{label[:6]}…" for label in map(_visible, known)]


def _visible(label: str) -> str:
    """White space is drawn, for a label of nothing helps nobody."""
    return label.replace(" ", "␣").replace("\n", "⏎") or "∅"
