"""Sizes: what is counted before it is built is what is built, and what does not fit is refused."""

from __future__ import annotations

import pytest
from neuroflow_plugins import sizes

import neuroflow as nf
from tests.support.sweeps import tries

HEADS = {"n_embd": 4, "n_head": 2}
LAYERS = [
    ("linear", {"inputs": 3, "outputs": 2}), ("linear", {"inputs": 3, "outputs": 2, "bias": True}),
    ("neuron", {"inputs": 3}), ("layer", {"inputs": 3, "outputs": 2, "bias": False}),
    ("mlp", {"sizes": [3, 4, 5, 2]}), ("mlp", {"sizes": [3, 2], "bias": False}),
    ("embedding", {"vocab_size": 5, "size": 3}), ("attention", {"size": 3, "head_size": 2}),
    ("layer_norm", {"size": 4}), ("rms_norm", {"size": 4}),
    ("multi_head_attention", HEADS), ("multi_head_attention", {**HEADS, "key_value_heads": 1}),
    ("feed_forward", {"n_embd": 4, "gated": True, "bias": True}),
    ("transformer_block", {**HEADS, "cross": True, "norm": "layer_norm"}),
    ("gpt", {**HEADS, "vocab_size": 5, "n_layer": 2, "norm": "layer_norm", "final_norm": True}),
    ("gpt", {**HEADS, "vocab_size": 5, "tied": True, "positions": "rotary", "bias": True,
             "norm_gain": False, "embedding_norm": True, "gated": True, "key_value_heads": 1}),
    ("gpt", {"n_embd": 6, "n_head": 4, "head_size": 2, "key_value_heads": 2, "vocab_size": 5,
             "position_offset": 3, "head_norm": "layer_norm", "attention_bias": True,
             "output_bias": True, "feed_forward_bias": True}),
    ("encoder", {**HEADS, "vocab_size": 5, "hidden": 3, "norm": "none"}),
    ("encoder_decoder", {**HEADS, "vocab_size": 5, "source_length": 2, "n_layer": 2}),
    ("conv1d", {"in_channels": 2, "out_channels": 3, "kernel_size": 2}),
    ("conv2d", {"in_channels": 2, "out_channels": 3, "bias": False}),
    ("rnn", {"inputs": 2, "hidden_size": 3}), ("gru", {"inputs": 2, "hidden_size": 3}),
    ("gru", {"inputs": 2, "hidden_size": 3, "bias": False}),
    ("lstm", {"inputs": 2, "hidden_size": 3}), ("group_norm", {"size": 4, "groups": 2}),
    ("bilinear", {"left": 2, "right": 3, "outputs": 2}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "settings"), LAYERS)
def test_what_is_counted_first_is_what_is_built(name, settings, monkeypatch):
    said = []
    monkeypatch.setattr(nf, "check_room", lambda count, *_, **__: said.append(count))
    model = nf.build(name, **settings)
    assert said[0] == len(model.parameters())


HUGE = [
    ("mlp", {"sizes": [2, 10**30, 1]}), ("mlp", {"sizes": [2, 2**63]}),
    ("layer", {"inputs": 1, "outputs": 10**12}), ("neuron", {"inputs": 10**12}),
    ("linear", {"inputs": 10**7, "outputs": 10**7}), ("attention", {"size": 10**8}),
    ("embedding", {"vocab_size": 10**100, "size": 1}), ("rms_norm", {"size": 10**13}),
    ("learned_positions", {"block_size": 10**12, "size": 8}),
    ("gpt", {"vocab_size": 5, "n_layer": 10**11, "n_embd": 1, "n_head": 1}),
    ("gpt", {"vocab_size": 50257, "n_layer": 96, "n_embd": 12288, "n_head": 96}),
    ("encoder_decoder", {"vocab_size": 5, "source_length": 2, "n_layer": 10**11}),
    ("conv2d", {"in_channels": 1, "out_channels": 1, "kernel_size": 10**6}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "settings"), HUGE)
def test_what_does_not_fit_is_refused_with_its_size_before_it_is_built(name, settings):
    with pytest.raises(nf.InputError, match=r"parameters would take about .* expected at most"):
        nf.build(name, **settings)


def test_gpt_2_is_counted_to_the_last_parameter(monkeypatch):
    monkeypatch.setattr("neuroflow.memory.free_memory", lambda: 8 * 1024**3)
    gpt2 = {
        "vocab_size": 50257, "n_layer": 12, "n_head": 12, "n_embd": 768, "block_size": 1024,
        "norm": "layer_norm", "bias": True, "final_norm": True, "tied": True,
    }  # fmt: skip
    with pytest.raises(nf.InputError) as caught:
        nf.build("gpt", **gpt2)
    assert str(caught.value) == (
        "124,439,808 parameters would take about 31 GB of memory, 250 bytes each; expected at most"
        " 27,487,790, which fit into 6.87 GB (80% of what is free); choose smaller sizes"
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"data.points": 10**12}, {"data.points": 10**30}, {"model.sizes": [2, 10**9, 1]},
        {"data": {"use": "copy", "examples": 10**12}},
        {"data": {"use": "sort", "examples": 10**6, "length": 10**6}},
        {"data": {"use": "function", "f": "x", "points": 2**63}},
    ],
)  # fmt: skip
def test_a_run_that_does_not_fit_is_refused_with_its_path(changes):
    with pytest.raises(nf.NeuroflowError, match=r"would take about .* expected at most") as caught:
        nf.train("moons", changes)
    assert min(changes).partition(".")[0] in str(caught.value)


@pytest.mark.sweep
def test_memory_of_a_parameter_is_what_is_stated(figures):
    import tracemalloc

    count = tries(2_000, full=100_000)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    kept = [nf.Value(k + 0.5) for k in range(count)]
    taken = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert len(kept) == count
    figures(tried=1, faults=0, values=count, bytes=taken / count)
    assert taken / count <= 1.1 * 112 <= sizes.PARAMETER
