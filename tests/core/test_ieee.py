"""A nan stays a nan, or is an error; a gradient of exactly 0 sends nothing on, whichever way."""

import math

import pytest

import neuroflow as nf

NAN = math.nan


@pytest.mark.parametrize("k", [0, 1])
@pytest.mark.parametrize("name", ["maximum", "minimum", "pow", "less", "greater_equal"])
def test_two_numbers_one_of_them_nan_give_nan_in_either_order(name, k):
    op, numbers = getattr(nf.ops, name), [0.0, 0.0]
    numbers[k] = NAN
    assert math.isnan(op(*numbers)), "plain floats"
    assert math.isnan(op(*map(nf.Value, numbers)).data), "values"


@pytest.mark.parametrize("name", ["relu", "leaky_relu", "elu", "sigmoid", "softplus", "gelu"])
def test_an_activation_of_nan_is_nan_and_so_is_its_slope(name):
    op, x = getattr(nf.ops, name), nf.Value(NAN)
    y = op(x)
    assert math.isnan(op(NAN))
    assert math.isnan(y.data)
    assert math.isnan(nf.gradients(y, [x])[0])
    assert math.isnan(nf.jvp(y, [x], [1.0]))
    y.backward()
    assert math.isnan(x.grad)


def test_a_condition_that_is_nan_chooses_neither_number():
    assert math.isnan(nf.where(NAN, 1.0, 2.0))
    assert math.isnan(nf.where(nf.Value(NAN), 1.0, 2.0).data)
    assert nf.where(1.0, 1.0, nf.Value(NAN)).data == 1.0, "what is not chosen does not count"


def test_a_value_that_is_nan_cannot_be_compared():
    for compare in ("__lt__", "__le__", "__gt__", "__ge__"):
        with pytest.raises(nf.DomainError, match="nan is neither less nor greater"):
            getattr(nf.Value(1.0), compare)(nf.Value(NAN))


@nf.op
def _inside_one(x):
    """1 near zero, else 0: its rule compares twice and looks at x nowhere else."""
    return nf.where(x > -1.0, nf.where(x < 1.0, 1.0, 0.0), 0.0)


@nf.op
def _branching(x):
    """A rule with an if, which runs in plain Python."""
    return 1.0 if x > 0.0 else 2.0


def test_a_rule_of_somebody_else_keeps_nan_too():
    assert math.isnan(_inside_one(NAN))
    assert math.isnan(_inside_one(nf.Value(NAN)).data)
    with pytest.raises(nf.DomainError, match="was compared"):
        _branching(nf.Value(NAN))


WAYS = {
    "backward": lambda f, x: (f(x).backward(), x.grad)[1],
    "gradients": lambda f, x: nf.gradients(f(x), [x])[0],
    "create_graph": lambda f, x: nf.gradients(f(x), [x], create_graph=True)[0].data,
    "jvp": lambda f, x: nf.jvp(f(x), [x], [1.0]),
    "what_if": lambda f, x: nf.what_if(f(x), {x: 0.5}).first_order / 0.5,
    "numpy": lambda f, x: nf.compile(f, "numpy").value_and_gradients(x.data)[1].inputs[0],
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("f", "x", "slope"),
    [
        (lambda x: nf.where(nf.stop_gradient(x) < 1.0, x, nf.sqrt(x)), 0.0, 1.0),
        (lambda x: nf.sqrt(x) * 0.0 + x, 0.0, 1.0),
        (lambda x: 0.0**x, 0.5, 0.0),
        (lambda x: x**0.0 * 3.0, 0.0, 0.0),
        (lambda x: nf.ops.relu(-nf.sqrt(x)), 0.0, 0.0),
    ],
)
def test_a_gradient_of_zero_sends_nothing_on_whichever_way(way, f, x, slope):
    assert WAYS[way](f, nf.Value(x)) == slope


@pytest.mark.parametrize("way", [way for way in WAYS if way != "numpy"])
@pytest.mark.parametrize(
    ("f", "x"),
    [
        (nf.sqrt, 0.0),
        (lambda x: x**0.5, 0.0),
        (lambda x: nf.sqrt(x * x), 0.0),
        (lambda x: (1e50 / x) * 1e-200, 1e-200),
    ],
)
def test_a_derivative_that_is_not_finite_is_the_same_error_whichever_way(way, f, x):
    with pytest.raises(nf.DomainError, match="no finite value: in its derivative"):
        WAYS[way](f, nf.Value(x))


def test_a_plain_number_needs_no_derivative_but_a_value_does():
    x, y = nf.Value(0.0), nf.Value(0.5)
    nf.pow(0.0, y).backward()
    assert (y.grad, nf.gradients(nf.pow(x, y), [y])) == (0.0, [0.0])
    with pytest.raises(nf.DomainError, match=r"pow\(0, 0.5\)"):
        nf.pow(x, y).backward()


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_arrays_keep_nan_number_by_number(dtype):
    numpy = pytest.importorskip("numpy", reason="numpy is not installed")
    xs = numpy.array([-1.0, NAN, 2.0], dtype=dtype)
    for op in (nf.ops.relu, nf.ops.leaky_relu, _inside_one, nf.ops.less):
        ys = op(xs, 0.5) if op is nf.ops.less else op(xs)
        assert numpy.isnan(ys).tolist() == [False, True, False], op
        assert ys.dtype == dtype or op in (_inside_one, nf.ops.less)
