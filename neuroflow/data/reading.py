"""Reading: a table in a file becomes columns, block by block, so that only numbers stay in memory.

How the file is written is recognised from its first block, unless it is said. A column is read as
numbers if it looks like them there, and then a cell that is none is an error with its line.
"""

from __future__ import annotations

import io
import math
from abc import ABC, abstractmethod
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain, repeat
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from attrs import define, field, frozen

from neuroflow.data.cells import cut_lines, lines_of, refuse_ragged
from neuroflow.data.columns import Column, Columns, Numbers, Words, no_such_column
from neuroflow.data.formats import as_text, format_of
from neuroflow.data.notation import (
    TableNotation,
    column_setting,
    encoding_without_mark,
    encodings_of,
    how_to_write,
    is_missing,
    recognised_delimiter,
    seems_number,
    with_spelling,
)
from neuroflow.data.table import advice_on_delimiter, refuse_twice
from neuroflow.errors import FileError, InputError
from neuroflow.files import path_of, size_of
from neuroflow.long_work import report

BLOCK = 1 << 20
"""So many characters of a table are looked at at a time."""

WORTH_NUMPY = 1 << 16
"""From so many characters on, a block is cut by numpy, which takes a while to be imported."""

SAMPLE = 1000
"""Kinds of columns and spellings of numbers are recognised in so many rows."""

Made = TypeVar("Made")


@frozen
class TableSource:
    """Where the bytes of a table come from, as often as asked; ``name`` is for messages.

    ``added`` are lines at its start that the file itself has not: the names of the columns, where
    another form has them in every line.
    """

    name: str
    open: Callable[[], BinaryIO]
    size: int
    added: int = 0

    @classmethod
    def of(cls, path: str | Path) -> TableSource:
        """A file. Raises :class:`FileError` if there is none to read."""
        path = path_of(path)
        if entry := format_of(path):
            content = as_text(entry, path)
            return cls(str(path), lambda: io.BytesIO(content), len(content), added=1)
        try:
            size = size_of(path)
            with path.open("rb"):
                pass
        except FileError:
            raise
        except OSError as error:
            raise FileError(
                f"cannot read {path}: {error}",
                remedy="give the path of a table, such as a CSV file",
                file=str(path),
            ) from error
        return cls(str(path), lambda: path.open("rb"), size)

    @classmethod
    def of_bytes(cls, content: bytes, name: str) -> TableSource:
        """Bytes that are here already, such as those of standard input."""
        return cls(name, lambda: io.BytesIO(content), len(content))


@frozen
class Wanted:
    """Which columns to read, and which as words or as numbers whatever they look like.

    ``as_texts`` are words too, and only empty cells are missing there: "?" and "NA" are texts.
    """

    positions: Sequence[int]
    as_words: frozenset[int] = frozenset()
    as_numbers: frozenset[int] = frozenset()
    as_texts: frozenset[int] = frozenset()


class Header:
    """The names of a table's columns, and where each is."""

    def __init__(self, name: str, names: Sequence[str], advice: str = "") -> None:
        self.name, self.names, self.advice = name, tuple(names), advice
        self.header = self.names
        refuse_twice(self.names, f"{name} has", "columns", file=name)

    def position(self, column: Any, role: str) -> int:
        """Where a column is, by its name or its number from 0; ``role`` is what asks for it."""
        if isinstance(column, str) and column in self.names:
            return self.names.index(column)
        if type(column) is int and 0 <= column < len(self.names):
            return column
        raise no_such_column(column, role, self.names, self.name, self.advice, file=self.name)


def read_columns(
    source: str | Path | TableSource,
    wanted: Callable[[Header], Wanted] | None = None,
    **told: Any,
) -> Columns:
    """The columns of a table in a file; ``wanted`` chooses some once the header is known.

    ``told`` is what is known of how it is written: ``delimiter``, ``decimal``, ``thousands``,
    ``encoding`` and ``header``; the rest is recognised. Without ``header`` the first line has the
    names, and one of which half is numbers is refused: it may be either.

    Raises :class:`FileError` for what cannot be read as text, and :class:`InputError` with file,
    line and column for what is no table, and for a cell that is none of its column's kind.
    """
    source = source if isinstance(source, TableSource) else TableSource.of(source)
    return _decoded(source, told.get("encoding"), lambda text: _read(source, text, wanted, told))


def read_cells(
    source: TableSource, delimiter: str = ""
) -> tuple[TableNotation, Iterator[tuple[int, list[str]]]]:
    """How a table is written, and its rows one by one, the first with them: line and cells.

    ``delimiter`` is taken where it stands in the first line; else it is recognised. How numbers
    are spelt is not looked at.
    """
    encoding = _decoded(source, None, _read_through)
    text = io.TextIOWrapper(source.open(), encoding=encoding)
    start = _block(text)
    known = delimiter and delimiter in start.lstrip("\n").partition("\n")[0]
    notation = TableNotation(delimiter if known else recognised_delimiter(start), encoding=encoding)
    return notation, cut_lines(
        _lines(start, text, source), source.name, notation.delimiter, -source.added
    )


