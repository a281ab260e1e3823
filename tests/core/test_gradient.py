"""backward, gradients, jvp: the chain rule on values that can be checked by hand."""

import gc
import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

import neuroflow as nf


def test_gradient_accumulates_over_shared_value():
    a, b = nf.Value(2.0), nf.Value(3.0)
    loss = a * b + a
    loss.backward()
    assert (loss.data, a.grad, b.grad) == (8.0, 4.0, 2.0)


def test_relu_of_a_value_that_is_used_again():
    a = nf.Value(1.5)
    (a.relu() + a).backward()
    assert a.grad == 2.0


def test_diamond():
    a = nf.Value(5.0)
    b = a + a
    c = b + b
    c.backward()
    assert a.grad == 4.0


def test_backward_twice_doubles_leaves_and_nothing_else():
    a = nf.Value(2.0)
    b = a + a
    c = b * b
    c.backward()
    once = (a.grad, b.grad, c.grad)
    c.backward()
    assert (a.grad, b.grad, c.grad) == (2 * once[0], once[1], once[2])


def test_backward_from_a_leaf_counts_itself():
    a = nf.Value(2.0)
    a.backward()
    a.backward()
    assert a.grad == 2.0


@pytest.fixture
def without_collection():
    """No garbage collection meanwhile: it would look through a million nodes again and again."""
    gc.disable()
    yield
    gc.enable()


def test_chain_of_a_million_nodes(without_collection):
    x = nf.Value(0.0)
    y = x
    for _ in range(1_000_000):
        y = y + 1e-6
    y.backward()
    assert x.grad == 1.0
    assert y.data == pytest.approx(1.0)


def micrograd_readme(a, b):
    c = a + b
    d = a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    e = c - d
    f = e**2
    g = f / 2.0
    return g + 10.0 / f


def test_micrograd_readme_expression():
    a, b = nf.Value(-4.0), nf.Value(2.0)
    g = micrograd_readme(a, b)
    g.backward()
    assert g.data == pytest.approx(24.70408163265306, rel=1e-14)
    assert a.grad == pytest.approx(138.83381924198252, rel=1e-14)
    assert b.grad == pytest.approx(645.5772594752186, rel=1e-14)


@pytest.mark.parametrize(("at", "value", "slope"), [(-4.0, -20.0, 46.0), (4.0, None, 299.0)])
def test_expression_of_the_javascript_original(at, value, slope):
    x = nf.Value(at)
    z = 2 * x + 2 + x
    q = z.relu() + z * x
    h = (z * z).relu()
    y = h + q + q * x
    y.backward()
    assert value is None or y.data == value
    assert x.grad == slope


def test_expression_with_every_arithmetic_op():
    a, b, c = nf.Value(2.0), nf.Value(3.0), nf.Value(4.0)
    f = -(a**3) + (3 * b).sin() - 1 / c + b**2.5 - a.sqrt()
    f.backward()
    assert f.data == pytest.approx(6.336362190988558, rel=1e-14)
    expected = (-12.353553390593273, 10.25699027111255, 0.0625)
    assert (a.grad, b.grad, c.grad) == pytest.approx(expected, rel=1e-14)


def test_gradients_change_no_grad():
    a, b = nf.Value(2.0), nf.Value(3.0)
    y = a * b
    y.backward()
    before = (a.grad, b.grad, y.grad)
    assert nf.gradients(y, [a, b]) == [3.0, 2.0]
    assert (a.grad, b.grad, y.grad) == before


def test_gradients_of_unused_shared_and_interior_inputs():
    x, unused = nf.Value(3.0), nf.Value(1.0)
    square = x * x
    y = square * square
    assert nf.gradients(y, [unused, square, x, y]) == [0.0, 18.0, 108.0, 1.0]
    assert nf.gradients(y, [x, x]) == [108.0, 108.0]


def test_gradients_restore_grads_when_a_rule_fails():
    x = nf.Value(0.0)
    x.grad = 7.0
    with pytest.raises(nf.DomainError):
        nf.gradients(x.sqrt(), [x])
    assert x.grad == 7.0


def test_third_derivative():
    x = nf.Value(0.7)
    slope = x.sin()
    for expected in (math.cos(0.7), -math.sin(0.7), -math.cos(0.7)):
        (slope,) = nf.gradients(slope, [x], create_graph=True)
        assert slope.data == pytest.approx(expected, rel=1e-14)


def test_derivatives_of_a_constant_slope_are_zero_values():
    x = nf.Value(2.0)
    (slope,) = nf.gradients(3 * x, [x], create_graph=True)
    assert slope.data == 3.0
    assert nf.gradients(slope, [x]) == [0.0]


def test_jvp_is_the_sum_of_partials_times_tangents():
    a, b = nf.Value(2.0), nf.Value(3.0)
    assert nf.jvp(a * b + a, [a, b], [1.0, 10.0]) == 4.0 + 20.0
    with pytest.raises(nf.InputError, match="jvp got 2 inputs and 1 tangents"):
        nf.jvp(a * b, [a, b], [1.0])


def test_stop_gradient_is_a_constant_to_every_derivative():
    x = nf.Value(2.0)
    y = nf.stop_gradient(x) * x
    assert nf.gradients(y, [x]) == [2.0]
    assert nf.jvp(y, [x], [1.0]) == 2.0
    (slope,) = nf.gradients(y, [x], create_graph=True)
    assert slope.data == 2.0


def test_gradients_want_values():
    with pytest.raises(nf.InputError, match=r"y is 3\.0, of type float; expected a Value"):
        nf.gradients(3.0, [])


NUMBER = st.floats(-3, 3)


@given(st.lists(NUMBER, min_size=2, max_size=6), st.randoms(use_true_random=False))
def test_reverse_and_forward_mode_agree_on_random_graphs(numbers, random):
    xs = [nf.Value(number) for number in numbers]
    nodes = list(xs)
    for _ in range(20):
        a, b = random.choice(nodes), random.choice(nodes)
        make = random.choice(
            [lambda a, b: a + b, lambda a, b: a * b, lambda a, b: (a - b).tanh(), nf.maximum]
        )
        nodes.append((make(a, b) * 0.3).tanh())
    y = nodes[-1]
    slopes = nf.gradients(y, xs)
    for k in range(len(xs)):
        tangents = [float(i == k) for i in range(len(xs))]
        assert nf.jvp(y, xs, tangents) == pytest.approx(slopes[k], rel=1e-9, abs=1e-12)
    y.backward()
    assert [x.grad for x in xs] == slopes


def test_runs_are_bit_identical():
    def run():
        rng = nf.SplitMix32(1)
        xs = [nf.Value(rng.gauss(0, 1)) for _ in range(50)]
        loss = nf.sum([(a * b).tanh() + a / (b * b + 1) for a, b in pairwise(xs)])
        loss.backward()
        return [loss.data, *(x.grad for x in xs)]

    assert run() == run()


def test_second_derivative_of_a_power():
    x = nf.Value(2.0)
    (slope,) = nf.gradients(x**3, [x], create_graph=True)
    assert (slope.data, nf.gradients(slope, [x])) == (12.0, [12.0])


def test_absolute_and_power_are_ops_on_values():
    x = nf.Value(-2.0)
    assert (nf.abs(x).op.name, nf.pow(x, 2).op.name) == ("abs", "pow")
