"""The machine in native code: each instruction as loops over vectors, compiled by numba.

This text is a template. The numba backend writes the kind of number, one branch per map kernel
and one update rule into the marked places, and compiles the result once per set of ops; the cache
on disk keeps it. Slices may be overrun by less than a vector: rooms in memory are whole vectors.
"""

# mypy: ignore-errors

from __future__ import annotations

import math

from numba import njit

from neuroflow.engine.vectors import (
    add,
    element,
    first,
    load,
    magnitude,
    power_of_two,
    put,
    rounded,
    select,
    spread,
    square_root,
    store,
    total,
    width_of,
    with_element,
    word,
    zeros,
)

FLOAT = "float64"
W = width_of(FLOAT)
LARGEST, SMALLEST, HIGHEST, LOWEST, LN2, LN2_REST = {
    "float64": (709.78, -708.0, 1023.0, -1022.0, 0.6931471803691238, 1.9082149292705877e-10),
    "float32": (88.72, -87.3, 127.0, -126.0, 0.693359375, -2.12194440e-4),
}[FLOAT]

LARGEST_FLOAT = 1.7976931348623157e308
RELAXED = {"contract", "reassoc", "nsz"}
entry = njit(fastmath=RELAXED, error_model="numpy", nogil=True)
inner = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True, "error_model": "numpy"}
native, exact = njit(fastmath=RELAXED, **inner), njit(**inner)


# Elementary functions of vectors


@exact
def exp(x):
    """e^x = 2^k e^r with |r| <= ln 2 / 2: e^r by its series, 2^k by its exponent bits."""
    k = rounded(x * 1.4426950408889634)
    k = select(k < LOWEST, LOWEST, select(k > HIGHEST, HIGHEST, k))
    r = (x - k * LN2) - k * LN2_REST
    s = r * 1.6059043836821613e-10 + 2.08767569878681e-09
    s = s * r + 2.505210838544172e-08
    s = s * r + 2.755731922398589e-07
    s = s * r + 2.7557319223985893e-06
    s = s * r + 2.48015873015873e-05
    s = s * r + 0.0001984126984126984
    s = s * r + 0.001388888888888889
    s = s * r + 0.008333333333333333
    s = s * r + 0.041666666666666664
    s = s * r + 0.16666666666666666
    s = s * r + 0.5
    y = (1.0 + (r + (r * r) * s)) * power_of_two(k)
    y = select(x < SMALLEST, 0.0, y)
    return select(x > LARGEST, math.inf, select(x != x, x, y))


@exact
def log(x):
    """The natural logarithm, number by number."""
    y = x
    for k in range(W):
        y = with_element(y, k, math.log(element(x, k)))
    return y


@exact
def log1p(x):
    """log(1 + x), number by number."""
    y = x
    for k in range(W):
        y = with_element(y, k, math.log1p(element(x, k)))
    return y


@exact
def expm1(x):
    """exp(x) - 1, number by number."""
    y = x
    for k in range(W):
        y = with_element(y, k, math.expm1(element(x, k)))
    return y


@exact
def sin(x):
    """The sine, number by number."""
    y = x
    for k in range(W):
        y = with_element(y, k, math.sin(element(x, k)))
    return y


@exact
def cos(x):
    """The cosine, number by number."""
    y = x
    for k in range(W):
        y = with_element(y, k, math.cos(element(x, k)))
    return y


@exact
def tanh(x):
    """The hyperbolic tangent, number by number."""
    y = x
    for k in range(W):
        y = with_element(y, k, math.tanh(element(x, k)))
    return y


@exact
def erf(x):
    """The error function, number by number."""
    y = x
    for k in range(W):
        y = with_element(y, k, math.erf(element(x, k)))
    return y


@exact
def power(x, y):
    """x to the power of y, number by number."""
    x, y = x + y * 0.0, y + x * 0.0
    z = x
    for k in range(W):
        z = with_element(z, k, math.pow(element(x, k), element(y, k)))
    return z


@exact
def maximum(x, y):
    """The larger of two."""
    return select(x > y, x, y)


@exact
def minimum(x, y):
    """The smaller of two."""
    return select(x < y, x, y)


sqrt, absolute, where = square_root, magnitude, select


@exact
def scalar_where(condition, a, b):
    """The choice between single numbers, for the parts of an update rule that are one number."""
    return a if condition else b


scalar_exp, scalar_log, scalar_sqrt, scalar_power = math.exp, math.log, math.sqrt, math.pow
scalar_log1p, scalar_expm1, scalar_tanh, scalar_erf = math.log1p, math.expm1, math.tanh, math.erf
scalar_sin, scalar_cos, scalar_absolute = math.sin, math.cos, math.fabs
scalar_maximum, scalar_minimum = max, min


