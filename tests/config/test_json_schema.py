"""The JSON Schema of configurations: it says what the loader says, and editors understand it."""

from __future__ import annotations

import copy
import json
import math
import random
import subprocess
import sys
import tomllib
from collections import Counter
from functools import cache
from pathlib import Path

import jsonschema
import pytest

import neuroflow as nf
from neuroflow.config import checking, read, recipes, settings_of
from neuroflow.config.json_schema import NOT_SAID, json_schema
from neuroflow.core.settings import Setting
from tests.support.configurations import MOONS
from tests.support.language_server import LanguageServer
from tests.support.sweeps import tries

TOOLS = Path(sys.executable).parent


@pytest.fixture(scope="module")
def validator():
    return jsonschema.Draft202012Validator(json_schema())


def test_every_recipe_is_valid_as_it_is_written_and_with_all_its_defaults(validator):
    for recipe in recipes():
        assert not list(validator.iter_errors(tomllib.loads(recipe.text)))
        assert not list(validator.iter_errors(nf.configure(recipe.name)))


LAYER = {"use": "layer", "inputs": 2, "outputs": 1}


@pytest.mark.parametrize(
    ("change", "is_right"),
    [
        ({}, True),
        ({"model": "mlp"}, False),
        ({"model": {"use": "mlp"}}, False),
        ({"model": {"use": "mlp", "sizes": ["data", 3, "auto"]}}, True),
        ({"model": {"use": "mlp", "sizes": [2]}}, False),
        ({"model": {"use": "mlp", "sizes": [2, 0]}}, False),
        ({"model": {"use": "mlp", "sizes": [2, 1], "dropout": 1}}, False),
        ({"model": {"use": "mlp", "sizes": [2, 1], "activation": {"use": "relu", "slope": 1}}},
         False),
        ({"model": {"use": "neuroflow/mlp@1", "sizes": [2, 1]}}, True),
        ({"model": {"use": "neuroflow/mlp@2", "sizes": [2, 1]}}, False),
        ({"model": {"use": "sequential", "layers": [LAYER]}}, True),
        ({"model": {"use": "sequential", "layers": [{"use": "layer", "inputs": 2}]}}, False),
        ({"model": {"use": "sequential", "layers": [{"inputs": 2, "outputs": 1}]}}, False),
        ({"model": {"given": "GRU"}}, True),
        ({"loss": "mes"}, False),
        ({"loss": {"label_smoothing": 0.1}}, False),
        ({"optimizer": {"use": "adam", "schedule": "cosine", "groups": [
            {"parameters": ["*bias"], "factor": 2}]}}, True),
        ({"optimizer": {"use": "adam", "groups": [{"factor": 2}]}}, False),
        ({"optimizer": {"use": "adam", "groups": [
            {"parameters": ["a"], "factor": 2, "learning_rate": 1}]}}, False),
        ({"train": {"steps": 3, "epochs": 3}}, False),
        ({"train": {"steps": 3, "epochs": None}}, True),
        ({"train": {"steps": None}}, False),
        ({"train": {}}, False),
        ({"train": {"steps": 3, "backend": "fortran"}}, False),
        ({"train": {"steps": True}}, False),
        ({"train": {"steps": 3, "metrics": ["accuracy", {"use": "f1", "average": "macro"}]}}, True),
        ({"train": {"steps": "${data.points}"}}, True),
        ({"schema": 2}, False),
        ({"modle": {}}, False),
    ],
)  # fmt: skip
def test_schema_and_loader_agree(validator, change, is_right):
    tree = {**MOONS, **change}
    assert validator.is_valid(tree) is is_right
    assert loads(tree) is is_right


def test_what_extends_another_may_leave_out_the_rest(validator):
    for over in ({}, {"model": {"dropout": 0.1}}, {"train": {"seed": 3}}, {"optimizer": {}},
                 {"model": {"activation": {"use": "leaky_relu", "slope": 0.1}}}):  # fmt: skip
        assert validator.is_valid({"extends": "moons", **over})
        assert not validator.is_valid(over)
    for over in ({"model": {"dropout": 2}}, {"modle": {}}, {"train": {"seed": -1}}):
        assert not validator.is_valid({"extends": "moons", **over})


