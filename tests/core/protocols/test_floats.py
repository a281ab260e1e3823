"""A Value does what a float does, or says why not."""

from __future__ import annotations

import math
import operator
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

import neuroflow as nf
from neuroflow.engine.trace.tracer import tracing

V = nf.Value
CONVERSIONS = {
    "float": float, "int": int, "bool": bool, "complex": complex, "round": round,
    "round to tenths": lambda x: round(x, 1), "floor": math.floor, "ceil": math.ceil,
    "trunc": math.trunc, "format": lambda x: f"{x:+08.3f}", "percent": lambda x: format(x, ".1%"),
}  # fmt: skip


@pytest.mark.parametrize("convert", CONVERSIONS.values(), ids=CONVERSIONS)
@pytest.mark.parametrize("x", [2.5, -0.75, 0.0, 1e300])
def test_conversions_give_what_a_float_gives(convert, x):
    assert convert(V(x)) == convert(x)
    assert type(convert(V(x))) is type(convert(x))


def test_a_value_is_true_unless_it_is_zero():
    assert [bool(V(x)) for x in (1.0, -1e-300, 0.0, -0.0)] == [True, True, False, False]
    assert not V(0.0)
    with pytest.raises(nf.DomainError):
        bool(V(math.nan))


def test_plus_is_the_value_itself_and_no_spec_is_its_repr():
    x = V(2.0)
    assert +x is x
    assert f"{x}" == repr(x) == "Value(2.0)"


NUMBERS = [2, True, Fraction(5, 2), Decimal("2.5"), np.float64(2.5), np.float32(2.5), np.int64(3)]


@pytest.mark.parametrize("number", NUMBERS, ids=lambda x: type(x).__name__)
@pytest.mark.parametrize("name", ["add", "sub", "mul", "truediv", "pow"])
def test_every_real_number_may_stand_on_either_side(name, number):
    operate, x = getattr(operator, name), V(1.5)
    y = float(number)
    assert operate(x, number).data == operate(1.5, y)
    assert operate(number, x).data == operate(y, 1.5)
    assert (x < number, x >= number, number > x) == (y > 1.5, y <= 1.5, y > 1.5)


def test_in_place_operators_make_a_new_value():
    x = y = V(2.0)
    y += 1
    y *= 3.0
    assert (x.data, y.data, y.op.name) == (2.0, 9.0, "mul")
    assert nf.gradients(y, [x]) == [3.0]


@pytest.mark.parametrize("other", [1j, "2", None, [1.0]], ids=repr)
@pytest.mark.parametrize("name", ["add", "mul", "truediv", "pow", "lt"])
def test_what_is_no_real_number_is_refused(name, other):
    with pytest.raises(nf.InputError, match="a Value holds one real number"):
        getattr(operator, name)(V(2.0), other)


@pytest.mark.parametrize("operate", [operator.mod, operator.floordiv, divmod])
@pytest.mark.parametrize(("a", "b"), [(V(7.5), 2.0), (7.5, V(2.0)), (V(7.5), V(2.0))])
def test_steps_have_no_operator_and_the_message_says_what_to_write(operate, a, b):
    with pytest.raises(nf.OperatorError, match=r"derivative of (%|//|divmod) jumps; .* a\.data"):
        operate(a, b)


def test_a_modulus_is_refused_as_floats_do():
    with pytest.raises(TypeError, match=r"pow got the modulus 5, .*; write pow\(v, 3\)"):
        pow(V(2.0), 3, 5)


@pytest.mark.parametrize("name", ["is_integer", "as_integer_ratio", "hex", "real", "conjugate"])
def test_what_only_floats_have_is_found_at_the_data(name):
    with pytest.raises(AttributeError, match=f"write x.data.{name}"):
        getattr(V(2.0), name)


FROZEN = {
    "==": lambda x: x == 2.0, "!=": lambda x: x != 0, "truth": bool,
    "if <": lambda x: 1 if x < 2 else 0,
    "max": lambda x: max(x, 0.0), "int": int, "float": float, "round": round, "floor": math.floor,
    "ceil": math.ceil, "trunc": math.trunc, "format": lambda x: f"{x:.2f}", "%": lambda x: x % 2.0,
    "//": lambda x: x // 2.0, "in": lambda x: x in [1.0, 2.0], "and": lambda x: x and 1.0,
}  # fmt: skip


@pytest.mark.parametrize("ask", FROZEN.values(), ids=FROZEN)
def test_what_a_trace_would_freeze_is_an_error_there(ask):
    parameter = V(2.0)
    kinds = (nf.TraceError, nf.OperatorError)
    with pytest.raises(kinds):
        nf.compile(lambda x: x * ask(x), backend="numpy").value(1.0)
    with tracing([parameter]), pytest.raises(kinds):
        ask(parameter)
