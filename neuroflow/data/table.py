"""Tables as text: the cells of a CSV file, or of one like it, each with the line it stands in."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence

from attrs import frozen

from neuroflow.data.cells import cut_lines, lines_of, refuse_ragged
from neuroflow.data.columns import by_number, plain_number
from neuroflow.data.notation import DELIMITERS, how_to_write
from neuroflow.errors import InputError, require


@frozen
class TextTable:
    """The rows of a table, and the names of its columns; rows are pairs of a line and its cells.

    Cells have no blanks around them. All rows have as many as there are names, and no two
    columns share a name. ``advice`` is a remedy where the text looks cut at the wrong character.
    """

    name: str
    names: tuple[str, ...]
    rows: tuple[tuple[int, list[str]], ...]
    advice: str = ""

    def position(self, column: str | int, role: str) -> int:
        """Where a column is, by its name or its number from 0; ``role`` is what asks for it."""
        if isinstance(column, str) and column in self.names:
            return self.names.index(column)
        if isinstance(column, int) and 0 <= column < len(self.names):
            return column
        raise InputError(
            f"{self.name} has no column {column!r}, which {role} asks for",
            remedy=self.advice or f"its columns: {', '.join(map(repr, self.names))}",
            got=column,
            file=self.name,
        )

    def texts(self, j: int) -> list[str]:
        """The cells of a column. Raises :class:`InputError` for one that is empty."""
        for line, cells in self.rows:
            if not cells[j]:
                raise InputError(
                    f"{self.name}, line {line}, column {self.names[j]!r} is empty",
                    remedy="fill it in, or remove the row",
                    file=self.name,
                    line=line,
                )
        return [cells[j] for _, cells in self.rows]

    def is_numeric(self, j: int) -> bool:
        """Whether every cell of a column is a number."""
        return all(map(is_number, self.texts(j)))

    def classes(self, j: int) -> tuple[list[str], list[int]]:
        """The names of the classes in a column, in their order, and the class of each row.

        Where all are numbers, 1 and 1.0 are one class, and the order is that of the numbers.
        """
        texts = self.texts(j)
        if self.is_numeric(j):
            texts = [plain_number(float(text)) for text in texts]
        labels = sorted(set(texts), key=by_number)
        places = {label: k for k, label in enumerate(labels)}
        return labels, [places[text] for text in texts]

    def numbers(self, j: int) -> list[float]:
        """The numbers of a column. Raises :class:`InputError` for a cell that is none."""
        texts = self.texts(j)
        for (line, _), cell in zip(self.rows, texts, strict=True):
            if not is_number(cell):
                raise InputError(
                    f"{self.name}, line {line}, column {self.names[j]!r} is {cell!r}",
                    expected="a finite number",
                    remedy=how_to_write(cell)
                    or "repair the cell, or leave the column out with columns = [...]",
                    got=cell,
                    file=self.name,
                    line=line,
                )
        return list(map(float, texts))


def read_table(
    text: str, name: str, *, delimiter: str = ",", header: bool | None = None
) -> TextTable:
    r"""The table that a text holds; ``name`` is what to call it in messages.

    The first line has the names of the columns, unless ``header`` is false; then they are
    numbered. If ``header`` is left out, a first line of nothing but numbers is refused: it may be
    either. Lines that are empty are left out.

    Raises :class:`InputError` for rows of unequal length, for two columns of one name, for
    quotes that do not end, and for a table without rows.

    >>> table = read_table("size, colour\n1, red\n2, 'blue'\n", "a table")
    >>> table.names, table.numbers(0), table.rows[1]
    (('size', 'colour'), [1.0, 2.0], (3, ['2', "'blue'"]))
    """
    rows = split_rows(text, name, delimiter)
    names: Sequence[str] = rows[0][1] if rows else ()
    if header is None and rows and all(map(is_number, names)):
        raise InputError(
            f"{name}: the first line has numbers where names of columns are expected:"
            f" {', '.join(names[:8])}",
            remedy="say header = false if that is data, or header = true if these are names",
            file=name,
        )
    if header is False:
        names = [str(j) for j in range(len(names))]
    else:
        rows = rows[1:]
    if not rows:
        raise InputError(f"{name} has no rows of data", expected="at least one", file=name)
    advice = advice_on_delimiter(text, delimiter) if len(names) == 1 else ""
    refuse_ragged(rows, len(names), name, advice)
    refuse_twice(names, f"{name} has", "columns", file=name)
    return TextTable(name, tuple(names), tuple(rows), advice)


def split_rows(text: str, name: str, delimiter: str = ",") -> list[tuple[int, list[str]]]:
    """The lines of a table, each with its number and its cells."""
    require(text, str, f"the text of {name}", "a text, such as read_text(path) gives")
    return list(cut_lines(lines_of(text), name, delimiter))


def refuse_twice(names: Iterable[str], whose: str, what: str, file: str = "") -> None:
    """Raise :class:`InputError` for names of which two are the same."""
    counts = Counter(names)
    twice = [name for name, count in counts.items() if count > 1]
    if twice:
        raise InputError(
            f"{whose} {counts[twice[0]]} {what} named {twice[0]!r}",
            expected="a name of its own for each",
            remedy="rename all but one",
            got=twice[0],
            file=file,
        )


def is_number(cell: str) -> bool:
    """Whether a cell is a finite number."""
    try:
        return math.isfinite(float(cell))
    except ValueError:
        return False


def better_delimiter(text: str, delimiter: str) -> str:
    """What the first two lines suggest as delimiter instead of this one; empty if nothing better.

    >>> better_delimiter("a;b;c\\n1,5;2,5;3", ",")
    ';'
    """
    lines = [line for line in text[:10_000].split("\n") if line.strip()][:2]
    for other in DELIMITERS:
        counts = {line.count(other) for line in lines}
        if other != delimiter and len(counts) == 1 and lines and max(counts) > 0:
            return other
    return ""


def advice_on_delimiter(text: str, delimiter: str) -> str:
    """A remedy for a table that another delimiter would split better; empty if none would."""
    other = better_delimiter(text, delimiter)
    spelled = "\\t" if other == "\t" else other
    return f'if "{spelled}" stands between its cells, set delimiter = "{spelled}"' if other else ""
