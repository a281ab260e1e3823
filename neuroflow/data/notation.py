"""Notation: how a table is written: its encoding, what stands between cells, how numbers are spelt.

What nobody says is recognised from the first lines, and can be told in words.
"""

from __future__ import annotations

import codecs
import csv
import json
import math
import re
from collections.abc import Sequence
from typing import Any

from attrs import evolve, frozen

from neuroflow.errors import InputError

DELIMITERS = (",", ";", "\t", "|")
"""What usually stands between cells."""

MISSING = frozenset({"", "na", "n/a", "#n/a", "nan", "null", "?"})
"""Cells that stand for no value, in small letters."""

ENCODINGS = ("utf-8", "cp1252", "latin-1")
"""What a file without a byte order mark is read in: the first that all of it can be read in."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

_IN_WORDS = {"\t": "tabs", ";": "semicolons", "|": "bars", ",": "commas", " ": "blanks"}


@frozen
class TableNotation:
    """How cells are written and what stands between them.

    ``decimal`` is the mark before the fraction of a number, ``thousands`` the one between groups
    of three digits, or empty.

    >>> TableNotation(decimal=",", thousands=".").number("1.234,5")
    1234.5
    >>> print(TableNotation(";", ","))
    semicolons between cells, decimal commas
    """

    delimiter: str = ","
    decimal: str = "."
    thousands: str = ""
    encoding: str = "utf-8"
    header: bool = True

    def number(self, cell: str) -> float:
        """The number that a cell spells. Raises ValueError for anything but a finite number."""
        if self.thousands or self.decimal != ".":
            cell = self._plainly(cell)
        x = float(cell)
        if not math.isfinite(x) or "_" in cell:  # 1_2 is a number in Python, and in no table
            raise ValueError(cell)
        return x

    def _plainly(self, cell: str) -> str:
        """A number as Python spells it."""
        whole, mark, rest = cell.strip().partition(self.decimal)
        if self.thousands and self.thousands in whole:
            mark_of_three = re.escape(self.thousands)
            if not re.fullmatch(rf"[+-]?\d{{1,3}}(?:{mark_of_three}\d{{3}})+", whole):
                raise ValueError(cell)
            whole = whole.replace(self.thousands, "")
        if "." in whole + rest:
            raise ValueError(cell)
        return f"{whole}.{rest}" if mark else whole

    def is_number(self, cell: str) -> bool:
        """Whether a cell spells a finite number."""
        try:
            self.number(cell)
        except ValueError:
            return False
        return True

    def __str__(self) -> str:
        """What is not as in most tables, in words; empty if nothing is."""
        said = []
        if self.encoding not in ("utf-8", "utf-8-sig"):
            said.append(f"encoding {self.encoding}")
        if self.delimiter != ",":
            between = _IN_WORDS.get(self.delimiter, repr(self.delimiter))
            said.append(f"{between} between cells")
        if self.decimal != ".":
            said.append("decimal commas" if self.decimal == "," else f"decimal {self.decimal!r}")
        if self.thousands:
            said.append(f"{self.thousands!r} between thousands")
        return ", ".join(said)


def is_missing(cell: str) -> bool:
    """Whether a cell stands for no value.

    >>> is_missing(" NA "), is_missing("none")
    (True, False)
    """
    return cell.strip().lower() in MISSING


def encodings_of(start: bytes) -> tuple[str, ...]:
    r"""The encodings to read bytes in, the likeliest first, from how they start.

    >>> encodings_of(b"\xff\xfea\x00"), encodings_of(b"a,b")[0]
    (('utf-16',), 'utf-8')
    """
    for mark, encoding in _MARKS:
        if start.startswith(mark):
            return (encoding,)
    return ENCODINGS


def encoding_without_mark(start: bytes) -> str:
    """The two-byte encoding that a text seems to be in that does not begin by saying so, or "".

    Nearly all letters of a table have the byte 0 as one of their two.

    >>> encoding_without_mark("a;b".encode("utf-16-be")), encoding_without_mark(b"a;b")
    ('utf-16-be', '')
    """
    pairs = max(1, len(start) // 2)
    first, second = start[::2].count(0) / pairs, start[1::2].count(0) / pairs
    if max(first, second) < MOSTLY or min(first, second) > 1 - MOSTLY:
        return ""
    return "utf-16-be" if first > second else "utf-16-le"


MOSTLY = 0.7
"""The share of pairs of bytes that have a 0 at the same place in a text of two bytes a letter."""


def recognised_delimiter(text: str) -> str:
    r"""What stands between the cells of a table's first lines: a comma if nothing fits better.

    >>> recognised_delimiter("a;b;c\n1,5;2,5;3\n")
    ';'
    """
    lines = [line for line in text.split("\n") if line.strip()][:20]
    widths = {d: _widths(lines, d) for d in DELIMITERS}
    even = [d for d in DELIMITERS if len(set(widths[d])) == 1 and widths[d][0] > 1]
    some = [d for d in DELIMITERS if widths[d] and max(widths[d]) > 1]
    if even:
        return max(even, key=lambda d: widths[d][0])
    return max(some, key=lambda d: sorted(widths[d])[len(widths[d]) // 2], default=",")


def _widths(lines: Sequence[str], delimiter: str) -> list[int]:
    """How many cells each line has; the last one may be cut within quotes."""
    reader = csv.reader((line + "\n" for line in lines), delimiter=delimiter, skipinitialspace=True)
    try:
        widths = [len(cells) for cells in reader]
    except csv.Error:
        return []
    return widths if len(widths) == len(lines) else widths[:-1]


def with_spelling(
    notation: TableNotation, cells: Sequence[str], where: str, **told: Any
) -> TableNotation:
    """The notation with the marks of numbers that these cells show; what is told is not guessed.

    Raises :class:`InputError` where the cells can be read in two ways.

    >>> print(with_spelling(TableNotation(";"), ["1.234,5", "17"], "a table"))
    semicolons between cells, decimal commas, '.' between thousands
    """
    if told.get("decimal") is None and told.get("thousands") is None:
        decimal, thousands = _marks(cells, notation.delimiter, where)
        return evolve(notation, decimal=decimal, thousands=thousands)
    decimal = told.get("decimal") or ("," if told["thousands"] == "." else ".")
    return evolve(notation, decimal=decimal, thousands=told.get("thousands") or "")


_GROUPS = r"[+-]?[1-9]\d{{0,2}}(?:{0}\d{{3}})+"


def _marks(cells: Sequence[str], delimiter: str, where: str) -> tuple[str, str]:
    """The decimal mark, and the one between thousands, that numbers show."""
    commas = [c for c in cells if re.fullmatch(r"[+-]?[\d.]*\d,[\d,]*\d(?:\.\d+)?", c)]
    points = any(re.fullmatch(r"[+-]?\d*\.\d+(?:[eE][+-]?\d+)?", c) for c in cells)
    for mark in ("'", " "):
        grouped = _GROUPS.format(mark) + r"(?:[.,]\d+)?"
        if found := [c for c in cells if re.fullmatch(grouped, c)]:
            return ("," if any("," in c for c in found) else "."), mark
    if not commas:
        return ".", ""
    if all(re.fullmatch(_GROUPS.format(",") + r"(?:\.\d+)?", c) for c in commas):
        certain = points or delimiter == "," or any(c.count(",") > 1 or "." in c for c in commas)
        if certain:
            return ".", ","
        raise InputError(
            f"{where}: {commas[0]!r} may be {commas[0].replace(',', '')} or"
            f" {commas[0].replace(',', '.')}",
            remedy='say decimal = "," or thousands = ","',
            got=commas[0],
        )
    if all(re.fullmatch(r"[+-]?\d+,\d+|" + _GROUPS.format(r"\.") + r",\d+", c) for c in commas):
        return (".", "") if points else (",", "." if any("." in c for c in commas) else "")
    return ".", ""


def how_to_write(cell: str, decimal: str = ".") -> str:
    """A remedy for a number that is written as people write it; empty for anything else.

    ``decimal`` is the mark that the numbers of the table have.

    >>> how_to_write("1,234.5"), how_to_write("5.1%"), how_to_write("5.1", ",")
    ('write it without marks between thousands: 1234.5', 'repair the cell: 5.1 without its unit', \
'write it with a comma: 5,1')
    """
    plain = cell.replace("\N{MINUS SIGN}", "-").replace("\N{NO-BREAK SPACE}", " ")
    plain = plain.replace("\N{NARROW NO-BREAK SPACE}", " ")
    if decimal == "," and re.fullmatch(r"[+-]?\d*\.\d+", plain):
        return f"write it with a comma: {plain.replace('.', ',')}"
    if re.fullmatch(_GROUPS.format("[,' ]") + r"(?:\.\d+)?", plain):
        return f"write it without marks between thousands: {re.sub('[^0-9.+-]', '', plain)}"
    if re.fullmatch(r"[+-]?\d+(?:[. ]\d{3})*,\d+", plain):
        return f"write it with a point: {re.sub('[. ]', '', plain).replace(',', '.')}"
    unit = r"[$€£]? ?([+-]?\d+(?:[.,]\d+)?) ?(?:%|[a-zA-Z°€$£]{1,3})?"
    if found := re.fullmatch(unit, plain):
        without = " without its unit" if found[1] != plain else ""
        return "" if found[1] == cell else f"repair the cell: {found[1]}{without}"
    return ""


def seems_number(cell: str) -> bool:
    """Whether a cell is a number, or one as people write them: 5.1%, 1,234 or 3 kg."""
    return TableNotation().is_number(cell) or bool(how_to_write(cell))


def column_setting(name: str) -> str:
    """The setting of a column as a configuration spells it: quoted where TOML wants that.

    >>> column_setting("age"), column_setting("width (cm)")
    ('columns.age', 'columns."width (cm)"')
    """
    bare = re.fullmatch(r"[A-Za-z0-9_-]+", name)
    return f"columns.{name}" if bare else f"columns.{json.dumps(name, ensure_ascii=False)}"
