"""Random numbers inside a model: the same ones in eager and in compiled runs.

Apart from the trace, so that eager code needs nothing but the core.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from neuroflow.core.value import builder


class RandomInputs(ABC):
    """A builder of nodes that takes a random number as an input of each run."""

    @abstractmethod
    def random_input(self, number: Callable[[], float]) -> Any:
        """What stands for the number while the graph is built."""


def random_input(number: Callable[[], float]) -> Any:
    """A random number, ``random_input(rng.random)``, drawn anew by every run, compiled ones too.

    Eager code gets the number itself. A trace gets an input, for which every run of the
    compiled function calls ``rng.random`` in the same order, so that eager and compiled runs
    draw the same numbers from the same seed. Dropout is
    ``where(random_input(rng.random) < p, 0, x)``.

    >>> import random
    >>> random_input(random.Random(1).random)
    0.13436424411240122
    """
    who = getattr(builder.get(), "__self__", None)
    return who.random_input(number) if isinstance(who, RandomInputs) else number()
