"""``neuroflow train``: the run folder, the summary, the picture."""

from __future__ import annotations

import json
import os

import pytest

from tests.cli.settings import FAST, NET
from tests.support.long_tests import all_but


def test_train_writes_a_run_folder_and_a_summary(neuroflow, tmp_path):
    code, out, err = neuroflow("train", "moons", *NET, "--seed", 7, "--json")
    assert code == 0, err
    summary = json.loads(out)
    folder = tmp_path / summary["folder"]
    assert summary["folder"] == os.path.join("runs", "moons")
    assert {p.name for p in folder.iterdir()} == {
        "config.toml", "metrics.jsonl", "checkpoint.safetensors", "picture.png"
    }  # fmt: skip
    assert (summary["steps"], summary["backend"], summary["examples"]) == (3, "eager", 12)
    assert {"loss", "accuracy", "seconds", "parameters", "gradient_norm"} <= set(summary)
    assert "step 3/3  loss " in err
    assert "seed = 7" in (folder / "config.toml").read_text()


def test_train_numbers_folders_and_never_writes_over_a_run(neuroflow, tmp_path):
    first = json.loads(neuroflow("train", "moons", *NET, "--json")[1])["folder"]
    second = json.loads(neuroflow("train", "moons", *NET, "--json")[1])["folder"]
    assert (first, second) == (os.path.join("runs", "moons"), os.path.join("runs", "moons-2"))
    before = (tmp_path / first / "metrics.jsonl").read_bytes()
    code, _, err = neuroflow("train", "moons", *NET, "--out", first)
    assert code == 1
    assert f"{first} already holds a run; go on with: neuroflow resume {first}" in err
    assert (tmp_path / first / "metrics.jsonl").read_bytes() == before


def test_train_prints_a_table_for_people(neuroflow):
    code, out, err = neuroflow("train", "xor", *NET)
    assert code == 0, err
    for name in ("loss", "accuracy", "steps", "parameters", "backend", "seconds", "picture"):
        assert f" {name} " in out
    assert "neuroflow predict runs/xor" in err


def test_the_same_seed_gives_the_same_numbers_and_the_same_picture(neuroflow, tmp_path):
    def bits(folder):
        assert neuroflow("train", "moons", *NET, "--out", folder)[0] == 0
        return [(tmp_path / folder / n).read_bytes() for n in ("metrics.jsonl", "picture.png")]

    assert bits("a") == bits("b")


def test_without_matplotlib_there_is_a_sketch(neuroflow, monkeypatch):
    monkeypatch.setattr("neuroflow.view.plots.find_spec", lambda name: None)
    code, out, err = neuroflow("train", "moons", *NET)
    assert code == 0, err
    assert "o on ' ': 0" in out
    assert "capitals are misread" in out
    assert "pip install 'neuroflow[plot]'" in err
    assert json.loads(neuroflow("train", "moons", *NET, "--json")[1])["picture"] is None
    code, out, _ = neuroflow("train", "function", *FAST, "--out", "curve")
    assert "── the model   ·· the data   over x" in out


@pytest.mark.parametrize(
    "recipe", all_but(["moons", "multiclass", "function", "digits", "autoencoder"], ["function"])
)
def test_each_kind_of_run_gets_a_picture(neuroflow, tmp_path, recipe):
    points = [] if recipe in ("digits", "autoencoder") else ["--set", "data.points=12"]
    words = ["--backend", "numpy", "--set", "train.steps=1", "--set", "train.batch=2", *points]
    code, out, err = neuroflow("train", recipe, *words, "--json")
    assert code == 0, err
    picture = tmp_path / json.loads(out)["picture"]
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert 10_000 < picture.stat().st_size < 300_000


def test_profile_shows_where_the_time_goes(neuroflow):
    code, out, err = neuroflow("train", "moons", *NET, "--backend", "numpy", "--profile")
    assert code == 0, err
    assert "us forward and backward (numpy" in out
    code, _, err = neuroflow("train", "moons", *NET, "--profile")
    assert code == 0
    assert "the backend eager has no profile; use numpy or llvm" in err


def test_a_folder_that_cannot_be_written_is_one_message(neuroflow, tmp_path):
    (tmp_path / "file").write_text("mine")
    code, _, err = neuroflow("train", "moons", *NET, "--out", "file/run")
    assert code == 1
    assert "cannot write file/run: Not a directory" in err
    assert (tmp_path / "file").read_text() == "mine"


def test_a_loss_that_is_not_finite_fails_with_a_remedy(neuroflow):
    code, _, err = neuroflow("train", "moons", *NET, "--set", "optimizer.learning_rate=1e200")
    assert code == 1
    assert err.count("Error:") == 1
