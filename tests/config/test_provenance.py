"""Provenance: the last one that had a say in each value of a tree."""

from __future__ import annotations

import pytest

import neuroflow as nf
from neuroflow.config import configure, recipes
from neuroflow.config.provenance import explained, value_at

MINE = """extends = "digits"

[model.activation]
use = "leaky_relu"
slope = 0.2
[optimizer]
use = "adam"
learning_rate = 0.02
[train]
batch = "${model.sizes.1}"
"""


@pytest.fixture
def origin(tmp_path, monkeypatch):
    """Where a value of a small file comes from, in words."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.toml").write_text(MINE)

    def told(path, changes=(), source="mine.toml"):
        return str(explained(source, changes).provenance[path])

    return told


@pytest.mark.parametrize(
    ("path", "changes", "words"),
    [
        ("model.use", (), "recipe digits:7"),
        ("model.activation.use", (), "mine.toml:4"),
        ("model.activation.slope", (), "mine.toml:5"),
        ("model.activation.slope", ["model.activation=leaky_relu"],
         "default of activation leaky_relu (neuroflow)"),
        ("model.activation.use", ["model.activation=relu"], "--set model.activation"),
        ("model.sizes", ["model.sizes.1=16"], "--set model.sizes.1"),
        ("model.dropout", (), "default of layer mlp (neuroflow)"),
        ("model.dropout", ["model={use='mlp',sizes=[64,10]}"], "default of layer mlp (neuroflow)"),
        ("optimizer.learning_rate", (), "mine.toml:8"),
        ("optimizer.learning_rate", ["optimizer=sgd"], "default of [optimizer]"),
        ("optimizer.schedule.to", (), "recipe digits:18, moved with the learning rate"),
        ("optimizer.beta1", (), "default of optimizer adam (neuroflow)"),
        ("loss.label_smoothing", (), "default of loss cross_entropy (neuroflow)"),
        ("train.batch", (), "mine.toml:10, ${model.sizes.1}"),
        ("train.l2", ["train.l2=${data.test}"], "--set train.l2, ${data.test}"),
        ("train.seed", (), "recipe digits:27"),
        ("train.shuffle", (), "default of [train]"),
        ("data.standardize", (), "default of [data]"),
    ],
)  # fmt: skip
def test_each_value_has_its_origin(origin, path, changes, words):
    assert origin(path, changes) == words


def test_what_a_table_left_behind_is_no_origin(origin, tmp_path):
    (tmp_path / "top.toml").write_text('extends = "mine.toml"\n[optimizer]\nuse = "sgd"\n')
    assert origin("optimizer.learning_rate", source="top.toml") == "default of [optimizer]"
    assert origin("model.activation.slope", source="top.toml").endswith("mine.toml:5")


def test_an_activation_among_layers_is_where_it_is_written(origin, tmp_path):
    (tmp_path / "deep.toml").write_text(
        'extends = "moons"\n[model]\nuse = "sequential"\nlayers = [\n  "leaky_relu",\n'
        '  { use = "linear", inputs = 2, outputs = 1, name = "last" },\n]\n'
    )
    at = "model.layers.0.function"
    assert origin(f"{at}.use", source="deep.toml") == "deep.toml:5"
    slope = "default of activation leaky_relu (neuroflow)"
    assert origin(f"{at}.slope", source="deep.toml") == slope
    assert origin("model.layers.1.name", source="deep.toml") == "deep.toml:6"


def test_the_default_of_a_plugin_names_it(origin, offers):
    def shifted(x, *, by: float = 0.5):
        return x + by

    offers.put(nf.ActivationEntry(name="shifted", target=shifted, summary="."))
    words = origin("model.activation.by", ["model.activation=shifted"])
    assert words.startswith("default of activation ")
    assert "(neuroflow)" not in words


def test_every_value_of_every_recipe_has_an_origin_and_is_the_checked_one():
    for recipe in recipes():
        found = explained(recipe.name)
        assert found.tree == configure(recipe.name)
        for path, value, origin in found.values():
            assert value is not ...
            assert value == value_at(found.tree, path)
            if origin.how == "recipe":
                line = recipe.text.split("\n")[origin.line - 1]
                assert path.removesuffix(".use").rpartition(".")[2] in line or path.endswith("use")
