"""Value: operators, chaining, repr, scopes, and the errors of bad data."""

import math

import pytest

import neuroflow as nf


def pairs():
    return [
        (lambda a, b: a + b, 7.0),
        (lambda a, b: a - b, 3.0),
        (lambda a, b: a * b, 10.0),
        (lambda a, b: a / b, 2.5),
        (lambda a, b: a**b, 25.0),
    ]


@pytest.mark.parametrize(("operate", "expected"), pairs())
def test_operators_take_numbers_on_either_side(operate, expected):
    for a, b in [(nf.Value(5), nf.Value(2)), (nf.Value(5), 2), (5, nf.Value(2))]:
        assert operate(a, b).data == expected


def test_negation_and_absolute_value():
    assert (-nf.Value(2.0)).data == -2.0
    assert abs(nf.Value(-2.0)).data == 2.0


def test_number_to_the_power_of_a_value():
    x = nf.Value(3.0)
    y = 2**x
    y.backward()
    assert y.data == 8.0
    assert x.grad == pytest.approx(8 * math.log(2), rel=1e-15)


def test_comparisons_look_at_data_and_equality_at_identity():
    a, b = nf.Value(1.0), nf.Value(2.0)
    assert a < b
    assert a <= 1.0
    assert b > 1
    assert b >= a
    assert a != nf.Value(1.0)
    assert len({a, b, nf.Value(1.0)}) == 3


def test_inputs_are_a_tuple_in_order_with_constants_as_leaves():
    x = nf.Value(2.0)
    y = 3 - x
    assert [v.data for v in y.inputs] == [3.0, 2.0]
    assert isinstance(y.inputs, tuple)
    assert y.inputs[1] is x


def test_values_are_slotted_and_hold_no_closure():
    with pytest.raises(AttributeError):
        nf.Value(1.0).color = "red"
    assert not hasattr(nf.Value(1.0), "__dict__")


def test_repr_says_data_op_name_and_gradient():
    x = nf.Value(2.0, name="x")
    y = x * 2
    y.backward()
    assert repr(x) == "Value(2.0, name='x', grad=2.0)"
    assert repr(x + 1) == "Value(3.0, add)"


def test_chaining_finds_registered_ops_and_dir_lists_them():
    assert nf.Value(-1.0).relu().exp().data == 1.0
    assert {"relu", "exp", "tanh"} <= set(dir(nf.Value(1.0)))


def test_unknown_method_suggests_the_nearest_op():
    with pytest.raises(AttributeError, match="no op named 'rleu'; did you mean 'relu'"):
        nf.Value(1.0).rleu()


@pytest.mark.parametrize("bad", ["3", b"3", None, [1.0], 1j])
def test_data_that_is_no_real_number_is_refused(bad):
    with pytest.raises(nf.InputError, match="a Value holds one real number, but got"):
        nf.Value(bad)


def test_integers_and_numpy_numbers_become_floats():
    numpy = pytest.importorskip("numpy", reason="numpy is not installed")
    assert type(nf.Value(3).data) is float
    assert type(nf.Value(numpy.float32(0.5)).data) is float


@pytest.mark.parametrize(
    ("compute", "start"),
    [
        (lambda: nf.Value(-1.0).log(), "log(-1) has no finite value: math domain error"),
        (lambda: nf.Value(0.0) ** -1, "pow(0, -1) has no finite value: math domain error"),
        (lambda: nf.Value(1.0) / 0, "div(1, 0) has no finite value: float division by zero"),
        (lambda: nf.Value(1000.0).exp(), "exp(1000) has no finite value: math range error"),
        (lambda: nf.Value(1e200) * 1e200, "mul(1e+200, 1e+200) has no finite value: inf"),
        (lambda: nf.Value(-8.0) ** (1 / 3), "pow(-8, 0.333333) has no finite value"),
    ],
)
def test_domain_errors_name_op_and_inputs(compute, start):
    with pytest.raises(nf.DomainError) as caught:
        compute()
    assert str(caught.value).startswith(start)
    assert "within the range of float64; " in str(caught.value)
    assert caught.value.remedy, "what it says is tested with the advice"


def test_domain_error_in_a_derivative_says_so():
    root = nf.Value(0.0).sqrt()
    with pytest.raises(nf.DomainError, match=r"sqrt\(0\) has no finite value: in its derivative"):
        root.backward()


def test_domain_error_names_the_module_scope():
    class Inner(nf.Module):
        def forward(self, x):
            return x.log()

    class Outer(nf.Module):
        def __init__(self):
            self.parts = [Inner(), Inner()]

        def forward(self, x):
            return self.parts[1](x)

    with pytest.raises(nf.DomainError, match=r"log\(-1\) in parts\.1 has no finite value"):
        Outer()(nf.Value(-1.0))


def test_infinite_inputs_are_let_through_for_the_anomaly_finder():
    assert (nf.Value(math.inf) + 1).data == math.inf
    assert math.isnan((nf.Value(math.inf) - math.inf).data)


def test_no_grad_builds_no_graph():
    x = nf.Value(2.0)
    with nf.no_grad():
        y = x * x + 1
        assert y.data == 5.0
        assert y.op is None
        assert y.inputs == ()
    assert (x * x).inputs == (x, x)


def test_scope_is_the_path_of_the_module_that_made_the_node():
    class Leaf(nf.Module):
        def __init__(self):
            self.weight = nf.Value(2.0)

        def forward(self, x):
            return self.weight * x

    class Root(nf.Module):
        def __init__(self):
            self.leaves = [Leaf(), Leaf()]

        def forward(self, x):
            return [leaf(x) for leaf in self.leaves]

    assert [node.scope for node in Root()(1.0)] == ["leaves.0", "leaves.1"]
