"""Tabular data: the columns of a table become a dataset, each in its role.

A column is an input, a target, the weight of its row, or nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NoReturn

from attrs import frozen

from neuroflow.core.types import a
from neuroflow.data.columns import Column, Columns, Numbers, Words, by_number, plain_number
from neuroflow.data.dataset import Dataset
from neuroflow.data.kinds import MISSING, UNSEEN, NumberKind, for_all_columns, one_of
from neuroflow.data.notation import column_setting
from neuroflow.data.preparation import Preparation, kind_in_words
from neuroflow.data.reading import Header, Wanted
from neuroflow.data.rows import Rows
from neuroflow.errors import InputError, did_you_mean

MOST_TOLD = 8
"""So many columns are told one by one."""

UNNAMED = re.compile(r"\s*|Unnamed: \d+")
"""What a column is called to which nobody gave a name; pandas writes and reads them so."""

INPUTS = "inputs"
"""As a target: the inputs themselves, which an autoencoder answers with."""


def _listed(columns: Any) -> list[Any]:
    return list(columns) if isinstance(columns, (list, tuple)) else [columns]


@frozen
class Roles:
    """Which columns are inputs, which are to be predicted, and which says how much a row counts.

    ``target`` is a column, by name or by number from 0, several of them, or "inputs";
    ``columns`` lists the inputs, or says what single columns are, in words or tables; then all
    others are recognised.
    """

    target: Any = None
    columns: Any = None
    weights: Any = None
    task: str = "auto"

    def declared(self, header: Header | Columns) -> Mapping[str, Any]:
        """What is said of single columns, by their names."""
        told = self.columns if isinstance(self.columns, Mapping) else {}
        return for_all_columns(told, header.header)

    def goals(self, header: Header | Columns) -> list[int]:
        """Where the targets are; nowhere if they are the inputs."""
        told = [name for name, kind in self.declared(header).items() if kind == "target"]
        if self.target is None and not told:
            raise InputError(
                f"{header.name}: no column is said to be the target",
                expected=f'target = "NAME", one of {", ".join(map(repr, header.names))}',
                file=header.name if isinstance(header, Header) else "",
            )
        if self.target == INPUTS and INPUTS not in header.names:
            return []
        wanted = [*([] if self.target is None else _listed(self.target)), *told]
        return list(dict.fromkeys(header.position(column, "target") for column in wanted))

    def weight(self, header: Header | Columns) -> list[int]:
        """Where the weights of rows are, if anywhere."""
        return [] if self.weights is None else [header.position(self.weights, "weights")]

    def inputs(self, header: Header | Columns) -> list[int]:
        """Where the inputs are: all but targets, weights and what is ignored, unless named."""
        taken = [*self.goals(header), *self.weight(header)]
        if self.columns is not None and not isinstance(self.columns, Mapping):
            return self._named(header, taken)
        declared = self.declared(header)
        for name in declared:
            if name not in header.header:
                header.position(name, "columns")
        found = [
            j
            for j, name in enumerate(header.names)
            if j not in taken and declared.get(name) != "ignore"
        ]
        if not found:
            raise InputError(
                f"{header.name} has the columns {', '.join(map(repr, header.names))}",
                expected="a target and at least one input",
                remedy=header.advice if isinstance(header, Header) else "",
                file=header.name if isinstance(header, Header) else "",
            )
        return found

    def _named(self, header: Header | Columns, taken: Sequence[int]) -> list[int]:
        chosen = [header.position(column, "columns") for column in self.columns]
        if not chosen or set(taken) & set(chosen) or len(set(chosen)) < len(chosen):
            names = ", ".join(repr(header.names[j]) for j in taken)
            raise InputError(
                f"columns is {self.columns!r}, and the target is column {names}",
                expected="at least one column, none of them twice, and not the target, which would"
                " be its own answer",
                got=self.columns,
            )
        return chosen

    def wanted(self, header: Header) -> Wanted:
        """What to read of a file."""
        inputs, goals = self.inputs(header), self.goals(header)
        declared = self.declared(header)
        kinds = [declared.get(header.names[j], "number") for j in inputs]
        words = [j for j, kind in zip(inputs, kinds, strict=True) if _word(kind) != "number"]
        words += goals if self.task in ("binary", "classes") else []
        told = {j for j in inputs if _word(declared.get(header.names[j])) == "number"}
        positions = sorted({*inputs, *goals, *self.weight(header)})
        return Wanted(positions, frozenset(words), frozenset(told))


def _word(kind: Any) -> Any:
    return kind.get("kind") if isinstance(kind, Mapping) else kind


def from_table(
    table: Any,
    target: Any = None,
    *,
    columns: Any = None,
    task: str = "auto",
    missing: str = "refuse",
    unseen: str = "refuse",
    weights: Any = None,
    labels: Sequence[str] = (),
    name: str = "",
) -> Dataset:
    """A dataset of a table: Columns, a data frame, a dict of columns or a list of dicts.

    ``target``, ``columns`` and ``weights`` are those of :class:`Roles`; ``task = "auto"`` means
    regression if every target is a number, and classes otherwise. ``missing`` and ``unseen`` say
    what to do about cells without a value, and about categories that are not there in training.
    ``labels`` are the classes in their order; those that the target has if left out.

    Raises :class:`InputError` that names the column for what does not fit.

    >>> table = {"size": [1, 2, 3], "colour": ["red", "blue", "red"], "kind": ["a", "b", "a"]}
    >>> data = from_table(table, "kind")
    >>> data.columns, data[1], data.labels
    (('size', 'colour = blue', 'colour = red'), ([2.0, 1.0, 0.0], 1), ('a', 'b'))
    """
    one_of(missing, MISSING, "missing")
    one_of(unseen, UNSEEN, "unseen")
    table = Columns.of(table)
    roles = Roles(target, columns, weights, task)
    inputs, goals, weight = roles.inputs(table), roles.goals(table), roles.weight(table)
    table = _without_gaps(table, inputs, [*goals, *weight], roles, missing)
    source = table.only(inputs)
    declared = {n: kind for n, kind in roles.declared(table).items() if n in source.names}
    preparation = Preparation.of(source, declared, missing, unseen).learned(source)
    rows = preparation.rows(source)
    facts: dict[str, Any] = {
        "columns": preparation.names,
        "name": name or table.name,
        "preparation": preparation,
        "source": source,
        "weights": numbers_of(table, weight[0]) if weight else None,
        "facts": {
            "targets": [table.names[j] for j in goals] or list(preparation.names),
            "recognised": _recognised(preparation, declared, source),
        },
    }
    if not goals:
        return Dataset(rows, rows, "regression", **facts)
    targets, task, labels = _targets(table, goals, task, labels)
    return Dataset(rows, targets, task, labels=labels, **facts)


def _recognised(preparation: Preparation, declared: Mapping[str, Any], source: Columns) -> str:
    """What nobody said and is not as usual: columns that are no numbers, and how it is written."""
    columns = [
        f"{kind.name} is read as {a(kind_in_words(kind))}"
        for kind in preparation.kinds
        if kind.name not in declared and not isinstance(kind, NumberKind)
    ]
    more = [f"and {len(columns) - MOST_TOLD} more"] if len(columns) > MOST_TOLD else []
    rest = [str(preparation.notation), *_indices(preparation, declared, source)]
    return ", ".join([*columns[:MOST_TOLD], *more, *filter(None, rest)])


def _indices(
    preparation: Preparation, declared: Mapping[str, Any], source: Columns
) -> Iterator[str]:
    """Columns that seem to be the numbers of the rows, as pandas writes them without a name."""
    for kind in preparation.kinds:
        if kind.name in declared or not UNNAMED.fullmatch(kind.name):
            continue
        cells = source[kind.name]
        if len(cells) > 1 and isinstance(cells, Numbers) and counts_up(cells):
            yield (
                f"column {kind.name!r} has the numbers of the rows, so it is probably an index:"
                f' {column_setting(kind.name)} = "ignore" leaves it out'
            )


def counts_up(column: Numbers) -> bool:
    """Whether each number is one more than that before it, from 0 or 1 on."""
    first = column.values[0]
    return first in (0.0, 1.0) and all(x == first + k for k, x in enumerate(column.values))


def _without_gaps(
    table: Columns, inputs: Sequence[int], needed: Sequence[int], roles: Roles, missing: str
) -> Columns:
    """The rows that are complete where they must be, where others are to be dropped."""
    declared = roles.declared(table)
    kinds = [declared.get(table.names[j]) for j in inputs]
    told = [k.get("missing", missing) if isinstance(k, Mapping) else missing for k in kinds]
    droppable = [j for j, word in zip(inputs, told, strict=True) if word == "drop"]
    if missing == "drop":
        droppable += needed
    gone = {k for j in droppable for k in table.columns[j].missing()}
    if gone and len(gone) == len(table):
        raise InputError(
            f"{table.name}: every row has a missing cell",
            expected='at least one complete row, where missing = "drop"',
            remedy='say missing = "mean", or ignore the columns that are mostly empty',
            file=table.name if table.lines else "",
        )
    return table.take([k for k in range(len(table)) if k not in gone]) if gone else table


# Targets -------------------------------------------------------------------------------------


def _targets(
    table: Columns, goals: Sequence[int], task: str, known: Sequence[str]
) -> tuple[Any, str, Sequence[str]]:
    """The targets of all rows, the task that they are of, and the names of classes."""
    if known and (len(goals) > 1 or task == "regression"):
        raise InputError(
            f"{table.name}: labels are said of numbers to predict",
            expected="labels only where one column has the classes",
            got=known,
        )
    if known and task == "auto":
        task = "binary" if len(known) == 2 else "classes"
    for j in goals:
        _refuse_missing(table, j)
    numeric = [j for j in goals if is_numeric(table, j)]
    if len(goals) > 1:
        _refuse_mixed(table, goals, numeric, task)
        return Rows.of_columns([numbers_of(table, j) for j in goals]), "regression", ()
    if task == "regression" or (task == "auto" and numeric):
        return numbers_of(table, goals[0]), "regression", ()
    labels, classes = classes_of(table, goals[0], known)
    if task == "auto":
        task = "binary" if len(labels) == 2 else "classes"
    _enough_classes(table, goals[0], labels, task)
    return classes, task, labels


def _refuse_missing(table: Columns, j: int) -> None:
    k = next(table.columns[j].missing(), None)
    if k is not None:
        raise InputError(
            f"{table.where(k, table.names[j])} is empty",
            remedy='fill it in, or remove the row, or say missing = "drop"',
            **table.located(k),
        )


def _refuse_mixed(table: Columns, goals: Sequence[int], numeric: Sequence[int], task: str) -> None:
    """Raise :class:`InputError` for several targets of which one is no number."""
    if len(numeric) == len(goals) and task in ("auto", "regression"):
        return
    names = [repr(table.names[j]) for j in goals]
    classes = [repr(table.names[j]) for j in goals if j not in numeric] or names
    raise InputError(
        f"{table.name}: of the targets {', '.join(names)}, {', '.join(classes)} names classes",
        expected="several targets only where all are numbers: one loss measures them all, and the"
        " distance of classes is none of numbers",
        remedy="train a model for each of them",
        file=table.name if table.lines else "",
    )


def is_numeric(table: Columns, j: int) -> bool:
    """Whether every cell of a column that is there is a number."""
    column = table.columns[j]
    return not isinstance(column, Words) or all(map(table.notation.is_number, column.counts()))


def numbers_of(table: Columns, j: int) -> list[float]:
    """The numbers of a column. Raises :class:`InputError` for a cell that is none."""
    _refuse_missing(table, j)
    column = table.columns[j]
    if isinstance(column, Numbers):
        return column.values.tolist()
    for word in column.counts():
        if not table.notation.is_number(word):
            k = next(k for k, cell in enumerate(column) if cell == word)
            raise InputError(
                f"{table.where(k, table.names[j])} is {word!r}",
                expected="a finite number",
                remedy='repair the cell, or say task = "classes"',
                got=word,
                **table.located(k),
            )
    return [table.notation.number(str(cell)) for cell in column]


def classes_of(
    table: Columns, j: int, known: Sequence[str] = ()
) -> tuple[Sequence[str], list[int]]:
    """The names of the classes in a column, in their order, and the class of each row.

    Where all are numbers, 1 and 1.0 are one class, and the order is that of the numbers. ``known``
    are the classes, where that is said; :class:`InputError` names the line of any other.
    """
    column, numeric = table.columns[j], is_numeric(table, j)
    codes = column.codes if isinstance(column, Words) else list(column)
    label_of = {code: _label(column, code, numeric, table) for code in dict.fromkeys(codes)}
    labels = known or sorted(set(label_of.values()), key=by_number)
    for code, label in label_of.items():
        if label not in labels:
            _refuse_class(table, j, list(codes).index(code), label, labels)
    place = {label: k for k, label in enumerate(labels)}
    of_code = {code: place[label] for code, label in label_of.items()}
    return labels, list(map(of_code.__getitem__, codes))


def _refuse_class(table: Columns, j: int, k: int, label: str, labels: Sequence[str]) -> NoReturn:
    """Raise :class:`InputError` for a class that is none of those that are known."""
    some = ", ".join(labels[:MOST_TOLD]) + (", ..." if len(labels) > MOST_TOLD else "")
    raise InputError(
        f"{table.where(k, table.names[j])} has the class {label!r}",
        expected=f"one of {some}",
        remedy=did_you_mean(label, labels, ""),
        got=label,
        **table.located(k),
    )


def _label(column: Column, code: Any, numeric: bool, table: Columns) -> str:
    if not isinstance(column, Words):
        return plain_number(code)
    word = column.words[code]
    return plain_number(table.notation.number(word)) if numeric else word


def _enough_classes(table: Columns, j: int, labels: Sequence[str], task: str) -> None:
    """Raise :class:`InputError` where a task cannot tell so many classes apart."""
    if len(labels) == 2 or (len(labels) > 2 and task == "classes"):
        return
    what = f"{table.name}: column {table.names[j]!r} has"
    where: dict[str, Any] = {"got": labels, "file": table.name if table.lines else ""}
    if len(labels) == 1:
        raise InputError(
            f"{what} the one value {labels[0]!r}",
            expected="at least 2 classes to tell apart",
            remedy="choose another target",
            **where,
        )
    raise InputError(
        f"{what} {len(labels)} different values",
        remedy='a binary task needs 2, so choose task = "classes" or another target',
        **where,
    )
