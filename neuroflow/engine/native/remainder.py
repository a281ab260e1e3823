"""The remainder of a division, of vectors and of single numbers."""

# mypy: ignore-errors
# ruff: noqa: F821
# types are names of the machine's language, not of Python

from __future__ import annotations

from neuroflow.engine.native.language import exact
from neuroflow.engine.native.vectors import fmod, scalar_fmod, where


@exact
def mod(x: Vector, y: Vector) -> Vector:
    """What x / y leaves over, with the sign of y; the C library gives it that of x."""
    left = fmod(x, y)
    return where(y < 0.0, where(left > 0.0, left + y, left), where(left < 0.0, left + y, left))


@exact
def scalar_mod(x: Double, y: Double) -> Double:
    """The same of single numbers."""
    left = scalar_fmod(x, y)
    return where(y < 0.0, where(left > 0.0, left + y, left), where(left < 0.0, left + y, left))
