"""Many vectors and one matrix, where each vector meets as much of the matrix as it may: attention.

A position's query meets the keys up to its own, and its weights the values up to its own. So the
matrix is the same for all positions, and its *length* differs from one to the next, while the
other side, which is *short*, is the same for all. The products below take four positions at a
time. Their vectors are listed in the table of runs, three numbers each, shorter lengths first.
"""

# mypy: ignore-errors
# ruff: noqa: F821
# types, W and other limits are names of the machine's language, not of Python

from __future__ import annotations

from neuroflow.engine.native.matrices import PACKED, finish, pack
from neuroflow.engine.native.vectors import load, minimum, room, spread, zeros

RESULT, LENGTH, VECTOR = 0, 1, 2
"""What the numbers of one vector in the table are: where its result goes, its length, itself."""


def along(
    m: Numbers, runs: Integers, a: Int, first: Int, n: Int, stride: Int, short: Int, how: Int
) -> None:
    """c = x A (how 0) or c += x A (how 1), for rows of A as many as x is long: weighted sums."""
    for i in range(0, n, 4):
        for j in range(0, short, 2 * W):
            tile(m, runs, m, a + j, stride, 3 * (first + i), n - i, j, short, -1, how)


def across(
    m: Numbers, runs: Integers, a: Int, first: Int, n: Int, stride: Int, short: Int, how: Int
) -> None:
    """c = A x (how 0) or c += A x (how 1), for rows of A as many as c is long: scores.

    Two vectors of rows at a time, which are packed as columns for all positions.
    """
    panel = room(2 * PACKED * W)
    longest = runs[3 * (first + n - 1) + LENGTH]
    for j in range(0, longest, 2 * W):
        pack(m, a + j * stride, stride, minimum(2 * W, longest - j), short, panel)
        for i in range(0, n, 4):
            last = 3 * (first + minimum(i + 3, n - 1))
            if runs[last + LENGTH] > j:
                tile(m, runs, panel, 0, 2 * W, 3 * (first + i), n - i, j, -1, short, how)


def tile(
    m: Numbers, runs: Integers, p: Numbers, at: Int, stride: Int, e: Int, left: Int, j: Int,
    columns: Int, inner: Int, how: Int,
) -> None:  # fmt: skip
    """Four vectors by two vectors of columns; columns or inner are -1 where the length says it.

    Where fewer than four are left, the last stands in for those that are not.
    """
    e1 = e + (3 if left > 1 else 0)
    e2 = e1 + (3 if left > 2 else 0)
    e3 = e2 + (3 if left > 3 else 0)
    n, n3 = end_of(runs, e, inner), end_of(runs, e3, inner)
    most = columns if inner < 0 else runs[e3 + LENGTH]
    if most - j > W:
        wide(m, runs, p, at, stride, e, e1, e2, e3, n, n3, left, j, columns, inner, how)
    else:
        narrow(m, runs, p, at, stride, e, e1, e2, e3, n, n3, left, j, columns, inner, how)


def end_of(runs: Integers, e: Int, inner: Int) -> Int:
    """How many products one result of a vector has."""
    return runs[e + LENGTH] if inner < 0 else inner


def wide(
    m: Numbers, runs: Integers, p: Numbers, at: Int, stride: Int, e: Int, e1: Int, e2: Int,
    e3: Int, n: Int, n3: Int, left: Int, j: Int, columns: Int, inner: Int, how: Int,
) -> None:  # fmt: skip
    """Eight sums; what reaches beyond the shortest of four vectors comes last."""
    q, q1, q2, q3 = runs[e + VECTOR], runs[e1 + VECTOR], runs[e2 + VECTOR], runs[e3 + VECTOR]
    n1, n2 = end_of(runs, e1, inner), end_of(runs, e2, inner)
    w = x = y = z = zeros()
    s = t = u = v = zeros()
    for k in range(n):
        f, g = load(p, at + k * stride), load(p, at + k * stride + W)
        h = spread(m, q + k)
        w, s = w + h * f, s + h * g
        h = spread(m, q1 + k)
        x, t = x + h * f, t + h * g
        h = spread(m, q2 + k)
        y, u = y + h * f, u + h * g
        h = spread(m, q3 + k)
        z, v = z + h * f, v + h * g
    for k in range(n, n3):
        f, g = load(p, at + k * stride), load(p, at + k * stride + W)
        if k < n1:
            x, t = x + spread(m, q1 + k) * f, t + spread(m, q1 + k) * g
        if k < n2:
            y, u = y + spread(m, q2 + k) * f, u + spread(m, q2 + k) * g
        z, v = z + spread(m, q3 + k) * f, v + spread(m, q3 + k) * g
    finish_four(m, runs, e, left, j, columns, inner, w, x, y, z, how)
    finish_four(m, runs, e, left, j + W, columns, inner, s, t, u, v, how)


