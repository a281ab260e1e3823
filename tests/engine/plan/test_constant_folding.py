"""What is known before the run is computed once, and nothing else changes: not even a sign."""

import math
import random
import struct

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import neuroflow as nf
from neuroflow.engine.plan import common_subexpressions


def plan(function, *inputs):
    return nf.compile(function, backend="numpy").plan(*inputs)


def names(plan):
    return [group.name for group in plan.groups]


def bits(x):
    return struct.pack("d", x)


@nf.op
def cube(x):
    """A third-party op."""
    return x * x * x


@nf.op(vectors=True)
def spread(xs):
    """A third-party op on a vector."""
    return nf.log(sum(nf.exp(x) for x in xs))


@pytest.mark.parametrize(
    "constant",
    [
        lambda: nf.exp(nf.Value(0.5)),
        lambda: nf.Value(2.0) / 3.0 - nf.Value(1.5) ** 3,
        lambda: cube(nf.Value(1.7)),
        lambda: spread([nf.Value(0.1 * k) for k in range(12)]),
        lambda: nf.dot([nf.Value(0.1 * k) for k in range(9)], [0.3] * 9),
        lambda: nf.mean([nf.Value(1.0), 2.0, 4.0]),
        lambda: nf.stop_gradient(nf.where(nf.Value(2.0), 3.0, 4.0)),
        lambda: nf.ops.maximum([nf.Value(2.0), 7.0]),
    ],
)
def test_what_constants_alone_make_is_computed_once(constant):
    found = plan(lambda x: x * constant(), 1.0)
    assert names(found) == ["mul"]
    assert any("of constants alone folded" in note for note in found.notes)
    (number,) = found.constants
    assert bits(number) == bits(constant().data)


def test_folding_stops_where_a_number_would_not_be_finite():
    def function(x):
        return nf.where(x > 0.0, x, nf.log(nf.Value(-1.0)) + nf.Value(2.0) * 3.0)

    fast = nf.compile(function, backend="numpy")
    assert names(fast.plan(1.0)) == ["log", "add", "greater", "where"]
    assert fast.value(1.0) == 1.0
    with pytest.raises(nf.DomainError):
        fast.value(-1.0)
    assert names(plan(lambda x: x * (nf.Value(1e308) * nf.Value(10.0)), 1.0)) == ["mul", "mul"]


def test_a_value_that_someone_holds_is_no_constant(backend):
    held = nf.Value(2.0)

    class Holder(nf.Module):
        def __init__(self):
            self._held = [held]

        def forward(self, x):
            return x * nf.exp(self._held[0] * nf.Value(3.0))

    fast = nf.compile(Holder(), backend=backend)
    assert fast.value(1.0) == pytest.approx(math.exp(6.0), rel=1e-12)
    held.data = 0.0
    assert fast.value(1.0) == 1.0


def test_random_inputs_are_never_folded(backend):
    rng = random.Random(3)
    fast = nf.compile(lambda x: x + nf.Value(2.0) * nf.random_input(rng.random), backend=backend)
    drawn = random.Random(3)
    for _ in range(3):
        assert fast.value(1.0) == pytest.approx(1.0 + 2.0 * drawn.random(), rel=1e-15)


def test_gradients_pass_by_constants_and_not_through_them(backend):
    def function(x):
        return x * nf.Value(2.0) * nf.Value(4.0) + nf.stop_gradient(x) * nf.exp(nf.Value(0.0))

    value, gradients = nf.compile(function, backend=backend).value_and_gradients(3.0)
    assert (value, gradients.inputs) == (27.0, [8.0])


UNCHANGED = {
    "x * 1": lambda x: x * 1,
    "1 * x": lambda x: 1 * x,
    "x / 1": lambda x: x / 1,
    "x - 0": lambda x: x - 0,
    "x + -0.0": lambda x: x + -0.0,
    "-0.0 + x": lambda x: -0.0 + x,
    "x ** 1": lambda x: x**1,
    "-(-x)": lambda x: nf.ops.neg(nf.ops.neg(x)),
    "x * Value(1)": lambda x: x * nf.Value(1.0),
    "identity": lambda x: nf.ops.identity(x),
    "all of them": lambda x: -((-((x * 1 - 0) / 1)) ** 1) * nf.exp(nf.Value(0.0)),
}


@pytest.mark.parametrize("what", UNCHANGED)
def test_what_changes_nothing_leaves_no_nodes(what):
    assert plan(UNCHANGED[what], 1.0).groups == []


@pytest.mark.parametrize(
    "function", [lambda x: x + 0, lambda x: 0 + x, lambda x: x - -0.0, lambda x: x * 0]
)
def test_what_changes_a_zero_or_an_infinity_stays(function):
    fast = nf.compile(function, backend="numpy")
    assert len(fast.plan(1.0).groups) == 1
    for x in (-0.0, 0.0, -2.5):
        assert bits(fast.value(x)) == bits(function(nf.Value(x)).data)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.floats(allow_nan=False, allow_infinity=False))
@example(-0.0)
@example(5e-324)
def test_leaving_steps_out_keeps_every_bit(x):
    for what, function in UNCHANGED.items():
        compiled = fast_unchanged[what].value(x)
        assert bits(compiled) == bits(function(nf.Value(x)).data), what


