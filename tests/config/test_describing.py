"""Describing: models that tell how to build them, trees that tell their parts."""

from __future__ import annotations

import json
from typing import Annotated, Any

import pytest

import neuroflow as nf
from neuroflow.checkpoint.uses import with_ids
from neuroflow.config import configuration_of, parts_of
from neuroflow.registry.entries import Provider
from neuroflow.registry.manager import manager


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


class Residual(nf.Module):
    def __init__(
        self,
        *,
        inner: Annotated[Any, nf.Setting("what is added to its input", part="layer")],
        gate: Annotated[Any, nf.Setting("applied to the sums", part="activation")] = "tanh",
        words: Annotated[str, nf.Setting("no part, whatever it says")] = "relu",
    ):
        self._gate = nf.resolve("activation", gate)

    def forward(self, xs):
        return [self._gate(x + y) for x, y in zip(xs, self.inner(xs), strict=True)]


@pytest.fixture
def residual():
    provider = Provider("extra", "extra", "nf-extra", "1.0", "nf_extra")
    registry = manager().registry
    yield registry.add(nf.LayerEntry(name="shortcut", target=Residual), provider)
    registry.remove(provider)


def test_a_part_is_what_is_declared_as_one_whatever_its_name(residual):
    table = {
        "use": "shortcut",
        "inner": {"use": "layer", "inputs": 2, "outputs": 2, "activation": "silu"},
        "gate": {"use": "leaky_relu", "slope": 0.1},
    }
    model = nf.build(table)
    assert len(model.parameters()) == 6
    found = list(parts_of(configuration_of(model), "layer"))
    assert found == [
        ("layer", "extra/shortcut"), ("layer", "layer"), ("activation", "silu"),
        ("initializer", "uniform"), ("activation", "leaky_relu"),
    ]  # fmt: skip
    with pytest.raises(nf.ConfigurationError) as caught:
        nf.build({**table, "inner": {"use": "layer", "inputs": 0}, "gate": "leeky_relu"})
    assert [problem.path for problem in caught.value.problems] == [
        "layer.inner.inputs", "layer.inner.outputs", "layer.gate.use",
    ]  # fmt: skip


def test_ids_are_pinned_where_parts_stand_and_nowhere_else(residual):
    table = {"use": "shortcut", "inner": {"use": "layer", "activation": "relu"}, "words": "relu"}
    pinned = {("activation", "relu"): "neuroflow/relu@1", ("activation", "tanh"): "x/tanh@2"}
    assert with_ids({**table, "gate": "tanh"}, "layer", pinned) == {
        "use": "shortcut",
        "inner": {"use": "layer", "activation": "neuroflow/relu@1"},
        "gate": "x/tanh@2",
        "words": "relu",
    }
