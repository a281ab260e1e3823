"""Changing: keys set by their paths."""

from __future__ import annotations

import pytest

import neuroflow as nf
from neuroflow.spec import changed

MOONS = {
    "model": {"use": "mlp", "sizes": [2, 4, 1]},
    "loss": "hinge",
    "optimizer": {"use": "sgd", "learning_rate": 1},
    "data": {"use": "moons", "points": 20},
    "train": {"steps": 3},
}


def problems_of(tree, changes=()):
    with pytest.raises(nf.ConfigurationError) as caught:
        nf.configure(tree, changes)
    return str(caught.value)


def test_changes_from_text():
    tree = changed(
        MOONS,
        [
            "optimizer.learning_rate=0.1",
            "model.sizes=[2, 8, 1]",
            "model.activation=tanh",
            "loss.label_smoothing=0.1",
            "model.sizes.1=9",
        ],
    )
    assert tree["optimizer"]["learning_rate"] == 0.1
    assert tree["model"] == {"use": "mlp", "sizes": [2, 9, 1], "activation": "tanh"}
    assert tree["loss"] == {"use": "hinge", "label_smoothing": 0.1}
    assert MOONS["model"]["sizes"] == [2, 4, 1]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("nothing", "'nothing' sets nothing; write PATH=VALUE"),
        ("model.sizes.7=3", "model.sizes.7: '7' is no position in a list of 3"),
        ("model.sizes.0.a=3", "model.sizes.0.a: 0 is 2, which has no keys"),
    ],
)
def test_changes_that_cannot_be_made(change, message):
    assert message in problems_of(MOONS, [change])


@pytest.mark.parametrize(("given", "other"), [("steps", "epochs"), ("epochs", "steps")])
def test_saying_how_long_a_run_is_replaces_what_a_recipe_says(given, other):
    for recipe in ("moons", "spirals"):
        train = nf.configure(recipe, [f"train.{given}=3"])["train"]
        assert (train[given], train.get(other)) == (3, None)
    with pytest.raises(nf.ConfigurationError, match="got both epochs and steps"):
        nf.configure("moons", {"train.steps": 3, "train.epochs": 3})
