"""Describing: models that tell how to build them, trees that tell their parts."""

from __future__ import annotations

import json

import pytest

import neuroflow as nf
from neuroflow.config import configuration_of, parts_of


def test_a_model_tells_how_to_build_it_again():
    table = {
        "use": "sequential",
        "layers": [
            {"use": "mlp", "sizes": [2, 3], "activation": {"use": "leaky_relu", "slope": 0.2}},
            {"use": "layer", "inputs": 3, "outputs": 1, "activation": "tanh"},
        ],
    }
    model = nf.build(table, rng=nf.SplitMix32(3))
    again = nf.build(configuration_of(model), rng=nf.SplitMix32(3))
    assert again.state_dict() == model.state_dict()
    x = [0.3, -0.4]
    assert again(x).data == model(x).data
    assert json.loads(json.dumps(configuration_of(model))) == configuration_of(model)


def test_a_module_that_nobody_registered_cannot_be_told():
    class Mine(nf.Module):
        pass

    with pytest.raises(nf.StateError, match="Mine is not registered as a layer"):
        configuration_of(Mine())


def test_parts_are_listed_with_their_kinds():
    found = list(parts_of(nf.configure("moons")))
    assert ("layer", "mlp") in found
    assert ("activation", "relu") in found
    assert ("schedule", "linear") in found
    assert ("dataset", "moons") in found
