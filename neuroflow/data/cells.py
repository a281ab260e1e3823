"""Cells: the lines of a table, cut where its delimiter stands, quotes and all."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from neuroflow.errors import InputError


def cut_lines(
    lines: Iterable[str], name: str, delimiter: str = ",", before: int = 0
) -> Iterator[tuple[int, list[str]]]:
    """The rows of a table, each with its number and its cells, without blanks around them.

    ``before`` is how many lines stand before these; ``name`` is what messages call the table.
    Rows whose cells are all empty are left out. Raises :class:`InputError` for quotes that do not
    end.

    >>> list(cut_lines(["a, b\\n", ",\\n", '1,"x, y"\\n'], "a table"))
    [(1, ['a', 'b']), (3, ['1', 'x, y'])]
    """
    if not isinstance(delimiter, str) or len(delimiter) != 1:
        raise InputError(f"the delimiter is {delimiter!r}", expected="one character", got=delimiter)
    reader = csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=True)
    begin = before + 1  # the line in which a row begins: its cells may hold line breaks
    try:
        for cells in reader:
            begin = before + reader.line_num + 1
            stripped = [cell.strip() for cell in cells]
            if any(stripped):
                yield before + reader.line_num, stripped
    except csv.Error as error:
        raise InputError(
            f"{name}, line {begin}: {error}",
            remedy="repair the file: in the row that begins there a quote may be missing",
            file=name,
            line=begin,
        ) from error


def lines_of(text: str) -> io.StringIO:
    """The lines of a text, each with its end."""
    return io.StringIO(text, newline="")


def refuse_ragged(
    rows: Iterable[tuple[int, Sequence[str]]], width: int, name: str, advice: str = ""
) -> None:
    """Raise :class:`InputError` for a row that has more or fewer cells than the first."""
    for line, cells in rows:
        if len(cells) != width:
            raise InputError(
                f"{name}, line {line} has {len(cells)} cell{'s' * (len(cells) != 1)}",
                expected=f"{width}, one for each column",
                remedy=advice,
                file=name,
                line=line,
            )
