"""Dot products in every lane."""

# mypy: ignore-errors
# ruff: noqa: F821
# types, W and other limits are names of the machine's language, not of Python

from __future__ import annotations

from neuroflow.engine.native.vectors import load, spread, store, total, zeros


def lane_dot(
    m: Numbers,
    out: Int,
    rows: Int,
    n: Int,
    a: Int,
    a_row: Int,
    a_inner: Int,
    a_wide: Int,
    b: Int,
    b_row: Int,
    b_inner: Int,
    b_wide: Int,
    lanes: Int,
) -> None:
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
    m: Numbers,
    g: Int,
    rows: Int,
    n: Int,
    a: Int,
    a_row: Int,
    a_inner: Int,
    a_wide: Int,
    b: Int,
    b_row: Int,
    b_inner: Int,
    b_wide: Int,
    ga: Int,
    gb: Int,
    lanes: Int,
) -> None:
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
