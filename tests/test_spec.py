"""Composition: trees from anywhere, every problem at once, models that tell how to build them."""

from __future__ import annotations

import json
import math
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

import neuroflow as nf
from neuroflow.spec import changed, check_part, parts_of, schema, spec_of, to_toml

MOONS = {
    "model": {"use": "mlp", "sizes": [2, 4, 1]},
    "loss": "hinge",
    "optimizer": {"use": "sgd", "learning_rate": 1},
    "data": {"use": "moons", "points": 20},
    "train": {"steps": 3},
}


def problems_of(tree, changes=()):
    with pytest.raises(nf.ConfigurationError) as caught:
        nf.configure(tree, changes)
    return str(caught.value)


def test_toml_json_and_dict_give_the_same_tree(tmp_path):
    toml, as_json = tmp_path / "moons.toml", tmp_path / "moons.json"
    toml.write_text(to_toml(changed(MOONS, {})))
    as_json.write_text(json.dumps(MOONS))
    assert nf.configure(toml) == nf.configure(as_json) == nf.configure(MOONS)


def test_every_default_is_filled_in():
    tree = nf.configure(MOONS)
    assert tree["model"]["activation"] == {"use": "relu"}
    assert tree["optimizer"]["schedule"] == {"use": "constant"}
    assert tree["optimizer"]["learning_rate"] == 1.0
    assert tree["data"] == {
        "use": "moons", "points": 20, "noise": 0.1, "test": 0.0, "standardize": False,
    }  # fmt: skip
    assert tree["train"]["backend"] == "auto"
    assert "batch" not in tree["train"]


def test_a_resolved_tree_resolves_to_itself():
    for recipe in nf.recipes():
        tree = nf.configure(recipe.name)
        assert nf.configure(tree) == tree
        assert nf.configure(tomllib.loads(to_toml(tree))) == tree


def test_all_problems_are_reported_at_once_with_their_paths():
    message = problems_of(
        {
            "modle": {},
            "model": {"use": "mlp", "size": [2, 1], "activation": "rlu"},
            "loss": {"use": "hinge", "margin": 2},
            "optimizer": {"use": "sgd", "learning_rate": True, "momentum": "high"},
            "data": {"use": "moons", "points": 20.5, "test": 1.5},
            "train": {"steps": 0, "epochs": 2, "seed": -1, "shuffle": 1, "dtype": "float16"},
        }
    )
    expected = """\
the configuration has 14 problems:
  modle: unknown key; did you mean 'model'? keys: schema, model, loss, optimizer, data, train
  model.size: unknown key of layer 'mlp'; did you mean 'sizes'? keys: ...
  model.sizes: missing; expected a list of whole numbers
  model.activation.use: unknown activation 'rlu'; did you mean 'relu' or 'elu'? see: ...
  loss.margin: unknown key of loss 'hinge'; keys: none
  optimizer.momentum: got 'high' (a text); expected a number
  optimizer.learning_rate: got true (a truth value); expected a number
  data.points: got 20.5; expected a whole number
  data.test: got 1.5; expected a number at least 0 and at most 1
  train.steps: got 0; expected a whole number at least 1
  train.shuffle: got 1; expected true or false
  train.seed: got -1; expected a whole number at least 0 and at most 4294967295
  train.dtype: got 'float16' (a text); expected 'float64' or 'float32'
  train: got both epochs and steps; expected one of the two"""
    for found, wanted in zip(message.splitlines(), expected.splitlines(), strict=True):
        assert found.startswith(wanted.removesuffix("..."))


@pytest.mark.parametrize("name", ["model", "loss", "optimizer", "data"])
def test_a_missing_section_is_named(name):
    tree = {key: value for key, value in MOONS.items() if key != name}
    assert f"  {name}: missing; expected a table" in problems_of(tree)


def test_bool_is_no_number_and_a_number_is_no_bool():
    assert "train.steps: got true (a truth value); expected a whole number" in problems_of(
        MOONS, {"train.steps": True}
    )
    assert "train.shuffle: got 0; expected true or false" in problems_of(
        MOONS, {"train.shuffle": 0}
    )
    assert "model.sizes: got [2, True]; expected a list of whole numbers" in problems_of(
        MOONS, {"model.sizes": [2, True]}
    )


