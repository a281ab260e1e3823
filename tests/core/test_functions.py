"""Which kind of number an elementary function is asked for."""

from __future__ import annotations

import subprocess
import sys
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


NAMES = [
    *(
        "abs",
        "atan",
        "cos",
        "dot",
        "erf",
        "erfc",
        "exp",
        "expm1",
        "floor",
        "gaussian",
        "log",
        "log10",
        "log1p",
        "log2",
        "maximum",
        "mean",
        "minimum",
        "mod",
    ),
    *("normal_cdf", "pow", "sech", "sin", "sqrt", "stop_gradient", "sum", "tanh", "where"),
]


@pytest.mark.parametrize("name", NAMES)
def test_an_elementary_function_is_the_op_of_its_name(name):
    op = getattr(nf, name)
    assert op is getattr(nf.ops, name)
    assert op is nf.get("op", name).load()
    assert op is getattr(nf.Value(1.0), name).__func__
    assert op is nf.core_ops[name]


def test_settings_of_an_elementary_function_are_refused_and_so_is_a_wrong_count():
    with pytest.raises(nf.InputError, match="exp has no setting 'k'"):
        nf.exp(1.0, k=2.0)
    with pytest.raises(nf.InputError, match=r"exp takes 1 number\(s\) \(x\), but got 2"):
        nf.exp(1.0, 2.0)


FIRST = """
import sys
import neuroflow as nf
y = nf.exp(nf.Value(1.0)) ** 2 + nf.abs(nf.Value(-2.0)).tanh()
y.backward()
loaded = {name.partition(".")[0] for name in sys.modules}
assert not loaded & {"pluggy", "numpy", "neuroflow_plugins", "importlib.metadata"}, loaded
assert "neuroflow.registry" not in sys.modules
nf.Value(1.0).relu()
assert "neuroflow_plugins.ops" in sys.modules
"""


def test_the_first_gradient_of_a_process_loads_no_plugin_neither_pluggy_nor_numpy():
    done = subprocess.run([sys.executable, "-c", FIRST], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


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


def test_the_square_root_is_defined_at_0_where_it_has_no_derivative():
    assert nf.ops.sqrt.domain[0].text == "[0, inf)"
    assert nf.sqrt(nf.Value(0.0)).data == 0.0
    with pytest.raises(nf.NeuroflowError):
        nf.gradients(nf.sqrt(x := nf.Value(0.0)), [x])
