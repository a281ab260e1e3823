"""Losses and activations of lists refuse what is no number, and say what they got."""

from __future__ import annotations

import pytest

import neuroflow as nf

PAIRED = ["binary_cross_entropy", "hinge", "huber", "mae", "mse", "squared_hinge"]
BY_CLASS = ["cross_entropy", "cross_entropy_from_probabilities"]


def error_of(call, *arguments):
    with pytest.raises(nf.InputError) as caught:
        call(*arguments)
    return str(caught.value)


@pytest.mark.parametrize("name", PAIRED)
@pytest.mark.parametrize(
    ("prediction", "target", "message"),
    [
        ([[0.5]], [1.0], "the loss got prediction 0, [0.5]; expected one number; flatten"),
        ([[0.5, 1.0], [0.5]], [1, 1], "the loss got prediction 0, [0.5, 1.0]; expected one number"),
        ([0.5, 1.0], [1.0, [1.0]], "the loss got target 1, [1.0]; expected one number"),
        (nf.Value(0.5), "1", "the loss got target 0, '1'; expected one number"),
        (nf.Value(0.5), None, "the loss got target 0, None; expected one number"),
        (True, 1.0, "the loss got prediction 0, True; expected one number"),
        ([], [], "the loss got 0 predictions and 0 targets; expected as many of both, and at"),
        ([0.5, 0.5], 1.0, "the loss got 2 predictions and 1 targets; expected as many of both"),
    ],
    ids=str,
)
def test_a_loss_of_pairs_takes_numbers_only(name, prediction, target, message):
    assert message in error_of(nf.get("loss", name).load(), prediction, target)


@pytest.mark.parametrize("name", BY_CLASS)
@pytest.mark.parametrize(
    ("prediction", "target", "message"),
    [
        ([[0.5], [0.5]], 0, " got number 0, [0.5]; expected one number; flatten nested lists"),
        ([0.5, "b"], 0, " got number 1, 'b'; expected one number"),
        ([], 0, " takes a list of at least one number, but got []"),
        (0.5, 0, " takes a list of at least one number, but got 0.5"),
        ([0.5, 0.5], {}, "the loss got the target {}; expected the number of the right class"),
        ([0.5, 0.5], nf.Value(1.0), "the loss got the target Value(1.0); expected the number of"),
        ([0.5, 0.5], 2, "take got index 2; expected 0 to 1"),
    ],
    ids=str,
)
def test_a_loss_of_classes_takes_one_row_of_numbers(name, prediction, target, message):
    assert message in error_of(nf.get("loss", name).load(), prediction, target)


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([[1.0], [2.0]], " got number 0, [1.0]; expected one number; flatten nested lists"),
        ([1.0, None], " got number 1, None; expected one number"),
        ("abc", " takes a list of at least one number, but got 'abc'"),
        ((), " takes a list of at least one number, but got ()"),
    ],
    ids=str,
)
def test_an_activation_of_lists_takes_numbers_only(name, given, message):
    assert message in error_of(nf.get("activation", name).load(), given)
    assert error_of(nf.get("activation", name).load(), given).startswith(name)


@pytest.mark.parametrize(
    ("layer", "settings", "given", "message"),
    [
        ("attention", {"size": 2}, [1.0, 2.0], "attention takes tokens of 2 numbers each, but got"
         " plain numbers; let each token become numbers first, as an embedding does"),
        ("multi_head_attention", {"n_embd": 2, "n_head": 1}, [[1.0, 2.0], [1.0]],
         r"attention takes tokens of 2 numbers each, but got \[2, 1\]; check the sizes"),
        ("transformer_block", {"n_embd": 2, "n_head": 1}, [3, 1],
         "a transformer block takes tokens of 2 numbers each, but got plain numbers"),
        ("layer_norm", {"size": 2}, [1.0], "a layer norm takes 2 inputs, but got 1; check"),
        ("rms_norm", {"size": 2}, [1.0, 2.0, 3.0], "an RMS norm takes 2 inputs, but got 3"),
        ("linear", {"inputs": 2, "outputs": 1}, 1.0, "a linear layer takes a list of 2 numbers"),
        ("sinusoidal_positions", {"block_size": 2, "size": 2}, [0, 1],
         "sinusoidal positions take the position of one token, but got a list of 2; call it once"),
    ],
)  # fmt: skip
def test_a_layer_says_what_form_it_takes(layer, settings, given, message):
    model = nf.build(layer, **settings)
    with pytest.raises(nf.InputError, match=message):
        model(given)
