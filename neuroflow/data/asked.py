"""Asked: the rows of a table that a model is to answer to, one by one, however many there are.

Delimiter, header and columns are as in the table that it was trained on. Columns that it does not
know, such as one of ids, are kept beside its answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

from attrs import evolve, frozen

from neuroflow.data.facts import DataFacts
from neuroflow.data.reading import TableSource, read_cells
from neuroflow.data.table import is_number, refuse_twice
from neuroflow.errors import InputError, did_you_mean


@frozen
class AskedRow:
    """One row: where it stands, the inputs as the model wants them, and its cells as they are."""

    line: int
    inputs: list[float]
    cells: tuple[str, ...]
    asked: tuple[str, ...]
    """The cells that the inputs were made of, in the order of the model's columns."""


@frozen
class AskedTable:
    """The names of all columns, empty where there are none, where the inputs are, and the rows."""

    names: tuple[str, ...]
    chosen: tuple[int, ...]
    rows: Iterator[AskedRow]

    @property
    def passed(self) -> tuple[int, ...]:
        """Where the columns are that the model does not ask for."""
        return tuple(j for j in range(len(self.names)) if j not in self.chosen)


def asked_table(source: TableSource, facts: DataFacts) -> AskedTable:
    """The rows of a source, for a model with these facts.

    Raises :class:`InputError` that names file, line and column, at the row where it goes wrong.
    """
    preparation = facts.preparation
    trained = preparation.notation if preparation else None
    notation, found = read_cells(source, trained.delimiter if trained else "")
    lines = _split_at_blanks(found)
    first = next(lines, None)
    if first is None:
        raise InputError(
            f"{source.name} holds no rows",
            remedy="give at least one row of numbers",
            file=source.name,
        )
    if preparation and trained and notation.delimiter != trained.delimiter:
        notation = evolve(notation, header=trained.header)
        facts = evolve(facts, preparation=evolve(preparation, notation=notation))
    header = _header(first[1], facts, source.name)
    chosen = header if header is not None else _in_order(first[1], facts)
    names = tuple(first[1]) if header is not None else _numbered(first[1], facts, chosen)
    body = lines if header is not None else chain([first], lines)
    rows = _rows(body, names, chosen, facts, source.name)
    return AskedTable(names, chosen, _at_least_one(rows, source.name))


def _split_at_blanks(
    rows: Iterator[tuple[int, list[str]]],
) -> Iterator[tuple[int, list[str]]]:
    """Where the first row has one cell with blanks in it, blanks stand between cells."""
    first = next(rows, None)
    if first is None:
        return
    blanks = len(first[1]) == 1 and all(map(is_number, first[1][0].split()))
    for line, cells in chain([first], rows):
        yield line, " ".join(cells).split() if blanks else cells


def _header(cells: Sequence[str], facts: DataFacts, name: str) -> tuple[int, ...] | None:
    """Where the model's columns are, if the first line has names; else None.

    It has if the model's names are among them, or if it cannot be a row.
    """
    wanted = facts.cells
    if not (wanted and set(wanted) <= set(cells)) and _may_be_row(cells, facts):
        return None
    if not wanted:
        return tuple(range(len(cells)))
    refuse_twice(cells, f"{name} has", "columns", file=name)
    known = f"its columns: {', '.join(cells)}; the model needs: {', '.join(wanted)}"
    for column in wanted:
        if column not in cells:
            raise InputError(
                f"{name} has no column {column!r}",
                remedy=did_you_mean(column, cells, known),
                got=column,
                file=name,
            )
    return tuple(cells.index(column) for column in wanted)


def _may_be_row(cells: Sequence[str], facts: DataFacts) -> bool:
    """Whether the first line is a row and no header."""
    if facts.preparation is None:
        return all(map(is_number, cells))
    if not facts.preparation.notation.header:
        return True
    try:
        facts.preparation.row([cells[j] for j in _in_order(cells, facts)])
    except InputError:
        return len(cells) == len(facts.cells) and sum(map(is_number, cells)) * 2 >= len(cells)
    return True


def _in_order(cells: Sequence[str], facts: DataFacts) -> tuple[int, ...]:
    """Where the model's columns are in a table without names.

    All in order, or where they were in training, if that had no names either.
    """
    wanted = facts.cells
    numbered = facts.preparation is not None and not facts.preparation.notation.header
    if numbered and len(cells) > max(map(int, wanted)) and len(cells) != len(wanted):
        return tuple(map(int, wanted))
    return tuple(range(len(cells)))


def _numbered(cells: Sequence[str], facts: DataFacts, chosen: Sequence[int]) -> tuple[str, ...]:
    """Names for the columns of a table that has none: those of the model where it asks for them."""
    names = [str(j) for j in range(len(cells))]
    for j, name in zip(chosen, facts.cells, strict=False):
        names[j] = name
    return tuple(names)


def _rows(
    lines: Iterator[tuple[int, list[str]]],
    names: Sequence[str],
    chosen: Sequence[int],
    facts: DataFacts,
    name: str,
) -> Iterator[AskedRow]:
    for k, (line, cells) in enumerate(lines, 1):
        if len(cells) != len(names):
            raise InputError(
                f"{name}, line {line} has {len(cells)} cell{'s' * (len(cells) != 1)}",
                expected=f"{len(names)}, as its first line",
                file=name,
                line=line,
            )
        asked = [cells[j] for j in chosen]
        try:
            yield AskedRow(
                line, asked_inputs(asked, facts, name, k, line), tuple(cells), tuple(asked)
            )
        except InputError as error:
            error.locate(file=name, line=line)
            raise


def asked_inputs(
    cells: Sequence[str], facts: DataFacts, name: str, k: int = 0, line: int = 0
) -> list[float]:
    """The cells of one row as inputs; ``k`` and ``line`` say where it stands in ``name``."""
    if facts.preparation is not None:
        return facts.inputs(list(cells), f"{name}, line {line}" if line else "the row")
    if facts.tokenizer is not None:
        return facts.inputs(" ".join(cells))
    expected = facts.n_inputs
    if expected and len(cells) != expected:
        named = f" ({', '.join(facts.columns)})" if 0 < len(facts.columns) <= 12 else ""
        raise InputError(
            f"row {k or 1} has {len(cells)} numbers",
            expected=f"{expected}{named}, as in the data that the model was trained on",
            got=cells,
        )
    for j, cell in enumerate(cells, 1):
        if not is_number(cell):
            what = f"{name}{f', row {k}' if k else ''}: number {j} is {cell.strip()!r}"
            raise InputError(what, expected="a finite number", got=cell)
    return facts.inputs([float(cell) for cell in cells])


def _at_least_one(rows: Iterator[AskedRow], name: str) -> Iterator[AskedRow]:
    first = next(rows, None)
    if first is None:
        what = f"{name} has no rows behind its names of columns"
        raise InputError(what, remedy="add some", file=name)
    yield first
    yield from rows
