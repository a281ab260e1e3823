"""Op: one rule, every kind of number; settings, vectors, declarations and their errors."""

import re

import numpy as np
import pytest

import neuroflow as nf


@nf.op(formula="x^3")
def cube(x):
    """The cube of x."""
    return x * x * x


@nf.op(formula="k x", kinks=(0.0,), convention="k at 0")
def scaled(x, *, k=2.0):
    """k times x."""
    return k * x


@scaled.partials
def _(out, x, *, k):
    return (k,)


@nf.op(vectors=True)
def weighted(a, b):
    """Sum of a times b squared."""
    return sum(x * y * y for x, y in zip(a, b, strict=True))


def test_op_on_floats_gives_floats_and_on_values_nodes():
    assert cube(2.0) == 8.0
    node = cube(nf.Value(2.0))
    assert node.op is cube
    assert node.data == 8.0


def test_partials_that_are_left_out_are_derived():
    x = nf.Value(2.0)
    y = cube(x)
    y.backward()
    assert x.grad == 12.0
    assert cube.partials_at(8.0, 2.0) == [12.0]


def test_derived_partials_keep_inputs_apart():
    a = nf.Value(3.0)
    y = weighted([a, a], [a, a])
    assert nf.gradients(y, [a]) == [54.0]
    (slope,) = nf.gradients(y, [a], create_graph=True)
    assert nf.gradients(slope, [a]) == [36.0]


def test_one_rule_serves_arrays_complex_numbers_and_symbols():
    sympy = pytest.importorskip("sympy", reason="sympy is not installed")
    x = sympy.Symbol("x")
    assert cube.forward(np.array([1.0, 2.0])).tolist() == [1.0, 8.0]
    assert nf.ops.tanh.forward(1e-20j).imag == 1e-20
    assert nf.ops.exp.forward(x) == sympy.exp(x)
    assert nf.ops.relu.forward(np.array([-1.0, 2.0])).tolist() == [0.0, 2.0]


def test_settings_give_one_specialised_op_each():
    assert scaled(3.0, k=5.0) == 15.0
    assert scaled.bind(k=5.0) is scaled.bind(k=5.0)
    x = nf.Value(3.0)
    y = scaled(x, k=5.0)
    y.backward()
    assert (y.op.settings, x.grad) == ({"k": 5.0}, 5.0)
    assert repr(y.op) == "<op scaled(x, k=5.0)>"


def test_wrong_settings_are_refused():
    with pytest.raises(nf.InputError, match="scaled has no setting 'slope'; its settings: k"):
        scaled(1.0, slope=2.0)
    with pytest.raises(
        nf.InputError, match=r"scaled got k = true \(a truth value\); expected a number"
    ):
        scaled(1.0, k=True)


def test_wrong_number_of_inputs_is_refused():
    with pytest.raises(nf.InputError, match=r"cube takes 1 number\(s\) \(x\), but got 2"):
        cube(1.0, 2.0)
    with pytest.raises(nf.InputError, match=r"dot takes 2 vector\(s\) \(a, b\), but got 1"):
        nf.dot([1.0])


def test_vectors_of_unequal_length_are_refused():
    with pytest.raises(nf.InputError, match="dot got vectors of length 2, 4"):
        nf.dot([1.0, 2.0], [1.0, 2.0, 3.0, 4.0])
    with pytest.raises(nf.InputError, match="at least one number each"):
        nf.sum([])


def test_variadic_ops_take_a_list_or_arguments():
    assert nf.maximum(1.0, 3.0, 2.0) == 3.0
    assert nf.ops.maximum([1.0, 3.0]) == nf.ops.maximum(1.0, 3.0) == 3.0
    assert nf.sum([1.0, 2.0]) == 3.0
    assert nf.mean([1.0, 2.0]) == 1.5
    assert nf.ops.minimum([1.0, 3.0]) == 1.0


def test_dot_is_one_node_with_flat_inputs():
    a, b = [nf.Value(1.0), nf.Value(2.0)], [nf.Value(3.0), nf.Value(4.0)]
    y = nf.dot(a, b)
    y.backward()
    assert y.inputs == (*a, *b)
    assert [x.grad for x in y.inputs] == [3.0, 4.0, 1.0, 2.0]


def test_tied_maximum_shares_the_gradient():
    a, b, c = nf.Value(1.0), nf.Value(1.0), nf.Value(0.0)
    nf.maximum(a, b, c).backward()
    assert (a.grad, b.grad, c.grad) == (0.5, 0.5, 0.0)


def test_declarations_are_kept_and_a_bad_domain_is_refused():
    assert nf.ops.log.domain[0].text == "(0, inf)"
    assert 0.0 not in nf.ops.log.domain[0]
    assert scaled.kinks == (0.0,)
    assert cube.summary == "The cube of x."
    with pytest.raises(ValueError, match="'positive' is no interval; write it like"):
        nf.op(domain="positive")(lambda x: x)


def test_power_has_safe_partials_at_its_edges():
    for base, exponent, slope in [(0.0, 1.0, 1.0), (-2.0, 2.0, -4.0), (3.0, 0.0, 0.0), (0, 2, 0)]:
        x = nf.Value(base)
        (x**exponent).backward()
        assert x.grad == slope


def test_where_and_take():
    a, b = nf.Value(1.0), nf.Value(2.0)
    y = nf.where(a > b, a, b)
    y.backward()
    assert (y.data, a.grad, b.grad) == (2.0, 0.0, 1.0)
    rows = [[1.0, 2.0], [3.0, 4.0]]
    assert nf.take(rows, 1) == [3.0, 4.0]
    with pytest.raises(nf.InputError, match="take got index 2; expected 0 to 1"):
        nf.take(rows, 2)
    with pytest.raises(nf.InputError, match="take got index -1"):
        nf.take(rows, -1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: nf.ops.relu([1.0]), "relu takes numbers, but got [1.0]; give it the numbers"),
        (lambda: nf.exp("a"), "exp takes numbers, but got 'a'; give it the numbers themselves"),
        (lambda: nf.maximum(1.0, [2.0]), "maximum takes numbers, but got [2.0]"),
        (lambda: nf.dot([1.0], [None]), "dot takes numbers, but got None"),
        (lambda: nf.dot(nf.Value(1.0), 2.0), "dot takes lists of numbers, but got Value(1.0), 2.0"),
        (lambda: nf.take([1.0], 0.0), "take got the index 0.0; expected a whole number"),
        (lambda: nf.op(3), "an op is made of a function, but got 3; write @op"),
    ],
)
def test_what_is_no_number_is_refused(call, message):
    with pytest.raises(nf.InputError, match=re.escape(message)):
        call()


def test_an_error_of_a_rule_itself_stays_what_it_is():
    @nf.op
    def broken(x):
        return x + "a"

    with pytest.raises(TypeError, match="unsupported operand"):
        broken(1.0)
