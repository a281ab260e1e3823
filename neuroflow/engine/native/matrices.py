"""Products of matrices and vectors of single numbers."""

# mypy: ignore-errors
# ruff: noqa: F821
# types, W and other limits are names of the machine's language, not of Python

from __future__ import annotations

from neuroflow.engine.native.vectors import (
    add,
    first,
    load,
    minimum,
    put,
    room,
    spread,
    store,
    total,
    transpose_tile,
    zeros,
)

PACKED = 128
"""How long the columns of a panel are: so it stays in the nearest cache."""


def matmul(
    m: Numbers, a: Int, a_row: Int, a_inner: Int, b: Int, b_inner: Int, c: Int, c_row: Int,
    rows: Int, columns: Int, inner: Int, how: Int, bias: Int, bias_row: Int,
) -> None:  # fmt: skip
    """c = a b (how 0), c += a b (1) or c = a b + bias (2); rows of b and c are slices.

    Four rows of c at a time; where fewer are left, the last stands in for those that are not.
    """
    for i in range(0, rows, 4):
        p, to, q, left = a + i * a_row, c + i * c_row, bias + i * bias_row, rows - i
        p1 = p + (a_row if left > 1 else 0)
        p2 = p1 + (a_row if left > 2 else 0)
        p3 = p2 + (a_row if left > 3 else 0)
        for j in range(0, columns, 2 * W):
            n = columns - j
            if n > W:
                wide_tile(m, p, p1, p2, p3, a_inner, m, b + j, b_inner, inner, to + j, c_row,
                          left, n, how, q, bias_row)  # fmt: skip
            else:
                tile(m, p, p1, p2, p3, a_inner, m, b + j, b_inner, inner, to + j, c_row,
                     left, n, how, q, bias_row)  # fmt: skip


def wide_tile(
    m: Numbers, p: Int, p1: Int, p2: Int, p3: Int, a_inner: Int, bs: Numbers, b: Int,
    b_inner: Int, inner: Int, c: Int, c_row: Int, left: Int, n: Int, how: Int, bias: Int,
    bias_row: Int,
) -> None:  # fmt: skip
    """Four rows by two vectors of a product: eight sums, as many as registers hold."""
    w = s = begin_sum(m, bias, how)
    x = t = begin_sum(m, bias + bias_row * (left > 1), how)
    y = u = begin_sum(m, bias + bias_row * 2 * (left > 2), how)
    z = v = begin_sum(m, bias + bias_row * 3 * (left > 3), how)
    for k in range(inner):
        q, at = b + k * b_inner, k * a_inner
        f, g = load(bs, q), load(bs, q + W)
        h = spread(m, p + at)
        w, s = w + h * f, s + h * g
        h = spread(m, p1 + at)
        x, t = x + h * f, t + h * g
        h = spread(m, p2 + at)
        y, u = y + h * f, u + h * g
        h = spread(m, p3 + at)
        z, v = z + h * f, v + h * g
    finish_rows(m, c, c_row, left, w, x, y, z, n, how)
    finish_rows(m, c + W, c_row, left, s, t, u, v, n - W, how)


def tile(
    m: Numbers, p: Int, p1: Int, p2: Int, p3: Int, a_inner: Int, bs: Numbers, b: Int,
    b_inner: Int, inner: Int, c: Int, c_row: Int, left: Int, n: Int, how: Int, bias: Int,
    bias_row: Int,
) -> None:  # fmt: skip
    """Four rows by at most one vector of a product."""
    w = begin_sum(m, bias, how)
    x = begin_sum(m, bias + bias_row * (left > 1), how)
    y = begin_sum(m, bias + bias_row * 2 * (left > 2), how)
    z = begin_sum(m, bias + bias_row * 3 * (left > 3), how)
    for k in range(inner):
        f, at = load(bs, b + k * b_inner), k * a_inner
        w = w + spread(m, p + at) * f
        x = x + spread(m, p1 + at) * f
        y = y + spread(m, p2 + at) * f
        z = z + spread(m, p3 + at) * f
    finish_rows(m, c, c_row, left, w, x, y, z, n, how)


def begin_sum(m: Numbers, bias: Int, how: Int) -> Vector:
    """What a sum begins with: the bias, if there is one."""
    if how == 2:
        return spread(m, bias)
    return zeros()


def finish_rows(
    m: Numbers, at: Int, row: Int, left: Int, w: Vector, x: Vector, y: Vector, z: Vector, n: Int,
    how: Int,
) -> None:  # fmt: skip
    """Store or add the pieces of up to four rows."""
    finish(m, at, w, n, how)
    if left > 1:
        finish(m, at + row, x, n, how)
    if left > 2:
        finish(m, at + 2 * row, y, n, how)
    if left > 3:
        finish(m, at + 3 * row, z, n, how)