# Mutations -----------------------------------------------------------------------------------


def loads(tree):
    """Whether the loader takes a tree."""
    try:
        nf.configure(copy.deepcopy(tree))
    except nf.NeuroflowError:
        return False
    return True


@pytest.fixture
def loader_alone(monkeypatch):
    """Leave out what of the loader no schema can say: relations, shapes, memory."""
    monkeypatch.setattr(checking, "problems_together", lambda *a, **k: [])
    monkeypatch.setattr(checking, "shapes_of", lambda *a, **k: ([], []))
    monkeypatch.setattr(Setting, "_too_many", lambda *a, **k: None)


def spots(tree, path=()):
    for key in tree if isinstance(tree, dict) else range(len(tree)):
        yield (*path, key)
        if isinstance(tree[key], (dict, list)):
            yield from spots(tree[key], (*path, key))


def value_for(rng):
    kind = rng.choice(("number", "word", "name", "table", "list", "part"))
    kinds = ("layer", "activation", "initializer", "loss", "optimizer", "schedule", "dataset",
             "metric", "tokenizer", "observer")  # fmt: skip
    if kind == "number":
        return rng.choice([0, 1, -1, 2, 0.5, 1.5, -0.1, 1e-9, 3, 100, True, False, None, 2.0])
    if kind == "word":
        return rng.choice(["", "x", "data", "auto", "balanced", "float32", "eager", "a.csv",
                           "${train.steps}", "${nothing}", "cpu", "neuroflow/relu"])  # fmt: skip
    names = nf.names(rng.choice(kinds))
    if kind == "name":
        return rng.choice(names)
    if kind == "list":
        return [value_for(rng) for _ in range(rng.randrange(3))]
    return {"use": rng.choice(names)} if kind == "part" else {}


def mutated(tree, rng):
    tree = copy.deepcopy(tree)
    for _ in range(rng.choice((1, 1, 1, 2))):
        *way, last = rng.choice(list(spots(tree)))
        here = tree
        for key in way:
            here = here[key]
        what = rng.choice(("value", "value", "value", "gone", "more", "name"))
        if what == "value":
            here[last] = value_for(rng)
        elif what == "gone":
            del here[last]
        elif isinstance(here, dict):
            here[rng.choice([*layer_settings(), "use", "extra", "learning_rate"])] = value_for(rng)
        else:
            here.append(value_for(rng))
    return tree


@cache
def layer_settings():
    return [setting.name for entry in nf.find("*", "layer") for setting in settings_of(entry)]


def reasons(tree):
    """Why schema and loader may differ about a tree, by name."""
    found = set()
    text = json.dumps(tree)
    if "extends" in tree:
        found.add("base")
    if '"ref"' in text:
        found.add("references")
    if "${" in text:
        found.add("variables")
    for path in spots(tree):
        value = tree
        for key in path:
            value = value[key]
        if isinstance(value, float) and (not math.isfinite(value)):
            found.add("finite numbers")
        if isinstance(value, float) and math.isfinite(value) and value == int(value):
            found.add("whole numbers")
        if isinstance(value, str) and ("/" in value or "@" in value):
            found |= {"full names", "spellings"}
    return found


@pytest.mark.parametrize(
    ("layers", "right"),
    [
        (["relu", {"use": "leaky_relu", "slope": 0.2}], True),
        ([{"use": "mlp", "sizes": [2, 2], "name": "f"}, {"ref": "f"}], True),
        ([{"use": "branches", "parts": {"a": "relu", "b": {"use": "residual", "layer": "tanh"}}}],
         True),
        ([{"use": "branches", "parts": {"a": "reluu"}}], False),
        ([{"use": "leaky_relu", "slop": 0.2}], False),
        ([{"ref": "f", "sizes": [2, 2]}], False),
        ([{"use": "mlp", "sizes": [2, 2], "name": 3}], False),
    ],
)  # fmt: skip
def test_layers_may_be_activations_references_and_parts_by_name(validator, layers, right):
    tree = {**read("moons")[0], "model": {"use": "sequential", "layers": layers}}
    assert validator.is_valid(tree) == right
    if right:
        nf.build(tree)