def narrow(
    m: Numbers, runs: Integers, p: Numbers, at: Int, stride: Int, e: Int, e1: Int, e2: Int,
    e3: Int, n: Int, n3: Int, left: Int, j: Int, columns: Int, inner: Int, how: Int,
) -> None:  # fmt: skip
    """Four sums of at most one vector."""
    q, q1, q2, q3 = runs[e + VECTOR], runs[e1 + VECTOR], runs[e2 + VECTOR], runs[e3 + VECTOR]
    n1, n2 = end_of(runs, e1, inner), end_of(runs, e2, inner)
    w = x = y = z = zeros()
    for k in range(n):
        f = load(p, at + k * stride)
        w, x = w + spread(m, q + k) * f, x + spread(m, q1 + k) * f
        y, z = y + spread(m, q2 + k) * f, z + spread(m, q3 + k) * f
    for k in range(n, n3):
        f = load(p, at + k * stride)
        if k < n1:
            x = x + spread(m, q1 + k) * f
        if k < n2:
            y = y + spread(m, q2 + k) * f
        z = z + spread(m, q3 + k) * f
    finish_four(m, runs, e, left, j, columns, inner, w, x, y, z, how)


def finish_four(
    m: Numbers, runs: Integers, e: Int, left: Int, j: Int, columns: Int, inner: Int,
    w: Vector, x: Vector, y: Vector, z: Vector, how: Int,
) -> None:  # fmt: skip
    """Store or add pieces of up to four results."""
    finish_one(m, runs, e, j, columns, inner, w, how)
    if left > 1:
        finish_one(m, runs, e + 3, j, columns, inner, x, how)
    if left > 2:
        finish_one(m, runs, e + 6, j, columns, inner, y, how)
    if left > 3:
        finish_one(m, runs, e + 9, j, columns, inner, z, how)


def finish_one(
    m: Numbers, runs: Integers, e: Int, j: Int, columns: Int, inner: Int, x: Vector, how: Int
) -> None:
    """Store or add a piece of a result, as far as the result reaches."""
    n = (columns if inner < 0 else runs[e + LENGTH]) - j
    if n > 0:
        finish(m, runs[e + RESULT] + j, x, n, how)


def outer_sums(
    m: Numbers, runs: Integers, a: Int, first: Int, n: Int, stride: Int, short: Int
) -> None:
    """A += the outer products x y' of all positions, for as many rows of A as x is long.

    Here the table says x, its length, and y; four rows of A by up to two vectors at a time.
    """
    begin, end = 3 * first, 3 * (first + n)
    longest = runs[end - 3 + LENGTH]
    for k in range(0, longest, 4):
        for j in range(0, short, 2 * W):
            if short - j > W:
                outer_wide(m, runs, a + k * stride + j, stride, begin, end, k, j, short - j)
            else:
                outer_narrow(m, runs, a + k * stride + j, stride, begin, end, k, j, short - j)


def outer_wide(
    m: Numbers, runs: Integers, to: Int, stride: Int, begin: Int, end: Int, k: Int, j: Int, n: Int
) -> None:
    """Sums for four rows by two vectors; some positions do not reach all four."""
    w = x = y = z = zeros()
    s = t = u = v = zeros()
    for e in range(begin, end, 3):
        left, p = runs[e + LENGTH] - k, runs[e + RESULT] + k
        if left > 0:
            q = runs[e + VECTOR] + j
            f, g = load(m, q), load(m, q + W)
            h = spread(m, p)
            w, s = w + h * f, s + h * g
            if left > 1:
                h = spread(m, p + 1)
                x, t = x + h * f, t + h * g
            if left > 2:
                h = spread(m, p + 2)
                y, u = y + h * f, u + h * g
            if left > 3:
                h = spread(m, p + 3)
                z, v = z + h * f, v + h * g
    left = runs[end - 3 + LENGTH] - k
    add_rows(m, to, stride, left, w, x, y, z, n)
    add_rows(m, to + W, stride, left, s, t, u, v, n - W)


def outer_narrow(
    m: Numbers, runs: Integers, to: Int, stride: Int, begin: Int, end: Int, k: Int, j: Int, n: Int
) -> None:
    """Sums for four rows by at most one vector."""
    w = x = y = z = zeros()
    for e in range(begin, end, 3):
        left, p = runs[e + LENGTH] - k, runs[e + RESULT] + k
        if left > 0:
            f = load(m, runs[e + VECTOR] + j)
            w = w + spread(m, p) * f
            if left > 1:
                x = x + spread(m, p + 1) * f
            if left > 2:
                y = y + spread(m, p + 2) * f
            if left > 3:
                z = z + spread(m, p + 3) * f
    add_rows(m, to, stride, runs[end - 3 + LENGTH] - k, w, x, y, z, n)


def add_rows(
    m: Numbers, to: Int, stride: Int, left: Int, w: Vector, x: Vector, y: Vector, z: Vector, n: Int
) -> None:
    """Add the pieces of up to four rows."""
    finish(m, to, w, n, 1)
    if left > 1:
        finish(m, to + stride, x, n, 1)
    if left > 2:
        finish(m, to + 2 * stride, y, n, 1)
    if left > 3:
        finish(m, to + 3 * stride, z, n, 1)