def finish(m: Numbers, at: Int, x: Vector, n: Int, how: Int) -> None:
    """Store one piece of a product, or add it."""
    if how == 1:
        add(m, at, x, n)
    else:
        put(m, at, x, n)


def outer(
    m: Numbers, a: Int, a_row: Int, b: Int, b_row: Int, c: Int, c_row: Int, c_inner: Int,
    rows: Int, columns: Int, inner: Int,
) -> None:  # fmt: skip
    """c += a b', sums over lanes; two rows by four columns at a time, or by packed columns.

    To pack costs a number of b each, and to add up a vector, which is what it spares, about four.
    """
    if c_inner == 1 and columns >= W and 4 * rows >= inner:
        outer_packed(m, a, a_row, b, b_row, c, c_row, rows, columns, inner)
        return
    for i in range(0, rows, 2):
        p, to = a + i * a_row, c + i * c_row
        for j in range(0, columns, 4):
            q, at = b + j * b_row, to + j * c_inner
            if i + 2 <= rows and j + 4 <= columns:
                outer_tile(m, p, a_row, q, b_row, inner, at, c_row, c_inner)
            else:
                for r in range(minimum(2, rows - i)):
                    for k in range(minimum(4, columns - j)):
                        x = inner_product(m, p + r * a_row, q + k * b_row, inner)
                        m[at + r * c_row + k * c_inner] += x


def outer_packed(
    m: Numbers, a: Int, a_row: Int, b: Int, b_row: Int, c: Int, c_row: Int, rows: Int,
    columns: Int, inner: Int,
) -> None:  # fmt: skip
    """c += a b' where b', packed two vectors wide, serves many rows: no sum within a vector."""
    panel = room(2 * PACKED * W)
    for k in range(0, inner, PACKED):
        n = minimum(PACKED, inner - k)
        for j in range(0, columns, 2 * W):
            left = columns - j
            pack(m, b + j * b_row + k, b_row, minimum(2 * W, left), n, panel)
            for i in range(0, rows, 4):
                p, to, rest = a + i * a_row + k, c + i * c_row + j, rows - i
                p1 = p + (a_row if rest > 1 else 0)
                p2 = p1 + (a_row if rest > 2 else 0)
                p3 = p2 + (a_row if rest > 3 else 0)
                if left > W:
                    wide_tile(m, p, p1, p2, p3, 1, panel, 0, 2 * W, n, to, c_row, rest, left, 1,
                              0, 0)  # fmt: skip
                else:
                    tile(m, p, p1, p2, p3, 1, panel, 0, 2 * W, n, to, c_row, rest, left, 1, 0, 0)


def pack(m: Numbers, a: Int, stride: Int, rows: Int, n: Int, panel: Numbers) -> None:
    """The first n numbers of rows, as columns of a panel that is two vectors wide."""
    whole_rows, whole = rows // W * W, n // W * W
    for r in range(0, whole_rows, W):
        for k in range(0, whole, W):
            transpose_tile(m, a + r * stride + k, stride, panel, k * 2 * W + r, 2 * W)
    for r in range(rows):
        for k in range(whole if r < whole_rows else 0, n):
            panel[k * 2 * W + r] = m[a + r * stride + k]


def outer_tile(
    m: Numbers, a: Int, a_row: Int, b: Int, b_row: Int, inner: Int, c: Int, c_row: Int,
    c_inner: Int,
) -> None:  # fmt: skip
    """Add the inner products of two rows of a and four of b: eight sums at once."""
    w = x = y = z = zeros()
    s = t = u = v = zeros()
    for k in range(0, inner, W):
        f, g = load(m, a + k), load(m, a + a_row + k)
        h = load(m, b + k)
        w, s = w + f * h, s + g * h
        h = load(m, b + b_row + k)
        x, t = x + f * h, t + g * h
        h = load(m, b + 2 * b_row + k)
        y, u = y + f * h, u + g * h
        h = load(m, b + 3 * b_row + k)
        z, v = z + f * h, v + g * h
    add_totals(m, c, c_inner, w, x, y, z)
    add_totals(m, c + c_row, c_inner, s, t, u, v)


def add_totals(
    m: Numbers, c: Int, c_inner: Int, w: Vector, x: Vector, y: Vector, z: Vector
) -> None:
    """Add the totals of four vectors to numbers of equal distance."""
    m[c] += total(w)
    m[c + c_inner] += total(x)
    m[c + 2 * c_inner] += total(y)
    m[c + 3 * c_inner] += total(z)


def inner_product(m: Numbers, a: Int, b: Int, n: Int) -> Number:
    """The dot product of two slices."""
    x = zeros()
    for k in range(0, n, W):
        y = load(m, a + k) * load(m, b + k)
        x = x + first(y, n - k)
    return total(x)


