"""Distinct: which cells of a column are the same, found at once for many of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

LONGEST = 64
"""Columns with longer cells are looked at one cell at a time."""

_FACTOR = np.uint64(1_099_511_628_211)  # of the hash function FNV-1a


def distinct(text: NDArray[np.uint8], starts: Any, ends: Any) -> tuple[Any, Any] | None:
    """One place for each different cell, and for every cell which of these it is like.

    Cells are told apart by a hash, and then compared with the one they are said to be like; None
    where two have the same hash, or where cells are too long.

    >>> text = np.frombuffer(b"red,blue,red,", np.uint8)
    >>> first, which = distinct(text, np.array([0, 4, 9]), np.array([3, 8, 12]))
    >>> sorted(first.tolist()), (first[which] == [0, 1, 0]).all()
    ([0, 1], np.True_)
    """
    widths = ends - starts
    longest = int(widths.max(initial=0))
    if longest > LONGEST:
        return None
    hashes = widths.astype(np.uint64)
    for k in range(longest):
        sign = text[np.minimum(starts + k, len(text) - 1)]
        hashes = np.where(widths > k, (hashes ^ sign) * _FACTOR, hashes)
    _, first, which = np.unique(hashes, return_index=True, return_inverse=True)
    like = first[which]
    same = widths == widths[like]
    for k in range(longest):
        here, there = (np.minimum(at + k, len(text) - 1) for at in (starts, starts[like]))
        same &= (text[here] == text[there]) | (widths <= k)
    return (first, which) if same.all() else None
