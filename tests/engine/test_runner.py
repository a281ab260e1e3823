"""Training inside a backend gives the numbers of the eager runner, which is the specification."""

import math
import random

import pytest

import neuroflow as nf
from neuroflow.engine.runner import ModelChangedWarning


def row_loss(model, x, y):
    p = model(x)
    return (p - y) * (p - y)


def class_loss(model, x, label):
    return nf.find("cross_entropy", kind="loss")[0].load()(model(x), label)


class Reader(nf.Module):
    """A small model of sequences: embeddings, a running mean, and logits."""

    def __init__(self, rng):
        self.table = [[nf.Value(rng.gauss(0, 1)) for _ in range(3)] for _ in range(5)]
        self.head = [[nf.Value(rng.gauss(0, 1)) for _ in range(3)] for _ in range(5)]

    def forward(self, tokens):
        rows = [nf.take(self.table, token) for token in tokens]
        mean = [nf.mean(column) for column in zip(*rows, strict=True)]
        return [nf.dot(weights, mean) for weights in self.head]


def problem(kind, seed=3):
    rng = random.Random(seed)
    if kind == "sequences":
        model = Reader(rng)
        lengths = [1 + k % 4 for k in range(30)]
        examples = [([rng.randrange(5) for _ in range(n)], rng.randrange(5)) for n in lengths]
        return model, class_loss, examples
    if kind == "dropout":
        layers = ("neuroflow_plugins.mlp", "Dropout")
        dropout = getattr(__import__(layers[0], fromlist=["x"]), layers[1])
        inner = nf.build("mlp", sizes=[2, 6, 1], activation="relu", rng=rng)
        model = Dropped(inner, dropout(rate=0.5, rng=random.Random(9)))
    else:
        model = nf.build("mlp", sizes=[2, 6, 1], activation="tanh", rng=rng)
    examples = [([rng.gauss(0, 1), rng.gauss(0, 1)], rng.gauss(0, 1)) for _ in range(30)]
    return model, row_loss, examples


class Dropped(nf.Module):
    def __init__(self, inner, dropout):
        self.inner = inner
        self.dropout = dropout

    def forward(self, x):
        return self.inner(self.dropout(x))


def run(kind, backend, rule="adam", steps=12, batch=20, **options):
    model, loss, examples = problem(kind)
    entry = nf.get("optimizer", rule)
    runner = nf.make_runner(model, loss, examples, entry.load(), backend=backend, **options)
    order = [[(7 * s + k) % 30 for k in range(batch)] for s in range(steps)]
    losses = runner.run(order, [0.05 / (1 + s) for s in range(steps)])
    return runner, losses


def assert_same(a, b, tolerance=1e-12):
    for x, y in zip(a, b, strict=True):
        assert x == pytest.approx(y, rel=tolerance, abs=tolerance)


@pytest.mark.parametrize("kind", ["rows", "sequences", "dropout"])
@pytest.mark.parametrize("batch", [3, 20])
def test_whole_runs_equal_the_eager_ones(kind, batch, backend):
    options = {"l2": 1e-3, "clip_norm": 0.5, "batch": batch}
    eager, expected = run(kind, "eager", **options)
    fast, losses = run(kind, backend, **options)
    assert_same(losses, expected, 1e-11)
    assert_same([p.data for p in fast.parameters], [p.data for p in eager.parameters], 1e-11)
    assert fast.gradient_norm == pytest.approx(eager.gradient_norm, rel=1e-10)
    assert fast.steps == eager.steps == 12


@pytest.mark.parametrize("rule", [entry.name for entry in nf.find("*", kind="optimizer")])
def test_every_optimizer(rule, backend):
    _, expected = run("rows", "eager", rule)
    _, losses = run("rows", backend, rule)
    assert_same(losses, expected, 1e-11)


@pytest.mark.filterwarnings("ignore::neuroflow.engine.lower.kernels.FallbackWarning")
def test_an_op_that_runs_in_python_trains_with_the_others(backend):
    @nf.op
    def bent(x):
        return x if x > 0 else 0.1 * x

    @bent.partials
    def _(out, x):
        return (1.0 if x > 0 else 0.1,)

    def trained(backend):
        model, _, examples = problem("rows")
        rule = nf.get("optimizer", "adam").load()
        options = {"backend": backend, "l2": 1e-3, "clip_norm": 0.5}
        runner = nf.make_runner(
            model, lambda m, x, y: (bent(m(x)) - y) ** 2, examples, rule, **options
        )
        losses = runner.run([[0, 1, 2], [3, 4, 5], [0, 4, 7]], [0.05, 0.04, 0.03])
        return [*losses, *(p.data for p in runner.parameters)]

    assert_same(trained(backend), trained("eager"))


