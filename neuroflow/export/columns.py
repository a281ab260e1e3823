"""Columns of a table, as a program of its own prepares them: plain facts, of numbers and words."""

from __future__ import annotations

from attrs import frozen

from neuroflow.data.facts import DataFacts
from neuroflow.data.kinds import CategoryKind, Kind, NumberKind, OrdinalKind
from neuroflow.errors import InputError


@frozen
class PlainColumn:
    """What becomes of the cells of one column.

    ``words`` are those that it may hold, None for a number; with ``place`` a word becomes its place
    among them, else a 1 among zeros. Unknown words become ``zeros`` or are refused, ``fill`` stands
    for a missing cell, and an ``indicator`` says that it was.
    """

    name: str
    words: tuple[str, ...] | None
    place: bool
    zeros: bool
    fill: float | str | None
    indicator: bool

    @property
    def is_number(self) -> bool:
        """Whether its cells are numbers that stay as they are."""
        return self.words is None and self.fill is None and not self.indicator


def plain_columns(facts: DataFacts) -> tuple[PlainColumn, ...]:
    """The columns of the data of a model; none where all are numbers as they are.

    Raises :class:`InputError` for a column that only neuroflow prepares, such as a date.
    """
    if facts.preparation is None:
        return ()
    notation = facts.preparation.notation
    if (notation.decimal, notation.thousands) != (".", ""):
        raise InputError(
            f"the data write numbers with {notation}, which an exported program does not read",
            expected="numbers like 1234.5",
            remedy="train on a table that writes them so",
        )
    columns = tuple(map(_plain, facts.preparation.kinds))
    return () if all(column.is_number for column in columns) else columns


def _plain(kind: Kind) -> PlainColumn:
    filled = kind.fill if kind.missing not in ("refuse", "drop") else None
    fill = filled if isinstance(filled, (str, float)) else None
    rest = (fill, kind.missing == "indicator")
    if isinstance(kind, NumberKind):
        return PlainColumn(kind.name, None, False, False, *rest)
    if isinstance(kind, CategoryKind):
        return PlainColumn(kind.name, kind.categories, False, kind.unseen == "zero", *rest)
    if isinstance(kind, OrdinalKind):
        return PlainColumn(kind.name, kind.order, True, False, *rest)
    raise InputError(
        f"the column {kind.name!r} is a {kind.table()['kind']}, which an exported program does not"
        " prepare",
        expected="columns of numbers, categories and words in order",
        remedy="export to safetensors or onnx, and prepare rows yourself",
    )
