"""Answers as columns: for a terminal, as CSV, or as JSON; none is lost in any of them.

Answers come first, then the cells that they belong to. On a terminal, cells that do not fit are
counted; where not even the answers fit side by side, they stand below each other.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from attrs import frozen

from neuroflow.errors import one_line

BETWEEN = "   "
LONGEST_CELL = 30
"""Longer cells are cut on a terminal."""


@frozen
class Answered:
    """What was said to one row: the answers by name, and the row's own cells."""

    answers: dict[str, Any]
    cells: tuple[str, ...]


def answer_names(labels: Sequence[str], targets: Sequence[str], width: int) -> list[str]:
    """Names for the numbers of an answer: those of targets or classes, where they are known.

    >>> answer_names([], ["price"], 1), answer_names(["a", "b", "c"], ["kind"], 3)
    (['predicted price'], ['output a', 'output b', 'output c'])
    """
    if labels:
        return ["output"] if width == 1 else [f"output {label}" for label in labels[:width]]
    if len(targets) == width:
        return [f"predicted {target}" for target in targets]
    return ["output"] if width == 1 else [f"output {k + 1}" for k in range(width)]


def written(
    columns: Sequence[str], rows: Iterable[Answered], form: str, width: int
) -> Iterator[str]:
    """Lines of a form, "csv" or "table"; ``columns`` names the cells of the rows."""
    return as_csv(columns, rows) if form == "csv" else as_table(columns, list(rows), width)


def _apart(names: Sequence[str], others: Sequence[str]) -> list[str]:
    """The names, of which none is among the others."""
    return [f"{name} (answer)" if name in others else name for name in names]


def as_csv(columns: Sequence[str], rows: Iterable[Answered]) -> Iterator[str]:
    """Lines of CSV: the header, then a line for each row; numbers have all their digits."""
    first = True
    for row in rows:
        if first:
            yield _csv_line([*_apart(list(row.answers), columns), *columns])
            first = False
        yield _csv_line([*map(_in_full, row.answers.values()), *row.cells])


def _in_full(answer: Any) -> str:
    return repr(answer) if isinstance(answer, float) else str(answer)


def _csv_line(cells: Sequence[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(cells)
    return text.getvalue()


def as_table(columns: Sequence[str], rows: Sequence[Answered], width: int) -> Iterator[str]:
    """Lines for a terminal of so many columns."""
    if not rows:
        return
    names = _apart(list(rows[0].answers), columns)
    said = [[_short(x) for x in row.answers.values()] for row in rows]
    if _width([names, *said]) > width:
        yield from _below_each_other(names, said, width)
        return
    cells = [[_short(x) for x in row.cells] for row in rows]
    shown = _how_many(names, said, columns, cells, width)
    left = len(columns) - shown
    last = [f"… {left} more"] if left else []
    head = [*names, *map(_short, columns[:shown]), *last]
    body = [[*a, *c[:shown], *([""] if left else [])] for a, c in zip(said, cells, strict=True)]
    widths = [max(map(len, column)) for column in zip(head, *body, strict=True)]
    yield _line(head, widths)
    yield "─" * min(width, sum(widths) + len(BETWEEN) * (len(widths) - 1))
    for line in body:
        yield _line(line, widths)
    if left:
        yield ""
        yield "all columns: --format csv, or --out FILE"


def _how_many(
    names: Sequence[str],
    said: Sequence[Sequence[str]],
    columns: Sequence[str],
    cells: Sequence[Sequence[str]],
    width: int,
) -> int:
    """How many cells fit beside the answers, with room to say how many do not."""
    used = _width([names, *said])
    for shown in range(len(columns)):
        column = [_short(columns[shown]), *(row[shown] for row in cells)]
        used += len(BETWEEN) + max(map(len, column))
        left = len(columns) - shown - 1
        if used + (len(f"{BETWEEN}… {left} more") if left else 0) > width:
            return shown
    return len(columns)


def _width(rows: Sequence[Sequence[str]]) -> int:
    columns = list(zip(*rows, strict=True))
    return sum(max(map(len, column)) for column in columns) + len(BETWEEN) * (len(columns) - 1)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return BETWEEN.join(c.ljust(w) for c, w in zip(cells, widths, strict=True)).rstrip()


def _below_each_other(
    names: Sequence[str], said: Sequence[Sequence[str]], width: int
) -> Iterator[str]:
    """A line for each answer; a name that is too long has its answer below it."""
    for k, row in enumerate(said, 1):
        yield f"row {k}"
        for name, answer in zip(names, row, strict=True):
            line = f"  {name}: {answer}"
            yield from [line] if len(line) <= width else [f"  {name}:", f"    {answer}"]


def _short(cell: Any) -> str:
    """A cell on one line, not too long; numbers with six digits."""
    text = f"{cell:.6g}" if isinstance(cell, float) else one_line(str(cell))
    return text if len(text) <= LONGEST_CELL else f"{text[: LONGEST_CELL - 1]}…"
