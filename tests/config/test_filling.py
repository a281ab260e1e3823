"""Filling: a document with every default means what it meant, and keeps what it said."""

from __future__ import annotations

import json
import re

import pytest

import neuroflow as nf
from neuroflow.config import recipes
from neuroflow.config.filling import filled
from neuroflow.config.provenance import explained

BASE = """loss = "mse"
[model] # mine
use = "sequential"
layers = [
  { use = "layer", inputs = 2, outputs = 2, activation = "leaky_relu" }, # first
  { use = "dropout" },
  { use = "linear", inputs = 2, outputs = 1 },
]
[optimizer]
use = "adam"
[optimizer.schedule]
use = "cosine" # slowly
[data]
use = "moons"
[train]
steps = 3
"""
FORMS = {
    "tables of all kinds": BASE,
    "dotted keys": BASE.replace("[optimizer]\n", "").replace('use = "adam"\n', "").replace(
        'loss = "mse"', 'loss.use = "mse"\noptimizer.use = "adam" # quick'
    ).replace("[optimizer.schedule]\nuse", "[nothing]\nuse").replace(
        '[nothing]\nuse = "cosine" # slowly\n', ""
    ),
    "an inner table alone": BASE.replace('[optimizer]\nuse = "adam"\n', "")
    + "[optimizer]\nuse = 'sgd'",
    "names alone": 'loss = "cross_entropy"\noptimizer = "adam"\ndata = "moons"\n'
    'model = { use = "mlp", sizes = [2, 2], activation = "leaky_relu" }\ntrain = { steps = 3 }',
    "a document over another": 'extends = "digits"\n[optimizer.schedule]\nuse = "cosine"\n'
    '[model]\nactivation = "leaky_relu"\ninitializer = {}\n',
    "activations, references and parts by name": """extends = "moons"
[model]
use = "sequential"
layers = [
 { use = "layer", inputs = 2, outputs = 2, name = "twice" }, # first
 "relu",
 "leaky_relu",
 { use = "leaky_relu" },
 { use = "parallel", parts = ["tanh", { ref = "twice" }], join = "sum" },
 { use = "layer", inputs = "auto", outputs = 1 },
]
""",
    "variables": BASE.replace("steps = 3", 'steps = 3\nbatch = "${train.steps}"').replace(
        'activation = "leaky_relu"', 'activation = "${optimizer.schedule.act}"'
    ).replace('"${optimizer.schedule.act}"', '"relu"'),
}  # fmt: skip


def defaults(path):
    """The paths whose values are nowhere written."""
    found = explained(path)
    in_lists = {p for p, _, _ in found.values() if ".layers." in p}
    return {p for p, _, o in found.values() if o.how == "default"} - in_lists


@pytest.mark.parametrize("form", FORMS)
def test_all_defaults_are_written_and_nothing_else_changes(tmp_path, form):
    path, full = tmp_path / "mine.toml", tmp_path / "full.toml"
    path.write_text(FORMS[form])
    full.write_text(filled(path))
    assert nf.configure(full) == nf.configure(path)
    assert defaults(full) == set()
    assert filled(full) == full.read_text()
    kept = iter(full.read_text().split("\n"))
    for line in FORMS[form].split("\n"):
        begun = re.split(r' #|=|{|"leaky', line)[0].rstrip()
        assert any(other.startswith(begun) for other in kept), line
    comments = [line.partition(" #")[2] for line in FORMS[form].split("\n") if " #" in line]
    assert all(comment in full.read_text() for comment in comments)


def test_every_recipe_can_be_filled(tmp_path):
    path = tmp_path / "mine.toml"
    for recipe in recipes():
        path.write_text(filled(recipe.name))
        assert nf.configure(path) == nf.configure(recipe.name)
        assert defaults(path) == set()


def test_json_is_filled_too(tmp_path):
    path = tmp_path / "mine.json"
    tree = {"extends": "moons", "loss": "cross_entropy", "train": {"seed": "${train.steps}"},
            "model": {"use": "sequential", "layers": [
                "leaky_relu", {"use": "leaky_relu", "slope": 0.5},
                {"use": "linear", "inputs": 2, "outputs": 2}]}}  # fmt: skip
    path.write_text(json.dumps(tree))
    before = nf.configure(path)
    path.write_text(filled(path))
    assert nf.configure(path) == before
    assert defaults(path) == set()
    assert json.loads(path.read_text())["train"]["seed"] == "${train.steps}"
