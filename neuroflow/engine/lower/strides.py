"""Strides: offsets that step evenly, which one instruction can follow."""

from __future__ import annotations

import numpy as np

from neuroflow.engine.plan.graph import Bools
from neuroflow.engine.trace.tape import Ints

Run = tuple[int, int, int]
"""Start, stride and length."""


def even_pieces(starts: Ints) -> list[tuple[int, int, list[tuple[int, int]]]]:
    """Rows of offsets, one column per operand, as pieces in which every column steps evenly.

    Each piece is (first row, count, [(start, step) per column]).

    >>> even_pieces(np.array([[0], [4], [8], [100], [101]]))
    [(0, 3, [(0, 4)]), (3, 2, [(100, 1)])]
    """
    n = len(starts)
    steps = np.diff(starts, axis=0)
    changes = np.append(np.flatnonzero((np.diff(steps, axis=0) != 0).any(axis=1)) + 1, n - 1)
    pieces: list[tuple[int, int, list[tuple[int, int]]]] = []
    i, e = 0, 0
    while i < n:
        if i == n - 1:
            pieces.append((i, 1, [(start, 0) for start in starts[i].tolist()]))
            break
        while changes[e] <= i:
            e += 1
        end = int(changes[e])
        pairs = zip(starts[i].tolist(), steps[i].tolist(), strict=True)
        pieces.append((i, end - i + 1, list(pairs)))
        i = end + 1
    return pieces


def even(offsets: Ints, step: int) -> bool:
    """Whether offsets step by just that much, looked at some thousand at a time.

    >>> even(np.array([3, 5, 7]), 2), even(np.array([3, 5, 8]), 2)
    (True, False)
    """
    return all(
        bool((np.diff(offsets[first : first + 65537]) == step).all())
        for first in range(0, max(len(offsets) - 1, 0), 65536)
    )


def common_stride(offsets: Ints, only: int) -> int | None:
    """The stride inside all rows, if they agree; rows of one element have any."""
    if offsets.shape[1] == 1:
        return only
    steps = np.diff(offsets, axis=1)
    stride = steps[0, 0]
    return int(stride) if (steps == stride).all() else None


def runs_of(offsets: Ints, border: int) -> list[Run]:
    """Offsets as runs, none of which crosses the border."""
    sides = np.split(offsets, np.flatnonzero(np.diff(offsets < border)) + 1)
    return [
        (start, step, n) for side in sides for _, n, ((start, step),) in even_pieces(side[:, None])
    ]


def lane_runs(offsets: Ints, holds_lanes: Bools, lanes: int) -> list[Run]:
    """Runs that fill ``lanes`` numbers per cell; uniform cells are repeated.

    >>> lane_runs(np.array([40, 44, 7, 48]), np.array([True, True, False, True]), 4)
    [(40, 1, 8), (7, 0, 4), (48, 1, 4)]
    """
    goes_on = holds_lanes[1:] & holds_lanes[:-1] & (np.diff(offsets) == lanes)
    first = np.append(0, np.flatnonzero(~goes_on) + 1)
    lengths = np.diff(np.append(first, len(offsets))) * lanes
    steps = holds_lanes[first].astype(np.int64)
    return list(zip(offsets[first].tolist(), steps.tolist(), lengths.tolist(), strict=True))
