"""Building: models by name and by tree."""

from __future__ import annotations

import math

import pytest

import neuroflow as nf


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


def test_resolve_binds_settings():
    assert nf.resolve("activation", "relu") is nf.get("activation", "relu").load()
    assert nf.resolve("schedule", {"use": "linear", "to": 0.0})(1.0, 5, 10) == 0.5
    assert nf.resolve("activation", math.tanh) is math.tanh


@pytest.mark.parametrize(("shared", "count"), [(True, 6), (False, 12)])
def test_a_name_inside_a_repeat_can_be_referred_to_behind_it(shared, count):
    square = {"use": "layer", "inputs": 2, "outputs": 2, "name": "square"}
    repeat = {"use": "repeat", "times": 2, "shared": shared, "layer": square}
    model = nf.build("sequential", layers=[repeat, {"ref": "square"}])
    assert model.layers[1] is model.layers[0].layer
    assert len(model.parameters()) == count
    assert nf.describe(nf.build(nf.describe(model))) == nf.describe(model)
