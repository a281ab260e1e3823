"""The machine's language: a text means the same to Python and to LLVM, and vectors to numpy."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("llvmlite")

from neuroflow.engine.lower.program import Instruction
from neuroflow.engine.native import matrices
from neuroflow.engine.native import rows as rows_of
from neuroflow.engine.native.language import LanguageError, Target
from neuroflow.engine.native.units import INSTRUCTIONS, Unit, callable_unit

DTYPES = ("float64", "float32")


def native(what, dtype="float64"):
    """A text or a function of the language, to be called with arrays and numbers."""
    call = callable_unit(
        Unit(what, is_instruction=False), Target(dtype, 64 // np.dtype(dtype).itemsize)
    )
    return lambda *given: call(*[x.ctypes.data if isinstance(x, np.ndarray) else x for x in given])


TEXTS = {
    "a loop in a loop": """
def run(m: Numbers, n: Int) -> Int:
    total = 0
    for i in range(n):
        for j in range(i, n, 2):
            m[i] += m[j] * 0.5
            total += i * j
    return total
""",
    "branches": """
def run(m: Numbers, n: Int) -> Int:
    for i in range(n):
        if 0 <= m[i] < 1:
            m[i] = 1
        elif not m[i] > 0 and i != 2:
            m[i] = 2.5
        else:
            m[i] = m[i] if i > 4 else -1
    return n // 2 + (n > 3)
""",
    "values are taken before names are given": """
def run(m: Numbers, n: Int) -> Int:
    a, b = m[0], m[1]
    for i in range(n):
        a, b = b, a + b * 0.25
        x = y = a - b
        m[i] = x * y
    return -n
""",
    "a return from inside": """
def run(m: Numbers, n: Int) -> Int:
    for i in range(n):
        if m[i] > 0.5:
            return i
        m[i] = 0
    return -1
""",
}


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("n", [2, 3, 7])
def test_a_text_means_the_same_to_python(name, n):
    text = TEXTS[name].strip()
    names = {}
    exec("from __future__ import annotations\n" + text, names)
    numbers = [0.3, -1.25, 0.75, 2.0, 0.1, -0.5, 3.0]
    expected, memory = list(numbers), np.array(numbers)
    assert native(text)(memory, n) == names["run"](expected, n)
    assert memory.tolist() == expected


SPECIAL = [0.0, -0.0, 1.0, -1.5, 1e-9, -745.2, -708.5, -700.0, 88.9, 709.9, 30.25, math.inf,
           -math.inf, math.nan, 0.5, 2.0, 17.0]  # fmt: skip
ELEMENTARY = {
    "exp": np.exp, "log": np.log, "log1p": np.log1p, "expm1": np.expm1, "sqrt": np.sqrt,
    "sin": np.sin, "cos": np.cos, "tanh": np.tanh, "abs": np.abs,
    "erf": np.vectorize(lambda x: math.erf(x)),
}  # fmt: skip


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ELEMENTARY)
def test_elementary_functions_of_vectors_at_ordinary_and_extreme_numbers(name, dtype):
    text = f"""
def each(m: Numbers, n: Int):
    for i in range(0, n, W):
        put(m, i, {name}(load(m, i)), n - i)
