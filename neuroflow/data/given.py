"""Given data: what a caller has at hand, inputs beside targets, as a dataset.

Arrays, frames, lists and generators come in; what kind of task it is follows from the targets,
and from the loss if that is known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attrs import evolve, frozen

from neuroflow.data.columns import Columns, Numbers
from neuroflow.data.dataset import Dataset
from neuroflow.data.frames import columns_in, is_frame, names_of, rows_of, shape_of
from neuroflow.data.preparation import Preparation
from neuroflow.errors import InputError, did_you_mean, short_repr
from neuroflow.pythonic import pythonic
from neuroflow.registry.entries import TASKS

MOST_CLASSES = 20
"""Whole numbers of more different values are something to predict, if nobody says otherwise."""


def dataset_of(
    X: Any,
    y: Any = None,
    *,
    task: str = "",
    classes: bool | None = None,
    labels: Sequence[str] = (),
    shaped: bool | None = False,
    weights: Any = None,
) -> Dataset:
    """Inputs and targets as a dataset; ``facts["inferred"]`` says what was told by the data.

    ``X`` has a row for each example and ``y`` a target. Without ``y`` the entries of ``X`` are
    pairs of both, or ``X`` is a dataset already; in a frame ``y`` may be the name of a column, or
    a list of several. ``weights`` say how much the loss of each example counts.
    Without a ``task``, floats are numbers to predict, texts and truth values are classes, and
    whole numbers are classes if ``classes`` says so, or if they are few. ``labels`` are the
    classes in their order where that is known. Columns of a frame that are no numbers are prepared,
    as those of a CSV file are. ``shaped`` inputs are no flat rows; None asks the
    rows whether they are of unequal length.

    Raises :class:`InputError` that tells the shapes where inputs and targets do not go together.

    >>> data = dataset_of([[0.0, 1.0], [1.0, 0.5]], ["no", "yes"])
    >>> data.task, data.labels, data.targets
    ('binary', ('no', 'yes'), [0, 1])
    """
    if isinstance(X, Dataset):
        if y is not None:
            raise InputError("a dataset holds its targets", remedy="leave y out", got=y)
        return X if weights is None else evolve(X, weights=_weights(weights))
    _check_task(task)
    inputs, targets, columns = _sides(X, y)
    if task == "sequence":
        return Dataset(inputs, targets, task, vocab_size=_vocabulary(inputs, targets))
    prepared = _prepared(X, _targets_named(X, y)) if is_frame(X) and not shaped else {}
    found = _targets([_bare(pythonic(target)) for target in targets], task, classes, labels)
    rows = [_numbers(row) for row in inputs] if _has_truths(inputs[:1]) else inputs
    return Dataset(
        targets=found.numbers,
        task=found.task,
        labels=found.labels,
        shaped=not prepared and (_is_uneven(inputs) if shaped is None else shaped),
        facts={"inferred": found.inferred} if found.inferred else {},
        weights=None if weights is None else _weights(weights),
        **(prepared or {"inputs": rows, "columns": columns}),
    )


def _weights(weights: Any) -> list[Any]:
    return [_bare(weight) for weight in rows_of(weights, "weights", "a number for each example")]


def _targets_named(X: Any, y: Any) -> tuple[str, ...]:
    """The columns of a frame that ``y`` names; none if it is the targets themselves."""
    if not is_frame(X):
        return ()
    if isinstance(y, str):
        return (y,)
    named = type(y) is list and 0 < len(y) != len(X) and all(isinstance(name, str) for name in y)
    return tuple(y) if named else ()


def _prepared(frame: Any, targets: tuple[str, ...]) -> dict[str, Any]:
    """The inputs of a frame in which some columns are no numbers; empty where all are.

    Columns are recognised as those of a CSV file are; see :class:`Preparation`.
    """
    table = Columns.of(frame, "the frame")
    if targets:
        table = table.only([j for j, name in enumerate(table.names) if name not in targets])
    if all(isinstance(column, Numbers) for column in table.columns):
        return {}
    preparation = Preparation.learn(table)
    return {
        "inputs": preparation.rows(table),
        "columns": preparation.names,
        "preparation": preparation,
        "source": table,
    }


def _is_uneven(inputs: Sequence[Any]) -> bool:
    return len({len(row) for row in inputs if isinstance(row, (list, tuple))}) > 1


def _check_task(task: str) -> None:
    if task and task not in TASKS:
        remedy = did_you_mean(str(task), TASKS, f"tasks: {', '.join(TASKS)}")
        raise InputError(f"the task is {short_repr(task)}", remedy=remedy, got=task)


def _sides(X: Any, y: Any) -> tuple[list[Any], list[Any], tuple[str, ...]]:
    """Inputs, targets, and the names of the columns, if there are any."""
    if named := _targets_named(X, y):
        names = tuple(name for name in names_of(X) if name not in named)
        return columns_in(X, names), columns_in(X, named), names
    rows = rows_of(X, "X")
    if y is None:
        pairs = [_pair(row, k) for k, row in enumerate(rows)]
        return [x for x, _ in pairs], [target for _, target in pairs], ()
    targets = rows_of(y, "y", "an array, a list or a column of a frame: one target for each row")
    if len(rows) != len(targets):
        shapes = (shape_of(X if hasattr(X, "shape") else rows), shape_of(y))
        raise InputError(
            f"X has shape {shapes[0]} and y has shape {shapes[1]}: {len(rows)} inputs and"
            f" {len(targets)} targets",
            expected="one target for each row of X",
            got=len(targets),
        )
    return rows, targets, names_of(X)


def _pair(row: Any, k: int) -> tuple[Any, Any]:
    if not isinstance(row, tuple) or len(row) != 2:
        raise InputError(
            f"entry {k} is {short_repr(row)}, and there is no y",
            expected="pairs (x, y), as tuples, or y beside X",
            got=row,
        )
    return row


def _has_truths(rows: list[Any]) -> bool:
    return any(isinstance(x, bool) for row in rows if isinstance(row, list) for x in row)


def _numbers(row: list[Any]) -> list[Any]:
    """A row in which truth values are 0 and 1."""
    return [float(x) if isinstance(x, bool) else x for x in row]


def _bare(target: Any) -> Any:
    """The number in a list of one: a column of targets is as good as a row of them."""
    alone = isinstance(target, (list, tuple)) and len(target) == 1
    return pythonic(target[0]) if alone else target


def _vocabulary(inputs: Sequence[Any], targets: Sequence[Any]) -> int:
    return 1 + max((pythonic(x) for part in (*inputs, *targets) for x in part), default=0)


@frozen
class _Targets:
    """What targets are: numbers as a dataset has them, and how that was known."""

    task: str
    numbers: list[Any]
    labels: tuple[str, ...] = ()
    inferred: str = ""


def _targets(
    targets: list[Any], task: str, classes: bool | None, labels: Sequence[str]
) -> _Targets:
    inferred = "" if task else _inferred(targets, classes)
    if task == "regression" or (not task and inferred.startswith("regression")):
        return _Targets("regression", targets, inferred=inferred)
    labels = tuple(labels) or _classes(targets)
    task = task or ("binary" if len(labels) == 2 else "classes")
    places = {label: k for k, label in enumerate(labels)}
    numbers = [_place(target, places, k) for k, target in enumerate(targets)]
    told = f"{task}, as {inferred}" if inferred else ""
    return _Targets(task, numbers, labels, told)


def _inferred(targets: Sequence[Any], classes: bool | None) -> str:
    """Why the targets are classes, or "regression, as ..." if they are numbers to predict."""
    kinds = {type(target) for target in targets}
    if kinds <= {str} or kinds <= {bool}:
        return f"the targets are {'texts' if str in kinds else 'truth values'}"
    if classes and kinds <= {int, float}:
        _check_whole(targets)
        return "the loss is one of classes"
    if classes is None and kinds == {int}:
        different = len(set(targets))
        if different <= MOST_CLASSES and 2 * different <= len(targets):
            return f"the targets are whole numbers of {different} different values"
        return f"regression, as the targets are whole numbers of {different} different values"
    return f"regression, as {'the targets are numbers' if classes is None else 'the loss says'}"


def _check_whole(targets: Sequence[Any]) -> None:
    """Raise :class:`InputError` for numbers that nobody calls a class by."""
    for k, target in enumerate(targets):
        if isinstance(target, float) and not target.is_integer():
            raise InputError(
                f"the loss is one of classes, and the target of row {k} is {target!r}",
                expected="whole numbers, texts or truth values as classes",
                remedy='choose a loss for numbers, such as mse, or say task="classes"',
                got=target,
            )


def _classes(targets: Sequence[Any]) -> tuple[str, ...]:
    """The names of the classes, in the order of numbers if all are such, else of texts."""
    if any(not isinstance(x, (str, bool, int, float)) or x != x for x in targets):
        wrong = next(x for x in targets if not isinstance(x, (str, bool, int, float)) or x != x)
        expected = "texts, whole numbers or truth values, one for each example"
        raise InputError(f"a class is {short_repr(wrong)}", expected=expected, got=wrong)
    different = dict.fromkeys(targets)
    numeric = all(isinstance(x, (int, float)) for x in different)
    ordered: Iterator[Any] = iter(sorted(different) if numeric else sorted(different, key=str))
    return tuple(dict.fromkeys(map(class_name, ordered)))


def class_name(target: Any) -> str:
    """The name of a class: of 2.0 the same as of 2.

    >>> class_name(2.0), class_name("setosa"), class_name(True)
    ('2', 'setosa', 'True')
    """
    whole = isinstance(target, float) and target.is_integer()
    return str(int(target)) if whole else str(target)


def _place(target: Any, places: Mapping[str, int], k: int) -> int:
    name = class_name(target)
    if name not in places:
        known = f"the classes: {', '.join(places)}"
        what = f"the target of row {k} is {short_repr(target)}, which is none of the classes"
        raise InputError(what, remedy=did_you_mean(name, places, known), got=target)
    return places[name]