fast_unchanged = {
    what: nf.compile(function, backend="numpy") for what, function in UNCHANGED.items()
}


def test_a_square_is_a_product_within_one_rounding(backend):
    fast = nf.compile(lambda x: x**2, backend=backend)
    assert names(fast.plan(1.0)) == ["mul"]
    value, gradients = fast.value_and_gradients(-3.3)
    assert value == pytest.approx((-3.3) ** 2, rel=3e-16)
    assert gradients.inputs == [-6.6]


def test_python_sums_start_at_zero_and_are_dots_nevertheless():
    w = [nf.Value(0.5), nf.Value(0.25)]
    assert names(plan(lambda x, y: sum([w[0] * x, w[1] * y]), 1.0, 2.0)) == ["dot"]
    assert names(plan(lambda x: sum([w[0] * x]) + w[1], 1.0)) == ["dot", "add"]


def test_a_dot_stands_behind_all_that_its_products_read(backend):
    def function(x, y):
        early = x * y
        for _ in range(3000):
            x = nf.sin(x)
        late = nf.exp(x) * nf.sin(y)
        return early + late + y

    fast = nf.compile(function, backend=backend)
    assert fast.value(0.5, 2.0) == pytest.approx(function(nf.Value(0.5), 2.0).data, rel=1e-14)


def test_nodes_with_the_same_hash_are_told_apart(monkeypatch):
    monkeypatch.setattr(common_subexpressions, "_ODDER", np.uint64(0))
    fast = nf.compile(lambda x, y: nf.sin(x - y) / nf.sin(y - x) + nf.sin(x), backend="numpy")
    expected = -1.0 + math.sin(0.5)
    assert fast.value(0.5, 2.0) == pytest.approx(expected, rel=1e-14)


def test_sums_and_products_of_two_are_equal_either_way_round():
    found = plan(lambda x, y: nf.sin(x * y) / nf.sin(y * x), 1.0, 2.0)
    assert [(g.name, g.count) for g in found.groups] == [("mul", 1), ("sin", 1), ("div", 1)]
    found = plan(lambda x, y: nf.sin(x - y) / nf.sin(y - x), 1.0, 2.0)
    assert [(g.name, g.count) for g in found.groups] == [("sub", 2), ("sin", 2), ("div", 1)]


CONSTANTS = st.sampled_from([-2.0, -1.0, -0.0, 0.0, 0.5, 1.0, 2.0, 3.0])


@st.composite
def graphs(draw):
    """Steps on earlier values, on numbers, and on Values made inside the function."""
    program = []
    for k in range(draw(st.integers(1, 14))):
        known = st.integers(0, 1 + k)
        kind = draw(st.sampled_from(["number", "value", "binary", "unary", "dot", "long"]))
        if kind == "value":
            program.append((kind, draw(CONSTANTS), []))
        elif kind == "number":
            what = draw(st.sampled_from(["add", "radd", "sub", "mul", "div", "square"]))
            program.append((what, draw(CONSTANTS), [draw(known)]))
        elif kind == "long":
            program.append((kind, 0, draw(st.lists(known, min_size=8, max_size=12))))
        else:
            program.append((kind, 0, [draw(known) for _ in range(4)]))
    return program


def run(program, x, y):
    values = [x, y]
    for what, number, which in program:
        a, b, c, d = ([values[k] for k in which] + [0.0] * 4)[:4]
        values.append(
            {
                "value": lambda number=number: nf.Value(number),
                "add": lambda a=a, number=number: a + number,
                "radd": lambda a=a, number=number: number + a,
                "sub": lambda a=a, number=number: a - number,
                "mul": lambda a=a, number=number: a * number,
                "div": lambda a=a, number=number: a / (number or 1.0),
                "square": lambda a=a: nf.ops.tanh(a) ** 2,
                "unary": lambda a=a: -nf.ops.tanh(a),
                "binary": lambda a=a, b=b: a * b - b,
                "dot": lambda a=a, b=b, c=c, d=d: nf.ops.tanh(sum([a * b, c * d], a)),
                "long": lambda which=which: cube(
                    nf.ops.tanh(spread([nf.ops.tanh(values[k]) for k in which]))
                ),
            }[what]()
        )
    return nf.sum([nf.ops.tanh(v) for v in values])


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(graphs(), st.floats(-1.5, 1.5), st.floats(-1.5, 1.5), st.booleans())
def test_generated_graphs_with_constants(backend, program, x, y, batched):
    leaves = nf.Value(x), nf.Value(y)
    loss = run(program, *leaves)
    slopes = nf.gradients(loss, list(leaves))
    fast = nf.compile(lambda x, y: run(program, x, y), backend=backend)
    if batched:
        for value in fast.batch_value([x] * 9, [y] * 9):
            assert value == pytest.approx(loss.data, rel=1e-12, abs=1e-12)
        return
    value, gradients = fast.value_and_gradients(x, y)
    assert value == pytest.approx(loss.data, rel=1e-12, abs=1e-12)
    scale = max(1.0, *map(abs, slopes))
    assert gradients.inputs == pytest.approx(slopes, rel=1e-12, abs=1e-12 * scale)
