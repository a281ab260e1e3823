"""Every bundled layer and every recipe: the compiled numbers are the eager ones."""

import random
from functools import cache
from importlib.resources import files

import pytest

import neuroflow as nf
from neuroflow.config import configure
from neuroflow.training import Training
from tests.support.sweeps import tries

LAYERS = nf.find("*", kind="layer")
LARGE = [
    "makemore_mlp", "digits_cnn", "char_rnn", "conv_autoencoder", "digits_rows", "makemore_bigram",
    "makemore_gru", "makemore_rnn", "makemore_transformer", "siamese",
]  # fmt: skip
"""Composed of layers that are compared one by one: all of them in the sweep, some each time."""
RECIPES = sorted(path.stem for path in (files("neuroflow_plugins") / "recipes").iterdir())


def flat(x):
    if isinstance(x, (list, tuple)):
        return [number for entry in x for number in flat(entry)]
    return [x]


def same(mine, theirs, tolerance=1e-12):
    size = max(1.0, *map(abs, theirs))
    assert len(mine) == len(theirs)
    for a, b in zip(mine, theirs, strict=True):
        assert abs(a - b) <= tolerance * size


GUESSED = {
    "attention": ({"size": 3, "head_size": 2}, ([[0.5, -1.0, 2.0], [0.25, 0.75, -0.5]],)),
    "dropout": ({"rate": 0.4}, ([0.5, 1.0, -2.0, 3.0],)),
    "layer": ({"inputs": 3, "outputs": 2, "activation": "tanh"}, ([0.5, -1.0, 2.0],)),
    "mlp": ({"sizes": [3, 4, 2], "activation": "gelu"}, ([0.5, -1.0, 2.0],)),
    "neuron": ({"inputs": 3, "activation": "sigmoid"}, ([0.5, -1.0, 2.0],)),
    "sequential": (
        {
            "layers": [
                {"use": "layer", "inputs": 3, "outputs": 2, "activation": "elu"},
                {"use": "mlp", "sizes": [2, 3, 2]},
            ]
        },
        ([0.5, -1.0, 2.0],),
    ),
}


def example_of(entry):
    if entry.example_inputs:
        return dict(entry.example), entry.example_inputs
    return GUESSED.get(entry.name)


def build(entry, settings):
    return nf.build(entry.shortest_name, rng=random.Random(3), **settings)


def weighted(module, *inputs):
    outputs = flat(module(*inputs))
    return nf.dot(outputs, [0.3 - 0.1 * k for k in range(len(outputs))])


def cases():
    """What is compared: a name, and how to make (function, module, inputs)."""
    for entry in LAYERS:
        if example_of(entry):
            yield f"layer {entry.name}", lambda entry=entry: layer_case(entry)
    for recipe in RECIPES:
        if recipe in LARGE:
            continue
        yield f"recipe {recipe}", lambda recipe=recipe: recipe_case(recipe)


def layer_case(entry):
    settings, inputs = example_of(entry)
    module = build(entry, settings)
    if module.buffers():
        module.eval()  # what writes buffers is compiled as a step of training only
    if entry.name == "sinusoidal_positions":  # positions are known when a model is written
        return lambda module, x: weighted(lambda: [x * y for y in module(*inputs)]), module, (1.5,)
    return weighted, module, inputs


def recipe_case(recipe):
    tree = configure(recipe)
    if tree["data"]["use"].startswith("digit"):
        pytest.importorskip("sklearn")
    short = {"data.block_size": 6} if recipe.startswith(("makemore", "char")) else {}
    runner = Training(configure(recipe, {"train.backend": "eager", **short})).runner
    return runner.example_loss, runner.model, runner.examples[0]


CASES = dict(cases())


def test_every_layer_has_a_case():
    """An entry without ``example_inputs`` needs a line in ``GUESSED``."""
    for entry in LAYERS:
        assert f"layer {entry.name}" in CASES, f"give {entry.id} an example or a line in GUESSED"


@cache
def eager(name):
    """The value and the gradients that every backend is compared with."""
    function, module, inputs = CASES[name]()
    y = function(module, *inputs)
    y = y if isinstance(y, nf.Value) else nf.Value(y)
    y.backward()
    return y.data, [p.grad for p in module.parameters()] or [0.0]


@pytest.mark.parametrize("name", CASES)
def test_layers_and_recipes(name, backend):
    function, module, inputs = CASES[name]()
    value, gradients = nf.compile(function, backend=backend).value_and_gradients(module, *inputs)
    expected, slopes = eager(name)
    same([value], [expected])
    same(gradients.parameters or [0.0], slopes)


@pytest.mark.sweep
def test_large_recipes(figures):
    pytest.importorskip("llvmlite")
    some = LARGE[: tries(3, full=len(LARGE))]
    for recipe in some:
        function, model, inputs = recipe_case(recipe)
        y = function(model, *inputs)
        y.backward()
        value, gradients = nf.compile(function, backend="llvm").value_and_gradients(model, *inputs)
        same([value], [y.data])
        same(gradients.parameters, [p.grad for p in model.parameters()])
    figures(tried=len(some), faults=0)


def test_recipes_that_are_large_are_there():
    assert set(LARGE) < set(RECIPES)
