"""Convolutions, pools and recurrent layers: what they refuse, and what their edges give."""

from __future__ import annotations

import pytest

import neuroflow as nf

CONV = {"in_channels": 2, "out_channels": 3}
ROW = [[0.5, 1.0], [0.0, 2.0]]


def built(use, **settings):
    return nf.build(use, **settings, rng=nf.SplitMix32(0))


@pytest.mark.parametrize(
    ("layer", "settings", "given", "message"),
    [
        ("conv2d", CONV, [0.5] * 4, "an image: rows of pixels of 2 number(s) each, but got the"
         " shape (4,); let reshape make (height, width, channels)"),
        ("conv2d", CONV, [[[0.5]]], "number(s) each, but got the shape (1, 1, 1)"),
        ("conv2d", CONV, [ROW, ROW[:1]], "a convolution takes an image"),
        ("conv2d", CONV, [ROW, [[0.5, 1.0], [0.5]]], "a convolution takes an image"),
        ("conv2d", CONV, [], "a convolution takes an image"),
        ("conv2d", CONV, [[], []], "a convolution takes an image"),
        ("conv2d", CONV, 0.5, "a convolution takes an image"),
        ("conv2d", CONV, [ROW, ROW], "windows of 3, but got no more than 2 in a row; expected at"
         " least 3; set a smaller kernel_size, or pad what comes in"),
        ("conv1d", CONV, ROW, "windows of 3, but got no more than 2 in a row"),
        ("conv1d", CONV, [0.5, 1.0], "takes tokens of 2 numbers each, but got plain numbers"),
        ("max_pool1d", {}, [[1.0], [1.0, 2.0]], "tokens of equally many numbers each, but got [1"),
        ("mean_pool1d", {"kernel_size": 3}, ROW, "mean pooling looks at windows of 3"),
        ("max_pool2d", {}, [[[1.0]]], "max pooling looks at windows of 2, but got no more than 1"),
        ("mean_pool2d", {}, [[1.0]], "mean pooling takes an image: rows of pixels of equally many"),
        ("lstm", {"inputs": 3, "hidden_size": 2}, ROW, "an LSTM takes tokens of 3 numbers each"),
        ("gru", {"inputs": 3, "hidden_size": 2}, [1.0], "a GRU takes tokens of 3 numbers each"),
        ("group_norm", {"size": 4, "groups": 2}, [1.0] * 4, "a group norm takes an image"),
        ("batch_norm", {"size": 3}, [1.0], "a batch norm takes 3 inputs, but got 1"),
    ],
    ids=str,
)  # fmt: skip
def test_what_a_layer_does_not_take_is_refused_with_its_shape(layer, settings, given, message):
    with pytest.raises(nf.InputError) as caught:
        built(layer, **settings)(given)
    assert message in str(caught.value)


def test_bilinear_says_which_of_its_inputs_is_wrong():
    layer = built("bilinear", left=2, right=3, outputs=1)
    for given, message in [
        (([1.0], [1.0] * 3), "first, takes 2"),
        (([1.0] * 2, []), "second, tak"),
    ]:
        with pytest.raises(nf.InputError, match=message):
            layer(*given)


def test_a_pool_shares_the_slope_of_equal_numbers():
    xs = [nf.Value(2.0), nf.Value(2.0)]
    built("max_pool1d")([[x] for x in xs])[0][0].backward()
    assert [x.grad for x in xs] == [0.5, 0.5]


def test_a_causal_convolution_does_not_see_what_follows():
    layer = built("conv1d", **CONV, causal=True)
    before, after = (layer([*ROW, token]) for token in ([0.0, 0.0], [5.0, 5.0]))
    assert [[x.data for x in row] for row in before[:2]] == [
        [x.data for x in row] for row in after[:2]
    ]
    assert before[2][0].data != after[2][0].data
    with pytest.raises(nf.ConfigurationError, match="leave one of them out"):
        built("conv1d", **CONV, causal=True, padding=1)


@pytest.mark.parametrize("use", ["rnn", "gru", "lstm"])
def test_a_state_remembers_what_came_first(use):
    layer = built(use, inputs=2, hidden_size=3)
    one, other = (layer([first, [0.0, 0.0]])[1] for first in ([1.0, 0.0], [0.0, 1.0]))
    assert [x.data for x in one] != [x.data for x in other]
    assert layer([]) == []
