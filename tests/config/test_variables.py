"""Variables: values of a tree that stand for others of it."""

from __future__ import annotations

import time

import pytest

import neuroflow as nf
from tests.support.configurations import MOONS, problems_of


def with_(**changes):
    return {**MOONS, **changes}


def test_a_variable_is_the_value_with_its_type():
    tree = {
        **MOONS,
        "model": {"use": "mlp", "sizes": [2, "${train.batch}", 1], "activation": "${model.other}"},
        "data": {"use": "moons", "points": "${ train.batch }"},
        "train": {"steps": "${model.sizes.0}", "batch": 8, "compare": "${train.shuffle}",
                  "shuffle": False},
    }  # fmt: skip
    del tree["model"]["activation"]
    checked = nf.configure(tree)
    assert checked["model"]["sizes"] == [2, 8, 1]
    assert checked["data"]["points"] == 8
    assert checked["train"]["steps"] == 2
    assert checked["train"]["compare"] is False


def test_variables_are_replaced_after_everything_was_set(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('extends = "moons"\n[data]\nnoise = "${train.l2}"\n[train]\nl2 = 0.5\n')
    assert nf.configure(path)["data"]["noise"] == 0.5
    assert nf.configure(path, ["train.l2=0.25"])["data"]["noise"] == 0.25
    assert nf.configure(path, ["train.l2=${optimizer.learning_rate}"])["data"]["noise"] == 1.0


def test_tables_and_texts_can_be_meant_too():
    leaky = {"use": "leaky_relu", "slope": 0.3}
    inner = {"use": "layer", "inputs": 2, "outputs": 2, "activation": leaky}
    outer = {"use": "layer", "inputs": 2, "outputs": 1,
             "activation": "${model.layers.0.activation}"}  # fmt: skip
    tree = with_(model={"use": "sequential", "layers": [inner, outer]})
    assert nf.configure(tree)["model"]["layers"][1]["activation"] == leaky
    data = {"use": "csv", "path": "/${data.target}/${train.steps}/${train.shuffle}", "target": "b"}
    tree = with_(data=data, train={"steps": 3, "shuffle": True})
    assert nf.configure(tree)["data"]["path"] == "/b/3/true"


def test_a_checked_tree_is_its_own_source():
    tree = nf.configure(with_(data={"use": "csv", "path": "/${ or $x or {y}", "target": "b"}))
    assert tree["data"]["path"] == "/${ or $x or {y}"
    assert nf.configure(tree) == tree


@pytest.mark.parametrize(
    ("train", "message"),
    [
        ({"steps": "${train.btch}", "batch": 3},
         "train.steps: ${train.btch} is no value of this configuration; did you mean"
         " 'train.batch' or 'train'? name a value"
         " that is written in this configuration by its path;"
         " variables are never taken from the environment"),
        ({"steps": "${HOME}"}, "train.steps: ${HOME} is no value of this configuration; name a"),
        ({"steps": "${train.batch}", "batch": "${train.steps}"},
         "train.steps: ${train.batch} leads back to itself: train.batch -> train.steps ->"
         " train.batch"),
        ({"steps": "${train}"}, "train.steps: ${train} leads back to itself"),
        ({"steps": 3, "best_by": "a ${model}"},
         "train.best_by: ${model} is a table; expected one number or one text, where it is a part"),
        ({"steps": "${model.sizes.9}"}, "${model.sizes.9} is no value"),
        ({"steps": "${model.sizes.x}"}, "${model.sizes.x} is no value"),
        ({"steps": "${}"}, "${} is no value"),
        ({"steps": "${__class__}"}, "${__class__} is no value"),
        ({"steps": 3, "best_by": "${${train.steps}}"},
         "make another variable, ${3}; expected variables that hold none"),
        ({"steps": 3, "best_by": "$${train.keep}", "keep": "{x}"},
         "train.best_by: the values within '$${train.keep}' (a text) make another variable, ${x}"),
    ],
)  # fmt: skip
def test_what_a_variable_cannot_mean_is_told_with_its_place(train, message):
    assert message in problems_of(with_(train=train))


def test_all_wrong_variables_are_told_at_once():
    found = problems_of(with_(train={"steps": "${a}", "batch": "${b}"}))
    assert found.startswith("the configuration has 2 problems:\n  train.steps: ${a} is no value")


@pytest.mark.parametrize("kind", ["text", "list", "table"])
def test_variables_that_grow_without_end_are_refused_at_once(kind):
    def twice(name):
        a = f"${{train.{name}}}"
        return {"text": a + a, "list": [a, a], "table": {"x": a, "y": a}}[kind]

    grown = {f"k{k}": twice(f"k{k + 1}") for k in range(60)}
    started = time.process_time()
    found = problems_of(with_(train={"steps": 3, **grown, "k60": "ab"}))
    assert "makes the configuration too large" in found or kind == "table"
    assert time.process_time() - started < 1.0
    assert len(found) < 20_000
