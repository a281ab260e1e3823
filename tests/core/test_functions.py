"""Which kind of number an elementary function is asked for."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import neuroflow as nf
from neuroflow.core.kinds import kind_of


class Named(nf.Value):
    """A Value of somebody else's."""

    __slots__ = ()


@pytest.mark.parametrize(
    ("numbers", "kind"),
    [
        ((1.0, 2, True), "builtins"),
        ((Fraction(1, 2),), "builtins"),
        ((1.0, 2j), "numpy"),
        ((np.float64(1.0), 1.0), "numpy"),
        ((np.ones(2), nf.Value(1.0)), "neuroflow"),
        ((1.0, Named(1.0)), "neuroflow"),
    ],
)
def test_the_kind_of_several_numbers_is_that_of_the_least_plain(numbers, kind):
    assert kind_of(numbers) == kind


def test_a_value_beside_a_numpy_number_gives_a_node():
    x = nf.Value(1.0)
    for y in (nf.maximum(x, np.float64(2.0)), nf.where(True, np.float64(2.0), x)):
        assert isinstance(y, nf.Value)
        assert y.data == 2.0
        assert all(isinstance(z, nf.Value) for z in y.inputs)


def test_a_subclass_of_value_is_a_value():
    x = Named(2.0)
    y = x * 3.0
    y.backward()
    assert (y.data, x.grad, y.inputs[0]) == (6.0, 3.0, x)
    assert nf.exp(Named(0.0)).data == 1.0


def test_symbols_and_long_numbers_have_their_own_functions():
    sympy, mpmath = pytest.importorskip("sympy"), pytest.importorskip("mpmath")
    x = sympy.Symbol("x")
    assert nf.exp(x) == sympy.exp(x)
    assert nf.abs(x) == sympy.Abs(x)
    assert nf.expm1(mpmath.mpf(1)) == mpmath.expm1(mpmath.mpf(1))
