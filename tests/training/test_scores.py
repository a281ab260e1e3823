"""Scores of a run: by the names of its metrics, with those that are asked for."""

from __future__ import annotations

import math

import pytest

import neuroflow as nf

SHORT = {"train.steps": 2, "train.backend": "eager", "data.points": 20, "data.test": 0.4}


def test_metrics_that_are_asked_for_are_told_at_every_evaluation():
    asked = ["f1", {"use": "precision", "average": "macro"}, "auc", "accuracy"]
    run = nf.train("moons", {**SHORT, "train.metrics": asked, "train.evaluate_every": 1})
    steps = [step.metrics for step in run]
    names = ["accuracy", "f1", "precision_macro", "auc"]
    names += ["test_loss", *(f"test_{name}" for name in names)]
    assert all([*found][2:] == names for found in steps)
    scores = {name: run.metrics[f"test_{name}"] for name in names[:4]}
    said = [int(x > 0) for x in run.answers(run.test.inputs)]
    assert scores["f1"] == nf.resolve("metric", "f1")(said, run.test.targets)
    macro = nf.resolve("metric", {"use": "precision", "average": "macro"})
    assert scores["precision_macro"] == macro(said, run.test.targets)


def test_a_function_is_a_metric_under_its_own_name():
    def share_of_ones(predictions, targets):
        return sum(predictions) / len(targets)

    run = nf.train("moons", {**SHORT, "train.metrics": [share_of_ones]}).run()
    assert 0.0 <= run.metrics["test_share_of_ones"] <= 1.0


@pytest.mark.parametrize(
    ("metric", "told"),
    [
        ("rmse", "train.metrics: metric 'rmse' is not for the task 'binary' of the data; expected"),
        ("brier", "metric 'brier' needs probabilities, but loss 'hinge' gives scores, which are"),
        ("acuracy", "train.metrics.0.use: unknown metric 'acuracy'; did you mean 'accuracy' or"),
    ],
)
def test_a_metric_that_does_not_fit_is_refused_before_the_first_step(metric, told):
    with pytest.raises(nf.NeuroflowError) as caught:
        nf.train("moons", {**SHORT, "train.metrics": [metric]})
    assert told in str(caught.value)


def test_a_nan_makes_every_score_nan():
    run = nf.train("moons", {**SHORT, "train.metrics": ["f1", "auc"]})
    run.model.parameters()[0].data = math.nan
    scores = run.scores()
    assert all(math.isnan(scores[name]) for name in ("accuracy", "test_f1", "test_auc"))