@pytest.mark.parametrize("value", [10**400, math.inf, math.nan], ids=["huge", "inf", "nan"])
def test_numbers_that_no_float_holds_are_refused(value):
    message = problems_of(MOONS, {"optimizer.momentum": value, "optimizer.learning_rate": value})
    assert "expected a number (finite)" in message
    assert "expected a number above 0" in message


def test_a_name_of_another_kind_is_said_to_be_one():
    message = problems_of(MOONS, {"loss": "relu"})
    assert "loss.use: unknown loss 'relu'" in message
    assert "'relu' is the name of an op" in message


def test_a_part_that_is_no_table():
    assert "model: got 3; expected the name of a layer, or a table" in problems_of(
        {**MOONS, "model": 3}
    )
    assert "model.use: missing; expected the name of a layer" in problems_of(
        {**MOONS, "model": {"sizes": [1, 2]}}
    )
    assert "train: got 3; expected a table" in problems_of({**MOONS, "train": 3})


def test_an_unknown_backend():
    assert "train.backend: unknown backend 'nunba'; did you mean 'numba'? backends: auto," in (
        problems_of(MOONS, {"train.backend": "nunba"})
    )


def test_another_schema():
    assert "schema: got 2; this neuroflow reads schema 1" in problems_of({**MOONS, "schema": 2})


def test_malformed_toml_names_its_line(tmp_path):
    path = tmp_path / "broken.toml"
    path.write_text("schema = 1\n[model]\nuse == 'mlp'\n")
    assert problems_of(path) == (
        f"{path} is not valid TOML: Invalid value (at line 3, column 6); correct that line"
    )
    path.write_text("schema = 1\n[model]\nsizes = [1, 2\n")
    assert "at line 3" in problems_of(path)


def test_malformed_json_names_its_line(tmp_path):
    path = tmp_path / "broken.json"
    path.write_text('{\n "model": mlp\n}')
    assert problems_of(path) == (
        f"{path} is not valid JSON: Expecting value (at line 2, column 11); correct that line"
    )
    path.write_text("[1, 2]")
    assert problems_of(path) == f"{path} holds [1, 2]; expected a table at the top"


