"""SplitMix32: a small random generator that gives the same numbers everywhere."""

from __future__ import annotations

import random
from typing import Any

from neuroflow.core.types import shown
from neuroflow.errors import InputError
from neuroflow.pythonic import pythonic

_MASK = 0xFFFF_FFFF


class SplitMix32(random.Random):
    """The 32-bit generator splitmix32, with all that ``random.Random`` offers.

    ``gauss``, ``shuffle``, ``choice`` and the rest come from the standard library and draw from
    this stream. Seeds are integers from 0 to 2**32 - 1; different seeds give different streams.
    Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014),
    in the 32-bit form with the constants of Wellons' hash prospector.

    >>> SplitMix32(0).random()
    0.3921251413412392
    """

    def seed(self, a: Any = 0, version: int = 2) -> None:
        """Start the stream of seed ``a`` from its beginning."""
        a = pythonic(a)
        if isinstance(a, bool) or not isinstance(a, int) or not 0 <= a <= _MASK:
            raise InputError(f"a seed is an integer from 0 to {_MASK}, but got {shown(a)}", got=a)
        super().seed(a)  # clears what gauss() keeps between calls
        self._state = a

    def next_word(self) -> int:
        """The next 32 random bits."""
        self._state = (self._state + 0x9E37_79B9) & _MASK
        t = self._state ^ (self._state >> 16)
        t = (t * 0x21F0_AAAD) & _MASK
        t ^= t >> 15
        t = (t * 0x735A_2D97) & _MASK
        return t ^ (t >> 15)

    def random(self) -> float:
        """A number from 0 (included) to 1 (excluded)."""
        return self.next_word() / 2**32

    def getrandbits(self, k: int) -> int:
        """An integer of ``k`` random bits."""
        words = (k + 31) // 32
        bits = sum(self.next_word() << (32 * i) for i in range(words))
        return bits >> (32 * words - k)

    def getstate(self) -> tuple[Any, ...]:
        """All that is needed to go on from here; see :meth:`setstate`."""
        return (self._state, self.gauss_next)

    def setstate(self, state: tuple[Any, ...]) -> None:
        """Go on from a state that :meth:`getstate` gave."""
        self._state, self.gauss_next = state

    def __reduce__(self) -> tuple[Any, ...]:
        """How it is copied and pickled; random.Random's own way would begin without a seed."""
        return type(self), (0,), self.getstate()
