"""A table of texts: as lines, as HTML in a notebook, and narrower where there is no room."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from attrs import frozen

from neuroflow.errors import one_line
from neuroflow.view.markup import escaped

GAP = 2
"""Spaces between two columns."""

STYLE = (
    "border-collapse:collapse;font:13px system-ui,sans-serif;color:inherit;background:transparent"
)
CELL = "padding:2px 12px 2px 0;border:0;border-bottom:1px solid #8884;white-space:pre-wrap"
"""No colours of its own: the page's, light or dark, shine through."""


@frozen
class PlainTable:
    """Columns and rows of texts; numbers are to the right.

    >>> print(PlainTable(("run", "loss"), (("a", "0.5"), ("b", "0.25"))))
    run  loss
    a     0.5
    b    0.25
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def lines(self) -> list[str]:
        """The header and the rows, each column as wide as it needs to be."""
        widths, right = self.widths(), [self.is_right(k) for k in range(len(self.columns))]
        return [
            (" " * GAP)
            .join(
                cell.rjust(width) if to_right else cell.ljust(width)
                for cell, width, to_right in zip(map(one_line, row), widths, right, strict=True)
            )
            .rstrip()
            for row in (self.columns, *self.rows)
        ]

    def widths(self) -> list[int]:
        """How many characters each column needs."""
        return [max(map(len, map(one_line, each))) for each in self._by_column()]

    def is_right(self, column: int) -> bool:
        """Whether a column stands to the right: whether there are only numbers in it."""
        cells = [row[column] for row in self.rows if row[column]]
        return bool(cells) and all(map(_is_number, cells))

    def fitted(self, width: int, keep: int = 1) -> tuple[PlainTable, list[str]]:
        """The table with the first columns that fit, and the names of those that do not.

        At least ``keep`` columns stay.

        >>> table = PlainTable(("run", "loss", "sizes"), (("a", "0.5", "[2, 8, 1]"),))
        >>> table.fitted(12)[1]
        ['sizes']
        """
        room, kept = width, 0
        for k, needed in enumerate(self.widths()):
            room -= needed + (GAP if k else 0)
            if room < 0 and k >= keep:
                break
            kept = k + 1
        rows = tuple(row[:kept] for row in self.rows)
        return PlainTable(self.columns[:kept], rows), list(self.columns[kept:])

    def csv(self) -> str:
        """The table as comma-separated values."""
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([self.columns, *self.rows])
        return text.getvalue()

    def html(self) -> str:
        """The table for a page, in the page's own colours; every text is escaped."""
        right = [self.is_right(k) for k in range(len(self.columns))]
        head = "".join(_cell("th", c, r) for c, r in zip(self.columns, right, strict=True))
        body = "".join(
            f"<tr>{''.join(_cell('td', c, r) for c, r in zip(row, right, strict=True))}</tr>"
            for row in self.rows
        )
        return f'<table style="{STYLE}"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'

    def _by_column(self) -> Sequence[tuple[str, ...]]:
        return list(zip(self.columns, *self.rows, strict=True))


def _cell(tag: str, text: str, to_right: bool) -> str:
    side = "right" if to_right else "left"
    return f'<{tag} style="{CELL};text-align:{side}">{escaped(text)}</{tag}>'


def _is_number(text: str) -> bool:
    try:
        float(text.rstrip("%").partition("/")[0])
    except ValueError:
        return False
    return True