def test_gradients_and_losses_equal_the_eager_ones(backend):
    for kind in ("rows", "sequences"):
        eager, _ = run(kind, "eager", steps=0, l2=0.01)
        fast, _ = run(kind, backend, steps=0, l2=0.01)
        loss, gradient = eager.gradients([1, 2, 3, 4, 5])
        mine, slopes = fast.gradients([1, 2, 3, 4, 5])
        assert_same([mine, *slopes], [loss, *gradient])
        assert_same(fast.losses(range(30)), eager.losses(range(30)))
        inputs = [eager.examples[k][0] for k in range(30)]
        for a, b in zip(fast.predict(inputs), eager.predict(inputs), strict=True):
            assert_same(a if isinstance(a, list) else [a], b if isinstance(b, list) else [b])


def test_a_resumed_run_equals_the_unbroken_one_bit_for_bit(backend):
    whole, losses = run("rows", backend, steps=12)
    first, head = run("rows", backend, steps=5)
    state = first.state_dict()
    second, _ = run("rows", backend, steps=0)
    for parameter, other in zip(second.parameters, first.parameters, strict=True):
        parameter.data = other.data
    second.load_state_dict(state)
    order = [[(7 * s + k) % 30 for k in range(20)] for s in range(5, 12)]
    tail = second.run(order, [0.05 / (1 + s) for s in range(5, 12)])
    assert head + tail == losses
    assert [p.data for p in second.parameters] == [p.data for p in whole.parameters]


def test_many_steps_in_one_call_equal_one_step_per_call(backend):
    _, losses = run("sequences", backend, steps=6)
    runner, _ = run("sequences", backend, steps=0)
    order = [[(7 * s + k) % 30 for k in range(20)] for s in range(6)]
    single = [runner.run([batch], [0.05 / (1 + s)])[0] for s, batch in enumerate(order)]
    assert single == losses


@pytest.mark.parametrize("threads", [2, 3])
def test_equal_numbers_of_threads_give_equal_bits(backend, threads):
    runs = [run("rows", backend, "adam", threads=threads, batch=30) for _ in range(3)]
    bits = [(losses, [p.data for p in runner.parameters]) for runner, losses in runs]
    assert bits[0] == bits[1] == bits[2]
    assert_same(bits[0][0], run("rows", "eager", "adam", batch=30)[1], 1e-11)


def test_float32_trains_too(backend):
    _, expected = run("rows", "eager")
    _, losses = run("rows", backend, dtype="float32")
    assert_same(losses, expected, 1e-3)


def test_a_state_of_another_optimizer_is_refused(backend):
    runner, _ = run("rows", backend, "adam", steps=1)
    with pytest.raises(nf.StateError, match="the state 'm' of adam holds 0 numbers; expected"):
        runner.load_state_dict({"steps": 3, "velocity": [0.0]})


def test_a_loss_that_is_not_finite_stops_before_the_update(backend):
    model = nf.build("mlp", sizes=[2, 1], rng=random.Random(1))
    examples = [([0.1, 0.2], 1.0), ([1e200, 1e200], 1.0)]
    rule = nf.get("optimizer", "sgd").load()
    runner = nf.make_runner(model, row_loss, examples, rule, backend=backend)
    with pytest.raises(
        nf.DomainError, match=r"loss of step 3 is inf, on the examples \[1\].*replay"
    ):
        runner.run([[0], [0], [1], [0]], [0.1] * 4)
    assert runner.steps == 2
    assert all(math.isfinite(p.data) for p in model.parameters())


def test_a_profile_names_ops_and_modules(backend):
    runner, _ = run("rows", backend, steps=1)
    profile = runner.profile(range(20))
    text = str(profile)
    assert "dot" in text
    assert "tanh backward" in text
    assert "layers.0" in text
    assert profile.seconds > 0


@pytest.mark.parametrize("runs", ["eager", "numpy", "llvm"])
def test_a_value_that_is_no_parameter_is_read_anew_by_every_step(runs):
    if runs == "llvm":
        pytest.importorskip("llvmlite")
    model = nf.build("mlp", sizes=[1, 1], rng=random.Random(1))
    scale = nf.Value(1.0)

    def loss(model, x):
        return scale + 0.0 * model([x])

    sgd = nf.get("optimizer", "sgd").load()
    runner = nf.make_runner(model, loss, [(1.0,)], sgd, backend=runs)
    losses = runner.run([[0]], [0.0])
    scale.data = 5.0
    assert losses + runner.run([[0]], [0.0]) + [runner.gradients([0])[0]] == [1.0, 5.0, 5.0]


def add_a_layer(runner):
    runner.model.add(nf.build("layer", inputs=1, outputs=1, rng=random.Random(5)))


def replace_parameters(runner):
    neuron = runner.model.layers[0].neurons[0]
    neuron.weights[1], neuron.bias = nf.Value(0.25), nf.Value(0.5)


def take_a_parameter_away(runner):
    runner.model.layers[0].neurons[0].bias = 0.5


