"""Evaluation: a long one of an eager run is made by a compiled runner, with the same scores."""

from __future__ import annotations

import pytest

import neuroflow as nf
from neuroflow.long_work import following
from neuroflow.training import evaluator, steps

SMALL = {
    "train.steps": 3, "train.batch": 2, "train.evaluate_every": 1, "train.backend": "eager",
    "train.dtype": "float64", "optimizer.schedule": "constant", "data.most_lines": 12,
    "data.test": 0.5, "model.n_embd": 4, "model.n_head": 2, "data.block_size": 8,
}  # fmt: skip


def scores(changes, recipe="names"):
    run = nf.train(recipe, changes)
    return [{k: v for k, v in step.metrics.items() if "rate" not in k} for step in run], run


@pytest.mark.parametrize("recipe", ["names", "moons"])
def test_scores_are_the_same_whoever_evaluates(monkeypatch, recipe):
    changes = SMALL if recipe == "names" else {
        "train.steps": 3, "train.evaluate_every": 1, "train.backend": "eager", "data.test": 0.2,
        "data.points": 20,
    }  # fmt: skip
    wanted, _ = scores(changes, recipe)
    monkeypatch.setattr(evaluator, "EAGER_WORK", 0)
    got, run = scores(changes, recipe)
    assert run.backend == "eager"
    assert run._scoring.runner_for(run.dataset).backend != "eager"
    assert got == [pytest.approx(each) for each in wanted]


def test_small_data_are_evaluated_by_the_run_itself():
    run = nf.train("moons", {"train.backend": "eager", "data.points": 8})
    assert run._scoring.runner_for(run.dataset) is run.runner


def test_a_model_that_cannot_be_compiled_is_evaluated_eagerly(monkeypatch):
    monkeypatch.setattr(evaluator, "EAGER_WORK", 0)

    def refuse(backend):
        raise nf.BackendError(f"no {backend} here")

    monkeypatch.setattr(steps, "Evaluator", lambda _: evaluator.Evaluator(refuse))
    run = nf.train("moons", {"train.backend": "eager", "data.points": 8})
    assert run._scoring.runner_for(run.dataset) is run.runner
    heard = []
    with following(lambda *told: heard.append(told)):
        assert 0.0 <= run.scores()["accuracy"] <= 1.0
        run.runner.losses(range(8))
    assert ("predicting", 5, 8) in heard
    assert ("evaluating", 5, 8) in heard
