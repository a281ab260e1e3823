"""Loading: the data of a run, and the random numbers that everything is drawn with."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from attrs import evolve, fields, frozen

from neuroflow.checkpoint.facts import tokenizer_table
from neuroflow.config.settings import DataTable, settings_of
from neuroflow.core.random import SplitMix32
from neuroflow.data.baselines import baselines
from neuroflow.data.dataset import Dataset
from neuroflow.data.facts import DataFacts
from neuroflow.data.given import dataset_of
from neuroflow.data.weights import class_weights, weighted
from neuroflow.errors import InputError, StateError
from neuroflow.registry.manager import get

GENERATORS: dict[str, Callable[[int], random.Random]] = {
    "splitmix32": SplitMix32,
    "python": random.Random,
}


BESIDE = ("use", *(each.name for each in fields(DataTable)))
"""What a table of data says beside the settings of its dataset."""


def go_on_from(state: Any, rng: random.Random) -> None:
    """Let a generator draw what comes after a state, which may have been through JSON.

    Raises :class:`StateError` for what is no state of this generator.
    """
    state = _with_tuples(state)
    try:
        if not _is_like(state, rng.getstate()):
            raise ValueError("its numbers are not those of such a generator")
        rng.setstate(state)
    except ValueError as error:
        raise StateError(
            f"the state of the random generator is none of {type(rng).__name__}: {error}",
            expected="what the generator of this run was saved with",
            remedy="resume from an earlier checkpoint, or train anew",
        ) from error


def _with_tuples(state: Any) -> Any:
    return tuple(map(_with_tuples, state)) if isinstance(state, (list, tuple)) else state


def _is_like(state: Any, known: Any) -> bool:
    """Whether a state has the form of one that is known: words of 32 bits, and gauss()'s spare."""
    if isinstance(known, tuple):
        same = isinstance(state, tuple) and len(state) == len(known)
        return same and all(map(_is_like, state, known))
    if isinstance(known, int):
        return type(state) is int and 0 <= state < 2**32
    return state is None or isinstance(state, float)


@frozen
class Parts:
    """The data of a run: what it is trained on, and what is held out of that."""

    train: Dataset
    test: Dataset | None = None
    validation: Dataset | None = None


@frozen
class GivenData:
    """Examples that were handed over, each in the place of what a table says; None where none."""

    data: Dataset | None = None
    test: Dataset | None = None
    validation: Dataset | None = None


def load_data(
    table: Mapping[str, Any], rng: random.Random, given: GivenData = GivenData()
) -> Parts:
    """The dataset of a checked table, in its parts: first the test is drawn, then the validation.

    Raises :class:`InputError` where one of the parts would be empty.
    """
    dataset = _made(table, rng) if given.data is None else given.data
    test = given.test and as_like(given.test, DataFacts.of(dataset))
    validation = given.validation and as_like(given.validation, DataFacts.of(dataset))
    fraction, file = table.get("validation"), table.get("validation_file")
    if fraction and file:
        raise InputError(
            f"validation = {fraction} and validation_file = {file!r}", expected="one of the two"
        )
    if table["test"] and test is None:
        whole = len(dataset)
        dataset, test = dataset.split(table["test"], rng)
        fraction = fraction and _of_the_rest(fraction, table["test"], len(dataset) / whole)
    if fraction and validation is None:
        dataset, validation = dataset.split(fraction, rng)
    elif file and validation is None:
        validation = load_like(table, file, DataFacts.of(dataset))
    test, validation = _prepared_like(test, dataset), _prepared_like(validation, dataset)
    if dataset.task == "sequence":
        dataset.facts.setdefault("baselines", baselines(dataset, test or validation))
    if table["standardize"]:
        dataset = dataset.standardized()
        scale = dataset.standardization
        test = test.standardized(scale) if test else None
        validation = validation.standardized(scale) if validation else None
    if told := table.get("class_weights"):
        by_class = class_weights(dataset, told)
        dataset = weighted(dataset, by_class)
        test = test and weighted(test, by_class)
        validation = validation and weighted(validation, by_class)
    return Parts(dataset, test, validation)


def _prepared_like(part: Dataset | None, train: Dataset) -> Dataset | None:
    """A part prepared by what was learned from the training part, after the last split."""
    if part is None or train.preparation is None or part.preparation == train.preparation:
        return part
    return part.prepared(train.preparation)


def _of_the_rest(fraction: float, test: float, left: float) -> float:
    """A fraction of all examples as one of those that are left beside the test."""
    if fraction + test >= 1.0:
        raise InputError(
            f"test = {test} and validation = {fraction} leave nothing to train on",
            expected="fractions of all examples that add up to less than 1",
        )
    return fraction / left


