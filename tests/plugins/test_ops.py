"""What all libraries have: for every kind of number, on every backend, in every export."""

import cmath
import math
import shutil
import subprocess
from fractions import Fraction

import pytest

import neuroflow as nf
from neuroflow.engine.runner import numbers_of
from neuroflow.export.c_file import c_file
from neuroflow.export.python_file import python_file
from neuroflow.synonyms import meant_by

ONE = {
    "log2": 3.25, "log10": 3.25, "exp2": 1.5, "tan": 0.7, "asin": 0.4, "acos": -0.4, "atan": 2.5,
    "sinh": -1.25, "cosh": 1.25, "asinh": -2.5, "acosh": 2.5, "atanh": -0.6, "floor": -1.5,
    "ceil": -1.5, "sign": -2.0, "clip": 0.5,
}  # fmt: skip
TWO = {"mod": (-7.5, 2.0), "atan2": (0.5, -1.5), "hypot": (3.0, -4.5)}
ALL = {**{name: (x,) for name, x in ONE.items()}, **TWO}
BY_HAND = {
    "sign": lambda x: math.copysign(1.0, x),
    "clip": lambda x: min(max(x, -1.0), 1.0),
    "mod": lambda x, y: x % y,
    "exp2": lambda x: 2.0**x,
}


def of(name):
    return getattr(nf.ops, name)


def exactly(name):
    return BY_HAND.get(name) or getattr(math, name)


@pytest.mark.parametrize("name", ALL)
def test_every_kind_of_number_gives_the_same(name):
    numpy, sympy, mpmath = (pytest.importorskip(x) for x in ("numpy", "sympy", "mpmath"))
    op, numbers = of(name), ALL[name]
    right = pytest.approx(float(exactly(name)(*numbers)), rel=1e-15)
    assert op(*numbers) == right
    assert op(*map(nf.Value, numbers)).data == right
    assert op(*[numpy.array([x, x]) for x in numbers]).tolist() == [right, right]
    assert float(op(*map(mpmath.mpf, numbers))) == right
    symbols = sympy.symbols(f"x:{len(numbers)}", real=True)
    expression = op(*symbols).subs(dict(zip(symbols, numbers, strict=True)))
    assert float(expression) == pytest.approx(right.expected, rel=1e-13)


@pytest.mark.parametrize("name", ["tan", "asin", "acos", "atan", "sinh", "cosh", "atanh"])
def test_complex_numbers_where_the_rule_is_analytic(name):
    z = ONE[name] / 2.0 + 0.3j
    assert complex(of(name)(z)) == pytest.approx(getattr(cmath, name)(z), rel=1e-13)


def everything(w, xs):
    """All ops of a row of as many numbers as they take, each scaled by w."""
    rest = iter(xs)
    results = [of(name)(*[w * next(rest) for _ in at]) for name, at in ALL.items()]
    return [*results, nf.ops.logsumexp(results)]


NUMBERS = [x for at in ALL.values() for x in at]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("backend", ["numpy", "llvm", "portable", "torch"])
def test_every_backend_gives_value_and_gradient(backend, dtype):
    if backend == "torch":
        pytest.importorskip("torch")
    near = 1e-13 if dtype == "float64" else 2e-5
    compiled = nf.compile(lambda xs: nf.sum(everything(1.0, xs)), backend, dtype)
    xs = [nf.Value(x) for x in NUMBERS]
    y = nf.sum(everything(1.0, xs))
    value, gradients = compiled.value_and_gradients(NUMBERS)
    assert value == pytest.approx(y.data, rel=near)
    assert gradients.inputs[0] == pytest.approx(nf.gradients(y, xs), rel=near, abs=near)


