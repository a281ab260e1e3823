"""Receipts speak of letters, heads and neurons, say why a slope is so, and open in place."""

import math

import pytest

import neuroflow as nf
from neuroflow.live.tab import Tab
from neuroflow.live.words import Wording


@pytest.mark.parametrize(
    ("recipe", "name", "words"),
    [
        ("moons", "layers.0.neurons.3.weights.0", "weight of x in neuron 4 of layer 1"),
        ("moons", "layers.2.neurons.0.weights.4", "weight of neuron 5 of layer 2 in the output"),
        ("multiclass", "layers.2.neurons.2.bias", "bias of output neuron 3"),
        ("microgpt", "tokens.rows.13.5", "dimension 6 of the embedding of letter n"),
        ("microgpt", "tokens.rows.26.0", "dimension 1 of the embedding of the beginning"),
        ("microgpt", "places.rows.3.5", "dimension 6 of the embedding of position 3"),
        ("microgpt", "blocks.0.attention.key.weights.4.0", "key: dimension 1 → head 2, number 1"),
        ("microgpt", "blocks.0.attention.output.weights.2.15", "head 4, number 4 → dimension 3"),
        ("microgpt", "blocks.0.feed_forward.down.weights.0.63", "hidden number 64 → dimension 1"),
        ("microgpt", "head.weights.0.1", "last layer: dimension 2 → the score of letter a"),
    ],
)
def test_parameters_have_names_in_words(recipe, name, words):
    assert words in Wording(nf.train(recipe)).parameter(name)


def test_no_parameter_of_a_bundled_recipe_is_told_as_its_path():
    for recipe in ("moons", "microgpt"):
        run = nf.train(recipe)
        words = Wording(run)
        for name, _ in list(run.model.named_parameters())[::37]:
            assert "." not in words.parameter(name)


def explained(tab, **asked):
    (frame,) = tab.handle([{"do": "explain", **asked}])
    assert frame["type"] == "receipt", frame
    return frame


def test_a_line_is_opened_in_place_and_its_factors_are_those_of_the_receipt():
    tab = Tab("classification")
    tab.handle([{"do": "step", "count": 4}])
    asked = {"what": "neuron", "name": "layers.0.neurons.2", "row": 3}
    closed = explained(tab, **asked)
    assert all("opened" not in part for part in closed["parts"])
    part = explained(tab, **asked, opened=[[0], [0, 1]])["parts"][0]
    behind = part["opened"]["upstream"]
    assert math.isclose(behind["gradient"], part["upstream"], abs_tol=1e-12)
    shares = [p["amount"] for p in (*behind["parts"], *behind["rest"])]
    assert math.isclose(sum(shares), part["upstream"], abs_tol=1e-12)
    assert "opened" in behind["parts"][1]
    assert "opened" not in behind["parts"][0]
    refused = tab.handle([{"do": "explain", **asked, "opened": [[0] * 9]}])[0]
    assert "1 to 8 numbers" in refused["message"]


def test_a_closed_relu_is_told_and_so_is_a_change_that_opens_it():
    tab = Tab("classification")
    tab.handle([{"do": "step", "count": 30}])
    network = tab.training.model
    receipts = [
        explained(tab, what="neuron", name=f"layers.1.neurons.{k}", row=3, opened=[[0]])
        for k in range(16)
    ]
    closed = next(r for r in receipts if r["value"] < 0)
    opened = next(r for r in receipts if r["value"] > 0)
    assert "it is closed here, the slope is 0" in closed["said"]
    assert "relu is closed here: its input is -" in closed["parts"][0]["opened"]["reason"]
    assert "relu is open here: its input is " in opened["parts"][0]["opened"]["reason"]
    bias = network.layers[1].neurons[int(closed["title"].rpartition(".")[2])].bias
    name = f"{closed['title']}.bias"
    (answer,) = tab.handle([{"do": "what_if", "name": name, "by": 60.0 + abs(bias.data)}])
    assert "kinks are crossed: relu " in answer["surprise"]
    (answer,) = tab.handle([{"do": "what_if", "name": name, "by": 1e-7}])
    assert answer["surprise"] == ""


def test_attention_is_told_by_letters_and_heads():
    tab = Tab("gpt")
    tab.handle([{"do": "open"}, {"do": "read", "text": "ann"}])
    found = explained(tab, what="attention", name="blocks.0.attention:0:2:1", opened=[[0]])
    assert found["words"].startswith(
        "letter n (position 2), head 1, looks at letter a (position 1)"
    )
    assert found["words"].endswith(f": {found['value']:.2f} of it")
    assert found["where"] == "block 1"
    assert math.isclose(sum(share["share"] for share in found["shares"]), 1)
    assert found["shares"][0]["words"] == "the beginning"