# Slices


@native
def clear(m, begin, end):
    """Set a slice to zero."""
    for i in range(begin, end, W):
        put(m, i, zeros(m), end - i)


@native
def gather(m, runs, to, begin, n):
    """Copy runs to one slice."""
    for r in range(begin, begin + n):
        start, step, length = runs[r, 0], runs[r, 1], runs[r, 2]
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


@native
def scatter(m, runs, source, begin, n):
    """Add a slice to the runs that it was copied from."""
    for r in range(begin, begin + n):
        start, step, length = runs[r, 0], runs[r, 1], runs[r, 2]
        if step == 0:
            m[start] += sum_slice(m, source, length)
        elif step == 1:
            for i in range(0, length, W):
                add(m, start + i, load(m, source + i), length - i)
        else:
            for i in range(length):
                m[start + i * step] += m[source + i]
        source += length


@native
def sum_slice(m, at, n):
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


@native
def transpose(m, a, rows, columns, a_row, to, to_row):
    """Copy a matrix, columns as rows."""
    for c in range(columns):
        for r in range(rows):
            m[to + c * to_row + r] = m[a + r * a_row + c]


# Products


@native
def finish(m, at, x, n, accumulate):
    """Store one piece of a product, or add it."""
    if accumulate == 1:
        add(m, at, x, n)
    else:
        put(m, at, x, n)


@native
def matmul(m, a, a_row, a_inner, b, b_inner, c, c_row, rows, columns, inner, accumulate, bias,
           bias_row):  # fmt: skip
    """c = a b, c += a b (accumulate 1) or c = a b + bias (2); rows of b and c are slices.

    Four rows of c at a time; where fewer are left, the last stands in for those that are not.
    """
    for i in range(0, rows, 4):
        p, to, left = a + i * a_row, c + i * c_row, rows - i
        a1 = a_row if left > 1 else 0
        a2 = 2 * a_row if left > 2 else a1
        a3 = 3 * a_row if left > 3 else a2
        for j in range(0, columns, 2 * W):
            w = x = y = z = zeros(m)
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


@native
def finish_rows(m, at, row, left, w, x, y, z, n, accumulate):
    """Store or add the pieces of up to four rows."""
    finish(m, at, w, n, accumulate)
    if left > 1:
        finish(m, at + row, x, n, accumulate)
    if left > 2:
        finish(m, at + 2 * row, y, n, accumulate)
    if left > 3:
        finish(m, at + 3 * row, z, n, accumulate)


@native
def outer(m, a, a_row, b, b_row, c, c_row, c_inner, rows, columns, inner):
    """c += a b', sums over lanes; two rows by four columns at a time."""
    i = 0
    while i + 2 <= rows:
        p = a + i * a_row
        j = 0
        while j + 4 <= columns:
            q, to = b + j * b_row, c + i * c_row + j * c_inner
            w = x = y = z = zeros(m)
            s = t = u = v = zeros(m)
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


@native
def inner_product(m, a, b, n):
    """The dot product of two slices."""
    x = zeros(m)
    for k in range(0, n, W):
        y = load(m, a + k) * load(m, b + k)
        x = x + first(y, n - k)
    return total(x)


@native
def dot(m, out, rows, n, a, a_row, a_inner, b, b_row, b_inner):
    """One dot product per row; if the columns of a are slices, all rows at once."""
    if a_row == 1 and b_row == 0 and 1 < rows <= W:
        x = zeros(m)
        for k in range(n):
            x = x + load(m, a + k * a_inner) * spread(m, b + k * b_inner)
        put(m, out, x, rows)
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


@native
def dot_back(m, g, rows, n, a, a_row, a_inner, b, b_row, b_inner, ga, gb):
    """Add g b to the gradient of a, and g a to that of b."""
    if a_row == 1 and b_row == 0 and 1 < rows <= W:
        x = first(load(m, g), rows)
        for k in range(n):
            if ga >= 0:
                add(m, ga + k * a_inner, x * spread(m, b + k * b_inner), rows)
            if gb >= 0:
                m[gb + k * b_inner] += total(first(x * load(m, a + k * a_inner), rows))
        return
    for r in range(rows):
        if ga >= 0:
            add_scaled(m, ga + r * a_row, a_inner, g + r, b + r * b_row, b_inner, n)
        if gb >= 0:
            add_scaled(m, gb + r * b_row, b_inner, g + r, a + r * a_row, a_inner, n)