def _lines(start: str, text: io.TextIOWrapper, source: TableSource) -> Iterator[str]:
    """The lines of a text, of which the start has been read."""
    with text:
        block = start
        while block:
            _tell(f"predicting {source.name}", text, source)
            yield from lines_of(block)
            block = _block(text)
    report(f"predicting {source.name}", source.size, source.size)


def _read_through(text: io.TextIOWrapper) -> str:
    """The encoding of a text, all of which can be read in it."""
    while text.read(BLOCK):
        pass
    return text.encoding


def _decoded(
    source: TableSource, told: str | None, use: Callable[[io.TextIOWrapper], Made]
) -> Made:
    """What ``use`` makes of the text, in the first encoding that all of it can be read in."""
    with source.open() as file:
        start = file.read(BLOCK)
    known = (told,) if told else encodings_of(start)
    if b"\0" in start and not known[0].startswith("utf-16"):
        what = f"cannot read {source.name}: it holds the byte 0, so it is no text"
        encoding = encoding_without_mark(start)
        raise FileError(
            f"{what} in {known[0]}",
            remedy=f'say encoding = "{encoding}", which it seems to be in'
            if encoding
            else "give a table as text, such as CSV",
            file=source.name,
        )
    problem: Exception | None = None
    for encoding in known:
        try:
            with io.TextIOWrapper(source.open(), encoding=encoding) as text:
                return use(text)
        except (UnicodeDecodeError, LookupError) as error:
            problem = error
    raise FileError(
        f"cannot read {source.name} as {known[-1]}: {problem}",
        remedy='say in which encoding it is, such as encoding = "cp1252"',
        file=source.name,
    ) from problem


def _block(text: io.TextIOWrapper) -> str:
    """Whole lines, and whole cells in quotes; empty at the end."""
    block = text.read(BLOCK)
    block += text.readline()
    while block.count('"') % 2:
        more = text.readline()
        if not more:
            break
        block += more
    return block


def _read(
    source: TableSource,
    text: io.TextIOWrapper,
    wanted: Callable[[Header], Wanted] | None,
    told: Mapping[str, Any],
) -> Columns:
    start = _block(text)
    delimiter = told.get("delimiter") or recognised_delimiter(start)
    header, skipped = _header(start, source.name, delimiter, told.get("header"))
    chosen = wanted(header) if wanted else Wanted(range(len(header.names)))
    rest, before = _behind(start, skipped), skipped - source.added
    block = TextBlock(rest, source.name, delimiter, len(header.names), before)
    notation = TableNotation(
        delimiter, encoding=text.encoding, header=told.get("header") is not False
    )
    guessed = [j for j in chosen.positions if j not in chosen.as_words | chosen.as_texts]
    sample = {j: block.column(j)[:SAMPLE] for j in guessed}
    notation = with_spelling(notation, [c for j in guessed for c in sample[j]], source.name, **told)
    builders = {
        j: NumbersBuilder(header.names[j], notation)
        if j in sample and (j in chosen.as_numbers or _seem_numbers(sample[j], notation))
        else WordsBuilder(is_empty if j in chosen.as_texts else is_missing)
        for j in chosen.positions
    }
    lines = _fill(builders, block, text, source)
    if not lines:
        what = f"{source.name} has no rows of data"
        raise InputError(what, expected="at least one", file=source.name)
    names = tuple(header.names[j] for j in chosen.positions)
    columns = tuple(builders[j].built() for j in chosen.positions)
    return Columns(names, columns, source.name, lines, notation, header.names)


def _fill(
    builders: Mapping[int, ColumnBuilder],
    block: TextBlock,
    text: io.TextIOWrapper,
    source: TableSource,
) -> Sequence[int]:
    """Add block after block to the columns; the number of each row's line."""
    lines: list[Sequence[int]] = []
    while block.text:
        for j, builder in builders.items():
            builder.add(block, j)
        lines.append(block.lines)
        _tell(f"reading {source.name}", text, source)
        before = block.before + block.n_lines
        block = TextBlock(_block(text), block.name, block.delimiter, block.width, before)
    report(f"reading {source.name}", source.size, source.size)
    return _one_after_the_other(lines)


