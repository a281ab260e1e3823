"""``neuroflow config``: trees with their origins, their differences, and files filled up."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import neuroflow as nf

MINE = '# mine\nextends = "moons"\n[data]\nnoise = 0.2\n'


def test_a_tree_is_shown_as_it_will_run(neuroflow):
    code, out, _ = neuroflow("config", "moons", "--set", "train.seed=3")
    assert code == 0
    assert tomllib.loads(out) == nf.configure("moons", {"train.seed": 3})
    _, out, _ = neuroflow("config", "moons", "--json")
    assert json.loads(out)["configuration"] == nf.configure("moons")


def test_explain_gives_toml_with_the_origin_of_each_value(neuroflow):
    Path("mine.toml").write_text(MINE)
    code, out, _ = neuroflow("config", "mine.toml", "--set", "train.seed=3", "--explain")
    assert code == 0
    lines = {line.split(" ")[0]: line.partition("  # ")[2] for line in out.split("\n")}
    assert lines["noise"] == "mine.toml:4"
    assert lines["points"] == "recipe moons:22"
    assert lines["seed"] == "--set train.seed"
    assert lines["momentum"] == "default of optimizer sgd (neuroflow)"
    assert tomllib.loads(out) == nf.configure("mine.toml", {"train.seed": 3})
    _, out, _ = neuroflow("config", "mine.toml", "--explain", "--json")
    assert json.loads(out)["values"]["data.noise"] == {
        "value": 0.2, "how": "file", "origin": "mine.toml:4", "file": "mine.toml", "line": 4
    }  # fmt: skip


def test_explain_tells_lists_of_layers_as_toml_too(neuroflow):
    layers = [{"use": use, "inputs": 2, "outputs": 2} for use in ("layer", "linear")]
    inner = {"use": "sequential", "layers": layers}
    tree = {**nf.configure("moons"), "model": {"use": "sequential", "layers": [inner, inner]}}
    Path("deep.json").write_text(json.dumps(tree))
    _, out, _ = neuroflow("config", "deep.json", "--explain")
    assert tomllib.loads(out) == nf.configure("deep.json")


def test_explain_asks_the_data_for_what_only_they_know(neuroflow):
    few = ["--set", "data.most_lines=20", "--explain"]
    _, out, _ = neuroflow("config", "names", *few)
    assert "# inferred from the data" in out
    _, out, err = neuroflow("config", "names", *few, "--set", "data.path=none.txt")
    assert "what only the data know is not told: " in err
    assert "# inferred" not in out
    layers = "[{use='layer',inputs='auto',outputs=4},{use='layer',inputs='auto',outputs='data'}]"
    Path("open.toml").write_text(
        f'extends = "moons"\n[model]\nuse = "sequential"\nlayers = {layers}\n'
    )
    _, out, _ = neuroflow("config", "open.toml", "--explain")
    told = [line.split("  # ") for line in out.split("\n") if line.startswith(("inp", "outputs"))]
    assert [(left.strip(), right) for left, right in told] == [
        ("inputs = 2", "inferred from the data"),
        ("outputs = 4", "open.toml:4"),
        ("inputs = 4", "open.toml:4, auto"),
        ("outputs = 1", "inferred from the data"),
    ]


def test_diff_shows_both_values_with_their_origins(neuroflow):
    Path("mine.toml").write_text(MINE)
    code, out, _ = neuroflow("config", "diff", "moons", "mine.toml")
    assert code == 1
    assert [line.split() for line in out.strip().split("\n")] == [
        ["---", "moons"],
        ["+++", "mine.toml"],
        ["data.noise"],
        ["-", "0.1", "#", "recipe", "moons:23"],
        ["+", "0.2", "#", "mine.toml:4"],
    ]
    code, out, _ = neuroflow("config", "diff", "moons", "mine.toml", "--json")
    told = json.loads(out)["differences"]["data.noise"]
    assert code == 1
    assert [side["value"] for side in told] == [0.1, 0.2]
    assert neuroflow("config", "diff", "moons", "mine.toml", "--set", "data.noise=0.3")[0] == 0


def test_diff_takes_the_folders_of_runs(neuroflow, moons):
    code, out, _ = neuroflow("config", "diff", f"./{moons}", "moons", "--json")  # a run, a recipe
    assert code == 1
    told = json.loads(out)["differences"]
    assert told["train.steps"][0]["file"] == str(Path(moons) / "config.toml")
    assert neuroflow("config", "diff", f"./{moons}", "./moons/config.toml")[0] == 0


def test_fill_prints_writes_and_replaces_nothing_by_itself(neuroflow):
    Path("mine.toml").write_text(MINE)
    code, out, _ = neuroflow("config", "fill", "mine.toml")
    assert code == 0
    assert out.startswith("# mine\n")
    assert "shuffle = true  # draw a new order of the examples for each epoch" in out
    assert neuroflow("config", "fill", "mine.toml", "--out", "full.toml")[:2] == (0, "")
    assert Path("full.toml").read_text() == out
    code, _, err = neuroflow("config", "fill", "mine.toml", "--out", "full.toml")
    assert (code, "full.toml is there already" in err) == (1, True)
    assert neuroflow("config", "fill", "mine.toml", "--in-place")[0] == 0
    assert Path("mine.toml").read_text() == out


def test_what_cannot_be_meant_is_wrong_usage(neuroflow):
    for words, message in (
        (["diff", "moons"], "diff takes 2, and got 1"),
        (["moons", "xor"], "config takes 1, and got 2"),
        (["moons", "--in-place"], "--out and --in-place are for: neuroflow config fill"),
        (["fill", "moons", "--in-place"], "moons is no file"),
        (["fill", "moons", "--set", "train.seed=1"], "leave --set out"),
        (["mons"], "did you mean 'moons'?"),
    ):
        code, out, err = neuroflow("config", *words)
        assert (code, out) == (2, "")
        assert message in " ".join(err.split())
