"""Steps: what a run gives, its numbers, what it says, and what it refuses."""

from __future__ import annotations

import math
import random
import re

import pytest

import neuroflow as nf
from tests.support.long_tests import long

SMALL = {
    "model": {"use": "mlp", "sizes": [2, 4, 1]},
    "loss": "hinge",
    "optimizer": {"use": "sgd", "learning_rate": 0.1},
    "data": {"use": "moons", "points": 20, "test": 0.25},
    "train": {"epochs": 3, "batch": 4, "backend": "eager"},
}


def numbers(run):
    steps = [(s.epoch, s.step, s.loss, tuple(s.metrics.items())) for s in run]
    return steps, run.model.state_dict()


def test_a_run_is_an_iterator_of_steps():
    run = nf.train(SMALL)
    steps = list(run)
    assert [s.step for s in steps] == list(range(1, 13))
    assert [s.epoch for s in steps] == [0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3]
    assert {s.steps for s in steps} == {12}
    assert all(s.losses == (s.loss,) for s in steps)
    assert all({"learning_rate", "gradient_norm"} <= set(s.metrics) for s in steps)
    assert {"accuracy", "test_loss", "test_accuracy"} <= set(steps[-1].metrics)
    assert steps[-1].model is run.model
    assert (len(run.dataset), len(run.test)) == (15, 5)


def test_the_same_source_gives_the_same_numbers_to_the_last_bit():
    assert numbers(nf.train(SMALL)) == numbers(nf.train(SMALL))
    assert numbers(nf.train(SMALL)) != numbers(nf.train(SMALL, {"train.seed": 1}))


def test_several_steps_between_reports_change_nothing():
    every, few = nf.train(SMALL), nf.train(SMALL, {"train.report_every": 5})
    losses = [loss for s in few for loss in s.losses]
    assert losses == [s.loss for s in every]
    assert few.model.state_dict() == every.model.state_dict()
    assert [s.step for s in nf.train(SMALL, {"train.report_every": 5, "train.evaluate_every": 99})
            ] == [5, 10, 12]  # fmt: skip


@pytest.mark.parametrize("backend", ["numpy", "llvm"])
def test_backends_agree_with_the_eager_run(backend):
    if backend == "llvm":
        pytest.importorskip("llvmlite")
    eager, compiled = nf.train(SMALL), nf.train(SMALL, {"train.backend": backend})
    for ours, theirs in zip(eager, compiled, strict=True):
        assert theirs.loss == pytest.approx(ours.loss, rel=1e-12, abs=1e-15)
        assert theirs.metrics == pytest.approx(ours.metrics, rel=1e-9, abs=1e-12)
    assert compiled.model.state_dict() == pytest.approx(eager.model.state_dict(), rel=1e-10)
    assert compiled.summary()["backend"] == backend


@pytest.mark.parametrize("backend", ["numpy", "llvm"])
def test_dropout_draws_the_same_numbers_on_every_backend(backend):
    if backend == "llvm":
        pytest.importorskip("llvmlite")
    eager = nf.train(SMALL, {"model.dropout": 0.5}).run()
    compiled = nf.train(SMALL, {"model.dropout": 0.5, "train.backend": backend}).run()
    assert compiled.model.state_dict() == pytest.approx(eager.model.state_dict(), rel=1e-9)
    assert compiled.rng.getstate() == eager.rng.getstate()


def test_auto_takes_a_compiled_backend_and_says_so():
    run = nf.train(SMALL, {"train.backend": "auto", "train.epochs": 1}).run()
    assert run.summary()["backend"] in ("llvm", "numpy")


def test_the_learning_rate_follows_the_schedule():
    run = nf.train(
        SMALL, {"optimizer.schedule": {"use": "linear", "to": 0.0}, "train.report_every": 1}
    )
    assert [s.metrics["learning_rate"] for s in run] == pytest.approx(
        [0.1 * (1 - k / 12) for k in range(12)]
    )


def test_accumulated_batches_are_one_large_batch():
    small = nf.train(SMALL, {"train.accumulation": 2})
    large = nf.train(SMALL, {"train.batch": 8})
    assert numbers(small) == numbers(large)


