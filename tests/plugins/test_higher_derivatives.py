"""Second and third derivatives of every bundled op agree with the closed form (sympy)."""

import itertools

import pytest

import neuroflow as nf

sympy = pytest.importorskip("sympy", reason="sympy is not installed")

POSITIVE, WITHIN = [0.3, 2.0], [-0.6, 0.4]
POINTS = {
    "log": POSITIVE, "log2": POSITIVE, "log10": POSITIVE, "sqrt": POSITIVE, "log1p": [-0.4, 2.0],
    "asin": WITHIN, "acos": WITHIN, "atanh": WITHIN, "acosh": [1.2, 3.0],
}  # fmt: skip
SMOOTH_AT_ZERO = ("sigmoid", "softplus", "silu", "gelu", "gelu_tanh", "tanh", "erf", "sin", "exp",
                  "sech", "gaussian", "erfc", "normal_cdf", "exp2", "tan", "asin", "acos", "atan",
                  "sinh", "cosh", "asinh", "atanh")  # fmt: skip
X = sympy.Symbol("x", real=True)

CLOSED = {
    "abs": sympy.Abs(X), "cos": sympy.cos(X), "erf": sympy.erf(X),
    "erfc": sympy.erfc(X), "gaussian": sympy.exp(-(X**2)), "sech": sympy.sech(X),
    "normal_cdf": sympy.erfc(-X / sympy.sqrt(2)) / 2, "exp": sympy.exp(X),
    "expm1": sympy.exp(X) - 1, "identity": X, "log": sympy.log(X), "log1p": sympy.log(1 + X),
    "neg": -X, "sin": sympy.sin(X), "sqrt": sympy.sqrt(X), "tanh": sympy.tanh(X),
    "sigmoid": 1 / (1 + sympy.exp(-X)), "softplus": sympy.log(1 + sympy.exp(X)),
    "silu": X / (1 + sympy.exp(-X)), "gelu": X * (1 + sympy.erf(X / sympy.sqrt(2))) / 2,
    "gelu_tanh": X * (1 + sympy.tanh(
        sympy.sqrt(2 / sympy.pi) * (X + sympy.Rational(44715, 10**6) * X**3))) / 2,
    "log2": sympy.log(X, 2), "log10": sympy.log(X, 10), "exp2": 2**X, "tan": sympy.tan(X),
    "asin": sympy.asin(X), "acos": sympy.acos(X), "atan": sympy.atan(X), "sinh": sympy.sinh(X),
    "cosh": sympy.cosh(X), "asinh": sympy.asinh(X), "acosh": sympy.acosh(X),
    "atanh": sympy.atanh(X),
    "clip": sympy.Piecewise((-1, X < -1), (1, X > 1), (X, True)),
    "relu": sympy.Piecewise((X, X > 0), (0, True)),
    "leaky_relu": sympy.Piecewise((X, X > 0), (X / 100, True)),
    "elu": sympy.Piecewise((X, X > 0), (sympy.exp(X) - 1, True)),
}  # fmt: skip
A, B = sympy.symbols("a b", positive=True)
CLOSED_TWO = {
    "add": A + B,
    "sub": A - B,
    "mul": A * B,
    "div": A / B,
    "pow": A**B,
    "normal_part": B * sympy.erfc(-A / sympy.sqrt(2)) / 2,
    "hypot": sympy.sqrt(A**2 + B**2),
    "atan2": sympy.atan(A / B),
}
BY_HAND = {
    "stop_gradient", "where", "greater", "greater_equal", "less", "less_equal",
    "sum", "mean", "maximum", "minimum", "dot", "floor", "ceil", "sign", "mod", "logsumexp",
}  # fmt: skip


def derivative(y, *xs):
    """d/dx for each x in turn, as a Value."""
    for x in xs:
        (y,) = nf.gradients(y, [x], create_graph=True)
    return y.data


def test_every_registered_op_has_its_closed_form():
    bundled = {e.name for e in nf.find("neuroflow/*", "op")}
    assert bundled == {*CLOSED, *CLOSED_TWO, *BY_HAND}


@pytest.mark.parametrize("name", CLOSED)
def test_derivatives_of_one_number(name):
    op = getattr(nf.ops, name)
    points = POINTS.get(name, [-1.3, 0.4, 2.0]) + ([0.0] if name in SMOOTH_AT_ZERO else [])
    for point, order in itertools.product(points, (1, 2, 3)):
        x = nf.Value(point)
        expected = float(sympy.diff(CLOSED[name], X, order).subs(X, point).evalf(30))
        got = derivative(op(x), *[x] * order)
        assert got == pytest.approx(expected, rel=1e-10, abs=1e-14), (name, point, order)


@pytest.mark.parametrize("name", CLOSED_TWO)
def test_derivatives_of_two_numbers(name):
    for order in (1, 2, 3):
        for which in itertools.product((0, 1), repeat=order):
            xs = [nf.Value(1.7), nf.Value(2.3)]
            formula = sympy.diff(CLOSED_TWO[name], *[(A, B)[i] for i in which])
            expected = float(formula.subs({A: 1.7, B: 2.3}))
            got = derivative(getattr(nf.ops, name)(*xs), *[xs[i] for i in which])
            assert got == pytest.approx(expected, rel=1e-10, abs=1e-14), (name, which)


@pytest.mark.parametrize("name", ["sum", "mean", "maximum", "minimum", "dot"])
def test_derivatives_of_a_vector_through_what_follows(name):
    """(f(x^2))^3 by hand: what each f passes on, differentiated three times."""
    x, y = nf.Value(0.7), nf.Value(1.9)
    squares = [x * x, y * y]
    op = getattr(nf.ops, name)
    f = op(squares, [1.0, 2.0]) if name == "dot" else op(squares)
    closed = {
        "sum": A**2 + B**2, "mean": (A**2 + B**2) / 2, "maximum": B**2, "minimum": A**2,
        "dot": A**2 + 2 * B**2,
    }[name] ** 3  # fmt: skip
    for which in itertools.product((0, 1), repeat=3):
        expected = float(sympy.diff(closed, *[(A, B)[i] for i in which]).subs({A: 0.7, B: 1.9}))
        assert derivative(f * f * f, *[(x, y)[i] for i in which]) == pytest.approx(
            expected, rel=1e-10, abs=1e-12
        )


@pytest.mark.parametrize("name", ["greater", "greater_equal", "less", "less_equal"])
def test_steps_have_no_slope(name):
    a, b = nf.Value(1.0), nf.Value(2.0)
    assert nf.gradients(getattr(nf.ops, name)(a, b), [a, b]) == [0.0, 0.0]


def test_stop_gradient_is_a_constant():
    x = nf.Value(3.0)
    assert nf.gradients(x * nf.stop_gradient(x), [x]) == [3.0]


@pytest.mark.parametrize(("name", "slope"), [("relu", 0.0), ("abs", 0.0), ("leaky_relu", 0.01)])
def test_slope_at_the_kink_is_the_declared_one(name, slope):
    x = nf.Value(0.0)
    op = getattr(nf.ops, name)
    assert nf.gradients(op(x), [x]) == [slope]
    assert op.kinks == (0.0,)
    assert op.convention
