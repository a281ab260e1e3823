"""A compiled run is held against plain Values before its first step; a difference is named."""

import itertools
import math
import random
import time

import pytest

import neuroflow as nf
from neuroflow.engine.comparison import ComparedExample, NumberedTracer, difference
from neuroflow.errors import TraceError


class Model(nf.Module):
    def __init__(self, part):
        self.first = nf.build("layer", inputs=2, outputs=2, activation="tanh", rng=rng())
        self.part = part
        self.last = nf.build("layer", inputs=2, outputs=1, rng=rng())

    def forward(self, xs):
        return self.last([self.part(x) for x in self.first(xs)])


def rng():
    return random.Random(3)


def loss(model, xs, y):
    return (model(xs) - y) ** 2


def runner_of(model, backend="numpy", **options):
    examples = [([0.5, -1.0], 1.0), ([1.0, 2.0], 0.0), ([0.1, 0.2], 0.5)]
    sgd = nf.get("optimizer", "sgd").load()
    return nf.make_runner(model, loss, examples, sgd, backend=backend, **options)


class Counter(nf.Module):
    """Its counter is hidden in an object that nobody can look into."""

    def __init__(self):
        self.calls = itertools.count()

    def forward(self, x):
        return x * (1.0 + next(self.calls))


class Clock(nf.Module):
    def forward(self, x):
        return x * (1.0 + time.perf_counter() % 1.0)


class Branch(nf.Module):
    """A branch on a number that a trace cannot see through."""

    def forward(self, x):
        return x * 2.0 if isinstance(x, nf.Value) and type(x) is nf.Value else x * 3.0


class Cache(nf.Module):
    def __init__(self):
        self.seen = {}

    def forward(self, x):
        factor = 1.0 + len(self.seen)
        self.seen[len(self.seen)] = factor
        return x * factor


HIDDEN = [
    (Counter, "gives another result in every call"),
    (Clock, "gives another result in every call"),
    (Branch, "does something else when it is traced"),
    (Cache, "gives another result in every call"),
]


@pytest.mark.parametrize("backend", ["numpy", "llvm"])
@pytest.mark.parametrize(("part", "told"), HIDDEN, ids=[part.__name__ for part, _ in HIDDEN])
def test_a_layer_that_trains_differently_when_compiled_is_named(part, told, backend):
    model = Model(part())
    before = model.state_dict()
    with pytest.raises(TraceError, match=rf"{part.__name__} \(part\) {told}") as caught:
        runner_of(model, backend).run([[0, 1]], [0.1])
    assert caught.value.where["scope"] == "part"
    assert "nf.Buffer" in caught.value.remedy
    assert model.state_dict() == before


def test_the_comparison_can_be_left_out():
    runner = runner_of(Model(Branch()), compare=False)
    assert runner.run([[0, 1]], [0.1])[0] > 0.0


@pytest.mark.parametrize("backend", ["numpy", "llvm"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_what_is_right_runs_and_nothing_else_changes(backend, dtype):
    def trained(**options):
        dropout = nf.build("dropout", rate=0.5, rng=rng())
        model = Model(lambda x: dropout([x])[0])
        runner = runner_of(model, backend, dtype=dtype, l2=0.1, **options)
        losses = runner.run([[0, 1], [2]], [0.1, 0.1])
        return losses, model.state_dict(), [p.grad for p in model.parameters()]

    assert trained() == trained(compare=False)


def test_one_example_is_compared_once_for_a_run_and_again_for_another_model():
    calls = []

    def counted(model, xs, y):
        if type(xs[0] * nf.Value(1.0)) is nf.Value:
            calls.append(xs)
        return loss(model, xs, y)

    model = Model(nf.tanh)
    runner = nf.make_runner(
        model, counted, [([0.5, -1.0], 1.0)] * 3, nf.get("optimizer", "sgd").load(), backend="numpy"
    )
    runner.run([[0, 1, 2]] * 2, [0.1] * 2)
    runner.run([[0, 1, 2]] * 2, [0.1] * 2)
    assert len(calls) == 1
    model.part = nf.sin
    runner.run([[0]], [0.1])
    assert len(calls) == 2


def test_a_backend_that_computes_something_else_is_named(monkeypatch):
    runner = runner_of(Model(nf.tanh))
    right = runner.executor.step_gradient
    monkeypatch.setattr(runner.executor, "step_gradient", lambda *given: 1.01 * right(*given))
    with pytest.raises(TraceError, match=r"the backend numpy gives example 0 the loss"):
        runner.run([[0, 1]], [0.1])


def test_training_falls_back_to_plain_values_and_says_why():
    tree = {
        "model": {"use": "sequential", "layers": [{"use": "mlp", "sizes": [2, 4, 1]}]},
        "loss": "hinge", "data": "moons", "optimizer": {"use": "sgd", "learning_rate": 0.1},
        "train": {"steps": 1, "batch": 4},
    }  # fmt: skip
    run = nf.train(tree)
    run.model.layers[0].layers[0].__dict__["_activate"] = Odd()
    run.run()
    assert run.backend == "eager"
    assert "gives another result in every call" in run.note


class Odd:
    def __init__(self):
        self.calls = itertools.count(1)

    def __call__(self, xs):
        return [x * next(self.calls) for x in xs]


def test_a_numbered_trace_agrees_with_plain_values_on_every_kind_of_step():
    def mixed(model, xs, k, y):
        table = [[nf.Value(1.0), nf.Value(2.0)], [nf.Value(3.0), nf.Value(4.0)]]
        row = nf.take(table, k)
        return nf.mean([nf.dot(row, model(xs)), nf.sum(xs), nf.maximum(*xs), y * nf.exp(xs[0])])

    model = nf.build("layer", inputs=2, outputs=2, activation="relu", rng=rng())
    example = ComparedExample(0, ([0.5, -1.0], 1, 2.0), [])
    assert difference(mixed, model, model.parameters(), example) is None
    assert math.isnan(NumberedTracer()._number(math.nan))
