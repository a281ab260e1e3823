"""Loading: the data of a run, and the random numbers that everything is drawn with."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from neuroflow.core.random import SplitMix32
from neuroflow.data.baselines import baselines
from neuroflow.data.dataset import Dataset
from neuroflow.errors import InputError, StateError
from neuroflow.registry.manager import get

GENERATORS: dict[str, Callable[[int], random.Random]] = {
    "splitmix32": SplitMix32,
    "python": random.Random,
}


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


def load_data(table: Mapping[str, Any], rng: random.Random) -> tuple[Dataset, Dataset | None]:
    """The dataset of a checked table: the training part, and the held-out part if there is one."""
    entry = get("dataset", table["use"])
    target = entry.load()
    settings = {
        name: value for name, value in table.items() if name not in ("use", "test", "standardize")
    }
    with entry.running():
        dataset: Dataset = target(rng, **settings)
    test = None
    if table["test"]:
        dataset, test = dataset.split(table["test"], rng)
    if dataset.task == "sequence":
        dataset.facts.setdefault("baselines", baselines(dataset, test))
    if table["standardize"]:
        dataset = dataset.standardized()
        test = test.standardized(dataset.standardization) if test else None
    return dataset, test


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
