"""Products of matrices and vectors of single numbers."""

# mypy: ignore-errors
# ruff: noqa: F821

from __future__ import annotations

from neuroflow.engine.native.vectors import add, first, load, put, spread, total, zeros


def matmul(
    m: Numbers,
    a: Int,
    a_row: Int,
    a_inner: Int,
    b: Int,
    b_inner: Int,
    c: Int,
    c_row: Int,
    rows: Int,
    columns: Int,
    inner: Int,
    accumulate: Int,
    bias: Int,
    bias_row: Int,
) -> None:
    """c = a b, c += a b (accumulate 1) or c = a b + bias (2); rows of b and c are slices.

    Four rows of c at a time; where fewer are left, the last stands in for those that are not.
    """
    for i in range(0, rows, 4):
        p, to, left = a + i * a_row, c + i * c_row, rows - i
        a1 = a_row if left > 1 else 0
        a2 = 2 * a_row if left > 2 else a1
        a3 = 3 * a_row if left > 3 else a2
        for j in range(0, columns, 2 * W):
            w = x = y = z = zeros()
            if accumulate == 2:
                q = bias + i * bias_row
                w, x = spread(m, q), spread(m, q + bias_row * (left > 1))
                y = spread(m, q + 2 * bias_row * (left > 2))
                z = spread(m, q + 3 * bias_row * (left > 3))
            n = columns - j
            if n > W:
                s, t, u, v = w, x, y, z
                for k in range(inner):
                    q = b + j + k * b_inner
                    f, g, at = load(m, q), load(m, q + W), p + k * a_inner
                    h = spread(m, at)
                    w, s = w + h * f, s + h * g
                    h = spread(m, at + a1)
                    x, t = x + h * f, t + h * g
                    h = spread(m, at + a2)
                    y, u = y + h * f, u + h * g
                    h = spread(m, at + a3)
                    z, v = z + h * f, v + h * g
                finish_rows(m, to + j + W, c_row, left, s, t, u, v, n - W, accumulate)
            else:
                for k in range(inner):
                    f, at = load(m, b + j + k * b_inner), p + k * a_inner
                    w = w + spread(m, at) * f
                    x = x + spread(m, at + a1) * f
                    y = y + spread(m, at + a2) * f
                    z = z + spread(m, at + a3) * f
            finish_rows(m, to + j, c_row, left, w, x, y, z, n, accumulate)


def finish_rows(
    m: Numbers,
    at: Int,
    row: Int,
    left: Int,
    w: Vector,
    x: Vector,
    y: Vector,
    z: Vector,
    n: Int,
    accumulate: Int,
) -> None:
    """Store or add the pieces of up to four rows."""
    finish(m, at, w, n, accumulate)
    if left > 1:
        finish(m, at + row, x, n, accumulate)
    if left > 2:
        finish(m, at + 2 * row, y, n, accumulate)
    if left > 3:
        finish(m, at + 3 * row, z, n, accumulate)


def finish(m: Numbers, at: Int, x: Vector, n: Int, accumulate: Int) -> None:
    """Store one piece of a product, or add it."""
    if accumulate == 1:
        add(m, at, x, n)
    else:
        put(m, at, x, n)


def outer(
    m: Numbers,
    a: Int,
    a_row: Int,
    b: Int,
    b_row: Int,
    c: Int,
    c_row: Int,
    c_inner: Int,
    rows: Int,
    columns: Int,
    inner: Int,
) -> None:
    """c += a b', sums over lanes; two rows by four columns at a time."""
    i = 0
    while i + 2 <= rows:
        p = a + i * a_row
        j = 0
        while j + 4 <= columns:
            q, to = b + j * b_row, c + i * c_row + j * c_inner
            w = x = y = z = zeros()
            s = t = u = v = zeros()
            for k in range(0, inner, W):
                f, g = load(m, p + k), load(m, p + a_row + k)
                h = load(m, q + k)
                w, s = w + f * h, s + g * h
                h = load(m, q + b_row + k)
                x, t = x + f * h, t + g * h
                h = load(m, q + 2 * b_row + k)
                y, u = y + f * h, u + g * h
                h = load(m, q + 3 * b_row + k)
                z, v = z + f * h, v + g * h
            m[to] += total(w)
            m[to + c_inner] += total(x)
            m[to + 2 * c_inner] += total(y)
            m[to + 3 * c_inner] += total(z)
            to += c_row
            m[to] += total(s)
            m[to + c_inner] += total(t)
            m[to + 2 * c_inner] += total(u)
            m[to + 3 * c_inner] += total(v)
            j += 4
        while j < columns:
            to = c + i * c_row + j * c_inner
            m[to] += inner_product(m, p, b + j * b_row, inner)
            m[to + c_row] += inner_product(m, p + a_row, b + j * b_row, inner)
            j += 1
        i += 2
    while i < rows:
        for j in range(columns):
            to = c + i * c_row + j * c_inner
            m[to] += inner_product(m, a + i * a_row, b + j * b_row, inner)
        i += 1


def inner_product(m: Numbers, a: Int, b: Int, n: Int) -> Number:
    """The dot product of two slices."""
    x = zeros()
    for k in range(0, n, W):
        y = load(m, a + k) * load(m, b + k)
        x = x + first(y, n - k)
    return total(x)


def dot(
    m: Numbers,
    out: Int,
    rows: Int,
    n: Int,
    a: Int,
    a_row: Int,
    a_inner: Int,
    b: Int,
    b_row: Int,
    b_inner: Int,
) -> None:
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
    m: Numbers,
    g: Int,
    rows: Int,
    n: Int,
    a: Int,
    a_row: Int,
    a_inner: Int,
    b: Int,
    b_row: Int,
    b_inner: Int,
    ga: Int,
    gb: Int,
) -> None:
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
