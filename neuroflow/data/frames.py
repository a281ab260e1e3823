"""Frames and arrays: the rows of whatever holds rows, and what shape it has.

pandas, polars and numpy are not imported: an object of theirs is known by what it can do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from neuroflow.errors import InputError, did_you_mean, require, short_repr
from neuroflow.pythonic import pythonic, pythonic_input


def is_frame(thing: Any) -> bool:
    """Whether it is a table with named columns, of pandas or polars or like theirs."""
    return hasattr(type(thing), "to_numpy") and hasattr(thing, "columns")


def names_of(thing: Any) -> tuple[str, ...]:
    """The names of the columns of a frame; none of anything else."""
    return tuple(map(str, thing.columns)) if is_frame(thing) else ()


ROWS = "a list of rows, each a list of numbers, or an array or a frame of such"


def rows_of(thing: Any, what: str = "the rows", wanted: str = ROWS) -> list[Any]:
    """The rows of a frame, an array, a list or a generator, with Python's own numbers.

    Raises :class:`InputError` for what has no rows; ``wanted`` says what has.

    >>> rows_of([[1.0, 2.0], [3.0, 4.0]])
    [[1.0, 2.0], [3.0, 4.0]]
    """
    if is_frame(thing):
        return thing.to_numpy().tolist()  # type: ignore[no-any-return]
    if isinstance(thing, (set, frozenset)):
        expected = f"{wanted}: a set has no order, so its rows belong to nothing"
        require(thing, (), what, expected)
    if hasattr(type(thing), "toarray"):  # a sparse matrix of scipy
        return thing.toarray().tolist()  # type: ignore[no-any-return]
    rows = pythonic_input(thing) if type(thing) is not dict else thing
    if isinstance(rows, (str, bytes, Mapping)) or not isinstance(rows, Iterable):
        require(rows, (), what, wanted)
    return list(rows)


def columns_in(frame: Any, names: Sequence[str]) -> list[Any]:
    """The rows of a frame with the columns of these names, in this order.

    Raises :class:`InputError` for a column that is not there.
    """
    there = names_of(frame)
    for name in names:
        if name not in there:
            known = f"it has: {', '.join(there) or 'none'}"
            what = f"the frame has no column {name!r}"
            raise InputError(what, remedy=did_you_mean(name, there, known), got=there)
    places = [there.index(name) for name in names]
    rows = rows_of(frame)
    if places == list(range(len(there))):
        return rows
    return [[row[j] for j in places] for row in rows]


def shape_of(thing: Any) -> str:
    """The shape of an array or a frame, and of nested lists as far as their first entries tell.

    >>> shape_of([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), shape_of([1.0])
    ('(3, 2)', '(1,)')
    """
    shape = getattr(thing, "shape", None)
    if not isinstance(shape, tuple):
        sizes: list[int] = []
        while isinstance(thing, (list, tuple)):
            sizes.append(len(thing))
            thing = pythonic(thing[0]) if len(thing) else None
        shape = tuple(sizes)
    return str(shape) if shape else short_repr(thing)
