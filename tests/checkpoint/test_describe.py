"""nf.describe: the table of a model builds the same one, to the bit, or the refusal says where."""

from __future__ import annotations

import functools
import json
import math
import tomllib
import warnings

import pytest

import neuroflow as nf
from neuroflow.config import to_toml
from tests.support.sweeps import tries
from tests.training.test_any_names import Draw

NUMBERS = [0.5, -1.0, 2.0, 0.1]
INPUTS = [
    *([NUMBERS[:n]] for n in (1, 2, 3)),
    *([[NUMBERS[:n]] * 2] for n in (1, 2, 4)),
    *([1], [[1, 2]], [[1, 0], [2]], []),
]
"""What some model may take: numbers, rows of numbers, tokens, two texts."""


def same_again(model):
    """The model that the description of one builds, with its state, by way of TOML and JSON."""
    tree = nf.describe(model)
    assert json.loads(json.dumps(tree)) == tree
    assert tomllib.loads(to_toml({"model": tree}))["model"] == tree
    again = nf.build(tree, rng=nf.SplitMix32(99))
    again.load_state_dict(model.state_dict())
    assert nf.describe(again) == tree
    return again


def answer(model, inputs):
    """What a model says in evaluation, as plain numbers; None if it does not take the inputs."""
    with nf.evaluating():
        try:
            return repr(model(*inputs))
        except (nf.NeuroflowError, TypeError, AttributeError, IndexError):
            return None


def holds(model):
    """How many inputs a model and the one that is built again answer alike."""
    again = same_again(model)
    both = [(answer(model, x), answer(again, x)) for x in INPUTS]
    assert all(one == other for one, other in both)
    return sum(one is not None for one, _ in both)


@pytest.mark.sweep
def test_random_trees_are_described_and_built_again_bit_for_bit(figures, tmp_path):
    draw = Draw(7, tmp_path)
    built, answered = 0, 0
    wanted = tries(40, full=2_000)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", nf.errors.NeuroflowWarning)
        for k in range(20 * wanted):
            if built == wanted:
                break
            tree = draw.model()
            try:
                model = nf.build(tree, rng=nf.SplitMix32(k))
            except nf.NeuroflowError:
                continue
            built += 1
            answered += holds(model) > 0
    figures(tried=built, faults=0, answered=answered)
    assert built == wanted
    assert answered > 0.3 * built


def layer(inputs=2, outputs=2, **settings):
    return nf.build("layer", inputs=inputs, outputs=outputs, rng=nf.SplitMix32(1), **settings)


def own_neurons():
    of = nf.layers
    return of.Layer(neurons=[of.Neuron(weights=[1.0, 2.0], activation="relu"), layer().neurons[0]])


def appended():
    model = nf.build("sequential", layers=[{"use": "layer", "inputs": 2, "outputs": 2}])
    model.layers.append(own_neurons())
    return model.add("dropout")


def replaced_neuron():
    model = layer()
    model.neurons[1] = nf.layers.Neuron(weights=[1.0, 2.0], bias=False, activation="tanh")
    return model


def swapped_list():
    model = nf.layers.Sequential()
    model.layers = (layer(), layer(activation=nf.ops.relu))
    return model


def frozen():
    return nf.build("mlp", sizes=[2, 3, 1]).freeze("layers.0")


leaky = nf.ops.leaky_relu
HAND_MADE = [
    own_neurons, appended, replaced_neuron, swapped_list, frozen,
    lambda: layer(activation=leaky.bind(slope=0.3)),
    lambda: layer(activation=functools.partial(leaky, slope=0.2)),
    lambda: layer(activation=functools.partial(leaky.bind(slope=0.3))),
    lambda: layer(activation=nf.resolve("activation", "softmax")),
    lambda: layer(initializer=nf.resolve("initializer", "orthogonal")),
    lambda: layer(initializer=nf.resolve("initializer", {"use": "normal", "std": 0.3})),
    lambda: layer(initializer=nf.get("initializer", "he").load()),
]  # fmt: skip


@pytest.mark.parametrize("make", HAND_MADE)
def test_what_a_model_is_now_is_described(make):
    assert holds(make()) > 0


def test_functions_handed_over_as_themselves_stand_there_by_name():
    part = functools.partial(leaky, slope=0.2)
    assert nf.describe(layer(activation=part))["activation"] == {"use": "leaky_relu", "slope": 0.2}
    orthogonal = nf.resolve("initializer", "orthogonal")
    told = nf.describe(layer(initializer=orthogonal))["initializer"]
    assert nf.describe(layer(activation=nf.ops.relu))["activation"] == "relu"
    assert told == {"use": "orthogonal", "gain": 1.0}


class Unknown(nf.Module):
    def forward(self, xs):
        return xs


def refusal(model):
    with pytest.raises(nf.StateError) as caught:
        nf.describe(model)
    return str(caught.value)


def test_everything_without_a_name_is_told_with_its_place():
    of = nf.layers
    inner = of.Sequential(layers=[Unknown(), layer(activation=math.tanh)])
    said = refusal(of.Sequential(layers=[layer(), inner, Unknown()]))
    for place in (
        "layers.1.layers.0: Unknown is not registered as a layer",
        "layers.1.layers.1.activation: <built-in function tanh> is not registered as an activation",
        "layers.2: Unknown is not registered as a layer",
    ):
        assert place in said
    assert refusal(Unknown()).startswith("Unknown is not registered as a layer, so nothing could")
    assert "activation: <op abs(x)> is not registered as an activation" in refusal(
        layer(activation=nf.abs)
    )
    assert "initializer: <function" in refusal(layer(initializer=lambda rng, n, m: 0.5))


def test_a_layer_that_stands_twice_is_one_again():
    one = layer()
    again = same_again(nf.layers.Sequential(layers=[one, one]))
    assert again.layers[0] is again.layers[1]


def tied_weight():
    first, last = layer(), layer()
    last.neurons[0].weights[1] = first.neurons[1].weights[0]
    return nf.layers.Sequential(layers=[first, last])


def swapped_activation():
    model = nf.build("mlp", sizes=[2, 3, 1])
    model.layers[0].activation = "tanh"
    return model


def another_layer():
    model = nf.build("mlp", sizes=[2, 3, 1])
    model.layers.append(layer(1, 1))
    return model


def bound_in_order():
    return layer(activation=functools.partial(leaky, 2.0))


@pytest.mark.parametrize(("make", "what"), [
    (tied_weight, "layers.1.neurons.0.weights.1 is layers.0.neurons.1.weights.0 itself"),
    (swapped_activation, "layers.0.activation.use is 'tanh', and 'relu' when built again"),
    (another_layer, "layers is a list of 3, and a list of 2 when built again"),
    (bound_in_order, "activation: functools.partial(<op leaky_relu(x, slope=0.01)>, 2.0) is not"),
])  # fmt: skip
def test_what_no_table_builds_is_refused_with_its_place(make, what):
    assert what in refusal(make())


@pytest.mark.parametrize("thing", [3, None, nf.Value(1.0), nf.layers.MLP])
def test_what_is_no_model_is_refused(thing):
    with pytest.raises(nf.InputError, match=r"the model is .*; expected a neuroflow.Module"):
        nf.describe(thing)


def test_a_loaded_model_is_described_like_the_one_that_was_saved(tmp_path):
    model = appended()
    nf.save(model, tmp_path / "model.safetensors")
    assert nf.describe(nf.load(tmp_path / "model.safetensors")) == nf.describe(model)
