"""Rows of numbers: summed, compared, chosen from and copied."""

# mypy: ignore-errors
# ruff: noqa: F821
# types, W and other limits are names of the machine's language, not of Python

from __future__ import annotations

from neuroflow.engine.native.vectors import (
    add,
    first,
    highest,
    load,
    lowest,
    maximum,
    minimum,
    part,
    put,
    spread,
    store,
    total,
    transpose_tile,
    zeros,
)


def sums(
    m: Numbers, out: Int, rows: Int, n: Int, a: Int, a_row: Int, a_inner: Int, lanes: Int
) -> None:
    """The sum of each row, in every lane."""
    for r in range(rows):
        p = a + r * a_row
        if lanes == 1 and a_inner == 1:
            m[out + r] = sum_slice(m, p, n)
        elif lanes == 1:
            s = m[p]
            for k in range(1, n):
                s += m[p + k * a_inner]
            m[out + r] = s
        else:
            for i in range(0, lanes, W):
                x = load(m, p + i)
                for k in range(1, n):
                    x = x + load(m, p + k * a_inner + i)
                store(m, out + r * lanes + i, x)


def sums_back(
    m: Numbers, g: Int, rows: Int, n: Int, ga: Int, a_row: Int, a_inner: Int, lanes: Int
) -> None:
    """Add g to the gradient of every term."""
    for r in range(rows):
        p = ga + r * a_row
        if lanes == 1 and a_inner == 1:
            x = spread(m, g + r)
            for k in range(0, n, W):
                add(m, p + k, x, n - k)
        elif lanes == 1:
            for k in range(n):
                m[p + k * a_inner] += m[g + r]
        else:
            for k in range(n):
                for i in range(0, lanes, W):
                    add(m, p + k * a_inner + i, load(m, g + r * lanes + i), W)


def extremes(
    m: Numbers, out: Int, rows: Int, n: Int, a: Int, a_row: Int, a_inner: Int, lanes: Int,
    sign: Int,
) -> None:  # fmt: skip
    """The largest (sign 1) or smallest (sign -1) of each row, in every lane."""
    for r in range(rows):
        p = a + r * a_row
        if lanes == 1 and a_inner == 1:
            m[out + r] = extreme_of_slice(m, p, n, sign)
        elif lanes == 1:
            s = m[p]
            for k in range(1, n):
                s = further(m[p + k * a_inner], s, sign)
            m[out + r] = s
        else:
            for i in range(0, lanes, W):
                x = load(m, p + i)
                for k in range(1, n):
                    y = load(m, p + k * a_inner + i)
                    x = maximum(y, x) if sign > 0 else minimum(y, x)
                store(m, out + r * lanes + i, x)


def extreme_of_slice(m: Numbers, at: Int, n: Int, sign: Int) -> Number:
    """The largest or smallest of n numbers; behind the last, the first stands once more."""
    x = part(load(m, at), n, spread(m, at))
    for k in range(W, n, W):
        y = load(m, at + minimum(k, n - W))  # the last vector overlaps: it does no harm
        x = maximum(x, y) if sign > 0 else minimum(x, y)
    if sign > 0:
        return highest(x)
    return lowest(x)


def further(x: Number, y: Number, sign: Int) -> Number:
    """The larger (sign 1) or smaller (sign -1) of two; a nan, if one is."""
    return x if (x - y) * sign > 0 or x != x else y


def extremes_back(
    m: Numbers, g: Int, rows: Int, n: Int, a: Int, a_row: Int, a_inner: Int, lanes: Int, ga: Int,
    out: Int,
) -> None:  # fmt: skip
    """Share g equally among the inputs that tie."""
    for r in range(rows):
        for i in range(lanes):
            p, largest = r * a_row + i, m[out + r * lanes + i]
            tied = 0
            for k in range(n):
                tied += m[a + p + k * a_inner] == largest
            share = m[g + r * lanes + i] / maximum(tied, 1)
            for k in range(n):  # those that do not tie get 0, or nan where share is not finite
                m[ga + p + k * a_inner] += share * (m[a + p + k * a_inner] == largest)


def take(
    m: Numbers, indices: Integers, out: Int, n: Int, table: Int, index_step: Int, step: Int,
    number: Int, lanes: Int, wide: Int,
) -> None:  # fmt: skip
    """Choose from a table by each lane's index."""
    if lanes == 1 and step == 1:
        p = table + indices[number] * index_step
        for k in range(0, n, W):
            put(m, out + k, load(m, p + k), n - k)
        return
    for i in range(lanes):
        p = table + indices[number * lanes + i] * index_step + i * wide
        for k in range(n):
            m[out + k * lanes + i] = m[p + k * step]


def take_back(
    m: Numbers, indices: Integers, g: Int, n: Int, table: Int, index_step: Int, step: Int,
    number: Int, lanes: Int, wide: Int,
) -> None:  # fmt: skip
    """Add g to the gradients of the chosen entries."""
    if lanes == 1 and step == 1:
        p = table + indices[number] * index_step
        for k in range(0, n, W):
            add(m, p + k, load(m, g + k), n - k)
        return
    for i in range(lanes):
        p = table + indices[number * lanes + i] * index_step + i * wide
        for k in range(n):
            m[p + k * step] += m[g + k * lanes + i]


def clear(m: Numbers, begin: Int, end: Int) -> None:
    """Set a slice to zero."""
    whole = begin + (end - begin) // W * W
    for i in range(begin, whole, W):
        store(m, i, zeros())
    if whole < end:
        put(m, whole, zeros(), end - whole)


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
    """Copy a matrix, columns as rows: by square tiles, and what is left number by number."""
    whole_rows, whole = rows // W * W, columns // W * W
    for r in range(0, whole_rows, W):
        for c in range(0, whole, W):
            transpose_tile(m, a + r * a_row + c, a_row, m, to + c * to_row + r, to_row)
    for c in range(columns):
        for r in range(whole_rows if c < whole else 0, rows):
            m[to + c * to_row + r] = m[a + r * a_row + c]
