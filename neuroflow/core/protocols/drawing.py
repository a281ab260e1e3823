"""What rng may be: a random.Random, or a function of no arguments that such a one draws from."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from neuroflow.errors import InputError, short_repr
from neuroflow.pythonic import pythonic


class DrawnFrom(random.SystemRandom):
    """A random generator whose numbers a function of no arguments gives, one a call.

    ``gauss``, ``shuffle``, ``choice`` and the rest draw from that function too. What it gives is
    checked: numbers from 0 (included) to 1 (excluded). Like the system's own source, it has no
    seed and no state that could be put back.

    >>> rng = DrawnFrom(iter([0.25, 0.75]).__next__)
    >>> rng.random(), rng.uniform(-1.0, 1.0)
    (0.25, 0.5)
    """

    def __new__(cls, source: Callable[[], float]) -> DrawnFrom:
        return super().__new__(cls)  # without the source, which is no seed

    def __init__(self, source: Callable[[], float]) -> None:
        super().__init__()
        self.source = source

    def random(self) -> float:
        """What the function gives now."""
        number = pythonic(self.source())
        if isinstance(number, bool) or not isinstance(number, (int, float)) or not 0 <= number < 1:
            raise InputError(
                f"the source of random numbers gave {short_repr(number)}",
                expected="a number at least 0 and below 1 from each call",
                remedy="give rng a function such as random.random, or nf.SplitMix32(seed)",
                got=number,
            )
        return float(number)

    def getrandbits(self, k: int) -> int:
        """An integer of ``k`` random bits, 32 from each number."""
        words = (k + 31) // 32
        bits = sum(int(self.random() * 2**32) << (32 * i) for i in range(words))
        return bits >> (32 * words - k)

    def randbytes(self, n: int) -> bytes:
        """So many random bytes."""
        return self.getrandbits(8 * n).to_bytes(n, "little")

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.source,)


def random_generator(source: Any) -> Any:
    """A random generator as it is; a function such as ``random.random`` as one that calls it.

    >>> from neuroflow import SplitMix32
    >>> random_generator(SplitMix32(1)).random() == random_generator(SplitMix32(1).random).random()
    True
    """
    is_function = callable(source) and not isinstance(source, random.Random)
    return DrawnFrom(source) if is_function else source