def _made(table: Mapping[str, Any], rng: random.Random) -> Dataset:
    entry = get("dataset", table["use"])
    target = entry.load()
    settings = {name: x for name, x in table.items() if name not in BESIDE}
    with entry.running():
        dataset: Dataset = target(rng, **settings)
    return dataset


def load_like(table: Mapping[str, Any], file: str, facts: DataFacts) -> Dataset:
    """The examples of another file, read as those of a table that a model was trained on.

    Their classes, tokens and cells become what they were in training; nothing is drawn from the
    generator of a run. Raises :class:`InputError` for a dataset that is not read from a file, and
    for examples that are not such as the model was trained on.
    """
    entry = get("dataset", table["use"])
    known = {setting.name: setting for setting in settings_of(entry)}
    files = [name for name, setting in known.items() if setting.file]
    if len(files) != 1:
        raise InputError(
            f"dataset {entry.name!r} is not read from a file, so no other file is like it",
            remedy="hold a fraction of its examples out: validation = 0.1, or test = 0.2",
            got=file,
        )
    table = {**table, files[0]: file}
    if facts.tokenizer is not None:
        table["tokenizer"] = tokenizer_table(facts.tokenizer)
    if "task" in known and facts.task != "sequence":
        table["task"] = "classes" if facts.labels else facts.task
    if "labels" in known and facts.labels:
        table["labels"] = list(facts.labels)
    if "columns" in known and facts.preparation is not None:
        table["columns"] = {**_targets_told(table), **facts.preparation.declaration()}
    return as_like(_made(table, SplitMix32(0)), facts)


def _targets_told(table: Mapping[str, Any]) -> dict[str, str]:
    """The columns that a table declares as targets."""
    columns = table.get("columns")
    told = columns.items() if isinstance(columns, Mapping) else ()
    return {name: kind for name, kind in told if kind == "target"}


def as_like(data: Dataset, facts: DataFacts) -> Dataset:
    """Raw examples as a model with these facts wants them: its cells, its classes by name.

    Raises :class:`InputError` for other inputs, another task, and a class that is not known.
    """
    if facts.preparation is not None and data.source is not None:
        data = data.prepared(facts.preparation)
    what = f"dataset {data.name!r}" if data.name else "the dataset"
    if data.task != facts.task and not (data.labels and facts.labels):
        raise InputError(
            f"{what} has the task {data.task!r}",
            expected=f"{facts.task!r}, as in what the model was trained on",
        )
    if data.n_inputs != facts.n_inputs or (data.columns and data.columns != facts.columns):
        raise InputError(
            f"{what} has the columns {', '.join(data.columns) or data.n_inputs}",
            expected=f"{', '.join(facts.columns) or facts.n_inputs}, as in what the model was"
            " trained on",
        )
    if facts.task == "sequence":
        return evolve(data, tokenizer=facts.tokenizer, vocab_size=facts.n_outputs)
    return _with_classes(data, facts, what) if facts.labels else data


def raw_like(X: Any, y: Any, facts: DataFacts) -> Dataset:
    """Raw examples, a dataset or ``X`` and ``y``, as a model with these facts wants them."""
    data = dataset_of(X, y, task=facts.task, labels=facts.labels, shaped=facts.shaped)
    data = as_like(data, facts) if facts.task else data
    scale = facts.standardization
    return data.standardized(scale) if scale and data.standardization is None else data


def _with_classes(data: Dataset, facts: DataFacts, what: str) -> Dataset:
    """Examples whose classes have the numbers that the model knows them by."""
    unknown = [label for label in data.labels if label not in facts.labels]
    if unknown:
        raise InputError(
            f"{what} has the class {unknown[0]!r}",
            expected=f"one of {', '.join(facts.labels)}, as in what the model was trained on",
            got=unknown[0],
        )
    number = [facts.labels.index(label) for label in data.labels]
    targets = [number[target] for target in data.targets]
    return evolve(data, targets=targets, labels=facts.labels, task=facts.task)


@contextmanager
def speaking_of(section: str) -> Iterator[None]:
    """Let an error about a setting or its data say which table of the configuration it is in."""
    try:
        yield
    except InputError as error:
        error.locate(path=section)
        raise


@contextmanager
def fitting(section: str) -> Iterator[None]:
    """Let an error of a part that does not fit the data know the table that the part is from."""
    try:
        yield
    except InputError as error:
        error.locate(section=section)
        raise