def change_the_loss(runner):
    runner.example_loss = lambda model, x, y: 3 * row_loss(model, x, y)


def change_the_penalty(runner):
    runner.l2, runner.clip_norm = 0.1, 0.01


def change_the_rule(runner):
    runner.settings["beta1"] = 0.5


def change_another_rule(runner):
    runner.rule, runner.settings = nf.get("optimizer", "sgd").load(), {}


def change_an_example(runner):
    runner.examples[0] = ([5.0, 5.0], 5.0)
    runner.examples[1][0][0] = 7.0


SURGERY = [
    add_a_layer, replace_parameters, take_a_parameter_away, change_the_loss, change_the_penalty,
    change_the_rule, change_another_rule, change_an_example,
]  # fmt: skip


def operated(change, backend):
    rng = random.Random(3)
    mlp = nf.build("sequential", layers=[{"use": "layer", "inputs": 2, "outputs": 1}], rng=rng)
    examples = [([rng.gauss(0, 1), rng.gauss(0, 1)], rng.gauss(0, 1)) for _ in range(4)]
    adam = nf.get("optimizer", "adam").load()
    runner = nf.make_runner(mlp, row_loss, examples, adam, backend=backend)
    losses = runner.run([[0, 1, 2]] * 3, [0.1] * 3)
    if change:
        change(runner)
    losses += runner.run([[0, 1, 2]] * 3, [0.1] * 3)
    return losses, [p.data for p in mlp.parameters()], runner


@pytest.mark.filterwarnings("ignore::neuroflow.engine.runner.ModelChangedWarning")
@pytest.mark.parametrize("change", SURGERY, ids=lambda change: change.__name__)
def test_a_run_goes_on_with_what_is_there_now(change):
    losses, numbers, _ = operated(change, "eager")
    unchanged = operated(None, "eager")[1]
    for backend in ("numpy", "llvm"):
        found = operated(change, backend)
        assert found[0] == pytest.approx(losses, rel=1e-9)
        assert found[1] == pytest.approx(numbers, rel=1e-9)
        assert found[1] != pytest.approx(unchanged)


@pytest.mark.parametrize("backend", ["eager", "numpy"])
def test_a_run_says_which_parameters_are_new_and_keeps_the_state_of_the_others(backend):
    _, _, runner = operated(None, backend)
    before = runner.state_dict()
    replace_parameters(runner)
    told = r"changed after step 6: 2 parameters are new \(layers\.0\.neurons\.0\.weights\.1, "
    with pytest.warns(ModelChangedWarning, match=told):
        after = runner.state_dict()
    assert after["m"] == [before["m"][0], 0.0, 0.0]
    assert after["steps"] == 6


def test_a_new_parameter_decays_as_its_name_says():
    model = nf.build("layer", inputs=1, outputs=1, rng=random.Random(1))
    adamw = nf.get("optimizer", "adamw").load()
    runner = nf.make_runner(model, row_loss, [([1.0], 1.0)], adamw, backend="numpy")
    assert runner.state_dict()["no_decay"] == [0.0, 1.0]
    model.neurons.append(nf.build("neuron", inputs=1, rng=random.Random(1)))
    with pytest.warns(ModelChangedWarning):
        runner.look_again()
    assert runner.state_dict()["no_decay"] == [0.0, 1.0, 0.0, 1.0]


@pytest.mark.parametrize("name", ["eager", "numpy"])
def test_a_loss_that_is_a_plain_number_moves_nothing(name):
    model, _, examples = problem("rows")
    before = [p.data for p in model.parameters()]
    sgd = nf.get("optimizer", "sgd").load()
    runner = nf.make_runner(model, lambda m, x, y: 2.0, examples, sgd, backend=name)
    assert runner.run([[0, 1]], [0.1]) == [2.0]
    assert [p.data for p in model.parameters()] == before


class Halves(nf.Module):
    """Says half of what it is given, and the whole in evaluation if it is asked to look."""

    def __init__(self, looks):
        self.looks, self.w = looks, nf.Value(0.5)

    def forward(self, xs):
        return self.w * xs[0] * (2.0 if self.looks and not self.training else 1.0)


@pytest.mark.parametrize("looks", [False, True])
def test_losses_are_told_by_the_programs_of_steps_unless_evaluation_is_something_else(looks):
    adam = nf.get("optimizer", "adam").load()
    examples = [([0.1 * k], 1.0) for k in range(24)]
    runner = nf.make_runner(Halves(looks), row_loss, examples, adam, backend="numpy", batch=12)
    runner.gradients(range(12))
    made = len(runner.executor.programs)
    with nf.evaluating():
        losses = runner.losses(range(24))
        assert losses == pytest.approx([row_loss(runner.model, *e).data for e in examples])
    assert runner.loss.n_traces == 1 + looks
    assert len(runner.executor.programs) == made + looks
