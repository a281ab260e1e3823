"""Workers: processes that make the same steps together, each with its share of every batch."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from array import array
from collections.abc import Sequence
from typing import Any


class Workers(ABC):
    """One of ``count`` processes; ``rank`` is its number, from 0.

    All of them are asked the same things in the same order. Whoever writes such a class says how
    numbers are added up over the processes, in :meth:`all_reduce`; all else is written here on top
    of that.
    """

    rank: int
    count: int

    @abstractmethod
    def all_reduce(self, numbers: Any) -> None:
        """Put the sum over all workers in the place of ``numbers``, with the same bits in all.

        They are a flat buffer of float64, or a tensor of a device.
        """

    @property
    def is_first(self) -> bool:
        """Whether it is the one that writes and speaks for all."""
        return self.rank == 0

    def share(self, n: int) -> slice:
        """Which of ``n`` examples are its own; of few, a worker may have none.

        >>> class Third(Workers):
        ...     rank, count = 2, 4
        ...     def all_reduce(self, numbers): ...
        >>> Third().share(10), Third().share(3), Third().share(1)
        (slice(5, 7, None), slice(1, 2, None), slice(0, 0, None))
        """
        return slice(self.rank * n // self.count, (self.rank + 1) * n // self.count)

    def summed(self, numbers: Sequence[float]) -> list[float]:
        """The sums over all workers of each number."""
        sums = array("d", numbers)
        self.all_reduce(sums)
        return list(sums)

    def gathered(self, number: float) -> list[float]:
        """The number of each worker, in their order."""
        return self.summed([number if k == self.rank else 0.0 for k in range(self.count)])

    def any(self, is_so: bool) -> bool:
        """Whether it is so for one of them."""
        return any(self.gathered(float(is_so)))

    def told_by_first(self, thing: Any) -> Any:
        """What the first worker has of a thing that JSON can tell; floats keep every digit."""
        text = json.dumps(thing).encode() if self.is_first else b""
        (length,) = self.summed([len(text)])
        letters = self.summed(list(text) or [0.0] * int(length))
        return json.loads(bytes(map(int, letters)))
