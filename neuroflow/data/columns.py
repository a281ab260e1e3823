"""Columns: a table as it was read, before anything is learned: numbers, and words.

A column of words holds each word once, and for each row which one it is.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from attrs import Factory, evolve, field, frozen

from neuroflow.data.notation import TableNotation, is_missing
from neuroflow.errors import InputError, did_you_mean
from neuroflow.pythonic import pythonic

Cell = float | str | None
"""What stands in one place of a table; None where nothing does."""

MOST_LISTED = 12


class Column(ABC):
    """The cells of one column."""

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def cell(self, k: int) -> Cell:
        """The cell of a row."""

    @abstractmethod
    def take(self, positions: Sequence[int]) -> Column:
        """The cells at these positions."""

    @abstractmethod
    def counts(self) -> dict[str, int]:
        """How many rows have each word, for words that some row has; numbers are words too."""

    @abstractmethod
    def missing(self) -> Iterator[int]:
        """The rows without a value."""

    def __iter__(self) -> Iterator[Cell]:
        return map(self.cell, range(len(self)))


@frozen(eq=False)
class Numbers(Column):
    """Numbers; nan where there is none.

    >>> column = Numbers(array("d", [1.5, math.nan]))
    >>> list(column), list(column.missing())
    ([1.5, None], [1])
    """

    values: array[float]

    def __len__(self) -> int:
        return len(self.values)

    def cell(self, k: int) -> float | None:
        x = self.values[k]
        return x if x == x else None

    def take(self, positions: Sequence[int]) -> Numbers:
        return Numbers(array("d", map(self.values.__getitem__, positions)))

    def counts(self) -> dict[str, int]:
        return {plain_number(x): n for x, n in Counter(self.values).items() if x == x}

    def missing(self) -> Iterator[int]:
        if math.isfinite(sum(self.values)):  # usual, and quick to see
            return iter(())
        return (k for k, x in enumerate(self.values) if x != x)


@frozen(eq=False)
class Words(Column):
    """Texts: ``codes`` says which of the ``words`` each row has; -1 where there is none.

    >>> column = Words.of(["red", None, "blue", "red"])
    >>> column.words, column.codes.tolist(), column.cell(2)
    (('red', 'blue'), [0, -1, 1, 0], 'blue')
    """

    codes: array[int]
    words: tuple[str, ...]

    @classmethod
    def of(cls, texts: Iterable[str | None]) -> Words:
        """A column of texts; what stands for no value becomes none."""
        known: dict[str, int] = {}
        codes = array("i")
        for text in texts:
            word = "" if text is None else text.strip()
            codes.append(-1 if is_missing(word) else known.setdefault(word, len(known)))
        return cls(codes, tuple(known))

    def __len__(self) -> int:
        return len(self.codes)

    def cell(self, k: int) -> str | None:
        code = self.codes[k]
        return self.words[code] if code >= 0 else None

    def take(self, positions: Sequence[int]) -> Words:
        return Words(array("i", map(self.codes.__getitem__, positions)), self.words)

    def missing(self) -> Iterator[int]:
        if -1 not in self.codes:
            return iter(())
        return (k for k, code in enumerate(self.codes) if code < 0)

    def counts(self) -> dict[str, int]:
        return {self.words[c]: n for c, n in sorted(Counter(self.codes).items()) if c >= 0}


@frozen(eq=False, repr=False)
class Columns:
    """A table by its columns: their names, what stands in them, and which line each row is from.

    ``name`` is what the table is called in messages, ``lines`` are numbers from 1, or empty where
    the rows are from no file, ``notation`` is how the file is written, and ``header`` has all the
    names that stand in it, where only some of its columns were read.

    >>> table = Columns.of({"age": [30, None], "city": ["Rome", "Oslo"]})
    >>> table, table.row(1)
    (<a table: 2 rows, columns age, city>, {'age': None, 'city': 'Oslo'})
    """

    names: tuple[str, ...]
    columns: tuple[Column, ...]
    name: str = "a table"
    lines: Sequence[int] = ()
    notation: TableNotation = field(factory=TableNotation)
    header: tuple[str, ...] = Factory(lambda self: self.names, takes_self=True)

    @classmethod
    def of(cls, data: Any, name: str = "a table") -> Columns:
        """A dict of columns, a list of dicts, or a data frame.

        Raises :class:`InputError` for anything else, and for columns of unequal length.
        """
        if isinstance(data, Columns):
            return data
        found = _columns_of(data, name)
        lengths = {key: len(column) for key, column in found.items()}
        if not found or len(set(lengths.values())) != 1:
            raise InputError(
                f"{name} has columns of {sorted(set(lengths.values()))} rows",
                expected="at least one column, and as many rows in each",
                got=lengths,
            )
        return cls(tuple(found), tuple(found.values()), name)

    def __len__(self) -> int:
        return len(self.columns[0])

    def __repr__(self) -> str:
        names = ", ".join(self.names[:MOST_LISTED])
        more = f" and {len(self.names) - MOST_LISTED} more" if len(self.names) > MOST_LISTED else ""
        return f"<{self.name}: {len(self):,} rows, columns {names}{more}>"

    def __getitem__(self, name: str) -> Column:
        return self.columns[self.position(name, "a column")]

    def row(self, k: int) -> dict[str, Cell]:
        """The cells of a row by the names of their columns."""
        return {n: c.cell(k) for n, c in zip(self.names, self.columns, strict=True)}

    def dicts(self) -> list[dict[str, Cell]]:
        """All rows, each as :meth:`row` has it."""
        return [
            dict(zip(self.names, cells, strict=True)) for cells in zip(*self.columns, strict=True)
        ]

    def position(self, column: str | int, role: str) -> int:
        """Where a column is, by its name or its number from 0; ``role`` is what asks for it."""
        if isinstance(column, str) and column in self.names:
            return self.names.index(column)
        if isinstance(column, int) and 0 <= column < len(self.header):
            return self.names.index(self.header[column])
        file = self.name if self.lines else ""
        raise no_such_column(column, role, self.names, self.name, file=file)

    def texts(self, name: str) -> list[str]:
        """The words of a column. Raises :class:`InputError` for a cell that is empty."""
        column = self[name]
        for k in column.missing():
            raise InputError(
                f"{self.where(k, name)} is empty",
                remedy="fill it in, or remove the row",
                **self.located(k),
            )
        return list(map(str, column))

    def only(self, positions: Sequence[int]) -> Columns:
        """Some of the columns."""
        names, columns = [self.names[j] for j in positions], [self.columns[j] for j in positions]
        return evolve(self, names=tuple(names), columns=tuple(columns))

    def take(self, positions: Sequence[int]) -> Columns:
        """Some of the rows."""
        lines = array("L", map(self.lines.__getitem__, positions)) if self.lines else ()
        columns = tuple(column.take(positions) for column in self.columns)
        return evolve(self, columns=columns, lines=lines)

    def where(self, k: int, name: str) -> str:
        """A cell in words: the file, its line, and the column."""
        place = f"{self.name}, line {self.lines[k]}" if self.lines else f"{self.name}, row {k}"
        return f"{place}, column {name!r}"

    def located(self, k: int) -> dict[str, Any]:
        """The fields of an error about a row."""
        return {"file": self.name, "line": self.lines[k]} if self.lines else {}


def no_such_column(
    column: Any, role: str, names: Sequence[str], table: str, advice: str = "", file: str = ""
) -> InputError:
    """The error about a column that is not there; ``role`` is what asks for it."""
    known = f"its columns: {', '.join(map(repr, names))}"
    return InputError(
        f"{table} has no column {column!r}, which {role} asks for",
        remedy=advice or did_you_mean(str(column), names, known),
        got=column,
        file=file,
    )


def _columns_of(data: Any, name: str) -> dict[str, Column]:
    """The columns of a thing that has some."""
    if isinstance(data, Mapping):
        return {str(key): column_of(cells, name, key) for key, cells in data.items()}
    names = getattr(data, "columns", None)
    if names is not None and not callable(names):  # a data frame of pandas or of polars
        told = [str(key) for key in names]
        for key in told:
            if told.count(key) > 1:
                what = f"{name} has {told.count(key)} columns of the name {key!r}"
                raise InputError(what, expected="a name of its own for each", got=told)
        return {str(key): column_of(data[key], name, key) for key in names}
    if isinstance(data, (list, tuple)) and data and all(isinstance(row, Mapping) for row in data):
        keys = dict.fromkeys(key for row in data for key in row)
        return {str(key): column_of([row.get(key) for row in data], name, key) for key in keys}
    raise InputError(
        f"{name} is {type(data).__name__}",
        expected="a dict of columns, a list of dicts, or a data frame",
        got=data,
    )


def column_of(cells: Any, name: str, key: Any) -> Column:
    """A list of cells, or a series of a data frame, as a column: numbers if all are numbers."""
    listed = cells.to_list() if hasattr(cells, "to_list") else list(pythonic(cells))
    listed = [None if _is_nothing(cell) else pythonic(cell) for cell in listed]
    if all(cell is None or is_plain_number(cell) for cell in listed):
        values = array("d", [math.nan if cell is None else float(cell) for cell in listed])
        for k, x in enumerate(values):
            if math.isinf(x):
                where = f"{name}, row {k}, column {str(key)!r}"
                raise InputError(f"{where} is {x}", expected="a finite number", got=x)
        return Numbers(values)
    return Words.of(None if cell is None else as_word(cell) for cell in listed)


def _is_nothing(cell: Any) -> bool:
    """None, a nan, or pandas' NA and NaT, none of which equals itself."""
    if cell is None or type(cell).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(cell, float) and cell != cell


def is_plain_number(cell: Any) -> bool:
    """Whether a cell is a number; truth values are 0 and 1."""
    return isinstance(cell, (int, float))


def as_word(cell: Any) -> str:
    """A cell as a word: 1 and 1.0 are one, and dates are written as ISO 8601 has them.

    >>> as_word(1.0), as_word("red")
    ('1', 'red')
    """
    if isinstance(cell, float):
        return plain_number(cell)
    return str(cell)


def plain_number(x: float) -> str:
    """A number as the name of a class: 1 and not 1.0."""
    return f"{x:.0f}" if x == int(x) and abs(x) < 1e15 else repr(x)


def by_number(label: str) -> tuple[int, float, str]:
    """What names of classes are put in order by: numbers first, by their size."""
    try:
        x = float(label)
    except ValueError:
        x = math.nan
    return (0, x, label) if math.isfinite(x) else (1, 0.0, label)
