"""What is saved is what answers: a model changed by hand loads as it is, or is refused."""

from __future__ import annotations

import random
from contextlib import suppress

import pytest

import neuroflow as nf
from tests.support.sweeps import tries

ROWS = [[0.3, -0.7], [-1.5, 0.2]]


def mlp(**settings):
    return nf.build(
        "mlp", **{"sizes": [2, 3, 1], "activation": "tanh", **settings}, rng=nf.SplitMix32(1)
    )


def stack():
    parts = [
        {"use": "layer", "inputs": 2, "outputs": 3, "activation": "tanh"},
        {"use": "layer", "inputs": 3, "outputs": 1},
    ]
    return nf.build("sequential", layers=parts, rng=nf.SplitMix32(2))


def answers(model):
    return nf.predict(model, ROWS)


def more(model, **settings):
    """Another layer, or another mlp."""
    return nf.build("layer", **{"inputs": 1, "outputs": 1, **settings}, rng=nf.SplitMix32(3))


def append_layer(model):
    model.layers.append(more(model))


def drop_layer(model):
    model.layers.pop()


def replace_layer(model):
    model.layers[1] = more(model, inputs=3, activation="sigmoid")


def widen(model):
    model.layers[0].neurons.append(nf.build("neuron", inputs=2, rng=nf.SplitMix32(4)))
    model.layers[1] = more(model, inputs=4)


def replace_parameter(model):
    model.layers[0].neurons[1].weights[0] = nf.Value(0.25)


def longer_weights(model):
    model.layers[1].neurons[0].weights.append(nf.Value(0.25))


def drop_bias(model):
    model.layers[0].neurons[0].bias = False


def share(model):
    model.layers[0].neurons[0].weights = model.layers[0].neurons[1].weights


def replace_activation(model):
    model.layers[0]._activate = nf.build("layer", inputs=1, outputs=1, activation="relu")._activate


def rename_activation(model):
    model.layers[0].activation = "relu"


def change_setting(model):
    model.layers[0].inputs = 5


def replace_forward(model):
    model.forward = lambda xs: 2.0 * model.layers[1](model.layers[0](xs))


def change_numbers(model):
    for k, parameter in enumerate(model.parameters()):
        parameter.data = 0.1 * k


def a_note(model):
    model.note = "trained on a Tuesday"


CHANGES = [
    append_layer, drop_layer, replace_layer, widen, replace_parameter, longer_weights, drop_bias,
    share, replace_activation, rename_activation, change_setting, replace_forward, change_numbers,
    a_note,
]  # fmt: skip
REFUSED = {
    "mlp": {"append_layer", "drop_layer", "replace_layer", "widen", "longer_weights", "drop_bias",
            "share", "replace_activation", "rename_activation", "change_setting",
            "replace_forward"},
    "stack": {"widen", "longer_weights", "share", "replace_activation",
              "rename_activation", "change_setting", "replace_forward"},
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
@pytest.mark.parametrize("make", [mlp, stack], ids=["mlp", "stack"])
def test_a_model_changed_by_hand_loads_as_it_is_or_is_refused(tmp_path, make, change):
    model = make()
    change(model)
    path = tmp_path / "m.safetensors"
    name = "mlp" if make is mlp else "stack"
    if change.__name__ in REFUSED[name]:
        with pytest.raises(nf.StateError, match="cannot be saved: "):
            nf.save(model, path)
        assert not path.exists()
        return
    nf.save(model, path)
    loaded = nf.load(path)
    assert loaded.state_dict() == model.state_dict()
    if change is not drop_layer:
        assert answers(loaded) == answers(model)


def test_the_refusal_says_what_differs(tmp_path):
    model = mlp()
    append_layer(model)
    with pytest.raises(nf.StateError) as caught:
        nf.save(model, tmp_path / "m.safetensors")
    assert str(caught.value) == (
        "MLP cannot be saved: it is not what its settings build: layers is a list of 3, and a list"
        " of 2 when built again; expected the model that its settings build, with other numbers"
        " alone; change its settings and build it anew, put its layers into a sequential, or keep"
        " model.state_dict() yourself"
    )


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (replace_activation, "tanh"),
        (drop_bias, "layers.0.neurons.0.bias is False, and Value(0.0) when built again"),
        (rename_activation, "layers.0.activation.use is 'relu', and 'tanh' when built again"),
        (change_setting, "layers.0.inputs is 5, and 2 when built again"),
        (replace_forward, "forward is the function <lambda>, and absent when built again"),
    ],
)
def test_the_difference_has_its_place(tmp_path, change, told):
    model = mlp()
    change(model)
    with pytest.raises(nf.StateError) as caught:
        nf.save(model, tmp_path / "m.safetensors")
    assert told in str(caught.value)