def test_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(nf.FileError, match=r"cannot read .*none\.toml"):
        nf.configure(tmp_path / "none.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(nf.FileError, match="give the path of a text file"):
        nf.configure(tmp_path / "binary.toml")


def test_an_unknown_recipe_is_suggested():
    message = problems_of("mons")
    assert message.startswith("no file and no recipe is named 'mons'; did you mean 'moons'?")


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


def test_recipes_have_a_name_and_a_summary():
    names = [recipe.name for recipe in nf.recipes()]
    needed = ["autoencoder", "circles", "digits", "function", "moons", "multiclass", "xor"]
    assert [name for name in needed if name not in names] == []
    assert names == sorted(names)
    assert all(len(recipe.summary) > 20 for recipe in nf.recipes())


def test_build_by_name_and_by_tree():
    model = nf.build("mlp", sizes=[2, 3, 1], activation="tanh", rng=nf.SplitMix32(7))
    same = nf.build(
        {"model": {"use": "mlp", "sizes": [2, 3, 1], "activation": "tanh"}}, rng=nf.SplitMix32(7)
    )
    assert model.state_dict() == same.state_dict()
    assert (
        nf.build("mlp", sizes=[2, 1]).state_dict()
        == nf.build("mlp", sizes=[2, 1], rng=nf.SplitMix32(0)).state_dict()
    )


def test_build_reports_every_problem():
    with pytest.raises(nf.ConfigurationError) as caught:
        nf.build("mlp", size=[2, 1], activation=3)
    assert str(caught.value).startswith("the layer has 3 problems:\n  layer.size: unknown key")


def test_layers_inside_layers_are_built():
    model = nf.build(
        "sequential",
        layers=[
            {"use": "mlp", "sizes": [2, 3, 2], "activation": {"use": "leaky_relu", "slope": 0.2}},
            {"use": "layer", "inputs": 2, "outputs": 1},
        ],
    )
    assert len(model.parameters()) == 2 * 3 + 3 + 3 * 2 + 2 + 2 + 1
    with pytest.raises(nf.ConfigurationError, match=r"layer\.layers\.1\.use: unknown layer 'lear'"):
        nf.build("sequential", layers=[{"use": "mlp", "sizes": [1, 1]}, "lear"])


def test_a_model_tells_how_to_build_it_again():
    spec = {
        "use": "sequential",
        "layers": [
            {"use": "mlp", "sizes": [2, 3], "activation": {"use": "leaky_relu", "slope": 0.2}},
            {"use": "layer", "inputs": 3, "outputs": 1, "activation": "tanh"},
        ],
    }
    model = nf.build(spec, rng=nf.SplitMix32(3))
    again = nf.build(spec_of(model), rng=nf.SplitMix32(3))
    assert again.state_dict() == model.state_dict()
    x = [0.3, -0.4]
    assert again(x).data == model(x).data
    assert json.loads(json.dumps(spec_of(model))) == spec_of(model)


def test_a_module_that_nobody_registered_cannot_be_told():
    class Mine(nf.Module):
        pass

    with pytest.raises(nf.StateError, match="Mine is not registered as a layer"):
        spec_of(Mine())


def test_resolve_binds_settings():
    assert nf.resolve("activation", "relu") is nf.get("activation", "relu").load()
    assert nf.resolve("schedule", {"use": "linear", "to": 0.0})(1.0, 5, 10) == 0.5
    assert nf.resolve("activation", math.tanh) is math.tanh


def test_parts_are_listed_with_their_kinds():
    found = list(parts_of(nf.configure("moons")))
    assert ("layer", "mlp") in found
    assert ("activation", "relu") in found
    assert ("schedule", "linear") in found
    assert ("dataset", "moons") in found


def test_the_schema_describes_every_key():
    rows = {row["path"]: row for row in schema()}
    tree = nf.configure("moons")
    for key in tree["train"]:
        assert rows[f"train.{key}"]["meaning"]
    assert rows["optimizer.learning_rate"]["type"] == "a number"
    assert rows["train.l2"]["range"] == "at least 0"


_KEYS = st.text(min_size=1, max_size=8)
_PLAIN = st.one_of(
    st.booleans(),
    st.integers(-(2**60), 2**60),
    st.floats(allow_nan=False),
    st.text(max_size=10).filter(lambda s: not any("\ud800" <= c <= "\udfff" for c in s)),
)
_VALUES = st.recursive(
    _PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3)
)


@given(st.dictionaries(_KEYS, _VALUES, max_size=4))
def test_any_tree_survives_toml(tree):
    assert tomllib.loads(to_toml(tree)) == tree


_NONSENSE = st.recursive(
    _PLAIN | st.none(), lambda x: st.lists(x, max_size=3) | st.dictionaries(_KEYS, x, max_size=3)
)


def problems_or_none(call, *arguments):
    try:
        call(*arguments)
    except nf.ConfigurationError as error:
        return str(error)
    return None


@given(_NONSENSE)
def test_any_model_table_is_checked_without_another_error(table):
    message = problems_or_none(check_part, "layer", {"use": "mlp", "sizes": table})
    assert message is None or "layer.sizes" in message


@given(
    st.sampled_from(["model", "loss", "optimizer", "data", "train", "model.activation"]),
    _NONSENSE,
)
def test_nonsense_anywhere_is_a_configuration_error(path, value):
    message = problems_or_none(nf.configure, MOONS, {path: value})
    assert message is None or path.partition(".")[0] in message


@pytest.mark.parametrize(("given", "other"), [("steps", "epochs"), ("epochs", "steps")])
def test_saying_how_long_a_run_is_replaces_what_a_recipe_says(given, other):
    for recipe in ("moons", "spirals"):
        train = nf.configure(recipe, [f"train.{given}=3"])["train"]
        assert (train[given], train.get(other)) == (3, None)
    with pytest.raises(nf.ConfigurationError, match="got both epochs and steps"):
        nf.configure("moons", {"train.steps": 3, "train.epochs": 3})