def dot(
    m: Numbers, out: Int, rows: Int, n: Int, a: Int, a_row: Int, a_inner: Int, b: Int, b_row: Int,
    b_inner: Int,
) -> None:  # fmt: skip
    """One dot product per row; if the columns of a are slices, a vector of rows at once."""
    if a_row == 1 and b_row == 0 and rows > 1:
        for r in range(0, rows, W):
            x = zeros()
            for k in range(n):
                x = x + load(m, a + r + k * a_inner) * spread(m, b + k * b_inner)
            put(m, out + r, x, rows - r)
        return
    for r in range(rows):
        p, q = a + r * a_row, b + r * b_row
        if a_inner == 1 and b_inner == 1 and n >= W:
            m[out + r] = inner_product(m, p, q, n)
        else:
            s = m[p] * m[q]
            for k in range(1, n):
                s += m[p + k * a_inner] * m[q + k * b_inner]
            m[out + r] = s


def dot_back(
    m: Numbers, g: Int, rows: Int, n: Int, a: Int, a_row: Int, a_inner: Int, b: Int, b_row: Int,
    b_inner: Int, ga: Int, gb: Int,
) -> None:  # fmt: skip
    """Add g b to the gradient of a, and g a to that of b."""
    if a_row == 1 and b_row == 0 and rows > 1:
        for r in range(0, rows, W):
            left = rows - r
            x = first(load(m, g + r), left)
            for k in range(n):
                if ga >= 0:
                    add(m, ga + r + k * a_inner, x * spread(m, b + k * b_inner), left)
                if gb >= 0:
                    y = first(x * load(m, a + r + k * a_inner), left)
                    m[gb + k * b_inner] += total(y)
        return
    for r in range(rows):
        if ga >= 0:
            add_scaled(m, ga + r * a_row, a_inner, g + r, b + r * b_row, b_inner, n)
        if gb >= 0:
            add_scaled(m, gb + r * b_row, b_inner, g + r, a + r * a_row, a_inner, n)


def add_scaled(
    m: Numbers, to: Int, to_inner: Int, factor: Int, x: Int, x_inner: Int, n: Int
) -> None:
    """Add a multiple of a row to another."""
    if to_inner == 1 and x_inner == 1:
        y = spread(m, factor)
        for k in range(0, n, W):
            add(m, to + k, load(m, x + k) * y, n - k)
    else:
        for k in range(n):
            m[to + k * to_inner] += m[factor] * m[x + k * x_inner]


def lane_dot(
    m: Numbers, out: Int, rows: Int, n: Int, a: Int, a_row: Int, a_inner: Int, a_wide: Int, b: Int,
    b_row: Int, b_inner: Int, b_wide: Int, lanes: Int,
) -> None:  # fmt: skip
    """One dot product per row and lane; an operand without lanes is repeated."""
    for r in range(rows):
        for i in range(0, lanes, W):
            x = zeros()
            for k in range(n):
                p, q = a + r * a_row + k * a_inner, b + r * b_row + k * b_inner
                x = x + lanes_at(m, p, a_wide, i) * lanes_at(m, q, b_wide, i)
            store(m, out + r * lanes + i, x)


def lanes_at(m: Numbers, at: Int, wide: Int, i: Int) -> Vector:
    """A vector of lanes, or one number for all of them."""
    return load(m, at + i) if wide else spread(m, at)


def lane_dot_back(
    m: Numbers, g: Int, rows: Int, n: Int, a: Int, a_row: Int, a_inner: Int, a_wide: Int, b: Int,
    b_row: Int, b_inner: Int, b_wide: Int, ga: Int, gb: Int, lanes: Int,
) -> None:  # fmt: skip
    """Add g b to the gradient of a, and g a to that of b, in every lane."""
    for r in range(rows):
        for k in range(n):
            p, q = r * a_row + k * a_inner, r * b_row + k * b_inner
            if ga >= 0:
                add_lanes(m, g + r * lanes, ga + p, a_wide, b + q, b_wide, lanes)
            if gb >= 0:
                add_lanes(m, g + r * lanes, gb + q, b_wide, a + p, a_wide, lanes)


def add_lanes(m: Numbers, g: Int, to: Int, to_wide: Int, x: Int, x_wide: Int, lanes: Int) -> None:
    """Add g x to a gradient; summed over lanes if the gradient has none."""
    s = zeros()
    for i in range(0, lanes, W):
        y = load(m, g + i) * lanes_at(m, x, x_wide, i)
        if to_wide:
            store(m, to + i, load(m, to + i) + y)
        else:
            s = s + y
    if not to_wide:
        m[to] += total(s)