@native
def add_scaled(m, to, to_inner, factor, x, x_inner, n):
    """Add a multiple of a row to another."""
    if to_inner == 1 and x_inner == 1:
        y = spread(m, factor)
        for k in range(0, n, W):
            add(m, to + k, load(m, x + k) * y, n - k)
    else:
        for k in range(n):
            m[to + k * to_inner] += m[factor] * m[x + k * x_inner]


@native
def lane_dot(m, out, rows, n, a, a_row, a_inner, a_wide, b, b_row, b_inner, b_wide, lanes):
    """One dot product per row and lane; an operand without lanes is repeated."""
    for r in range(rows):
        for i in range(0, lanes, W):
            x = zeros(m)
            for k in range(n):
                p, q = a + r * a_row + k * a_inner, b + r * b_row + k * b_inner
                x = x + lanes_at(m, p, a_wide, i) * lanes_at(m, q, b_wide, i)
            store(m, out + r * lanes + i, x)


@native
def lanes_at(m, at, wide, i):
    """A vector of lanes, or one number for all of them."""
    return load(m, at + i) if wide else spread(m, at)


@native
def lane_dot_back(m, g, rows, n, a, a_row, a_inner, a_wide, b, b_row, b_inner, b_wide, ga, gb,
                  lanes):  # fmt: skip
    """Add g b to the gradient of a, and g a to that of b, in every lane."""
    for r in range(rows):
        for k in range(n):
            p, q = r * a_row + k * a_inner, r * b_row + k * b_inner
            if ga >= 0:
                add_lanes(m, g + r * lanes, ga + p, a_wide, b + q, b_wide, lanes)
            if gb >= 0:
                add_lanes(m, g + r * lanes, gb + q, b_wide, a + p, a_wide, lanes)


@native
def add_lanes(m, g, to, to_wide, x, x_wide, lanes):
    """Add g x to a gradient; summed over lanes if the gradient has none."""
    s = zeros(m)
    for i in range(0, lanes, W):
        y = load(m, g + i) * lanes_at(m, x, x_wide, i)
        if to_wide:
            store(m, to + i, load(m, to + i) + y)
        else:
            s = s + y
    if not to_wide:
        m[to] += total(s)


# Rows to single numbers


@native
def sums(m, out, rows, n, a, a_row, a_inner, lanes):
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


@native
def sums_back(m, g, rows, n, ga, a_row, a_inner, lanes):
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


@native
def extremes(m, out, rows, n, a, a_row, a_inner, lanes, sign):
    """The largest (sign 1) or smallest (sign -1) of each row, in every lane."""
    for r in range(rows):
        p = a + r * a_row
        if lanes == 1 and a_inner == 1 and n >= W:
            y = load(m, p)
            for k in range(W, n, W):
                z = load(m, p + min(k, n - W))  # the last vector overlaps: it does no harm
                y = maximum(y, z) if sign > 0 else minimum(y, z)
            s = element(y, 0)
            for k in range(1, W):
                x = element(y, k)
                s = x if (x - s) * sign > 0 else s
            m[out + r] = s
        elif lanes == 1:
            s = m[p]
            for k in range(1, n):
                x = m[p + k * a_inner]
                s = x if (x - s) * sign > 0 else s
            m[out + r] = s
        else:
            for i in range(0, lanes, W):
                s = load(m, p + i)
                for k in range(1, n):
                    x = load(m, p + k * a_inner + i)
                    s = maximum(x, s) if sign > 0 else minimum(x, s)
                store(m, out + r * lanes + i, s)


@native
def extremes_back(m, g, rows, n, a, a_row, a_inner, lanes, ga, out):
    """Share g equally among the inputs that tie."""
    for r in range(rows):
        for i in range(lanes):
            p, largest = r * a_row + i, m[out + r * lanes + i]
            tied = 0
            for k in range(n):
                tied += m[a + p + k * a_inner] == largest
            share = m[g + r * lanes + i] / max(tied, 1)
            for k in range(n):
                if m[a + p + k * a_inner] == largest:
                    m[ga + p + k * a_inner] += share


@native
def take(m, indices, out, n, table, index_step, step, number, lanes, wide):
    """Choose from a table by each lane's index."""
    for i in range(lanes):
        p = table + indices[number * lanes + i] * index_step + i * wide
        for k in range(n):
            m[out + k * lanes + i] = m[p + k * step]


@native
def take_back(m, indices, g, n, table, index_step, step, number, lanes, wide):
    """Add g to the gradients of the chosen entries."""
    for i in range(lanes):
        p = table + indices[number * lanes + i] * index_step + i * wide
        for k in range(n):
            m[p + k * step] += m[g + k * lanes + i]


# The machine


