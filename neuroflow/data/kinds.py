"""Kinds of columns: what a cell becomes, a few numbers, and what has to be learned for that.

Each kind is declared by its settings; ``learned`` gives the same with what it took from a column.
Learn from the training part alone: a mean that has seen the test part knows too much.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from attrs import evolve, fields, frozen

from neuroflow.data.columns import (
    Cell,
    Column,
    as_word,
    by_number,
    is_plain_number,
)
from neuroflow.data.notation import TableNotation, column_setting, how_to_write, is_missing
from neuroflow.errors import InputError, did_you_mean

MISSING = ("refuse", "drop", "mean", "median", "most_frequent", "indicator")
"""What to do where a cell is missing."""

UNSEEN = ("refuse", "zero")
"""What to do about a category that the training part has not."""


@frozen
class Kind(ABC):
    """What becomes of one column; ``fill`` stands for a missing cell, ``indicator`` says so too."""

    name: str
    missing: str = "refuse"
    fill: Cell = None
    expected: ClassVar[str] = "a value"

    def __attrs_post_init__(self) -> None:
        one_of(self.missing, MISSING, f"what to do where {self.name!r} is missing")

    @property
    @abstractmethod
    def parts(self) -> tuple[str, ...]:
        """The names of the numbers that a cell becomes."""

    @property
    def names(self) -> tuple[str, ...]:
        """``parts``, and one that is 1 where the cell is missing, if that is asked for."""
        extra = (f"{self.name} is missing",) if self.missing == "indicator" else ()
        return (*self.parts, *extra)

    @abstractmethod
    def learned(self, column: Column) -> Kind:
        """The same, with what it needs to know from a column."""

    @abstractmethod
    def of(self, cell: float | str, notation: TableNotation) -> Sequence[float]:
        """The numbers of a cell that is there. Raises :class:`InputError` for a wrong one."""

    def numbers(self, cell: Any, notation: TableNotation) -> tuple[float, ...]:
        """The numbers of a cell, missing or not, as many as there are ``names``."""
        nothing = cell is None or cell != cell or (isinstance(cell, str) and is_missing(cell))
        if not nothing:
            extra = (0.0,) if self.missing == "indicator" else ()
            return (*self.of(cell, notation), *extra)
        if self.missing in ("refuse", "drop"):
            raise InputError(
                "is empty, or as good as empty: nan, NA, null, ?",
                expected=self.expected,
                remedy='fill it in, remove the row, or train with missing = "mean", "median",'
                ' "most_frequent", "indicator" or "drop"',
                got=cell,
            )
        filled = [0.0] * len(self.parts) if self.fill is None else self.of(self.fill, notation)
        return (*filled, 1.0) if self.missing == "indicator" else tuple(filled)

    def declaration(self) -> dict[str, Any]:
        """What a configuration says to have this kind, without what was learned."""
        return {_SPELLED.get(k, k): x for k, x in self.table().items() if k not in LEARNED}

    def table(self) -> dict[str, Any]:
        """The settings and what was learned, as JSON has them; :func:`kind_of_table` reads it."""
        told = {f.name: getattr(self, f.name) for f in fields(type(self))}
        lists = {key: list(x) if isinstance(x, tuple) else x for key, x in told.items()}
        return {"kind": _WORD[type(self)], **lists}


@frozen
class NumberKind(Kind):
    """A number, as it is.

    >>> from neuroflow import Columns
    >>> age = NumberKind("age", missing="mean").learned(Columns.of({"age": [1, None, 3]})["age"])
    >>> age.fill, age.numbers(None, TableNotation())
    (2.0, (2.0,))
    """

    expected = "a finite number"

    @property
    def parts(self) -> tuple[str, ...]:
        return (self.name,)

    def learned(self, column: Column) -> NumberKind:
        fill = _FILLS.get(self.missing)
        if fill is None:
            return self
        numbers = [x for x in column if is_plain_number(x)]
        return evolve(self, fill=float(fill(numbers or [0.0])))  # type: ignore[arg-type]

    def of(self, cell: float | str, notation: TableNotation) -> Sequence[float]:
        if isinstance(cell, str):
            try:
                return (notation.number(cell),)
            except ValueError:
                raise InputError(
                    f"is {cell!r}",
                    expected=self.expected,
                    remedy=how_to_write(cell, notation.decimal)
                    or "repair the cell, or say what the column is:"
                    f' {column_setting(self.name)} = "category" or "ignore"',
                    got=cell,
                ) from None
        if not is_plain_number(cell) or not abs(cell) < math.inf:
            raise InputError(f"is {cell!r}", expected=self.expected, got=cell)
        return (float(cell),)


@frozen
class CategoryKind(Kind):
    """One of several words: a number for each, of which one is 1 and all others are 0.

    >>> from neuroflow import Columns
    >>> city = CategoryKind("city").learned(Columns.of({"city": ["Rome", "Oslo"]})["city"])
    >>> city.names, city.numbers("Rome", TableNotation())
    (('city = Oslo', 'city = Rome'), (0.0, 1.0))
    """

    unseen: str = "refuse"
    categories: tuple[str, ...] = ()

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        one_of(self.unseen, UNSEEN, f"what to do about unseen categories of {self.name!r}")

    @property
    def parts(self) -> tuple[str, ...]:
        return tuple(f"{self.name} = {word}" for word in self.categories)

    def learned(self, column: Column) -> CategoryKind:
        counts = column.counts()
        fill = None if self.missing == "indicator" else _most_frequent(counts)
        found = tuple(sorted(counts, key=by_number))
        return evolve(self, categories=found, fill=fill)

    def of(self, cell: float | str, notation: TableNotation) -> Sequence[float]:
        word = as_word(cell).strip()
        if word not in self.categories and self.unseen == "refuse":
            raise _not_seen(word, self.name, self.categories, 'say unseen = "zero"')
        return [float(word == category) for category in self.categories]


@frozen
class OrdinalKind(Kind):
    """One of several words that have an order: the place of the word in it, from 0.

    >>> OrdinalKind("size", order=("S", "M", "L")).numbers("L", TableNotation())
    (2.0,)
    """

    order: tuple[str, ...] = ()

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        if not self.order:
            raise InputError(
                f"the ordinal column {self.name!r} has no order",
                expected=f'{column_setting(self.name)} = {{ kind = "ordinal",'
                ' order = ["low", "high"] }',
            )

    @property
    def parts(self) -> tuple[str, ...]:
        return (self.name,)

    def learned(self, column: Column) -> OrdinalKind:
        counts = Counter(column.counts())
        if self.missing in ("mean", "median"):  # the middle one of words in order
            places = sorted(self.order.index(w) for w in counts.elements() if w in self.order)
            return evolve(self, fill=self.order[places[len(places) // 2] if places else 0])
        return evolve(self, fill=None if self.missing == "indicator" else _most_frequent(counts))

    def of(self, cell: float | str, notation: TableNotation) -> Sequence[float]:
        word = as_word(cell).strip()
        if word not in self.order:
            raise _not_seen(word, self.name, self.order, "add it to the order")
        return (float(self.order.index(word)),)


def _days(t: datetime) -> float:
    """The days from the year 1 to a time, as the clock of its own place shows it."""
    return t.toordinal() + (t.hour + (t.minute + t.second / 60) / 60) / 24


_PARTS: dict[str, Callable[[datetime], float]] = {
    "year": lambda t: t.year,
    "month": lambda t: t.month,
    "day": lambda t: t.day,
    "weekday": lambda t: t.weekday(),
    "day_of_year": lambda t: t.timetuple().tm_yday,
    "hour": lambda t: t.hour,
    "minute": lambda t: t.minute,
    "days": _days,
}
"""What a date can become; Monday is weekday 0, and days are counted from the year 1."""


@frozen
class DateKind(Kind):
    """A date: some numbers of it, such as its year and its weekday.

    ``format`` is how dates are written, as Python's ``strptime`` has it; empty is ISO 8601.

    >>> when = DateKind("when", take=("year", "weekday"))
    >>> when.names, when.numbers("2024-02-29", TableNotation())
    (('when.year', 'when.weekday'), (2024.0, 3.0))
    """

    take: tuple[str, ...] = ("year", "month", "day", "weekday")
    format: str = ""

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        for part in self.take:
            one_of(part, tuple(_PARTS), f"a part of the date {self.name!r}")

    @property
    def parts(self) -> tuple[str, ...]:
        return tuple(f"{self.name}.{part}" for part in self.take)

    def learned(self, column: Column) -> DateKind:
        counts = Counter(column.counts())
        if self.missing in ("mean", "median") and counts:  # the middle one of dates in order
            places = {text: _days(self._date(text)) for text in counts}
            dates = sorted(counts.elements(), key=places.__getitem__)
            return evolve(self, fill=dates[len(dates) // 2])
        return evolve(self, fill=None if self.missing == "indicator" else _most_frequent(counts))

    def of(self, cell: float | str, notation: TableNotation) -> Sequence[float]:
        date = self._date(as_word(cell).strip())
        return [float(_PARTS[part](date)) for part in self.take]

    def _date(self, text: str) -> datetime:
        try:
            return datetime.strptime(text, self.format) if self.format else iso_date(text)
        except ValueError:
            raise InputError(
                f"is {text!r}",
                expected=f"a date like {self.format}" if self.format else "a date like 2024-12-31",
                remedy=f"repair it, or say how dates are written: {column_setting(self.name)} ="
                ' { kind = "date", format = "%d.%m.%Y" }',
                got=text,
            ) from None


def iso_date(text: str) -> datetime:
    """A date as ISO 8601 writes it, with or without a time. Raises ValueError for any other."""
    if len(text) < 10 or text[4] != "-":  # 20241231 reads as a number
        raise ValueError(text)
    return datetime.fromisoformat(text)


KINDS: Mapping[str, type[Kind]] = {
    "number": NumberKind,
    "category": CategoryKind,
    "ordinal": OrdinalKind,
    "date": DateKind,
}
"""The kinds of columns by name; a column may also be ignored, or be the target."""

_WORD = {kind: word for word, kind in KINDS.items()}


def kind_of_table(table: Mapping[str, Any]) -> Kind:
    """The kind of a column that a table tells; see :meth:`Kind.table`."""
    settings: Any = {
        k: tuple(x) if isinstance(x, list) else x for k, x in table.items() if k != "kind"
    }
    return KINDS[table["kind"]](**settings)


OTHERS = "*"
"""What is said of this column goes for all that are not named."""


def for_all_columns(declared: Mapping[str, Any], names: Sequence[str]) -> Mapping[str, Any]:
    """What is said of each column by its name.

    >>> for_all_columns({"age": "number", "*": "ignore"}, ["age", "id"])
    {'age': 'number', 'id': 'ignore'}
    """
    if OTHERS not in declared or OTHERS in names:
        return declared
    named = {name: kind for name, kind in declared.items() if name != OTHERS}
    return {**named, **{name: declared[OTHERS] for name in names if name not in named}}


def declared_kind(name: str, told: Any, missing: str, unseen: str) -> Kind | str:
    """The kind that a word or a table says; "ignore" and "target", which are none, stay words.

    >>> declared_kind("size", {"kind": "ordinal", "order": ["S", "L"]}, "refuse", "refuse").order
    ('S', 'L')
    """
    table = (
        {"kind": told} if isinstance(told, str) else dict(told if isinstance(told, Mapping) else ())
    )
    word = table.pop("kind", None)
    known = (*KINDS, "ignore", "target")
    if word not in known:
        raise InputError(
            f"columns.{name} is {told!r}",
            expected=f"one of {', '.join(known)}, or a table with such a kind",
            remedy=did_you_mean(str(word), known, ""),
            got=told,
        )
    if word not in KINDS:
        return str(word)
    spelled = {f.name: _SPELLED.get(f.name, f.name) for f in fields(KINDS[word])}
    allowed = {key: name for name, key in spelled.items() if name not in LEARNED}
    for key in table:
        if key not in allowed:
            raise InputError(
                f"columns.{name} has the key {key!r}",
                expected=f"those of a {word}: {', '.join(sorted(allowed))}",
                got=told,
            )
    table = {allowed[key]: x for key, x in table.items()}
    beside: Any = {"missing": missing, **({"unseen": unseen} if "unseen" in allowed else {})}
    listed: Any = {key: tuple(x) if isinstance(x, list) else x for key, x in table.items()}
    return KINDS[word](name, **{**beside, **listed})


LEARNED = ("name", "fill", "categories")
"""What nobody says of a kind: it is learned, or known."""

_SPELLED = {"take": "parts"}
"""What settings are called in configurations, where that is something else here."""


def _median(ordered: Sequence[float]) -> float:
    """The middle one of numbers in order, or the mean of the two in the middle."""
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def _most_frequent(counts: Mapping[Any, int]) -> Any:
    """The commonest, of several the first in their order; None of none."""
    return min(counts, key=lambda x: (-counts[x], by_number(str(x))), default=None)


_FILLS: dict[str, Callable[[Sequence[float]], float]] = {
    "mean": lambda numbers: math.fsum(numbers) / len(numbers),
    "indicator": lambda numbers: math.fsum(numbers) / len(numbers),
    "median": lambda numbers: _median(sorted(numbers)),
    "most_frequent": lambda numbers: float(_most_frequent(Counter(numbers))),
}
"""The number that stands where one is missing."""


def one_of(word: Any, words: Sequence[str], role: str) -> None:
    """Raise :class:`InputError` for a word that is none of these; ``role`` says what it is."""
    if word not in words:
        raise InputError(
            f"{role} is {word!r}",
            expected=f"one of {', '.join(words)}",
            remedy=did_you_mean(str(word), words, ""),
            got=word,
        )


def _not_seen(word: str, name: str, known: Sequence[str], remedy: str) -> InputError:
    some = ", ".join(known[:12]) + (", ..." if len(known) > 12 else "")
    return InputError(
        f"is {word!r}, which the training part has not",
        expected=f"one of {some}",
        remedy=did_you_mean(word, known, f"{remedy} for {name!r} to let such rows through"),
        got=word,
    )
