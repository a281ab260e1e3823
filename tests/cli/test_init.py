"""``neuroflow init``: a first configuration that trains, for whatever data there are."""

from __future__ import annotations

import json
import random
import tomllib
from pathlib import Path

import pytest

import neuroflow as nf
from neuroflow.cli import init

QUICK = {"train.backend": "eager", "train.steps": 2, "train.batch": 2, "train.evaluate_every": 9}
SMALL = {"model.n_embd": 2, "model.n_head": 1, "model.block_size": 2, "data.block_size": 2,
         "data.test": 0}  # fmt: skip


def table(*, n=60, gaps=False, answer=lambda k: "ab"[k % 2], delimiter=","):
    rng = random.Random(1)
    lines = [delimiter.join(("id", "size", "city", "kind"))]
    for k in range(n):
        size = "" if gaps and k == 7 else f"{rng.random():.2f}"
        lines.append(delimiter.join((str(k), size, rng.choice(("Rome", "Oslo")), str(answer(k)))))
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("t.csv", table(), {"data.target": "kind", "loss.use": "binary_cross_entropy",
                            "data.missing": "refuse", "data.test": 0.2}),
        ("t.csv", table(gaps=True, answer=lambda k: "abc"[k % 3]),
         {"data.missing": "mean", "loss.use": "cross_entropy", "data.columns.id": "ignore"}),
        ("t.csv", table(answer=lambda k: k * 0.25, n=20, delimiter=";"),
         {"loss.use": "mse", "data.test": 0.0, "train.batch": 20}),
        ("names.txt", "\n".join(f"name{'abc' * (k % 4)}" for k in range(80)),
         {"data.use": "lines", "model.use": "gpt", "model.block_size": 14, "data.test": 0.1}),
        ("book.txt", "It was a dark night, and all that lived in it was asleep. " * 3,
         {"data.use": "text", "model.block_size": 64}),
    ],
)  # fmt: skip
def test_a_look_at_the_data_says_what_to_train(neuroflow, name, text, expected):
    Path(name).write_text(text)
    code, out, _ = neuroflow("init", "--data", name, "--out", "mine.toml", "--yes")
    assert code == 0
    assert "neuroflow train mine.toml" in out
    written = Path("mine.toml").read_text()
    assert written.startswith("#:schema ./neuroflow.schema.json\n# ")
    assert max(map(len, written.splitlines())) <= 100
    tree = nf.configure("mine.toml")
    for path, value in expected.items():
        here = tree
        for key in path.split("."):
            here = here[key]
        assert here == value, path
    few = {**QUICK, **(SMALL if tree["model"]["use"] == "gpt" else {})}
    assert nf.train("mine.toml", few).run().step == 2


def test_the_schema_beside_it_says_that_the_file_is_right(neuroflow):
    import jsonschema

    Path("t.csv").write_text(table())
    Path("sub").mkdir()
    _, out, _ = neuroflow("init", "--data", "t.csv", "--out", "sub/mine.toml", "--yes", "--json")
    assert json.loads(out)["files"] == ["sub/mine.toml", "sub/neuroflow.schema.json"]
    tree = tomllib.loads(Path("sub/mine.toml").read_text())
    assert tree["data"]["path"] == "../t.csv"
    schema = json.loads(Path("sub/neuroflow.schema.json").read_text())
    assert not list(jsonschema.Draft202012Validator(schema).iter_errors(tree))


def test_a_recipe_is_a_start_too_and_flags_say_more(neuroflow):
    assert neuroflow("init", "--yes")[0] == 0
    assert nf.configure("moons.toml") == nf.configure("moons")
    Path("t.csv").write_text(table())
    words = ("init", "--data", "t.csv", "--target", "size", "--hidden", "8, 4", "--yes")
    assert neuroflow(*words)[0] == 0
    tree = nf.configure("t.toml")
    assert (tree["data"]["target"], tree["loss"]["use"]) == ("size", "mse")
    assert tree["model"]["sizes"] == ["data", 8, 4, "data"]


def test_it_asks_what_no_flag_says(neuroflow, monkeypatch):
    monkeypatch.setattr(init, "somebody_answers", lambda: True)
    Path("t.csv").write_text(table())
    answers = "t.csv\nsize\nregression\n8\nasked.toml\n"
    code, _, err = neuroflow("init", text=answers)
    assert code == 0
    assert "kind     2 words: a, b" in err
    assert "id       the numbers of the rows" in err
    assert max(map(len, err.splitlines())) <= 80
    tree = nf.configure("asked.toml")
    assert (tree["data"]["target"], tree["data"]["task"]) == ("size", "regression")
    assert tree["model"]["sizes"] == ["data", 8, "data"]
    code, _, err = neuroflow("init", "--data", "t.csv", "--out", "b.toml", text="\n\n\n")
    assert "file?" not in err
    assert nf.configure("b.toml")["data"]["target"] == "kind"


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ((), 2, "init asks questions, and standard input is no terminal; give --yes"),
        (("--data", "mons", "--yes"), 1, "no file and no recipe is named 'mons'; did you mean"),
        (("--data", "none.csv", "--yes"), 1, "none.csv"),
        (("--data", "empty.txt", "--yes"), 1, "empty.txt is empty; expected a text to learn from"),
        (("--data", "t.csv", "--target", "knid", "--yes"), 1, "did you mean 'kind' or 'id'?"),
        (("--data", "t.csv", "--hidden", "many", "--yes"), 2, "'many' are no sizes"),
        (("--data", "t.csv", "--out", "there.toml", "--yes"), 1, "there.toml is there already"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_told_and_nothing_is_written(neuroflow, words, code, message):
    Path("t.csv").write_text(table())
    Path("empty.txt").write_text("\n")
    Path("there.toml").write_text("mine")
    before = sorted(Path().iterdir())
    found, out, err = neuroflow("init", *words)
    assert (found, out) == (code, "")
    assert message in " ".join(err.split())
    assert sorted(Path().iterdir()) == before
    assert Path("there.toml").read_text() == "mine"