def test_an_epoch_shows_every_example_once():
    run = nf.train(SMALL)
    seen = [k for step in range(4) for k in run.batches.at(step)]
    assert sorted(seen) == list(range(15))
    assert seen != list(range(15))
    plain = nf.train(SMALL, {"train.shuffle": False})
    assert [plain.batches.at(step) for step in range(5)] == [
        [0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11], [12, 13, 14], [0, 1, 2, 3],
    ]  # fmt: skip


def test_random_numbers_come_in_the_documented_order():
    changes = {
        "train.generator": "python",
        "train.seed": 42,
        "train.shuffle": False,
        "data.test": 0,
    }
    run = nf.train(SMALL, changes)
    rng = random.Random(42)
    data = nf.get("dataset", "moons").load()(rng, points=20)
    model = nf.build("mlp", sizes=[2, 4, 1], rng=rng)
    assert run.dataset.inputs == data.inputs
    assert run.model.state_dict() == model.state_dict()
    assert run.rng.getstate() == rng.getstate()


def test_a_step_is_what_a_loop_by_hand_does():
    run = nf.train(SMALL, {"train.batch": 15, "train.l2": 0.01, "data.test": 0.25})
    model = nf.build("mlp", sizes=[2, 4, 1], rng=nf.SplitMix32(0))
    model.load_state_dict(run.model.state_dict())
    examples = list(zip(run.dataset.inputs, run.dataset.targets, strict=True))
    hinge = nf.get("loss", "hinge").load()
    loss = nf.sum([hinge(model(x), 2 * y - 1) for x, y in examples]) / 15
    loss = loss + 0.01 * nf.sum([p * p for p in model.parameters()])
    loss.backward()
    expected = {n: p.data - 0.1 * p.grad for n, p in model.named_parameters()}
    step = next(iter(run))
    assert step.loss == pytest.approx(loss.data, rel=1e-12)
    assert run.model.state_dict() == pytest.approx(expected, rel=1e-12)


def test_gradients_are_clipped_by_norm():
    run = nf.train(SMALL, {"train.clip_norm": 1e-3, "train.batch": 15})
    before = run.model.state_dict()
    step = next(iter(run))
    moved = math.dist(before.values(), run.model.state_dict().values())
    assert step.metrics["gradient_norm"] > 1e-3
    assert moved == pytest.approx(0.1 * 1e-3)


def test_the_recipe_moons_is_learned_completely():
    run = nf.train("moons").run()
    assert run.step == 100
    assert run.metrics["accuracy"] == 1.0
    assert len(run.runner.parameters) == 337


@pytest.mark.parametrize(
    ("recipe", "metric", "least"),
    [
        ("circles", "test_accuracy", 0.95),
        ("spirals", "test_accuracy", 0.95),
        ("xor", "test_accuracy", 0.9),
        ("function", "r2", 0.99),
        ("multiclass", "test_accuracy", 0.95),
        ("digits", "test_accuracy", 0.94),
        long("autoencoder", "test_r2", 0.7),
    ],
)
def test_recipes_reach_what_they_promise(recipe, metric, least):
    run = nf.train(recipe, {"train.evaluate_every": 10**6, "train.backend": "numpy"}).run()
    assert run.metrics[metric] >= least


def test_a_setting_out_of_range_names_its_table():
    with pytest.raises(nf.ConfigurationError) as caught:
        nf.train(SMALL, {"data.points": 1, "model.sizes": [2, 0, 1]})
    assert str(caught.value) == (
        "the configuration has 2 problems:\n"
        "  model.sizes: got [2, 0, 1];"
        " expected a list of whole numbers, each at least 1, at least 2 of them\n"
        "  data.points: got 1; expected a whole number at least 4"
    )


def problems_of(changes):
    with pytest.raises(nf.ConfigurationError) as caught:
        nf.train(SMALL, changes)
    return str(caught.value)


def error_of(changes):
    with pytest.raises(nf.InputError) as caught:
        nf.train(SMALL, changes)
    return str(caught.value)


