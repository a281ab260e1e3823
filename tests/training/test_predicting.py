"""Predicting: plain numbers for rows, eagerly and compiled."""

from __future__ import annotations

import math

import pytest

import neuroflow as nf

SMALL = {
    "model": {"use": "mlp", "sizes": [2, 4, 1]},
    "loss": "hinge",
    "optimizer": {"use": "sgd", "learning_rate": 0.1},
    "data": {"use": "moons", "points": 20, "test": 0.25},
    "train": {"epochs": 3, "batch": 4, "backend": "eager"},
}


def test_predictions_are_plain_numbers():
    run = nf.train(SMALL).run()
    answers = nf.predict(run.model, [[0.0, 1.0], [1, 0]])
    assert all(isinstance(y, float) for y in answers)
    assert run.model.training
    assert answers[0] == run.model([0.0, 1.0]).data


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "there are no rows to predict; give at least one"),
        ([3.0], "row 0 is 3.0; expected a list of numbers"),
        ([[0.0, math.nan]], "row 0, number 1 is nan; expected a finite number"),
        ([["a", 1.0]], "row 0, number 0 is 'a'; expected a finite number"),
    ],
)
def test_rows_that_cannot_be_predicted(rows, message):
    model = nf.build("mlp", sizes=[2, 1])
    with pytest.raises(nf.InputError) as caught:
        nf.predict(model, rows)
    assert str(caught.value) == message


def test_many_rows_are_predicted_compiled():
    model = nf.build("mlp", sizes=[2, 4, 3], rng=nf.SplitMix32(2))
    rows = [[k / 10, -k / 7] for k in range(30)]
    eager = nf.predict(model, rows)
    for dtype, close in (("float64", 1e-12), ("float32", 1e-4)):
        compiled = nf.predict(model, rows, backend="numpy", dtype=dtype)
        for ours, theirs in zip(eager, compiled, strict=True):
            assert theirs == pytest.approx(ours, rel=close, abs=close)
