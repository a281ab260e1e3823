"""Ops, activations, losses and optimizers agree with PyTorch in value and gradient (float64)."""

import math

import pytest

import neuroflow as nf

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
F = torch.nn.functional

EDGES = [-1000.0, -40.0, -6.0, -1.0, -1e-8, 0.0, 1e-8, 1.0, 6.0, 40.0, 1000.0]
WITHIN = [-0.999, -0.5, -1e-8, 0.0, 1e-8, 0.3, 0.999]
REAL = [x for x in EDGES if abs(x) < 100] + [-2.3, 0.7, 3.1]

# Where the conventions differ on purpose: neuroflow raises DomainError, PyTorch's slope is this.
DIFFERENCES = {
    ("sqrt", 0.0): math.inf, ("log", 0.0): math.inf, ("asin", 1.0): math.inf,
    ("acos", -1.0): -math.inf, ("acosh", 1.0): math.inf,
}  # fmt: skip

ONE = {
    "neg": (torch.neg, EDGES),
    "abs": (torch.abs, EDGES),
    "identity": (lambda x: x * 1.0, EDGES),
    "exp": (torch.exp, [*REAL, -1000.0, 700.0]),
    "expm1": (torch.expm1, [*REAL, -1000.0, 700.0]),
    "log": (torch.log, [1e-300, 1e-8, 0.3, 1.0, 40.0, 1e300]),
    "log1p": (torch.log1p, [-0.999, -1e-12, 0.0, 1e-12, 3.0, 1e300]),
    "sqrt": (torch.sqrt, [1e-300, 1e-8, 0.3, 1.0, 40.0, 1e300]),
    "log2": (torch.log2, [1e-300, 1e-8, 0.3, 1.0, 40.0, 1e300]),
    "log10": (torch.log10, [1e-300, 1e-8, 0.3, 1.0, 40.0, 1e300]),
    "exp2": (torch.exp2, [*REAL, -1000.0, 1000.0]),
    "tan": (torch.tan, [*REAL, 1.5, -1.5]),
    "asin": (torch.asin, WITHIN),
    "acos": (torch.acos, WITHIN),
    "atan": (torch.atan, [*EDGES, 1e100]),
    "sinh": (torch.sinh, [*REAL, 710.0, -710.0]),
    "cosh": (torch.cosh, [*REAL, 710.0, -710.0]),
    "asinh": (torch.asinh, [*EDGES, 1e100]),
    "acosh": (torch.acosh, [1.001, 1.5, 40.0, 1000.0, 1e100]),
    "atanh": (torch.atanh, WITHIN),
    "floor": (torch.floor, [*EDGES, -1.5, 2.5]),
    "ceil": (torch.ceil, [*EDGES, -1.5, 2.5]),
    "sign": (torch.sign, EDGES),
    "clip": (lambda x: torch.clamp(x, -1.0, 1.0), EDGES),
    "sin": (torch.sin, REAL),
    "cos": (torch.cos, REAL),
    "tanh": (torch.tanh, EDGES),
    "erf": (torch.erf, EDGES),
    "erfc": (torch.erfc, EDGES),
    "gaussian": (lambda x: torch.exp(-x * x), EDGES),
    "normal_cdf": (torch.special.ndtr, EDGES),
    "sech": (lambda x: 1.0 / torch.cosh(x), REAL),
    "relu": (torch.relu, EDGES),
    "leaky_relu": (F.leaky_relu, EDGES),
    "sigmoid": (torch.sigmoid, EDGES),
    "softplus": (lambda x: torch.logaddexp(x, torch.zeros_like(x)), EDGES),
    "elu": (F.elu, EDGES),
    "silu": (F.silu, EDGES),
    "gelu": (F.gelu, EDGES),
    "gelu_tanh": (lambda x: F.gelu(x, approximate="tanh"), EDGES),
}
TWO = {
    "add": torch.add, "sub": torch.sub, "mul": torch.mul, "div": torch.div, "pow": torch.pow,
    "normal_part": lambda x, y: y * torch.special.ndtr(x), "mod": torch.remainder,
    "hypot": torch.hypot, "atan2": torch.atan2,
}  # fmt: skip
VECTORS = {
    "sum": lambda xs: xs.sum(), "mean": lambda xs: xs.mean(),
    "maximum": lambda xs: xs.amax(), "minimum": lambda xs: xs.amin(),
    "logsumexp": lambda xs: xs.logsumexp(0),
}  # fmt: skip


