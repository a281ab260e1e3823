"""Every bundled layer and every recipe: the compiled numbers are the eager ones."""

import random
from importlib.resources import files

import pytest

import neuroflow as nf
from neuroflow.spec import configure
from neuroflow.training import Training

LAYERS = nf.find("*", kind="layer")
RECIPES = sorted(path.stem for path in (files("neuroflow_plugins") / "recipes").iterdir())


def flat(x):
    if isinstance(x, (list, tuple)):
        return [number for entry in x for number in flat(entry)]
    return [x]


def numbers(x):
    return [y.data if isinstance(y, nf.Value) else y for y in flat(x)]


def same(mine, theirs, tolerance=1e-12):
    size = max(1.0, *map(abs, theirs))
    assert len(mine) == len(theirs)
    for a, b in zip(mine, theirs, strict=True):
        assert abs(a - b) <= tolerance * size


GUESSED = {
    "attention": None,
    "dropout": ({"rate": 0.4}, ([0.5, 1.0, -2.0, 3.0],)),
    "layer": ({"inputs": 3, "outputs": 2, "activation": "tanh"}, ([0.5, -1.0, 2.0],)),
    "mlp": ({"sizes": [3, 4, 2], "activation": "gelu"}, ([0.5, -1.0, 2.0],)),
    "neuron": ({"inputs": 3, "activation": "sigmoid"}, ([0.5, -1.0, 2.0],)),
    "sequential": None,
}


def example_of(entry):
    if entry.example_inputs:
        return dict(entry.example), entry.example_inputs
    return GUESSED.get(entry.name)


def build(entry, settings):
    layer = entry.load()
    try:
        return layer(**settings, rng=random.Random(3))
    except TypeError:
        return layer(**settings)


@pytest.mark.parametrize(
    "entry", [e for e in LAYERS if example_of(e)], ids=lambda entry: entry.name
)
def test_every_layer(entry, backend):
    settings, inputs = example_of(entry)
    weights = [0.3 - 0.1 * k for k in range(40)]

    def function(module, *inputs):
        outputs = flat(module(*inputs))
        return nf.dot(outputs, weights[: len(outputs)])

    eager, fast = build(entry, settings), build(entry, settings)
    y = function(eager, *inputs)
    y = y if isinstance(y, nf.Value) else nf.Value(y)
    y.backward()
    value, gradients = nf.compile(function, backend=backend).value_and_gradients(fast, *inputs)
    same([value], [y.data])
    same(gradients.parameters or [0.0], [p.grad for p in eager.parameters()] or [0.0])


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_recipe(recipe, backend):
    if recipe == "digits":
        pytest.importorskip("sklearn")
    eager, fast = (
        Training(configure(recipe, {"train.backend": name})) for name in ("eager", backend)
    )
    batch = list(range(3))
    loss, gradient = eager.runner.gradients(batch)
    mine, slopes = fast.runner.gradients(batch)
    same([mine], [loss])
    same(slopes, gradient)