"""
    n = len(SPECIAL)
    memory = np.array([*SPECIAL, *[7.0] * 64], dtype=dtype)
    with np.errstate(all="ignore"):
        expected = ELEMENTARY[name](memory[:n].astype(float)).astype(dtype)
    native(text.strip(), dtype)(memory, n)
    close = {"float64": 1e-14, "float32": 2e-6}[dtype]
    tiny = float(np.finfo(dtype).tiny)  # numbers below are rounded to zero
    np.testing.assert_allclose(memory[:n], expected, rtol=close, atol=tiny)
    assert (memory[n:] == 7.0).all()


def test_a_variable_keeps_its_type():
    text = "def run(m: Numbers):\n    x = 1\n    x = m[0]"
    with pytest.raises(LanguageError, match="run gives a Number where a Int must be; a variable"):
        native(text)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("x = unknown", "run: nothing is called unknown"),
        ("unknown(1)", "run: nothing is called unknown"),
        ("x = [1, 2]", r"run: '\[1, 2\]' is not of this language"),
        ("assert m", "run: 'assert m' is not of this language"),
        ("while m: pass", "run: 'while m:.* is not of this language"),
    ],
)
def test_what_is_not_of_the_language_is_named(line, message):
    with pytest.raises(LanguageError, match=message):
        native(f"def run(m: Numbers):\n    {line}")


def test_every_instruction_but_maps_has_a_function():
    assert set(INSTRUCTIONS) == set(Instruction) - {Instruction.MAP}


sizes = st.integers(1, 21)


@settings(deadline=None, max_examples=60)
@given(sizes, sizes, st.integers(1, 9), st.sampled_from([0, 1, 2]), st.booleans(),
       st.sampled_from(DTYPES))  # fmt: skip
def test_products_of_matrices_of_all_sizes(rows, columns, inner, how, across, dtype):
    rng = np.random.default_rng(rows * 1000 + columns * 10 + inner)
    a, b, c, bias = (
        rng.integers(-9, 9, shape).astype(dtype)
        for shape in ((rows, inner), (inner, columns), (rows, columns), (rows, 1))
    )
    memory = np.concatenate([
        (a.T if across else a).ravel(), b.ravel(), bias.ravel(), c.ravel(), np.full(64, 3, dtype),
    ])  # fmt: skip
    strides = (1, rows) if across else (inner, 1)
    at_b, at_bias, at_c = a.size, a.size + b.size, a.size + b.size + rows
    native(matrices.matmul, dtype)(
        memory, 0, *strides, at_b, columns, at_c, columns, rows, columns, inner, how, at_bias, 1
    )
    expected = a @ b + (0, c, bias)[how]
    assert (memory[at_c : at_c + c.size].reshape(c.shape) == expected).all()
    assert (memory[at_c + c.size :] == 3).all()
    assert (memory[:at_c] == np.concatenate([(a.T if across else a).ravel(), b.ravel(),
                                             bias.ravel()])).all()  # fmt: skip


@settings(deadline=None, max_examples=60)
@given(sizes, sizes, st.booleans(), st.sampled_from(DTYPES))
def test_dots_along_rows_and_columns_and_their_gradients(rows, n, across, dtype):
    rng = np.random.default_rng(rows * 100 + n)
    a, b, g = (rng.integers(-9, 9, shape).astype(dtype) for shape in ((rows, n), (n,), (rows,)))
    size = a.size + n
    where = {"a": 0, "b": a.size, "ga": size, "gb": size + a.size, "g": 2 * size}
    memory = np.concatenate(
        [(a.T if across else a).ravel(), b, np.ones(size), g, g, np.full(64, 3)]
    )
    memory = memory.astype(dtype)
    strides = (1, rows) if across else (n, 1)
    out, end = 2 * size + rows, 2 * size + 2 * rows
    native(matrices.dot, dtype)(memory, out, rows, n, where["a"], *strides, where["b"], 0, 1)
    assert (memory[out:end] == a @ b).all()
    native(matrices.dot_back, dtype)(
        memory, where["g"], rows, n, where["a"], *strides, where["b"], 0, 1, where["ga"],
        where["gb"],
    )  # fmt: skip
    ga = memory[where["ga"] : where["gb"]].reshape((n, rows) if across else (rows, n))
    assert ((ga.T if across else ga) == 1 + g[:, None] * b).all()
    assert (memory[where["gb"] : where["g"]] == 1 + g @ a).all()
    assert (memory[end:] == 3).all()


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 45), st.integers(1, 45), st.integers(1, 20), st.sampled_from(DTYPES))
def test_outer_products_of_many_rows_are_sums_over_lanes(rows, columns, blocks, dtype):
    rng = np.random.default_rng(rows * columns)
    lanes = blocks * 64 // np.dtype(dtype).itemsize
    a, b, c = (rng.integers(-4, 5, shape).astype(dtype) for shape in
               ((rows, lanes), (columns, lanes), (rows, columns + 2)))  # fmt: skip
    memory = np.concatenate([a.ravel(), b.ravel(), c.ravel(), np.full(64, 3)]).astype(dtype)
    at_c = a.size + b.size
    native(matrices.outer, dtype)(
        memory, 0, lanes, a.size, lanes, at_c, columns + 2, 1, rows, columns, lanes
    )
    c[:, :columns] += a @ b.T
    assert (memory[at_c : at_c + c.size].reshape(c.shape) == c).all()
    assert (memory[at_c + c.size :] == 3).all()


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 37), st.integers(1, 37), st.sampled_from(DTYPES))
def test_a_matrix_is_transposed_whatever_its_size(rows, columns, dtype):
    width = 64 // np.dtype(dtype).itemsize
    a_row, to_row = columns + 3, -(-rows // width) * width
    memory = np.arange(rows * a_row + columns * to_row + 64).astype(dtype)
    expected, at = memory.copy(), rows * a_row
    matrix = memory[:at].reshape(rows, a_row)[:, :columns]
    expected[at : at + columns * to_row].reshape(columns, to_row)[:, :rows] = matrix.T
    native(rows_of.transpose, dtype)(memory, 0, rows, columns, a_row, at, to_row)
    assert (memory == expected).all()


@settings(deadline=None, max_examples=40)
@given(st.lists(st.floats(-9, 9) | st.just(np.nan), min_size=1, max_size=40), st.booleans(),
       st.sampled_from(DTYPES))  # fmt: skip
def test_the_largest_and_the_smallest_of_few_and_of_many(numbers, largest, dtype):
    memory = np.concatenate([numbers, np.full(64, 99 if largest else -99)]).astype(dtype)
    n, out = len(numbers), len(numbers) + 63
    native(rows_of.extremes, dtype)(memory, out, 1, n, 0, 0, 1, 1, 1 if largest else -1)
    expected = (np.max if largest else np.min)(memory[:n])
    assert memory[out] == expected or (np.isnan(memory[out]) and np.isnan(expected))