def test_a_model_that_does_not_fit_the_data():
    assert "cannot take the inputs of dataset 'moons', 2 numbers each: " in error_of(
        {"model.sizes": [3, 1]}
    )
    assert error_of({"model.sizes": [2, 3]}) == (
        "the model answers with 3 number(s), but dataset 'moons' needs 1;"
        " change the size of its last layer"
    )
    assert "needs 3, one per class" in error_of(
        {"data": {"use": "gauss", "classes": 3}, "loss": "cross_entropy"}
    )


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("backend", ["eager", "numpy"])
def test_a_run_that_diverges_says_so(backend):
    run = nf.train(
        SMALL, {"optimizer.learning_rate": 1e200, "loss": "mse", "train.backend": backend}
    )
    with pytest.raises(nf.DomainError):
        run.run()


@pytest.mark.parametrize("backend", ["eager", "numpy"])
def test_nesterov_is_on_or_off(backend):
    flags = (False, True, 1.0)
    changes = {"optimizer.momentum": 0.9, "train.backend": backend}
    off, on, one = [
        nf.train(SMALL, {**changes, "optimizer.nesterov": flag}).run().model.state_dict()
        for flag in flags
    ]
    assert on == one != off


def test_a_rising_learning_rate_is_noted():
    rising = {"optimizer.schedule": {"use": "linear", "to": 0.5}}
    assert nf.train(SMALL, rising).summary()["note"] == (
        "the learning rate rises from 0.1 to 0.466667; if that is not meant, let"
        " optimizer.schedule end below optimizer.learning_rate"
    )
    assert "note" not in nf.train(SMALL).summary()
    assert "note" not in nf.train("moons", ["optimizer.learning_rate=0.01"]).summary()


@pytest.mark.parametrize("name", ["step", "exponential"])
def test_a_schedule_that_cannot_be_computed_names_its_table(name):
    assert problems_of({"optimizer.schedule": {"use": name, "every": 0}}) == (
        "the configuration has a problem:\n"
        "  optimizer.schedule.every: got 0; expected a whole number at least 1"
    )


def test_a_model_without_parameters_is_refused():
    tree = {
        "model": {"use": "sequential", "layers": []},
        "loss": "mse",
        "optimizer": "sgd",
        "data": {"use": "function", "f": "sin(x)", "points": 9, "low": -1.0, "high": 1.0},
        "train": {"steps": 1},
    }
    with pytest.raises(nf.InputError, match="model: the model has no parameters: there is nothing"):
        nf.train(tree)


@pytest.mark.parametrize(
    ("schedule", "said"),
    [
        (object, "the schedule gave no learning rate at step 0: TypeError: object() takes no arg"),
        (print, "the schedule gave no learning rate at step 0: TypeError: float() argument"),
        (lambda rate, step, steps: float("nan"), "the schedule gave nan at step 0"),
    ],
)
def test_a_schedule_that_gives_no_number_is_told(schedule, said):
    tree = {
        "model": {"use": "mlp", "sizes": [1, 1]},
        "loss": "mse",
        "optimizer": {"use": "sgd", "schedule": schedule},
        "data": {"use": "function", "f": "sin(x)", "points": 9, "low": -1.0, "high": 1.0},
        "train": {"steps": 1},
    }
    with pytest.raises(nf.InputError, match=re.escape(said)):
        nf.train(tree)


def test_an_evaluation_without_finite_answers_says_step_and_learning_rate():
    run = nf.train(
        "moons",
        {"train.steps": 9, "train.evaluate_every": 1, "train.backend": "eager",
         "data.points": 6, "optimizer.learning_rate": 1e120, "optimizer.schedule": "constant"},
    )  # fmt: skip
    with pytest.raises(nf.DomainError) as caught:
        run.run()
    assert re.match(r"the evaluation after step \d+ failed: .* with the learning rate 1e\+120;",
                    str(caught.value))  # fmt: skip


def test_a_loss_that_depends_on_no_parameter_is_told_at_the_first_step():
    def run(loss, **more):
        model = nf.build("mlp", sizes=[1, 1], rng=nf.SplitMix32(1))
        rows, targets = [[1.0], [2.0]], [0.5, 1.0]
        return nf.fit(model, rows, targets, loss=loss, steps=3, backend="eager", **more).note

    constant = run(lambda said, right: nf.Value(float(said.data)) - right)
    assert "no gradient reaches any parameter at the first step, where the loss is" in constant
    assert "no gradient" not in run(lambda said, right: (said - right) ** 2)
    assert "no gradient" not in run(lambda said, right: 0.0 * said)  # nothing is left to learn