@pytest.mark.sweep
def test_schema_and_loader_agree_about_mutated_configurations(validator, loader_alone, figures):
    rng, differ, excused, right = random.Random(1), [], Counter(), 0
    bases = [read(recipe.name)[0] for recipe in recipes()]
    bases += [nf.configure(name) for name in ("moons", "names", "digits")]
    bases += [{"extends": "moons", "train": {"seed": 3}, "model": {"dropout": 0.1}}]
    n = tries(40, full=1_000)
    if n == 1_000:  # it takes seconds
        validator.check_schema(validator.schema)
    for _ in range(n):
        tree = mutated(rng.choice(bases), rng)
        one, other = validator.is_valid(tree), loads(tree)
        right += other
        if one != other:
            why = reasons(tree)
            assert why <= set(NOT_SAID)
            excused.update(why)
            if not why:
                differ.append((one, tree))
    figures(tried=n, faults=len(differ), excused=sum(excused.values()))
    assert not differ, differ[0]
    assert 0.05 * n < right < 0.95 * n
    assert sum(excused.values()) < 0.1 * n


# Editors -------------------------------------------------------------------------------------

TOML = """#:schema ./neuroflow.schema.json
[model]
use = "mlp"
sizes = [2, 1]
activation = ""
[optimizer]
use = "adam"

[train]
steps = 3
"""


@pytest.fixture
def project(tmp_path, offers):
    """A folder with a schema in which a plugin has just been registered."""

    def wobble(x, *, depth: float = 0.25):
        return x + depth

    offers.put(nf.ActivationEntry(name="wobble", target=wobble, summary="It wobbles."))
    (tmp_path / "neuroflow.schema.json").write_text(json.dumps(json_schema()))
    (tmp_path / "mine.toml").write_text(TOML)
    return tmp_path


def test_a_language_server_completes_a_new_plugin_and_explains_settings(project):
    with LanguageServer([TOOLS / "tombi", "lsp", "--offline"], project) as server:
        server.open("mine.toml")
        problems = server.diagnostics("mine.toml")  # now the schema has been read
        assert 4 in {problem["range"]["start"]["line"] for problem in problems}
        names = server.completions("mine.toml", line=4, column=14)
        assert {'"relu"', f'"{nf.get("activation", "wobble").shortest_name}"'} <= set(names)
        assert not [name for name in names if "@" in name]
        assert {"beta1", "learning_rate", "schedule"} <= set(server.completions("mine.toml", 7, 0))
        assert "hidden layers and outputs" in server.hover("mine.toml", line=3, column=2)
        assert "Updates of the parameters" in server.hover("mine.toml", line=9, column=2)


def test_another_tool_finds_the_schema_by_the_first_line_and_checks_with_it(project):
    def lint():
        return subprocess.run([TOOLS / "taplo", "lint", "mine.toml"], cwd=project,
                              capture_output=True, text=True, timeout=30)  # fmt: skip

    assert lint().returncode == 1
    right = TOML.replace('activation = ""', 'activation = { use = "wobble", depth = 0.5 }')
    right += '[loss]\nuse = "mse"\n[data]\nuse = "moons"\n'
    (project / "mine.toml").write_text(right)
    assert lint().returncode == 0, lint().stderr
    (project / "mine.toml").write_text(right.replace("depth = 0.5", 'depth = "deep"'))
    assert "depth" in lint().stderr


def test_links_lead_to_the_page_of_each_entry():
    use = json_schema("https://docs.example/")["$defs"]["activation.leaky_relu"]["properties"][
        "use"
    ]
    assert use["x-taplo"]["links"]["key"] == (
        "https://docs.example/reference/activations.html#nf-activation-leaky-relu"
    )