@entry
def run(m, indices, code, runs, begin, end):
    """Run the instructions from begin to end."""
    columns = code.shape[1]
    words = code.reshape(-1)
    for c in range(begin * columns, end * columns, columns):
        kind = word(words, c, 0)
        if kind < 0:
            break
        elif kind == 0:
            gather(m, runs, word(words, c, 1), word(words, c, 2), word(words, c, 3))
        elif kind == 1:
            scatter(m, runs, word(words, c, 1), word(words, c, 2), word(words, c, 3))
        elif kind == 2:
            transpose(
                m,
                word(words, c, 1),
                word(words, c, 2),
                word(words, c, 3),
                word(words, c, 4),
                word(words, c, 5),
                word(words, c, 6),
            )
        elif kind == 3:
            matmul(
                m,
                word(words, c, 1), word(words, c, 2), word(words, c, 3), word(words, c, 4),
                word(words, c, 5), word(words, c, 6), word(words, c, 7), word(words, c, 8),
                word(words, c, 9), word(words, c, 10), word(words, c, 11), word(words, c, 12),
                word(words, c, 13),
            )  # fmt: skip
        elif kind == 4:
            outer(
                m,
                word(words, c, 1),
                word(words, c, 2),
                word(words, c, 3),
                word(words, c, 4),
                word(words, c, 5),
                word(words, c, 6),
                word(words, c, 7),
                word(words, c, 8),
                word(words, c, 9),
                word(words, c, 10),
            )
        elif kind == 5:
            dot(
                m,
                word(words, c, 1),
                word(words, c, 2),
                word(words, c, 3),
                word(words, c, 4),
                word(words, c, 5),
                word(words, c, 6),
                word(words, c, 7),
                word(words, c, 8),
                word(words, c, 9),
            )
        elif kind == 6:
            dot_back(
                m,
                word(words, c, 1),
                word(words, c, 2),
                word(words, c, 3),
                word(words, c, 4),
                word(words, c, 5),
                word(words, c, 6),
                word(words, c, 7),
                word(words, c, 8),
                word(words, c, 9),
                word(words, c, 10),
                word(words, c, 11),
            )
        elif kind == 7:
            lane_dot(
                m,
                word(words, c, 1),
                word(words, c, 2),
                word(words, c, 3),
                word(words, c, 4),
                word(words, c, 5),
                word(words, c, 6),
                word(words, c, 7),
                word(words, c, 8),
                word(words, c, 9),
                word(words, c, 10),
                word(words, c, 11),
                word(words, c, 12),
            )
        elif kind == 8:
            lane_dot_back(
                m,
                word(words, c, 1), word(words, c, 2), word(words, c, 3), word(words, c, 4),
                word(words, c, 5), word(words, c, 6), word(words, c, 7), word(words, c, 8),
                word(words, c, 9), word(words, c, 10), word(words, c, 11), word(words, c, 12),
                word(words, c, 13), word(words, c, 14),
            )  # fmt: skip
        elif kind == 9:
            sums(
                m,
                word(words, c, 1),
                word(words, c, 2),
                word(words, c, 3),
                word(words, c, 4),
                word(words, c, 5),
                word(words, c, 6),
                word(words, c, 7),
            )
        elif kind == 10:
            sums_back(
                m,
                word(words, c, 1),
                word(words, c, 2),
                word(words, c, 3),
                word(words, c, 4),
                word(words, c, 5),
                word(words, c, 6),
                word(words, c, 7),
            )
        elif kind == 11:
            extremes(
                m,
                word(words, c, 1),
                word(words, c, 2),
                word(words, c, 3),
                word(words, c, 4),
                word(words, c, 5),
                word(words, c, 6),
                word(words, c, 7),
                word(words, c, 8),
            )
        elif kind == 12:
            extremes_back(
                m,
                word(words, c, 1),
                word(words, c, 2),
                word(words, c, 3),
                word(words, c, 4),
                word(words, c, 5),
                word(words, c, 6),
                word(words, c, 7),
                word(words, c, 8),
                word(words, c, 9),
            )
        elif kind == 13:
            take(
                m,
                indices,
                word(words, c, 1),
                word(words, c, 2),
                word(words, c, 3),
                word(words, c, 4),
                word(words, c, 5),
                word(words, c, 6),
                word(words, c, 7),
                word(words, c, 8),
            )
        elif kind == 14:
            take_back(
                m,
                indices,
                word(words, c, 1),
                word(words, c, 2),
                word(words, c, 3),
                word(words, c, 4),
                word(words, c, 5),
                word(words, c, 6),
                word(words, c, 7),
                word(words, c, 8),
            )
        # <kernels>


