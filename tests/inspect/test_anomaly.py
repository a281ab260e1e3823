"""The anomaly finder: the first thing that went wrong, where, and what to do."""

import json
import math

import pytest

import neuroflow as nf


class Unit(nf.Module):
    """A neuron with an activation."""

    def __init__(self, weight, bias, activation="relu"):
        self.weight, self.bias = nf.Value(weight), nf.Value(bias)
        self.activation = activation

    def forward(self, x):
        return getattr(self.weight * x + self.bias, self.activation)()


class Pair(nf.Module):
    def __init__(self, *units):
        self.units = list(units)

    def forward(self, x):
        return sum(unit(x) for unit in self.units)


def squared_error(model, x, target):
    return (model(x) - target) ** 2


def faults(anomalies):
    return [a.fault for a in anomalies]


def test_a_sound_graph_has_none():
    model = Pair(Unit(1.0, 0.0), Unit(-1.0, 0.0))
    losses = [squared_error(model, x, 1.0) for x in (-1.0, 2.0)]
    assert nf.find_anomalies(losses, model) == []


def test_first_nan_is_the_leaf_it_came_from():
    model = Unit(math.nan, 0.0)
    (found, *_) = nf.find_anomalies(squared_error(model, 1.0, 0.0), model)
    assert (found.fault, found.phase, found.op) == ("nan", "forward", "leaf")
    assert "weight is nan" in str(found)


def test_infinite_gradient_is_found_backward_with_its_line():
    x = nf.Value(1e-200, "x")
    with nf.record_sources():
        y = (x * 1e-120).sqrt() * 1e200
        z = y * 1e100
    (found, *_) = nf.find_anomalies(z)
    assert found.phase == "backward"
    assert found.fault in ("infinity", "domain")
    assert "test_anomaly.py" in str(found)


def test_derivative_outside_the_domain():
    x = nf.Value(0.0, "x")
    (found, *_) = nf.find_anomalies(x.sqrt() + 1)
    assert (found.fault, found.phase, found.op) == ("domain", "backward", "sqrt")


def test_dead_unit_over_all_examples():
    model = Pair(Unit(1.0, -10.0), Unit(1.0, 0.0))
    losses = [squared_error(model, x, 1.0) for x in (1.0, 2.0, -1.0)]
    (found,) = nf.find_anomalies(losses, model)
    assert (found.fault, found.op, found.scope) == ("dead unit", "relu", "units.0")
    assert "all 3 inputs" in found.what
    assert "leaky_relu" in found.remedy


def test_dead_unit_in_one_graph_of_a_whole_batch():
    model = Pair(Unit(1.0, -10.0), Unit(1.0, 0.0))
    loss = sum(squared_error(model, x, 1.0) for x in (1.0, 2.0, -1.0))
    assert [a.scope for a in nf.find_anomalies(loss, model)] == ["units.0"]


def test_saturated_unit():
    model = Unit(1.0, 400.0, "tanh")  # its slope there, 4e^-802, is no float
    assert "dead unit" in faults(nf.find_anomalies(model(1.0), model))
    for bias in (6.0, 50.0):
        model = Unit(1.0, bias, "tanh")
        assert faults(nf.find_anomalies(model(1.0), model)) == ["saturated unit"]


def test_saturated_softmax():
    logits = [nf.Value(x, f"z{k}") for k, x in enumerate((30.0, 0.0, 1.0))]
    exponentials = [z.exp() for z in logits]
    total = nf.sum(exponentials)
    probabilities = [e / total for e in exponentials]
    (found,) = nf.find_anomalies(probabilities[0])
    assert found.fault == "saturated softmax"
    assert dict(found.inputs) == {"z0": 30.0, "z1": 0.0, "z2": 1.0}


def test_detecting_while_running_names_the_refused_node():
    x = nf.Value(1.0, "x")
    with nf.detect_anomalies() as found, pytest.raises(nf.DomainError):
        (x - 2).log()  # here
    assert (found[0].op, found[0].inputs) == ("log", (("x - 2", -1.0),))
    assert "(x - 2).log()  # here" in str(found[0])


def test_overflow_is_an_infinity():
    with nf.detect_anomalies() as found, pytest.raises(nf.DomainError):
        nf.Value(1000.0).exp()
    assert found[0].fault == "infinity"


