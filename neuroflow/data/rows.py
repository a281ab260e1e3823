"""Rows: many equally long rows of numbers in one piece of memory; each is a list when asked for.

A million lists of Python floats take ten times the room of their numbers.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, overload


class Rows(Sequence[list[float]]):
    """Rows of ``width`` numbers, one after the other in ``flat``; equal to a list of the same rows.

    >>> rows = Rows(array("d", [1.0, 2.0, 3.0, 4.0]), 2)
    >>> len(rows), rows[1], rows == [[1.0, 2.0], [3.0, 4.0]], list(rows.column(0))
    (2, [3.0, 4.0], True, [1.0, 3.0])
    """

    __slots__ = ("flat", "width")

    def __init__(self, flat: array[float], width: int) -> None:
        self.flat = flat
        self.width = width

    @classmethod
    def of_columns(cls, columns: Sequence[Sequence[float]]) -> Rows:
        """Columns of equal length, side by side."""
        width = len(columns)
        flat = array("d", bytes(8 * width * len(columns[0])))
        for j, column in enumerate(columns):
            flat[j::width] = column if isinstance(column, array) else array("d", column)
        return cls(flat, width)

    def __len__(self) -> int:
        return len(self.flat) // self.width

    @overload
    def __getitem__(self, k: int) -> list[float]: ...
    @overload
    def __getitem__(self, k: slice) -> list[list[float]]: ...
    def __getitem__(self, k: Any) -> Any:
        if isinstance(k, slice):
            return [self[i] for i in range(*k.indices(len(self)))]
        at = k + len(self) if k < 0 else k
        if not 0 <= at < len(self):
            raise IndexError(f"there is no row {k}: there are {len(self)}")
        return self.flat[at * self.width : (at + 1) * self.width].tolist()

    def __iter__(self) -> Iterator[list[float]]:
        return map(list, zip(*[iter(self.flat)] * self.width, strict=True))

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Rows):
            return self.width == other.width and self.flat == other.flat
        if not isinstance(other, (list, tuple)):
            return NotImplemented
        return len(self) == len(other) and all(
            a == list(b) for a, b in zip(self, other, strict=True)
        )

    __hash__ = None  # type: ignore[assignment]  # like a list

    def __repr__(self) -> str:
        return f"<{len(self):,} rows of {self.width} numbers>"

    def column(self, j: int) -> array[float]:
        """The numbers at one place of all rows."""
        return self.flat[j :: self.width]

    def take(self, positions: Iterable[int]) -> Rows:
        """The rows at these positions, counted from 0, in this order."""
        flat, width = array("d"), self.width
        for k in positions:
            flat += self.flat[k * width : (k + 1) * width]
        return Rows(flat, width)
