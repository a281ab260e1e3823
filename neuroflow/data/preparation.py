"""Preparation: rows of a table become rows of numbers, the same way in training and ever after.

A preparation is declared, or recognised from a table; it learns from the rows to train on (which
categories there are, the mean that stands for a missing number), and is saved with the model.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from typing import Any

from attrs import asdict, field, frozen

from neuroflow.data.columns import Column, Columns, Numbers, Words
from neuroflow.data.kinds import (
    OTHERS,
    CategoryKind,
    DateKind,
    Kind,
    NumberKind,
    declared_kind,
    for_all_columns,
    iso_date,
    kind_of_table,
)
from neuroflow.data.notation import TableNotation, column_setting, is_missing, seems_number
from neuroflow.data.rows import Rows
from neuroflow.errors import InputError, did_you_mean
from neuroflow.pythonic import pythonic

MOST_CATEGORIES = 100
"""A column of more different words is taken for categories only if somebody says so."""

FEW_CATEGORIES = 10
"""So many different words are categories, however few rows there are."""


@frozen(repr=False)
class Preparation:
    """What becomes of each column of the inputs; ``notation`` is how the table is written.

    >>> table = {"age": [30, None, 50], "city": ["Rome", "Oslo", "Rome"]}
    >>> preparation = Preparation.learn(table, missing="mean")
    >>> preparation
    <Preparation: age: number, 40 where missing; city: category of 2, Rome where missing>
    >>> preparation.row({"city": "Oslo", "age": None})
    [40.0, 1.0, 0.0]
    >>> preparation.rows(table)[0]
    [30.0, 0.0, 1.0]
    """

    kinds: tuple[Kind, ...]
    notation: TableNotation = field(factory=TableNotation)

    @classmethod
    def learn(
        cls,
        data: Any,
        columns: Mapping[str, Any] | None = None,
        *,
        missing: str = "refuse",
        unseen: str = "refuse",
    ) -> Preparation:
        """Learn from a table: a dict of columns, a list of dicts, a data frame, or Columns.

        ``columns`` says what columns are, in words or tables as in a configuration; all others
        are recognised. Raises :class:`InputError` for a column that is neither.
        """
        table = Columns.of(data)
        declared = for_all_columns(columns or {}, table.names)
        return cls.of(table, declared, missing, unseen).learned(table)

    @classmethod
    def of(
        cls, table: Columns, declared: Mapping[str, Any], missing: str, unseen: str
    ) -> Preparation:
        """What is declared, and what is recognised in a table; nothing is learned yet."""
        for name in declared:
            table.position(name, "columns")
        kinds = [
            declared_kind(name, declared[name], missing, unseen)
            if name in declared
            else recognised_kind(name, column, table, missing, unseen)
            for name, column in zip(table.names, table.columns, strict=True)
        ]
        taken = tuple(kind for kind in kinds if isinstance(kind, Kind))
        if not taken:
            raise InputError(f"{table.name}: no column is left to learn from", got=declared)
        return cls(taken, table.notation)

    def learned(self, table: Columns) -> Preparation:
        """The same, with what it learns from these rows in place of what it had learned."""
        return Preparation(tuple(k.learned(table[k.name]) for k in self.kinds), self.notation)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of a table that it takes, in the order in which a list has their cells."""
        return tuple(kind.name for kind in self.kinds)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the numbers that a row becomes."""
        return tuple(name for kind in self.kinds for name in kind.names)

    def row(self, row: Any, where: str = "the row") -> list[float]:
        """The numbers of one row: a list of cells, or a dict by the names of columns.

        Raises :class:`InputError` that names the column for a cell that it cannot take.
        """
        numbers: list[float] = []
        for kind, cell in zip(self.kinds, self._cells(row, where), strict=True):
            try:
                numbers.extend(kind.numbers(cell, self.notation))
            except InputError as error:
                what = f"{where}, column {kind.name!r} {error.what}"
                raise InputError(what, **error.rest) from None
        return numbers

    def value(self, k: int, cell: str) -> float | str | None:
        """The cell of the column at ``k``: a number where it is one, None where it is missing."""
        if is_missing(cell):
            return None
        return self.notation.number(cell) if isinstance(self.kinds[k], NumberKind) else cell

    def rows(self, data: Any) -> Rows:
        """The numbers of all rows of a table, see :meth:`learn`; other columns are left out."""
        table = Columns.of(data)
        spread = [_spread(kind, table[kind.name], self.notation, table) for kind in self.kinds]
        return Rows.of_columns([numbers for column in spread for numbers in column])

    def table(self) -> dict[str, Any]:
        """All of it as JSON has it; :meth:`of_table` reads it."""
        return {"kinds": [kind.table() for kind in self.kinds], "notation": asdict(self.notation)}

    @classmethod
    def of_table(cls, table: Mapping[str, Any]) -> Preparation:
        """The preparation that :meth:`table` told."""
        return cls(tuple(map(kind_of_table, table["kinds"])), TableNotation(**table["notation"]))

    def declaration(self) -> dict[str, Any]:
        """What ``columns`` of a table says to take these columns, as these kinds, and no others.

        >>> Preparation.learn({"age": [30, 50]}).declaration()
        {'age': {'kind': 'number', 'missing': 'refuse'}, '*': 'ignore'}
        """
        return {**{kind.name: kind.declaration() for kind in self.kinds}, OTHERS: "ignore"}

    def told(self) -> list[tuple[str, str]]:
        """Each column with what becomes of it, in words."""
        return [(kind.name, _in_words(kind)) for kind in self.kinds]

    def __str__(self) -> str:
        columns = [f"{name}: {words}" for name, words in self.told()]
        more = [f"and {len(columns) - 12} more columns"] if len(columns) > 12 else []
        return "; ".join([*columns[:12], *more, *filter(None, [str(self.notation)])])

    def __repr__(self) -> str:
        return f"<Preparation: {self}>"

    def _cells(self, row: Any, where: str) -> Sequence[Any]:
        """The cells of a row in the order of the kinds."""
        if isinstance(row, Mapping):
            for name in self.columns:
                if name not in row:
                    known = f"it has: {', '.join(map(str, row)) or 'nothing'}"
                    remedy = did_you_mean(name, map(str, row), known)
                    raise InputError(f"{where} has no {name!r}", remedy=remedy, got=row)
            return [pythonic(row[name]) for name in self.columns]
        row = pythonic(row)
        if not isinstance(row, (list, tuple)):
            raise InputError(f"{where} is {row!r}", expected="a list or a dict of cells", got=row)
        if len(row) != len(self.kinds):
            some = ", ".join(self.columns[:12]) + (", ..." if len(self.columns) > 12 else "")
            raise InputError(
                f"{where} has {len(row)} cells",
                expected=f"{len(self.kinds)} ({some}), as in the data that the model was trained"
                " on",
                got=row,
            )
        return [pythonic(cell) for cell in row]


def kind_in_words(kind: Kind) -> str:
    """What a column is."""
    word = str(kind.table()["kind"])
    if isinstance(kind, CategoryKind):
        word += f" of {len(kind.categories)}"
        word += ", unseen ones become zeros" if kind.unseen == "zero" else ""
    return f"{word}: {', '.join(kind.take)}" if isinstance(kind, DateKind) else word


def _in_words(kind: Kind) -> str:
    """What a column is, and what stands where a cell is missing."""
    word = kind_in_words(kind)
    if kind.missing in ("refuse", "drop"):
        return word
    fill = f"{kind.fill:g}" if isinstance(kind.fill, float) else kind.fill
    return f"{word}, {fill or 'zeros'} where missing"


def recognised_kind(name: str, column: Column, table: Columns, missing: str, unseen: str) -> Kind:
    """What a column seems to be. Raises :class:`InputError` for one that could be anything."""
    if isinstance(column, Numbers):
        return NumberKind(name, missing)
    words = list(column.counts())
    if not words:
        raise InputError(
            f"{table.name}: column {name!r} is empty in every row",
            remedy=f'leave it out: {column_setting(name)} = "ignore"',
            file=table.name if table.lines else "",
        )
    if sum(map(seems_number, words)) * 2 >= len(words):
        return NumberKind(name, missing)
    if all(map(_is_date, words)):
        return DateKind(name, missing)
    if len(words) > max(FEW_CATEGORIES, min(MOST_CATEGORIES, len(table) // 2)):
        raise InputError(
            f"{table.name}: column {name!r} has {len(words):,} different words in {len(table):,}"
            f" rows, such as {words[0]!r}",
            expected="numbers, dates like 2024-12-31, or categories that come again",
            remedy=f'say what it is: {column_setting(name)} = "ignore", "category", or {{ kind ='
            ' "date", format = "%d.%m.%Y" }',
            got=words[0],
            file=table.name if table.lines else "",
        )
    return CategoryKind(name, missing, unseen=unseen)


def _is_date(word: str) -> bool:
    try:
        iso_date(word)
    except ValueError:
        return False
    return True


def _spread(
    kind: Kind, column: Column, notation: TableNotation, table: Columns
) -> list[array[float]]:
    """The numbers of a column, one list for each of the kind's names."""
    as_it_is = isinstance(kind, NumberKind) and isinstance(column, Numbers)
    if as_it_is and next(column.missing(), None) is None:
        zeros = [array("d", bytes(8 * len(column)))] * (kind.missing == "indicator")
        return [column.values, *zeros]  # type: ignore[attr-defined]
    codes: Sequence[Any] = column.codes if isinstance(column, Words) else list(column)
    numbers: dict[Any, tuple[float, ...]] = {}
    for code in dict.fromkeys(codes):
        k = codes.index(code)
        try:
            numbers[code] = kind.numbers(column.cell(k), notation)
        except InputError as error:
            what = f"{table.where(k, kind.name)} {error.what}"
            raise InputError(what, **{**error.rest, **table.located(k)}) from None
    return [
        array("d", map({code: x[j] for code, x in numbers.items()}.__getitem__, codes))
        for j in range(len(kind.names))
    ]