def close(ours, theirs):
    # 1e-15: what is left of 1 - p in float64, where PyTorch itself forms that difference.
    return ours == pytest.approx(theirs, rel=1e-10, abs=1e-15)


def test_every_registered_op_is_compared():
    steps = {"greater", "greater_equal", "less", "less_equal", "where", "stop_gradient", "dot"}
    bundled = {e.name for e in nf.find("neuroflow/*", "op")}
    assert bundled == {*ONE, *TWO, *VECTORS, *steps}


@pytest.mark.parametrize("name", ONE)
def test_ops_of_one_number(name):
    function, points = ONE[name]
    for point in points:
        x, t = nf.Value(point), torch.tensor(point, dtype=torch.float64, requires_grad=True)
        y, u = getattr(nf.ops, name)(x), function(t)
        y.backward()
        u.backward()
        assert close(y.data, u.item()), (name, point)
        assert close(x.grad, t.grad.item()), (name, point)


@pytest.mark.parametrize("name", TWO)
def test_ops_of_two_numbers(name):
    others = [] if name == "pow" else [(-2.0, -0.75), (-7.5, 2.0), (7.5, -2.0), (-6.0, 3.0)]
    third = (3.0, 0.0 if name == "pow" else 1.0)
    for a, b in [(2.0, 3.0), (0.5, -1.5), third, (1e-8, 2.0), *others]:
        xs = [nf.Value(a), nf.Value(b)]
        ts = [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (a, b)]
        y, u = getattr(nf.ops, name)(*xs), TWO[name](*ts)
        y.backward()
        u.backward()
        assert close(y.data, u.item())
        assert close([x.grad for x in xs], [t.grad.item() for t in ts]), (name, a, b)


@pytest.mark.parametrize("name", VECTORS)
@pytest.mark.parametrize(
    "numbers",
    [[1.0, 5.0, -2.0], [3.0, 3.0, 1.0, 1.0], [4.0], [1000.0, 1000.0, 999.0], [-1000.0, -1001.0]],
)
def test_ops_of_a_vector_ties_included(name, numbers):
    xs = [nf.Value(v) for v in numbers]
    t = torch.tensor(numbers, dtype=torch.float64, requires_grad=True)
    y, u = getattr(nf.ops, name)(xs), VECTORS[name](t)
    y.backward()
    u.backward()
    assert close(y.data, u.item())
    assert close([x.grad for x in xs], t.grad.tolist())


def test_dot_and_where():
    a, b = [nf.Value(1.0), nf.Value(-2.0)], [nf.Value(0.5), nf.Value(4.0)]
    nf.dot(a, b).backward()
    t = [torch.tensor([v.data for v in w], dtype=torch.float64, requires_grad=True) for w in (a, b)]
    torch.dot(*t).backward()
    assert [x.grad for x in (*a, *b)] == [*t[0].grad.tolist(), *t[1].grad.tolist()]


@pytest.mark.parametrize(("name", "point"), DIFFERENCES)
def test_declared_differences_from_torch(name, point):
    t = torch.tensor(point, dtype=torch.float64, requires_grad=True)
    getattr(torch, name)(t).backward()
    assert t.grad.item() == DIFFERENCES[name, point]
    with pytest.raises(nf.DomainError, match=name):
        getattr(nf.ops, name)(nf.Value(point)).backward()


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
@pytest.mark.parametrize("logits", [[0.0, 3.0, -2.0], [1000.0, -1000.0], [2.0, 2.0], [0.0, -40.0]])
def test_activations_of_a_list(name, logits):
    xs = [nf.Value(v) for v in logits]
    t = torch.tensor(logits, dtype=torch.float64, requires_grad=True)
    ys, u = nf.get("activation", name).load()(xs), getattr(torch, name)(t, 0)
    nf.dot([1.0, -2.0, 0.5][: len(xs)], ys).backward()
    (u * torch.tensor([1.0, -2.0, 0.5][: len(xs)])).sum().backward()
    assert close([y.data for y in ys], u.tolist())
    assert close([x.grad for x in xs], t.grad.tolist())