def _one_after_the_other(lines: Sequence[Sequence[int]]) -> Sequence[int]:
    """All numbers of lines: in a range where none is left out, for that takes no room."""
    parts = [part for part in lines if len(part)]
    ends = [part[-1] + 1 for part in parts]
    if all(isinstance(part, range) for part in parts) and ends[:-1] == [p[0] for p in parts[1:]]:
        return range(parts[0][0], ends[-1]) if parts else ()
    return array("L", chain.from_iterable(parts))


def _tell(what: str, text: io.TextIOWrapper, source: TableSource) -> None:
    """How many bytes have been read, of how many; the last ones are told at the end."""
    read = text.buffer.tell()  # type: ignore[attr-defined]  # of an open file
    report(what, min(read, source.size - 1), source.size)


def _header(start: str, name: str, delimiter: str, told: bool | None) -> tuple[Header, int]:
    """The names of the columns, and how many lines stand before the first row of data."""
    found = next(cut_lines(lines_of(start), name, delimiter), None)
    if found is None:
        what = f"{name} is empty: it has no rows of data"
        raise InputError(what, expected="at least one, below a line with names", file=name)
    line, names = found
    numbers = sum(map(TableNotation().is_number, names))
    if told is None and 2 * numbers >= len(names):
        raise InputError(
            f"{name}: the first line has numbers where names of columns are expected:"
            f" {', '.join(names[:8])}",
            remedy="say header = false if that is data, or header = true if these are names",
            file=name,
        )
    if told is False:
        return Header(name, list(map(str, range(len(names))))), 0
    advice = advice_on_delimiter(start, delimiter) if len(names) == 1 else ""
    if names[0].startswith("#"):
        advice = f"remove the comment in line {line}: the first line has the names of columns"
    return Header(name, names, advice), line


def _behind(text: str, lines: int) -> str:
    """The text without its first lines."""
    at = 0
    for _ in range(lines):
        at = text.find("\n", at) + 1 or len(text)
    return text[at:]


def _seem_numbers(cells: Sequence[str], notation: TableNotation) -> bool:
    """Whether half of the cells that are there are numbers, well spelt or not."""
    there = [cell for cell in map(str.strip, cells) if not is_missing(cell)]
    found = sum(notation.is_number(cell) or seems_number(cell) for cell in there)
    return bool(there) and 2 * found >= len(there)


@define(eq=False)
class TextBlock:
    """Some lines of a table, cut into columns; ``before`` is how many lines stand before them.

    Where no cell is quoted and no line is empty, cells are cut at every delimiter at once, and in
    large blocks the numbers of a column are read at once too.
    """

    text: str
    name: str
    delimiter: str
    width: int
    before: int
    lines: Sequence[int] = field(init=False)
    n_lines: int = field(init=False)
    _ends: Any = field(init=False, default=None)  # of cells, in bytes: a row of the array a line
    _bytes: Any = field(init=False, default=None)
    _flat: list[str] | None = field(init=False, default=None)
    _columns: list[Sequence[str]] | None = field(init=False, default=None)

    def __attrs_post_init__(self) -> None:
        self.n_lines = self.text.count("\n")
        if self._is_plain():
            self.lines = range(self.before + 1, self.before + 1 + self.n_lines)
            return
        rows = list(cut_lines(lines_of(self.text), self.name, self.delimiter, self.before))
        refuse_ragged(rows, self.width, self.name, self._advice())
        self.lines = [line for line, _ in rows]
        columns = zip(*(cells for _, cells in rows), strict=True)
        self._columns = list(columns) or [()] * self.width

    def _is_plain(self) -> bool:
        """Whether every line has as many cells as columns, and none has quotes or is empty."""
        if not self.text:
            return False
        if not self.text.endswith("\n"):
            self.text += "\n"
            self.n_lines += 1
        empty = f"\n{self.delimiter * (self.width - 1)}\n"
        if '"' in self.text or empty in self.text or self.text.startswith(empty[1:]):
            return False
        if len(self.text) >= WORTH_NUMPY and self.text.isascii() and self.delimiter.isascii():
            return self._is_cut_evenly()
        lines = self.text.split("\n")[:-1]
        return set(map(str.count, lines, repeat(self.delimiter))) == {self.width - 1}

    def _is_cut_evenly(self) -> bool:
        """Whether every line has as many cells as columns; where they end is kept."""
        import numpy as np

        found = np.frombuffer(self.text.encode(), np.uint8)
        is_end = found == ord("\n")
        n_lines = self.n_lines
        ends: Any = np.flatnonzero(is_end | (found == ord(self.delimiter)))
        if len(ends) != n_lines * self.width:
            return False
        ends = ends.reshape(n_lines, self.width)
        if not is_end[ends[:, -1]].all():
            return False
        self._bytes, self._ends = found, ends
        return True

    def _advice(self) -> str:
        if self.text.lstrip().startswith("#") or self.width == 1:
            return "the first line is no line of names: remove what stands above the table"
        return ""

    def column(self, j: int) -> Sequence[str]:
        """The cells of a column; there may be blanks around them."""
        if self._columns is not None:
            return self._columns[j]
        if self._flat is None:
            self._flat = self.text.replace("\n", self.delimiter).split(self.delimiter)
        return self._flat[j : -1 : self.width]

    def decimals(self, j: int) -> tuple[Any, list[int]] | None:
        """The numbers of a column as an array, and the rows that are to be read one by one.

        None where they cannot be read at once.
        """
        if self._ends is None:
            return None
        from neuroflow.data.decimals import decimals

        numbers, understood = decimals(self._bytes, *self._places(j))
        return numbers, (~understood).nonzero()[0].tolist()

    def distinct(self, j: int) -> tuple[Any, Any] | None:
        """A row for each different cell of a column, and for all rows which of these they are like.

        None where that is not known at once.
        """
        if self._ends is None:
            return None
        from neuroflow.data.distinct import distinct

        return distinct(self._bytes, *self._places(j))

    def _places(self, j: int) -> tuple[Any, Any]:
        """Where the cells of a column start and end, in bytes."""
        import numpy as np

        before = self._ends[:, j - 1] if j else np.append(-1, self._ends[:-1, -1])
        return before + 1, self._ends[:, j]

    def cell(self, k: int, j: int) -> str:
        """One cell."""
        if self._ends is None:
            return self.column(j)[k]
        before = self._ends.flat[k * self.width + j - 1] if k or j else -1
        return self.text[before + 1 : self._ends[k, j]]