class Everything(nf.Module):
    """A layer that applies all ops to its inputs."""

    def __init__(self, *, inputs):
        self.weight = nf.Value(1.0)

    def forward(self, xs):
        """Each op's result."""
        a, b, c = self.weight * 0.6, self.weight * xs[0], xs[1]
        return [
            nf.log2(a), nf.log10(a), nf.ops.exp2(b), nf.ops.tan(b), nf.ops.asin(a),
            nf.ops.acos(a), nf.atan(b), nf.ops.sinh(b), nf.ops.cosh(b), nf.ops.asinh(b),
            nf.ops.acosh(2.0 + a), nf.ops.atanh(a), nf.floor(b), nf.ops.ceil(b), nf.ops.sign(b),
            nf.ops.clip(b), nf.mod(b, c), nf.mod(c, b), nf.ops.atan2(b, c), nf.ops.hypot(b, c),
            nf.ops.logsumexp([b, c]),
        ]  # fmt: skip


@nf.update_rule
def _odd(w, g, *, learning_rate, step):
    """A rule that takes the same functions of the step, one number, and of all gradients."""
    once = nf.mod(step, -0.7) + nf.floor(0.5 * step) + nf.atan(step) + nf.log2(step)
    each = nf.mod(g + 0.123, 3.0) + nf.floor(g + 0.123) + nf.atan(g) + nf.log10(1.0 + g * g)
    return (w - 0.01 * learning_rate * (once + nf.exp(-step)) * (each + nf.exp(-g * g)),)


def test_an_optimizer_may_take_them_of_single_numbers_and_of_many():
    data = {"use": "moons", "points": 6}
    tree = {"model": {"use": "mlp", "sizes": [2, 2, 1]}, "loss": "hinge", "data": data}
    with nf.local_entries():
        nf.register("optimizer", _odd, name="odd")
        tree |= {"optimizer": "odd", "train": {"steps": 2}}
        eager, *others = (
            [*nf.train(tree, {"train.backend": backend}).run().model.state_dict().values()]
            for backend in ("eager", "numpy", "llvm")
        )
    assert others == [pytest.approx(eager, rel=1e-12, abs=1e-14)] * 2


ROW = [-0.25, 1.5]


def test_python_answers_to_the_bit(tmp_path):
    model, path = Everything(inputs=2), tmp_path / "model.py"
    scope = {"__name__": "ejected", "__file__": str(path)}
    exec(compile(python_file(model, path)[path], str(path), "exec"), scope)
    assert scope["numbers_of"](scope["model"](ROW)) == numbers_of(model(ROW))


@pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler called cc")
def test_c_answers_to_the_last_digits(tmp_path):
    model, path, program = Everything(inputs=2), tmp_path / "model.c", tmp_path / "model"
    path.write_text(c_file(model, path)[path])
    warnings = ["-Wall", "-Wextra", "-Werror", "-pedantic"]
    subprocess.run(["cc", "-std=c99", "-O1", *warnings, path, "-lm", "-o", program], check=True)
    told = subprocess.run([program, *map(str, ROW)], capture_output=True, text=True, check=True)
    found = [float(word) for word in told.stdout.split()]
    assert found == pytest.approx([y.data for y in model(ROW)], rel=1e-14, abs=1e-300)


def slopes(name, *numbers, **settings):
    xs = [nf.Value(x) for x in numbers]
    return nf.gradients(of(name)(*xs, **settings), xs)


def test_the_remainder_is_exact_and_has_the_sign_of_the_divisor():
    for x, y in [
        (1.0, 0.1),
        (-1.0, 0.1),
        (1e300, 0.7),
        (-7.5, -2.0),
        (6.0, 3.0),
        (-1e-20, 3.0),
        (19.7, 2.6),
    ]:
        assert nf.mod(x, y) == x % y
        quotient = math.floor(Fraction(x) / Fraction(y))
        assert slopes("mod", x, y) == [1.0, pytest.approx(-quotient, rel=1e-15)]
    with pytest.raises(nf.DomainError, match="mod"):
        nf.mod(nf.Value(1.0), 0.0)


