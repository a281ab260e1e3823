"""Ops on vectors: sum, mean, dot, and the class of all whose inputs are equally long lists."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Sequence
from itertools import chain
from operator import mul as times
from typing import Any, ClassVar

from neuroflow.core.inputs import Number
from neuroflow.core.rules import wrong_inputs
from neuroflow.core.value import Op, Value, build, computed, core_op
from neuroflow.errors import InputError

Vector = Sequence[Number]


class VectorOp(Op):
    """An op whose inputs are equally long vectors of any length: a neuron is one ``dot``.

    A node knows numbers only, so its inputs are *flat*, one vector behind the other: ``forward``
    and ``partials_at`` take them so, and hand the rules what :meth:`split` makes of them. The rule
    of partials gives one vector per input.
    """

    vectors: ClassVar[bool] = True

    def __call__(self, *vectors: Any, **settings: float) -> Any:
        """A new node if any number is a Value, else just the number.

        One vector may be given as separate numbers.
        """
        if settings:
            return self.bind(**settings)(*vectors)
        if self.required:
            raise wrong_inputs(self, "vector", len(self.parameters))
        inputs = self.flatten(vectors)
        for x in inputs:
            if isinstance(x, Value):
                return build(self, inputs)
        return computed(self, inputs)

    def flatten(self, vectors: tuple[Any, ...]) -> tuple[Any, ...]:
        """The vectors one behind the other.

        >>> dot.flatten(([1.0, 2.0], [3.0, 4.0]))
        (1.0, 2.0, 3.0, 4.0)
        """
        expected = len(self.parameters)
        if expected == 1 and not (len(vectors) == 1 and isinstance(vectors[0], (list, tuple))):
            vectors = (vectors,)
        try:
            if len(vectors) == expected == 2 and len(vectors[0]) == len(vectors[1]) > 0:
                return (*vectors[0], *vectors[1])  # the usual case, made quick
            lengths = [*map(len, vectors)]
        except TypeError:
            shown = ", ".join(map(repr, vectors))
            raise InputError(
                f"{self.name} takes lists of numbers, but got {shown}", op=self.name
            ) from None
        if len(lengths) != expected:
            raise wrong_inputs(self, "vector", len(lengths))
        if 0 in lengths or lengths.count(lengths[0]) != expected:
            raise InputError(
                f"{self.name} got vectors of length {', '.join(map(str, lengths))}",
                expected="equally long ones with at least one number each",
                op=self.name,
            )
        return tuple(chain.from_iterable(vectors))

    def split(self, flat: Sequence[Any]) -> tuple[Sequence[Any], ...]:
        """The vectors again, from their numbers one behind the other.

        >>> dot.split((1.0, 2.0, 3.0, 4.0))
        ((1.0, 2.0), (3.0, 4.0))
        """
        length = len(flat) // len(self.parameters)
        return tuple([flat[k : k + length] for k in range(0, len(flat), length)])

    def splitter(self) -> Callable[[Sequence[Any]], tuple[Sequence[Any], ...]]:
        """What splits, made quick for the usual numbers of vectors."""
        return {1: lambda flat: (flat,), 2: _halves}.get(len(self.parameters), self.split)


def _halves(flat: Sequence[Any]) -> tuple[Sequence[Any], ...]:
    middle = len(flat) // 2
    return flat[:middle], flat[middle:]


@core_op(VectorOp, formula=r"\sum_i x_i", step="sum")
def sum(xs: Vector) -> Number:
    """The sum of any number of numbers."""
    return builtins.sum(xs)


@sum.partials
def _(out: Number, xs: Vector) -> tuple[Vector, ...]:
    return ([1.0] * len(xs),)


@core_op(VectorOp, formula=r"\frac{1}{n} \sum_{i=1}^{n} x_i")
def mean(xs: Vector) -> Number:
    """The arithmetic mean of any number of numbers."""
    return builtins.sum(xs) / len(xs)


@mean.partials
def _(out: Number, xs: Vector) -> tuple[Vector, ...]:
    return ([1.0 / len(xs)] * len(xs),)


@core_op(VectorOp, formula=r"\sum_i a_i b_i", step="dot")
def dot(a: Vector, b: Vector) -> Number:
    """The inner product of two equally long vectors."""
    return builtins.sum(map(times, a, b))


@dot.partials
def _(out: Number, a: Vector, b: Vector) -> tuple[Vector, ...]:
    return (b, a)
