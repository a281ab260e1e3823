"""Changing: keys set by their paths."""

from __future__ import annotations

import pytest

import neuroflow as nf
from neuroflow.config import changed
from tests.support.configurations import MOONS, problems_of


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


def scheduled(changes, learning_rate=1.0, **schedule):
    optimizer = {"use": "sgd", "learning_rate": learning_rate}
    schedule = {"use": "linear", "to": 0.1, **schedule}
    return changed({**MOONS, "optimizer": {**optimizer, "schedule": schedule}}, changes)[
        "optimizer"
    ]


def test_the_end_of_the_schedule_moves_with_the_learning_rate():
    assert scheduled(["optimizer.learning_rate=0.01"])["schedule"]["to"] == pytest.approx(0.001)
    assert scheduled({"optimizer.learning_rate": 2})["schedule"]["to"] == pytest.approx(0.2)
    assert scheduled(["train.seed=1"])["schedule"]["to"] == 0.1
    moons = nf.configure("moons", ["optimizer.learning_rate=0.01"])["optimizer"]
    assert moons["schedule"]["to"] == pytest.approx(0.001)


def test_the_end_of_the_schedule_that_is_said_is_meant():
    said = ["optimizer.schedule.to=0.5", "optimizer.learning_rate=0.01"]
    assert scheduled(said)["schedule"]["to"] == 0.5
    other = ["optimizer.schedule={use='cosine', to=0.5}", "optimizer.learning_rate=0.01"]
    assert scheduled(other)["schedule"]["to"] == 0.5


@pytest.mark.parametrize(
    "rate", [True, "fast", 0, -1, 10**400, float("nan")], ids=lambda x: str(x)[:9]
)
def test_a_learning_rate_that_is_none_moves_no_schedule(rate):
    assert scheduled({"optimizer.learning_rate": rate})["schedule"]["to"] == 0.1


def test_a_table_replaced_by_a_number_is_a_problem_of_its_own():
    assert "train: got 3; expected a table" in problems_of(MOONS, ["train.steps=2", "train=3"])
