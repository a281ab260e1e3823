"""Matrix draws: initializers that know all weights of a matrix at once, asked for one by one.

An orthogonal matrix cannot be drawn number by number, as each row depends on those before it.
Layers that ask for their weights in order, row by row, get those of a whole matrix all the same.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from attrs import define, field

from neuroflow.errors import InputError, short_repr

Rows = list[list[float]]


@define(eq=False)
class MatrixDraw:
    """Gives the numbers of a matrix one after the other, and then those of another one.

    ``draw(rng, fan_in, fan_out)`` gives ``fan_out`` rows of ``fan_in`` numbers.

    >>> draw = MatrixDraw(lambda rng, fan_in, fan_out: [[1.0, 0.0], [0.0, 1.0]])
    >>> [draw(None, 2, 2) for _ in range(4)]
    [1.0, 0.0, 0.0, 1.0]
    """

    draw: Callable[..., Rows]
    _fans: tuple[int, int] = (0, 0)
    _left: list[float] = field(factory=list)

    def __call__(self, rng: random.Random, fan_in: int, fan_out: int) -> float:
        """The next number; that of a new matrix if there is none left, or the sizes are others."""
        if not self._left or self._fans != (fan_in, fan_out):
            rows = self.rows(rng, fan_in, fan_out)
            self._fans = (fan_in, fan_out)
            self._left = [number for row in reversed(rows) for number in reversed(row)]
        return self._left.pop()

    def rows(self, rng: random.Random, fan_in: int, fan_out: int) -> Rows:
        """A whole matrix; raises :class:`InputError` for one of another shape."""
        rows: Any = self.draw(rng, fan_in, fan_out)
        try:
            shapes = {len(row) for row in rows}
        except TypeError:
            shapes = set()
        if shapes != {fan_in} or len(rows) != fan_out:
            raise InputError(
                f"an initializer drew {short_repr(rows)}",
                expected=f"{fan_out} rows of {fan_in} numbers",
                got=rows,
            )
        return rows  # type: ignore[no-any-return]
