"""The torch backend gives the numbers of array code, with views and with merged kernels."""

import numpy as np
import pytest

import neuroflow as nf
from neuroflow.checks.kinds.executors import LOSSES, MANY, answers
from neuroflow.engine.lower.kernels import FallbackWarning
from tests.support.long_tests import all_but

pytest.importorskip("torch")

KINDS = pytest.mark.parametrize("kind", ["views", "kernels"])


def runner_on(make, monkeypatch, model, loss, examples, dtype="float64", **more):
    """A compiled runner on an executor of this kind."""
    monkeypatch.setattr(
        "neuroflow.engine.compiled_runner.make_executor", lambda _, d, n, m, __: make(d, n, m)
    )
    adam = nf.get("optimizer", "adam").load()
    return nf.make_runner(
        model, loss, examples, adam, backend="torch", dtype=dtype, compare=False, **more
    )


@KINDS
@pytest.mark.parametrize("dtype", all_but(["float64", "float32"], ["float64"]))
def test_every_instruction_gradient_and_step(executors, kind, dtype):
    relative, absolute = (1e-9, 1e-12) if dtype == "float64" else (2e-4, 1e-5)
    reference = nf.get("backend", "numpy").load()
    for name, loss in LOSSES.items():
        for count in (1, MANY) if dtype == "float64" else (MANY,):
            want = answers(reference, loss, "float64", count)
            for what, got in answers(executors[kind], loss, dtype, count).items():
                close = np.allclose(got, want[what], relative, absolute)
                assert close, (name, count, what)


def gpt():
    sizes = {"n_layer": 1, "n_embd": 8, "n_head": 2, "block_size": 4}
    return nf.build("gpt", vocab_size=5, rng=nf.SplitMix32(1), **sizes)


def gpt_loss(model, tokens, targets):
    loss = nf.get("loss", "cross_entropy").load()
    return nf.mean([loss(x, t) for x, t in zip(model(tokens), targets, strict=True)])


def texts(n):
    rng = nf.SplitMix32(2)
    rows = [[rng.randrange(5) for _ in range(5)] for _ in range(n)]
    return [(row[:-1], row[1:]) for row in rows]


@KINDS
def test_steps_of_a_gpt_are_those_of_array_code(executors, kind, monkeypatch):
    examples, batches = texts(33), [[*range(33)], [*range(33)], [0, 1, 2]]
    adam = nf.get("optimizer", "adam").load()
    settings = {"l2": 1e-3, "clip_norm": 0.5}
    plain = nf.make_runner(gpt(), gpt_loss, examples, adam, backend="numpy", **settings)
    mine = runner_on(executors[kind], monkeypatch, gpt(), gpt_loss, examples, **settings)
    assert mine.run(batches, [0.01] * 3) == pytest.approx(plain.run(batches, [0.01] * 3), abs=1e-12)
    assert mine.gradient_norm == pytest.approx(plain.gradient_norm, abs=1e-12)
    for a, b in zip(mine.parameters, plain.parameters, strict=True):
        assert a.data == pytest.approx(b.data, abs=1e-12)
    assert mine.losses([0, 5]) == pytest.approx(plain.losses([0, 5]), abs=1e-12)


def test_the_same_steps_give_the_same_bits(executors, monkeypatch):
    examples, batches = texts(33), [[*range(33)]] * 2
    make = executors["kernels"]
    first, again = [
        runner_on(make, monkeypatch, gpt(), gpt_loss, examples, "float32") for _ in range(2)
    ]
    assert first.run(batches, [0.01] * 2) == again.run(batches, [0.01] * 2)
    assert [p.data for p in first.parameters] == [p.data for p in again.parameters]


@KINDS
def test_a_step_that_is_not_finite_changes_nothing_and_ends_the_run(executors, kind, monkeypatch):
    model = nf.build("mlp", sizes=[1, 2, 1], activation="linear", rng=nf.SplitMix32(1))
    examples = [([1.0], 1.0), ([2.0], 0.0), ([1e200], 0.0)]
    loss = nf.get("loss", "mse").load()
    mine = runner_on(
        executors[kind], monkeypatch, model, lambda model, x, y: loss(model(x), y), examples
    )
    mine.run([[0, 1]], [0.1])
    before = [p.data for p in mine.parameters], mine.state_dict()
    with pytest.raises(nf.DomainError, match="step 3"):
        mine.run([[0, 1], [0, 2], [0, 1]], [0.1] * 3)
    mine.load_state_dict(before[1])
    assert mine.steps == 1


class Tripled(nf.Module):
    """Calls an op of somebody else's, whose rule cannot be compiled."""

    def __init__(self, op):
        self.op, self.weight = op, nf.Value(0.5)

    def forward(self, x):
        return self.op(self.weight * x)


@KINDS
def test_an_op_that_runs_in_python_runs_between_the_kernels(executors, kind, monkeypatch):
    @nf.op
    def halved_below_one(x):
        return x * 0.5 if float(x) < 1.0 else x

    @halved_below_one.partials
    def _(out, x):
        return (0.5 if float(x) < 1.0 else 1.0,)

    examples = [(float(k),) for k in range(4)]
    model = Tripled(halved_below_one)
    mine = runner_on(executors[kind], monkeypatch, model, lambda m, x: m(x), examples)
    with pytest.warns(FallbackWarning, match="runs in Python"):
        loss, gradient = mine.gradients(range(4))
    assert (loss, gradient) == (pytest.approx(2.75 / 4), [pytest.approx(5.5 / 4)])


def test_bfloat16_rounds_what_matrix_products_multiply_and_nothing_else(monkeypatch):
    model = nf.build("mlp", sizes=[3, 4, 1], activation="linear", rng=nf.SplitMix32(1))
    rounded = nf.compile(lambda model, x: model(x), backend="torch", dtype="bfloat16", device="cpu")
    exact = nf.compile(lambda model, x: model(x), backend="numpy")
    rows = [[0.1 * k, 0.3, -0.7] for k in range(8)]
    mine, theirs = rounded.batch_value(model, rows), exact.batch_value(model, rows)
    furthest = max(abs(a - b) for a, b in zip(mine, theirs, strict=True))
    assert 1e-5 < furthest < 2e-2
