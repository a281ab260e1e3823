"""What rng may be: any function that gives numbers draws what a generator of them would."""

import copy
import math
import random

import pytest

import neuroflow as nf
from neuroflow.core.protocols.drawing import random_generator


def test_everything_drawn_is_drawn_from_the_function():
    ours, theirs = random_generator(nf.SplitMix32(3).random), nf.SplitMix32(3)
    for draw in (
        lambda rng: rng.random(),
        lambda rng: rng.gauss(0.0, 1.0),
        lambda rng: rng.choice("abc"),
        lambda rng: rng.sample(range(9), 5),
        lambda rng: rng.getrandbits(40),
        lambda rng: rng.randbytes(5),
    ):
        assert draw(ours) == draw(theirs)
    assert copy.copy(ours).source == ours.source


@pytest.mark.parametrize("make", [
    lambda rng: nf.layers.MLP(sizes=[2, 3, 1], initializer="he", rng=rng),
    lambda rng: nf.build("mlp", sizes=[2, 3, 1], initializer="orthogonal", rng=rng),
    lambda rng: nf.build("gpt", vocab_size=3, n_embd=4, n_head=1, block_size=2, rng=rng),
    lambda rng: nf.layers.Sequential(layers=[{"use": "layer", "inputs": 2, "outputs": 2}], rng=rng),
    lambda rng: nf.layers.Linear(inputs=2, outputs=2, rng=rng),
])  # fmt: skip
def test_layers_take_a_function_where_they_take_a_generator(make):
    assert make(nf.SplitMix32(7).random).state_dict() == make(nf.SplitMix32(7)).state_dict()


@pytest.mark.parametrize("source", [
    lambda: 1.0, lambda: -0.1, lambda: math.nan, lambda: "0.5", lambda: True, random.Random,
])  # fmt: skip
def test_numbers_that_are_no_fractions_are_refused(source):
    with pytest.raises(nf.InputError, match=r"source of random numbers gave .*; expected a number"):
        nf.layers.Neuron(inputs=1, rng=source)


def test_generators_stay_what_they_are():
    for rng in (nf.SplitMix32(1), random.Random(1), None):
        assert random_generator(rng) is rng
