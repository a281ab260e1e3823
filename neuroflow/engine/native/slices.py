"""Instructions on slices: copy, add, transpose."""

# mypy: ignore-errors
# ruff: noqa: F821
# types, W and other limits are names of the machine's language, not of Python

from __future__ import annotations

from neuroflow.engine.native.vectors import add, first, load, put, spread, total, zeros


def clear(m: Numbers, begin: Int, end: Int) -> None:
    """Set a slice to zero."""
    for i in range(begin, end, W):
        put(m, i, zeros(), end - i)


def gather(m: Numbers, runs: Integers, to: Int, begin: Int, n: Int) -> None:
    """Copy runs to one slice."""
    for r in range(begin, begin + n):
        start, step, length = runs[3 * r], runs[3 * r + 1], runs[3 * r + 2]
        if step == 0:
            x = spread(m, start)
            for i in range(0, length, W):
                put(m, to + i, x, length - i)
        elif step == 1:
            for i in range(0, length, W):
                put(m, to + i, load(m, start + i), length - i)
        else:
            for i in range(length):
                m[to + i] = m[start + i * step]
        to += length


def scatter(m: Numbers, runs: Integers, source: Int, begin: Int, n: Int) -> None:
    """Add a slice to the runs that it was copied from."""
    for r in range(begin, begin + n):
        start, step, length = runs[3 * r], runs[3 * r + 1], runs[3 * r + 2]
        if step == 0:
            m[start] += sum_slice(m, source, length)
        elif step == 1:
            for i in range(0, length, W):
                add(m, start + i, load(m, source + i), length - i)
        else:
            for i in range(length):
                m[start + i * step] += m[source + i]
        source += length


def sum_slice(m: Numbers, at: Int, n: Int) -> Number:
    """The sum of n numbers that lie one behind the other."""
    if n < W:
        s = m[at]
        for i in range(1, n):
            s += m[at + i]
        return s
    x = load(m, at)
    for i in range(W, n, W):
        y = load(m, at + i)
        x = x + first(y, n - i)
    return total(x)


def transpose(
    m: Numbers, a: Int, rows: Int, columns: Int, a_row: Int, to: Int, to_row: Int
) -> None:
    """Copy a matrix, columns as rows."""
    for c in range(columns):
        for r in range(rows):
            m[to + c * to_row + r] = m[a + r * a_row + c]