def test_however_an_activation_was_given_it_is_the_same(tmp_path):
    from neuroflow_plugins.mlp import MLP

    given = ["leaky_relu", {"use": "leaky_relu"}, {"use": "leaky_relu", "slope": 0.2}, nf.tanh,
             nf.ops.leaky_relu, nf.ops.leaky_relu.bind(slope=0.5),
             nf.resolve("activation", {"use": "leaky_relu", "slope": 0.3})]  # fmt: skip
    for activation in given:
        model = MLP(sizes=[2, 2, 1], activation=activation, rng=nf.SplitMix32(0))
        nf.save(model, tmp_path / "m.safetensors")
        assert answers(tmp_path / "m.safetensors") == answers(model)


class Fixed(nf.Module):
    """Random features that no file keeps, a cache, and a count of calls."""

    def __init__(self, *, inputs: int = 2, keep: bool = False, rng):
        if keep:
            self.features = [rng.random() for _ in range(inputs)]
        self._mask = None

    def forward(self, xs):
        self._mask = self._mask or [1.0] * len(xs)
        return nf.dot(getattr(self, "features", self._mask), xs)


def test_numbers_that_no_file_keeps_are_refused_and_caches_are_not(offers, tmp_path):
    offers.put(nf.LayerEntry(name="fixed", target=Fixed, summary="."))
    model = nf.build("fixed", rng=nf.SplitMix32(5))
    model([1.0, 2.0])
    nf.save(model, tmp_path / "m.safetensors")
    with pytest.raises(nf.StateError, match=r"features.0 is 0\.\d+, and 0\.\d+ when built again"):
        nf.save(nf.build("fixed", keep=True, rng=nf.SplitMix32(5)), tmp_path / "m.safetensors")


class Centred(nf.Module):
    """A buffer, and a parameter that stands in two places."""

    def __init__(self, *, rng=None):
        self.middle = nf.Buffer(0.0)
        self.scales = [nf.Value(1.0)] * 2

    def forward(self, xs):
        self.middle.write(0.5 * self.middle + 0.5 * xs[0])
        return nf.dot(self.scales, [x - self.middle for x in xs])


def test_buffers_and_shared_parameters_are_saved(offers, tmp_path):
    offers.put(nf.LayerEntry(name="centred", target=Centred, summary="."))
    model = nf.build("centred")
    model([4.0, 1.0])
    nf.save(model, tmp_path / "m.safetensors")
    assert nf.load(tmp_path / "m.safetensors").middle.data == 2.0
    assert answers(tmp_path / "m.safetensors") == answers(model)
    model.scales[1] = nf.Value(1.0)
    with pytest.raises(nf.StateError, match=r"scales.1 stands in other places than when built a"):
        nf.save(model, tmp_path / "m.safetensors")


@pytest.mark.sweep
def test_random_changes_are_saved_as_they_answer_or_refused(tmp_path, figures):
    """Several changes at once, to models of both kinds."""
    rng, count = random.Random(7), tries(30, full=1_000)
    saved = 0
    for _ in range(count):
        model = rng.choice([mlp, stack])()
        for change in rng.choices(CHANGES, k=rng.randint(1, 3)):
            with suppress(IndexError, AttributeError):
                change(model)
        try:
            nf.save(model, tmp_path / "m.safetensors")
        except nf.StateError:
            continue
        saved += 1
        loaded = nf.load(tmp_path / "m.safetensors")
        assert loaded.state_dict() == model.state_dict()
        try:
            right = answers(model)
        except nf.NeuroflowError:
            continue
        assert answers(loaded) == right
    figures(tried=count, faults=0, saved=saved)
    assert 0 < saved < count
