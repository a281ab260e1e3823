"""Checking: every problem at once, with its path."""

from __future__ import annotations

import math
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

import neuroflow as nf
from neuroflow.config import check_part, to_toml
from tests.support.configurations import MOONS, problems_of


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
    changes = {"model.initializer": {"use": "normal", "mean": value}}
    message = problems_of(MOONS, {**changes, "optimizer.learning_rate": value})
    assert "model.initializer.mean: got " in message
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
    assert "train.backend: unknown backend 'lvm'; did you mean 'llvm'? backends: auto," in (
        problems_of(MOONS, {"train.backend": "lvm"})
    )


def test_another_schema():
    assert "schema: got 2; this neuroflow reads schema 1" in problems_of({**MOONS, "schema": 2})


_KEYS = st.text(min_size=1, max_size=8)


_PLAIN = st.one_of(
    st.booleans(),
    st.integers(-(2**60), 2**60),
    st.floats(allow_nan=False),
    st.text(max_size=10).filter(lambda s: not any("\ud800" <= c <= "\udfff" for c in s)),
)


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


def test_a_flag_of_an_update_rule_is_a_truth_value_or_its_number():
    for flag in (True, 1, 1.0):
        tree = nf.configure(MOONS, {"optimizer.nesterov": flag})
        assert tree["optimizer"]["nesterov"] == 1
    assert nf.configure(MOONS)["optimizer"]["nesterov"] is False
    assert "optimizer.nesterov: got 'yes' (a text); expected true or false or a number" in (
        problems_of(MOONS, {"optimizer.nesterov": "yes"})
    )
    assert "optimizer.nesterov: got 2" in problems_of(MOONS, {"optimizer.nesterov": 2})
