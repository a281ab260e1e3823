"""Loading: the data of a run, and the random numbers that everything is drawn with."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from neuroflow.core.random import SplitMix32
from neuroflow.data.baselines import baselines
from neuroflow.data.dataset import Dataset
from neuroflow.errors import InputError
from neuroflow.registry.manager import get

GENERATORS: dict[str, Callable[[int], random.Random]] = {
    "splitmix32": SplitMix32,
    "python": random.Random,
}


def as_state(state: Any) -> Any:
    """The state of a generator as ``setstate`` wants it: tuples, where JSON made lists."""
    return tuple(map(as_state, state)) if isinstance(state, list) else state


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
