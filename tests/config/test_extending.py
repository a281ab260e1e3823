"""Extending: files that go on from a recipe or from another file."""

from __future__ import annotations

import json

import pytest

import neuroflow as nf
from neuroflow.config import read
from neuroflow.config.changing import extended
from tests.support.configurations import MOONS, problems_of


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Write a file into a folder of its own, in which the caller is."""
    monkeypatch.chdir(tmp_path)

    def written(name, text):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return name

    return written


def test_a_file_goes_on_from_a_recipe(write):
    mine = write("mine.toml", 'extends = "moons"\n[data]\nnoise = 0.2\n')
    expected = nf.configure("moons", {"data.noise": 0.2})
    assert nf.configure(mine) == expected
    assert nf.configure({"extends": "moons", "data": {"noise": 0.2}}) == expected
    as_json = write(
        "mine.json", json.dumps({"$schema": "s", "extends": mine, "data": {"noise": 1}})
    )
    assert nf.configure(as_json) == nf.configure("moons", {"data.noise": 1.0})


def test_a_path_begins_in_the_folder_of_the_file_that_says_it(write, tmp_path):
    write("below/base.toml", 'extends = "moons"\n[data]\nuse = "csv"\npath = "t.csv"\ntarget = "b"')
    write("below/t.csv", "a,b\n1,0\n2,1\n")
    mine = write("mine.toml", 'extends = "below/base.toml"\n[data]\nvalidation_file = "v.csv"\n')
    data = nf.configure(mine)["data"]
    assert data["path"] == str(tmp_path / "below" / "t.csv")
    assert data["validation_file"] == str(tmp_path / "v.csv")
    assert nf.configure(mine, ["data.path=t.csv"])["data"]["path"] == str(tmp_path / "t.csv")
    above = write("other/above.toml", 'extends = "../mine.toml"\n[train]\nseed = 3\n')
    assert nf.configure(above)["data"] == data


def test_the_file_beside_it_comes_before_the_recipe(write):
    write("moons", 'extends = "xor"\n')
    assert nf.configure(write("mine.toml", 'extends = "moons"\n')) == nf.configure("xor")


@pytest.mark.parametrize(
    ("over", "path", "value"),
    [
        ({"model": {"sizes": [2, 1]}}, "model", {"use": "mlp", "sizes": [2, 1], "dropout": 0.5}),
        ({"model": {"use": "mlp", "dropout": 0}}, "model",
         {"use": "mlp", "sizes": [2, 4, 1], "dropout": 0}),
        ({"model": {"use": "layer", "inputs": 2}}, "model", {"use": "layer", "inputs": 2}),
        ({"model": "layer"}, "model", "layer"),
        ({"loss": {"margin": 2}}, "loss", {"use": "hinge", "margin": 2}),
        ({"data": {"class_weights": {"a": 1}}}, "data",
         {"use": "moons", "class_weights": {"a": 1}}),
        ({"train": {"epochs": 3}}, "train", {"epochs": 3}),
        ({"train": {"epochs": None}}, "train", {"steps": 9, "epochs": None}),
        ({"optimizer": {"learning_rate": 0.5}}, "optimizer",
         {"use": "sgd", "learning_rate": 0.5, "schedule": {"use": "linear", "to": 0.05}}),
        ({"optimizer": {"learning_rate": 0.5, "schedule": {"to": 0.2}}}, "optimizer",
         {"use": "sgd", "learning_rate": 0.5, "schedule": {"use": "linear", "to": 0.2}}),
        ({"optimizer": {"use": "adam", "learning_rate": 0.5}}, "optimizer",
         {"use": "adam", "learning_rate": 0.5}),
        ({"optimizer": {"schedule": {"use": "cosine"}}}, "optimizer",
         {"use": "sgd", "learning_rate": 1.0, "schedule": {"use": "cosine"}}),
    ],
)  # fmt: skip
def test_tables_go_together_and_all_else_takes_the_place(over, path, value):
    base = {
        "model": {"use": "mlp", "sizes": [2, 4, 1], "dropout": 0.5},
        "loss": "hinge",
        "optimizer": {
            "use": "sgd", "learning_rate": 1.0, "schedule": {"use": "linear", "to": 0.1}
        },
        "data": {"use": "moons", "class_weights": "balanced"},
        "train": {"steps": 9},
    }  # fmt: skip
    result = extended(base, over)
    assert result[path] == value
    assert {k: x for k, x in result.items() if k != path} == {
        k: x for k, x in base.items() if k != path
    }


def test_circles_are_refused(write, tmp_path):
    write("a.toml", 'extends = "b.toml"\n')
    write("b.toml", 'extends = "./a.toml"\n')
    a, b = tmp_path / "a.toml", tmp_path / "b.toml"
    assert problems_of("a.toml") == (
        f"extends: a.toml extends {b} extends {a}: what each says would have no end;"
        " expected no circle; take one extends out"
    )
    assert "no circle" in problems_of(write("self.toml", 'extends = "self.toml"\n'))


@pytest.mark.parametrize(
    ("extends", "message"),
    [
        ('"mons"', "mine.toml extends 'mons', and no file and no recipe is named so; did you mean"),
        ("3", "extends: got 3; expected the name of a recipe, or the path of a file"),
        ('""', "extends: got '' (a text); expected the name of a recipe"),
        ('["moons", "xor"]', "extends: got ['moons', 'xor']; expected the name of a recipe"),
    ],
)
def test_what_cannot_be_extended_is_told(write, extends, message):
    assert message in problems_of(write("mine.toml", f"extends = {extends}\n"))


def test_a_base_that_is_missing_or_broken_is_named(write):
    with pytest.raises(nf.FileError, match=r"cannot read .*none\.toml"):
        nf.configure(write("mine.toml", 'extends = "none.toml"\n'))
    write("broken.toml", "[model\n")
    assert "broken.toml is not valid TOML" in problems_of(
        write("mine.toml", 'extends = "broken.toml"\n')
    )


@pytest.mark.parametrize("extends", ["\0", "a" * 500, "\ud800", "\n", ".", "/", "/dev/zero"])
def test_no_text_behind_extends_is_a_fault_of_ours(write, extends):
    with pytest.raises(nf.NeuroflowError):
        nf.configure({"extends": extends})


def test_a_recipe_extends_recipes_alone(write, offers):
    write("base.toml", 'extends = "moons"\n')
    offers.put(nf.RecipeEntry(name="mine", target={"extends": "moons", "train": {"seed": 3}}))
    assert nf.configure("mine") == nf.configure("moons", {"train.seed": 3})
    offers.put(nf.RecipeEntry(name="mine", target={"extends": "base.toml"}))
    assert "extends 'base.toml', and no recipe is named so" in problems_of("mine")


def test_a_run_goes_on_without_what_it_extended(write, tmp_path):
    write("base.toml", 'extends = "moons"\n[train]\nbackend = "eager"\nsteps = 2\n')
    mine = write("mine.toml", 'extends = "base.toml"\n[data]\npoints = 8\n')
    nf.Run.start(mine, "run")
    (tmp_path / "base.toml").unlink()
    assert nf.Run.resume("run").run().training.step == 2
    assert "extends" not in read("run/config.toml")[0]
    assert MOONS["data"]["points"] == 20
