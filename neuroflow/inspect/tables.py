"""Rows of a receipt as text, and its numbers in LaTeX."""

from __future__ import annotations

from collections.abc import Sequence

from neuroflow.inspect.naming import number


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows as text: the first and the last of six columns to the left, the rest to the right."""
    if not any(row[-1] for row in rows[1:]):
        rows = [(*row[:-1], "") for row in rows]
    columns = list(zip(*rows, strict=True))
    widths = [max(map(len, column)) for column in columns]
    lines = []
    for row in rows:
        cells = [
            cell.ljust(width) if k in (0, 5) else cell.rjust(width)
            for k, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  " + "  ".join(cells).rstrip())
    return lines


def latex_number(x: float) -> str:
    text = number(x)
    mantissa, _, exponent = text.partition("e")
    return rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if exponent else text


def latex_lines(rows: Sequence[str]) -> str:
    """Rows as an ``aligned`` block of LaTeX."""
    body = " \\\\\n".join(rows)
    return f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}"