class ColumnBuilder(ABC):
    """Makes a column from the cells of one block after the other."""

    @abstractmethod
    def add(self, block: TextBlock, j: int) -> None:
        """Take the cells of a block's column."""

    @abstractmethod
    def built(self) -> Column:
        """The whole column."""


class NumbersBuilder(ColumnBuilder):
    """Makes a column of numbers; a cell that is none is refused with its line."""

    def __init__(self, name: str, notation: TableNotation) -> None:
        self.name = name
        self.notation = notation
        self.values = array("d")

    def add(self, block: TextBlock, j: int) -> None:
        points = self.notation.decimal == "." and not self.notation.thousands
        found = block.decimals(j) if points else None
        if found is not None:
            numbers, left = found
            for k in left:
                numbers[k] = self._number(block.cell(k, j), k, block)
            self.values.frombytes(numbers.tobytes())
            return
        cells = block.column(j)
        values = self._at_once(cells) if points else None
        if values is None:
            values = array("d", [self._number(c, k, block) for k, c in enumerate(cells)])
        self.values.extend(values)

    def _at_once(self, cells: Sequence[str]) -> array[float] | None:
        """The numbers, where all cells are as Python spells them; else None."""
        try:
            values = array("d", map(float, cells))
        except ValueError:
            return None
        plain = math.isfinite(sum(values)) and not any("_" in cell for cell in cells)
        return values if plain else None

    def _number(self, cell: str, k: int, block: TextBlock) -> float:
        if is_missing(cell):
            return math.nan
        try:
            return self.notation.number(cell)
        except ValueError:
            line = block.lines[k]
            raise InputError(
                f"{block.name}, line {line}, column {self.name!r} is {cell.strip()!r}",
                expected="a finite number",
                remedy=how_to_write(cell.strip(), self.notation.decimal)
                or f"repair the cell, or say what the column is: {column_setting(self.name)} ="
                ' "category" or "ignore"',
                got=cell.strip(),
                file=block.name,
                line=line,
            ) from None

    def built(self) -> Numbers:
        return Numbers(self.values)


def is_empty(cell: str) -> bool:
    """Whether there is no text in a cell."""
    return not cell


class WordsBuilder(ColumnBuilder):
    """Makes a column of words: each is kept once; ``is_missing`` says which stand for none."""

    def __init__(self, is_missing: Callable[[str], bool]) -> None:
        self.is_missing = is_missing
        self.codes = array("i")
        self.words: dict[str, int] = {}

    def add(self, block: TextBlock, j: int) -> None:
        found = block.distinct(j)
        if found is not None:
            import numpy as np

            first, which = found
            codes = array("i", [self._code(block.cell(k, j)) for k in first.tolist()])
            self.codes.frombytes(np.asarray(codes)[which].tobytes())
            return
        cells = block.column(j)
        code = {cell: self._code(cell) for cell in set(cells)}
        self.codes.extend(map(code.__getitem__, cells))

    def _code(self, cell: str) -> int:
        """The number of a word, which may be new; -1 for what stands for none."""
        word = cell.strip()
        return -1 if self.is_missing(word) else self.words.setdefault(word, len(self.words))

    def built(self) -> Words:
        return Words(self.codes, tuple(self.words))
