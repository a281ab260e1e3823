"""Lengths: to which few lengths texts of many lengths are filled up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

FEW = 16
"""So many different lengths are compiled as they are, a structure each: nothing is filled up."""

WORTH = 1 / 8
"""One length more is compiled where it saves this share of all positions that are computed."""


def few_lengths(lengths: Iterable[int]) -> tuple[int, ...]:
    """The lengths to fill up to, in their order; none where there are few lengths anyway.

    Each is one that the texts have, for a model may know no longer ones. The longest is always
    one; about half of it is another if enough texts are that short, and so on.

    >>> few_lengths([3, 4, 9])
    ()
    >>> few_lengths(range(1, 65))
    (32, 64)
    >>> few_lengths([*range(1, 65), *[64] * 1000])
    (64,)
    """
    counts = Counter(lengths)
    if len(counts) <= FEW:
        return ()
    chosen = [max(counts)]
    positions = counts.total() * chosen[0]
    while shorter := [length for length in counts if length <= chosen[0] // 2]:
        saved = sum(counts[length] for length in shorter) * (chosen[0] - max(shorter))
        if saved < WORTH * positions:
            break
        positions -= saved
        chosen.insert(0, max(shorter))
    return tuple(chosen)