def test_replay_names_example_scope_and_parameter():
    model = Pair(Unit(1.0, 0.0), Unit(math.inf, 0.0))
    (found,) = nf.replay(model, squared_error, [(1.0, 0.0), (2.0, 0.0)], batch=[1])
    assert found.example == 1
    assert "units.1.weight is inf" in str(found)


def test_replay_of_a_step_outside_the_domain():
    class Log(nf.Module):
        def __init__(self):
            self.w = nf.Value(1.0)

        def forward(self, x):
            return (self.w * x).log()

    (found,) = nf.replay(Log(), squared_error, [(1.0, 0.0), (-2.0, 0.0)])
    assert (found.fault, found.example, found.op) == ("domain", 1, "log")


def test_replay_leaves_the_model_alone():
    model = Pair(Unit(1.0, -10.0), Unit(1.0, 0.0))
    before = [(p.data, p.grad) for p in model.parameters()]
    assert faults(nf.replay(model, squared_error, [(1.0, 0.0), (3.0, 1.0)])) == ["dead unit"]
    assert [(p.data, p.grad) for p in model.parameters()] == before


def test_json_has_no_nan():
    model = Unit(math.nan, 0.0)
    (found, *_) = nf.find_anomalies(squared_error(model, 1.0, 0.0), model)
    json.dumps(found.to_dict(), allow_nan=False)


EXPLODING = {
    "schema": 1,
    "model": {"use": "mlp", "sizes": [2, 4, 1], "activation": "relu"},
    "loss": "mse",
    "optimizer": {"use": "sgd", "learning_rate": 30.0},
    "data": {"use": "moons", "points": 8},
    "train": {"steps": 400, "seed": 1},
}


@pytest.mark.parametrize("backend", ["eager", "numpy", "llvm"])
def test_a_run_that_diverges_is_replayed_from_the_step_that_failed(backend):
    if backend == "llvm":
        pytest.importorskip("llvmlite")
    tree = {**EXPLODING, "train": {**EXPLODING["train"], "backend": backend}}
    training = nf.train(tree)
    with pytest.raises(nf.DivergedError) as caught:
        for _ in nf.watched(training):
            pass
    (found, *_) = caught.value.anomalies
    assert found.fault in ("infinity", "nan", "domain")
    assert found.phase in ("forward", "backward")
    assert found.example is not None
    assert found.source
    assert f"the run failed at step {caught.value.step}:" in str(caught.value)
    assert "remedy" in str(caught.value)
    for value in training.model.parameters():
        assert math.isfinite(value.data), "the numbers that the failed step started with"


def test_a_watched_run_gives_the_same_numbers():
    tree = {**EXPLODING, "optimizer": {"use": "sgd", "learning_rate": 0.1}}
    tree["train"] = {"steps": 20, "seed": 1, "backend": "eager"}
    plain = nf.train(tree).run()
    training = nf.train(tree)
    steps = [step.step for step in nf.watched(training)]
    assert steps[-1] == 20
    assert training.model.state_dict() == plain.model.state_dict()


@pytest.mark.parametrize("backend", ["numpy", "llvm"])
def test_a_compiled_run_that_ends_in_nan_names_op_inputs_scope_and_line(backend):
    if backend == "llvm":
        pytest.importorskip("llvmlite")
    tree = {**EXPLODING, "model": {"use": "mlp", "sizes": [2, 4, 4, 1], "activation": "linear"}}
    tree["optimizer"] = {"use": "sgd", "learning_rate": 1e200}
    training = nf.train({**tree, "train": {"steps": 5, "seed": 1, "backend": backend}})
    with pytest.raises(nf.DivergedError) as caught:
        for _ in nf.watched(training):
            pass
    assert training.backend == backend
    assert "the loss of step 2 is nan" in str(caught.value.__cause__)
    (found, *_) = caught.value.anomalies
    assert (found.op, found.scope, found.example) == ("dot", "layers.1.neurons.0", 0)
    name, number = found.inputs[0]
    assert name == "layers.1.neurons.0.weights.0"
    assert 1e199 < abs(number) < 1e201
    path, line = found.source.rsplit(":", 1)
    with open(path) as text:
        assert "nf.dot(self.weights, xs)" in text.readlines()[int(line) - 1]