@pytest.mark.parametrize("name", ["floor", "ceil", "sign"])
def test_steps_are_flat_and_whole_numbers_stay(name):
    for x in (-2.0, -0.5, 0.0, 0.5, 3.0, 1e300):
        assert slopes(name, x) == [0.0]
    assert math.copysign(1.0, of(name)(0.0)) == 1.0
    if name != "sign":
        assert [of(name)(x) for x in (3.0, 2.0**53, 1e300, math.inf, -math.inf)] == [
            3.0, 2.0**53, 1e300, math.inf, -math.inf,
        ]  # fmt: skip
    assert math.isnan(of(name)(math.nan))


def test_conventions_at_ends_and_at_the_origin():
    assert [slopes("clip", x) for x in (-1.0, 1.0, 1.5)] == [[1.0], [1.0], [0.0]]
    assert slopes("clip", 2.0, low=0.0, high=2.0) == [1.0]
    with pytest.raises(nf.InputError, match=r"clip got low = 2, high = 1.*low at most high"):
        nf.ops.clip(nf.Value(0.0), low=2)
    assert slopes("hypot", 0.0, 0.0) == slopes("atan2", 0.0, 0.0) == [0.0, 0.0]
    assert nf.ops.atan2(0.0, -1.0) == math.pi == -nf.ops.atan2(-1e-300, -1.0)
    assert (slopes("hypot", 3e200, 4e200), slopes("atan2", 0.0, 1e-200)) == (
        [pytest.approx(0.6), pytest.approx(0.8)], [1e200, 0.0],
    )  # fmt: skip


def test_logarithms_of_powers_of_their_base_are_whole():
    assert [nf.log2(2.0**k) for k in range(-1074, 1024)] == [*range(-1074, 1024)]
    assert [nf.log10(10.0**k) for k in range(23)] == [*range(23)]


@pytest.mark.parametrize(
    ("xs", "right"),
    [
        ([1000.0, 1000.0], 1000.0 + math.log(2.0)),
        ([-1000.0, -1000.0], -1000.0 + math.log(2.0)),
        ([0.0, -50.0], math.exp(-50.0)),
        ([3.5], 3.5),
        ([-math.inf, 2.0], 2.0),
        ([-math.inf], -math.inf),
        ([math.inf, 2.0], math.inf),
    ],
)
def test_logsumexp_neither_overflows_nor_loses_what_is_tiny(xs, right):
    assert nf.ops.logsumexp(xs) == nf.ops.logsumexp([*map(nf.Value, xs)]).data == right
    if math.isfinite(sum(xs)):
        values = [*map(nf.Value, xs)]
        softmax = nf.get("activation", "softmax").load()
        assert nf.gradients(nf.ops.logsumexp(values), values) == softmax(xs)


def test_the_arctangent_of_vectors_is_right_to_the_last_digit():
    xs = [
        s * x for x in (0.0, 1e-300, 0.3, 0.66, 0.7, 1.0, 2.41, 2.42, 1e8, 1e300) for s in (1, -1)
    ]
    found = nf.compile(lambda xs: [nf.atan(x) for x in xs], "llvm").value(xs)
    for got, x in zip(found, xs, strict=True):
        assert abs(got - math.atan(x)) <= math.ulp(math.atan(x))


def test_names_of_others_are_understood():
    known = [entry.name for entry in nf.find("neuroflow/*", "op")]
    same = {
        "arctan2": "atan2", "clamp": "clip", "log_sum_exp": "logsumexp", "ln": "log",
        "torch.remainder": "mod", "arcsinh": "asinh",
    }  # fmt: skip
    for theirs, ours in same.items():
        assert meant_by(theirs, known) == [ours]


def test_elu_has_a_kink_only_where_its_slopes_differ():
    elu = nf.get("activation", "elu").load()
    assert (elu.kinks, elu.bind(alpha=2.0).kinks) == ((), (0.0,))