# Training


@native
def penalise(m, n, l2):
    """Add the penalty's gradient to each parameter's; returns sum w^2 and the norm."""
    size = -(-n // W) * W
    squares = norm = zeros(m)
    for i in range(0, size, W):
        w = load(m, i)
        g = load(m, size + i) + w * (2.0 * l2)
        store(m, size + i, g)
        squares = squares + w * w
        norm = norm + g * g
    return total(squares), math.sqrt(total(norm))


@native
def update(_m, _state, _n, _scale, learning_rate, step):
    """Move every parameter by the optimizer's rule, its gradient times ``_scale``.

    Names without an underscore are those of the rule.
    """
    _size = -(-_n // W) * W
    # <update>


@native
def fill(m, indices, numbers, integers, starts, slot, lanes, cells, first_cell, n_cells, n_numbers):
    """Load the inputs of the examples in slots ``slot`` to ``slot + lanes``."""
    for i in range(lanes):
        at = starts[slot + i]
        for k in range(first_cell, first_cell + n_cells):
            m[cells[k, 0] + i] = numbers[at + cells[k, 1]]
        for k in range(n_numbers):
            indices[k * lanes + i] = integers[at + k]


@native
def begin_program(m, p, constants):
    """Put constants in their place, and set gradients of what depends on parameters to zero."""
    for k in range(p[15]):
        m[p[16] + k] = constants[p[14] + k]
    clear(m, p[6] + p[9], p[7] + p[9])
    clear(m, p[8] + p[9], p[6] + 2 * p[9])


@native
def seed(m, output, shift, lanes, weights, slot):
    """Start the gradient of each lane's loss at its weight; gives the weighted loss."""
    loss = 0.0
    for i in range(lanes):
        loss += weights[slot + i] * m[output + i]
        m[output + shift + i] += weights[slot + i]
    return loss


@entry
def train(
    m, state, indices, code, runs, programs, cells, constants, numbers, integers,
    starts, weights, jobs, steps, rates, losses, count, l2, limit, first_step, learn, begin, end,
):  # fmt: skip
    """Whole steps; returns how many were made: all, or those before a loss that is not finite.

    A row of ``jobs`` is (program, first slot, number of that program with those examples); a row
    of ``steps`` is (first job, end). A program
    is (its five parts' bounds, lanes, arena, first lane, late, shift, output, first cell, cells,
    numbers per example, first constant, constants, where constants go).

    If ``begin`` is below ``end``, just those instructions run. So a machine has one entry, and one
    place where instructions run: a second one would double the time of compilation. The loop of
    ``run`` is put there; its names are others than those here.
    """
    size = -(-count // W) * W
    alone = begin < end
    filled = -1
    for s in range(1 if alone else len(steps)):
        loss = 0.0
        last = -1
        job = end_of_jobs = 0
        if not alone:
            clear(m, size, 2 * size)
            job, end_of_jobs = steps[s, 0], steps[s, 1]
        for j in range(job, end_of_jobs + 1):  # the last turn only ends the last program
            for phase in range(4):
                if alone:
                    if phase > 0:
                        break
                elif phase == 0:  # what the last program owes to parameters
                    if last < 0 or (j < end_of_jobs and jobs[j, 0] == last):
                        continue
                    begin, end = programs[last, 3], programs[last, 4]
                elif j == end_of_jobs:
                    break
                elif phase == 1:  # what depends on parameters alone
                    if jobs[j, 0] == last:
                        continue
                    last = jobs[j, 0]
                    begin_program(m, programs[last], constants)
                    begin, end = programs[last, 0], programs[last, 1]
                elif phase == 2:  # forward
                    p = programs[last]
                    if jobs[j, 2] != filled:
                        filled = jobs[j, 2]
                        fill(m, indices, numbers, integers, starts, jobs[j, 1], p[5], cells, p[11],
                             p[12], p[13])  # fmt: skip
                    clear(m, p[7] + p[9], p[8] + p[9])
                    begin, end = p[1], p[2]
                else:  # backward
                    p = programs[last]
                    loss += seed(m, p[10], p[9], p[5], weights, jobs[j, 1])
                    begin, end = p[2], p[3]
                run(m, indices, code, runs, begin, end)  # <run>
        if alone:
            break
        squares, norm = penalise(m, count, l2)
        losses[s, 0], losses[s, 1] = loss + l2 * squares, norm
        if not abs(losses[s, 0]) <= LARGEST_FLOAT:
            return s
        if learn:
            scale = limit / norm if norm > limit else 1.0
            update(m, state, count, scale, rates[s], float(first_step + s))
    return len(steps)
