"""The arctangent of vectors, faster than the C library's, number by number."""

# mypy: ignore-errors
# ruff: noqa: F821
# types are names of the machine's language, not of Python

from __future__ import annotations

from neuroflow.engine.native.language import exact
from neuroflow.engine.native.vectors import abs, where


@exact
def arctangent(x: Vector) -> Vector:
    """The angle of a tangent: turned by pi/4 or pi/2, so that little is left of it.

    What is left is a fraction of two polynomials (Moshier, "Methods and Programs for Mathematical
    Functions", 1989). A turn is a number and a rest, for pi has more digits.
    """
    size = abs(x)
    far, near = size > 2.414213562373095, size <= 0.66
    t = where(far, -1.0 / size, where(near, size, (size - 1.0) / (size + 1.0)))
    z = t * t
    p = z * -0.8750608600031904 - 16.157537187333652
    p = p * z - 75.00855792314705
    p = p * z - 122.88666844901361
    p = p * z - 64.85021904942025
    q = z + 24.858464901423062
    q = q * z + 165.02700983169885
    q = q * z + 432.88106049129027
    q = q * z + 485.3903996359137
    q = q * z + 194.5506571482614
    left = t * (z * (p / q)) + t
    rest = where(far, 6.123233995736766e-17, where(near, 0.0, 3.061616997868383e-17))
    turn = where(far, 1.5707963267948966, where(near, 0.0, 0.7853981633974483))
    angle = turn + (left + rest)
    return where(x < 0.0, -angle, where(x > 0.0, angle, x))
