"""Other inputs of the same shape as those of a trial: equal numbers, numbers drawn, other tokens.

>>> filled(([0.5, [-1.0]], 3), 0.0)
([0.0, [0.0]], 3)
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from neuroflow.checks.layers.trials import Trial, flat
from neuroflow.core.random import SplitMix32

Inputs = Sequence[Any]


def mapped(part: Any, change: Callable[[Any], Any]) -> Any:
    """Nested lists and tuples with each number changed."""
    if isinstance(part, (list, tuple)):
        return type(part)(mapped(inner, change) for inner in part)
    return change(part)


def filled(inputs: Any, x: float) -> Any:
    """All numbers but tokens are the same one."""
    return mapped(inputs, lambda number: x if isinstance(number, float) else number)


def has_numbers(trial: Trial) -> bool:
    """Whether some inputs are numbers and no tokens."""
    return any(isinstance(x, float) for x in flat(list(trial.inputs)))


def drawn(trial: Trial, count: int) -> Iterator[Any]:
    """The trial's own inputs, then others: small and large numbers, and other tokens."""
    yield list(trial.inputs)
    rng = SplitMix32(17)
    for k in range(count):
        size = (1.0, 3.0, 0.1)[k % 3]
        yield mapped(list(trial.inputs), partial(_another, size, rng))


def _another(size: float, rng: SplitMix32, x: Any) -> Any:
    if isinstance(x, float):
        return size * rng.gauss(0.0, 1.0)
    return rng.randrange(max(2, x + 2)) if isinstance(x, int) else x


MOST_TOKENS = 8


def of_other_tokens(trial: Trial) -> Iterator[Any]:
    """Each token in place of the first ones, and texts of other lengths, if there are tokens."""
    first = trial.inputs[0]
    row = [first] if isinstance(first, int) else first
    if not isinstance(row, list) or not all(isinstance(x, int) for x in row):
        return
    for token in range(MOST_TOKENS):
        if isinstance(first, int):
            yield [token, *trial.inputs[1:]]
        else:
            yield [[token, *row[1:]], *trial.inputs[1:]]
            yield [[*row[:-1], token], *trial.inputs[1:]]
            yield [[*itertools.islice(itertools.cycle(row), token + 1)], *trial.inputs[1:]]
