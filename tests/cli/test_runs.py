"""Runs on the command line: listed, compared, and recipes to start from."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

import neuroflow as nf
from tests.cli.settings import NET


@pytest.fixture
def two(neuroflow):
    for name, rate in (("a", 0.1), ("b", 0.2)):
        nf.Run.start(
            "moons",
            f"runs/{name}",
            ["train.backend=eager", *NET[3::2], f"optimizer.learning_rate={rate}"],
        ).run()


def test_runs_are_listed_as_text_json_and_csv(neuroflow, two):
    code, out, err = neuroflow("runs")
    assert (code, err) == (0, "")
    assert [line.split()[0] for line in out.splitlines()] == ["run", "a", "b"]
    rows = json.loads(neuroflow("runs", "--json", "--sort", "-learning_rate")[1])["runs"]
    assert [row["run"] for row in rows] == ["runs/b", "runs/a"]
    assert neuroflow("runs", "--csv")[1].splitlines()[1].startswith("runs/a,done,")


def test_what_cannot_be_listed_says_what_to_do(neuroflow, two):
    code, _, err = neuroflow("runs", "--sort", "lr")
    assert code == 2
    assert "no column is called 'lr'; did you mean 'learning_rate'?" in " ".join(err.split())
    code, _, err = neuroflow("runs", "nowhere")
    assert code == 1
    assert "there is no folder nowhere; train something first: neuroflow train moons" in err
    Path("empty").mkdir()
    code, out, err = neuroflow("runs", "empty")
    assert (code, out) == (0, "")
    assert "no run is in empty" in err


def test_runs_are_compared(neuroflow, two):
    code, out, _ = neuroflow("compare", "runs/a", "runs/b", "--picture", "both.svg")
    assert code == 0
    assert "learning_rate" in out
    assert Path("both.svg").read_text().startswith("<svg")
    told = json.loads(neuroflow("compare", "runs/a", "runs/b", "--json")[1])
    assert told["settings"]["optimizer.learning_rate"] == [0.1, 0.2]
    code, _, err = neuroflow("compare", "runs/a")
    assert code == 2
    assert "name two folders or more" in err


@pytest.mark.parametrize("recipe", nf.recipes(), ids=lambda recipe: recipe.name)
def test_every_recipe_is_a_file_to_start_from(neuroflow, recipe):
    code, out, err = neuroflow("recipes", recipe.name, "--toml")
    assert (code, err) == (0, "")
    assert tomllib.loads(out) == tomllib.loads(recipe.text)
    neuroflow("recipes", recipe.name, "--toml", "--out", "mine.toml")
    assert nf.configure("mine.toml") == nf.configure(recipe.name)


def test_a_recipe_replaces_no_file(neuroflow):
    Path("mine.toml").write_text("mine")
    code, _, err = neuroflow("recipes", "moons", "--toml", "--out", "mine.toml")
    assert code == 1
    assert "mine.toml is there already" in err
    assert Path("mine.toml").read_text() == "mine"
    assert neuroflow("recipes", "mons")[0] == neuroflow("recipes", "--toml")[0] == 2


def test_a_sweep_ends_with_one_table_and_names_the_best(neuroflow):
    grid = ["optimizer.learning_rate=0.1,0.2", "train.steps=2", "train.backend=eager"]
    words = ["sweep", "moons", *(word for each in grid for word in ("--grid", each))]
    code, out, err = neuroflow(*words)
    assert code == 0
    assert out.splitlines()[-1].startswith("best by accuracy: sweeps/moons/learning_rate=0.")
    assert "2/2 " in err
    told = json.loads(neuroflow(*words, "--json", "--by", "loss")[1])
    assert told["best"] == min(told["runs"], key=lambda row: row["loss"])["run"]
    code, _, err = neuroflow("sweep", "moons", "--grid", "optimizer.learning_rate=1..2")
    assert code == 2
    assert "say how many to draw: random=20, or --random 20" in " ".join(err.split())
