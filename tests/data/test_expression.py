"""f(x) as text: arithmetic is read, everything else is refused."""

from __future__ import annotations

import contextlib
import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import neuroflow as nf
from neuroflow.data.as_written import in_python
from neuroflow.data.expression import FUNCTIONS


@pytest.mark.parametrize(
    ("text", "x", "y"),
    [
        ("x", 3.0, 3.0),
        ("2*x - 1", 3.0, 5.0),
        ("-x^2", 3.0, -9.0),
        ("x**-2", 2.0, 0.25),
        ("sin(pi * x)", 0.5, 1.0),
        ("max(x, 0) + min(1, 2)", -3.0, 1.0),
        ("tan(x) / tan(x) + abs(-x)", 0.3, 1.3),
        (" e ** x ", 1.0, math.e),
    ],
)
def test_values(text, x, y):
    assert nf.parse_expression(text)(x) == pytest.approx(y)


def test_one_text_serves_values_and_arrays():
    f = nf.parse_expression("x**3 + sin(x) / 2")
    x = nf.Value(2.0)
    f(x).backward()
    assert x.grad == pytest.approx(12.0 + math.cos(2.0) / 2)
    assert f(np.array([2.0]))[0] == pytest.approx(f(2.0))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "it is no text"),
        ("x +", "invalid syntax"),
        ("y + 1", "unknown name 'y'"),
        ("sni(x)", "unknown function 'sni'; did you mean 'sin'"),
        ("sin", "sin is a function: write sin(...)"),
        ("sin(x, x)", "sin takes one number"),
        ("max(x)", "max takes two or more numbers"),
        ("x.real", "Attribute is not arithmetic"),
        ("x if x else 1", "IfExp is not arithmetic"),
        ("[x][0]", "Subscript is not arithmetic"),
        ("(lambda: 1)()", "only the known functions can be called"),
        ("().__class__", "Attribute is not arithmetic"),
        ("'a' * 9", "'a' is no number"),
        ("True", "True is no number"),
        ("x % 2", "Mod is no operator here"),
        ("x // 2", "FloorDiv is no operator here"),
        ("~x", "Invert is no operator here"),
        ("x ** 1000", "the exponent 1000 is beyond 100"),
        ("9" * 400, "a number is too large"),
        ("(" * 240 + "x" + ")" * 240, "nested"),
        ("+".join("x" * 150), "parts and at most 200 are read"),
        ("x" * 501, "501 characters; at most 500"),
    ],
)
def test_everything_else_is_refused(text, problem):
    with pytest.raises(nf.InputError) as caught:
        nf.parse_expression(text)
    assert problem in str(caught.value)


@pytest.mark.parametrize("text", ["1 / x", "x ** -1", "log(x)", "(10 ** 99) ** (x + 99)"])
def test_no_finite_value_names_x(text):
    with pytest.raises(nf.InputError, match=r"at x = 0\.0"):
        nf.parse_expression(text)(0.0)


@given(st.text(max_size=30))
def test_no_text_gets_past_as_anything_but_an_error_of_ours(text):
    try:
        f = nf.parse_expression(text)
    except nf.InputError:
        return
    with contextlib.suppress(nf.InputError):
        assert isinstance(f(0.5), (int, float))


@given(st.text("x0123456789.+-*/()^ ", max_size=20))
def test_arithmetic_agrees_with_python(text):
    try:
        ours = nf.parse_expression(text)(0.5)
    except nf.InputError:
        return
    with warnings.catch_warnings(action="ignore"):
        try:
            theirs = eval(text.strip().replace("^", "**"), {"x": 0.5})
        except (SyntaxError, TypeError):  # such as 2x and (x+1)(x-1)
            theirs = eval(in_python(text.strip()), {"x": 0.5})
        assert ours == pytest.approx(theirs)


@pytest.mark.parametrize(
    ("text", "at_three"),
    [("2x", 6.0), ("x²", 9.0), ("x⁻²", 1 / 9), ("|x-5|", 2.0), ("2π", 2 * math.pi),
     ("(x+1)(x-1)", 8.0), ("2(x+1)", 8.0), ("3 sin(πx/6)", 3.0), ("x·x − 1", 8.0), ("√(x+1)", 2.0),
     ("x sin(x)cos(x)", 3 * math.sin(3) * math.cos(3)),
     ("1e-20x", 3e-20), ("2 e^x", 40.171073846375336)],
)  # fmt: skip
def test_formulas_are_read_as_people_write_them(text, at_three):
    assert nf.parse_expression(text)(3.0) == pytest.approx(at_three, rel=1e-12)


@pytest.mark.parametrize("text", ["2 3", "x3", "a b", "|x", "sin x", "²", "x(3)", "1_000x", "2j"])
def test_what_is_no_formula_is_still_refused(text):
    with pytest.raises(nf.InputError, match="cannot read"):
        nf.parse_expression(text)


def test_every_function_is_known_and_runs():
    for name in FUNCTIONS:
        arguments = "x, 2" if name in ("max", "min") else "x"
        assert math.isfinite(nf.parse_expression(f"{name}({arguments})")(0.5))