FLOATS = torch.float64
LOSSES = {
    "mse": (F.mse_loss, {}, [([1.0, -3.0], [0.5, 1e3]), ([2.0], [2.0])]),
    "mae": (F.l1_loss, {}, [([1.0, -3.0], [0.5, 1e3]), ([2.0], [2.0])]),
    "huber": (F.huber_loss, {"delta": 0.7}, [([0.1, 5.0, -9.0, 0.7], [0.0] * 4), ([2.0], [2.0])]),
    "hinge": (
        lambda s, y: torch.relu(1 - y * s).mean(), {},
        [([0.3, 1.0, -1.0, 1e3], [1.0, 1.0, -1.0, -1.0])],
    ),
    "squared_hinge": (
        lambda s, y: (torch.relu(1 - y * s) ** 2).mean(), {},
        [([0.3, 1.0, -1.0, 1e3], [1.0, 1.0, -1.0, -1.0])],
    ),
    "binary_cross_entropy": (
        F.binary_cross_entropy_with_logits, {},
        [([0.3, -2.0], [1.0, 0.0]), ([40.0, -40.0], [1.0, 0.0]), ([1e3, 0.0], [0.0, 0.25])],
    ),
    "cross_entropy": (
        F.cross_entropy, {"label_smoothing": 0.1},
        [([0.0, 3.0, -2.0, 1.0], 3), ([0.0, 30.0], 0), ([0.0, 30.0], 1), ([1e3, -1e3], 1)],
    ),
    "cross_entropy_from_probabilities": (
        lambda p, y: -(y * torch.log(p)).sum(), {}, [([0.25, 0.5, 0.25], [0.0, 1.0, 0.0])],
    ),
}  # fmt: skip


def test_every_registered_loss_is_compared():
    assert {e.name for e in nf.find("neuroflow/*", "loss")} == set(LOSSES)


@pytest.mark.parametrize("name", LOSSES)
def test_losses(name):
    theirs, some, cases = LOSSES[name]
    ours = nf.get("loss", name).load()
    for settings in [{}, some]:
        for prediction, target in cases:
            xs = [nf.Value(v) for v in prediction]
            t = torch.tensor(prediction, dtype=FLOATS, requires_grad=True)
            y = ours(xs, target, **settings)
            index = isinstance(target, int)
            u = theirs(t, torch.tensor(target, dtype=None if index else FLOATS), **settings)
            y.backward()
            u.backward()
            assert close(y.data, u.item()), (name, prediction)
            assert close([x.grad for x in xs], t.grad.tolist()), (name, prediction)


OPTIMIZERS = [
    ("sgd", {}, torch.optim.SGD, {}),
    ("sgd", {"momentum": 0.9}, torch.optim.SGD, {"momentum": 0.9}),
    (
        "sgd", {"momentum": 0.9, "nesterov": 1.0, "weight_decay": 0.01},
        torch.optim.SGD, {"momentum": 0.9, "nesterov": True, "weight_decay": 0.01},
    ),
    ("rmsprop", {}, torch.optim.RMSprop, {}),
    ("rmsprop", {"decay": 0.8, "weight_decay": 0.1}, torch.optim.RMSprop,
     {"alpha": 0.8, "weight_decay": 0.1}),
    ("adam", {}, torch.optim.Adam, {}),
    ("adam", {"beta1": 0.85, "beta2": 0.99}, torch.optim.Adam, {"betas": (0.85, 0.99)}),
    ("adamw", {}, torch.optim.AdamW, {}),
    ("adamw", {"weight_decay": 0.3}, torch.optim.AdamW, {"weight_decay": 0.3}),
]  # fmt: skip


def test_every_registered_optimizer_is_compared():
    assert {e.name for e in nf.find("neuroflow/*", "optimizer")} == {o[0] for o in OPTIMIZERS}


@pytest.mark.parametrize(("name", "settings", "theirs", "their_settings"), OPTIMIZERS)
def test_optimizers_over_several_steps(name, settings, theirs, their_settings):
    rule = nf.get("optimizer", name).load()
    w, state = 1.5, [0.0] * len(rule.state)
    t = torch.tensor(w, dtype=FLOATS, requires_grad=True)
    optimizer = theirs([t], lr=0.05, **their_settings)
    for step in range(1, 8):
        optimizer.zero_grad()
        (t**4 - 2 * t).backward()
        optimizer.step()
        w, *state = rule(w, 4 * w**3 - 2, *state, learning_rate=0.05, step=step, **settings)
        assert close(w, t.item()), (name, step)
