"""Settings that published models need: eager, on tensors and written token by token alike."""

from __future__ import annotations

import math

import pytest
from neuroflow_plugins.parts import Rotary, stretched

import neuroflow as nf
from neuroflow.generation.writer import Writer

TOKENS = [3, 1, 4, 1, 5, 2]
SETTINGS = {
    "rotary, part of each head in halves": {
        "positions": "rotary", "rotary_base": 100.0, "rotary_pairs": "halves",
        "rotary_share": 0.5, "rotary_stretch": 2.0,
    },
    "rotary bands in a window": {
        "positions": "rotary", "rotary_bands": [1.0, 4.0, 16.0], "rotary_stretch": 4.0,
        "window": 2, "n_layer": 2,
    },
    "heads of their own size": {
        "head_size": 6, "n_head": 3, "n_embd": 4, "key_value_heads": 1, "attention_bias": True,
        "head_norm": "rms_norm", "embedding_scale": 2.0,
    },
    "side by side": {
        "position_offset": 2, "order": "parallel", "norm": "layer_norm", "norm_epsilon": 0.1,
        "feed_forward_bias": True, "output_bias": True, "head_norm": "layer_norm",
    },
    "slopes in a window": {"positions": "alibi", "window": 3},
}  # fmt: skip


def made(**settings):
    sizes = {"n_embd": 8, "n_head": 2, "vocab_size": 7, "block_size": 8, **settings}
    model = nf.build("gpt", **sizes).eval()
    rng = nf.SplitMix32(5)
    for parameter in model.parameters():
        parameter.data += 0.2 * rng.gauss(0.0, 1.0)
    return model


def logits_of(model, tokens=TOKENS):
    return [[x.data for x in row] for row in model(tokens)]


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_every_way_to_run_gives_the_same_logits(settings):
    model = made(**settings)
    expected = logits_of(model)
    for backend in ("eager", "numpy"):
        writer = Writer(model, backend=backend)
        for token, row in zip(TOKENS, expected, strict=True):
            assert writer.read(token) == pytest.approx(row, abs=1e-12)
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    (got,) = nf.to_torch(model).double()(torch.tensor([TOKENS])).tolist()
    for row, other in zip(expected, got, strict=True):
        assert other == pytest.approx(row, abs=1e-12)


DEFAULTS = [
    {"head_size": 4}, {"window": 8}, {"norm_epsilon": 1e-5}, {"position_offset": 0},
    {"embedding_scale": 1.0}, {"rotary_base": 10000.0}, {"rotary_share": 1.0},
]  # fmt: skip


@pytest.mark.parametrize("settings", DEFAULTS, ids=str)
def test_what_says_the_default_in_other_words_changes_no_bit(settings):
    assert logits_of(made(**settings)) == logits_of(made())


OTHERS = [
    {"window": 2}, {"norm_epsilon": 0.1}, {"embedding_scale": 2.0}, {"order": "parallel"},
    {"head_norm": "rms_norm"}, {"positions": "rotary", "rotary_base": 10.0},
    {"positions": "rotary", "rotary_share": 0.5}, {"positions": "rotary", "rotary_stretch": 2.0},
    {"positions": "rotary", "rotary_pairs": "halves"},
]  # fmt: skip


@pytest.mark.parametrize("settings", OTHERS, ids=str)
def test_every_setting_changes_something(settings):
    plain = made(**{name: settings[name] for name in settings if name == "positions"})
    assert logits_of(made(**settings)) != logits_of(plain)


def test_a_window_hides_what_is_further_away():
    model = made(window=2)
    assert logits_of(model, [3, 1, 4])[-1] != logits_of(model, [3, 2, 4])[-1]
    assert logits_of(model, [3, 1, 4])[-1] == logits_of(model, [5, 1, 4])[-1]


def test_a_tokens_row_of_positions_stands_behind_the_offset():
    model = made(position_offset=3)
    assert len(model.places.rows) == 11
    assert [x.data for x in model.places(2)] == [x.data for x in model.places.rows[5]]


def test_halves_turn_as_neighbours_do_in_another_order():
    turn, other = Rotary(6), Rotary(6, pairs="halves")
    x = [0.5, -1.0, 2.0, 0.25, 3.0, -0.75]
    mixed = [x[k] for k in (0, 2, 4, 1, 3, 5)]
    assert [other(mixed, 3)[k] for k in (0, 3, 1, 4, 2, 5)] == turn(x, 3)


def test_bands_mix_the_speeds_between_them():
    speed = 2.0 * math.pi * 2.5 / 64  # as far from 1 turn as from 4
    assert stretched(speed, 8.0, (1.0, 4.0, 64.0)) == pytest.approx(speed * (0.5 + 0.5 / 8.0))


WRONG = [
    ({"positions": "rotary", "rotary_share": 0.3}, r"a head has 4 numbers, 1 of which turn"),
    ({"rotary_stretch": 2.0}, r"settings of rotary positions, but positions = 'learned'"),
    ({"rotary_bands": [1.0, 4.0]}, r"rotary_bands: got \[1.0, 4.0\]; expected a list"),
    ({"positions": "rotary", "rotary_bands": [4.0, 1.0, 64.0]}, r"low below high"),
    ({"n_head": 3}, r"each must divide the one before"),
    ({"rotary_base": 0.0}, r"rotary_base"), ({"window": -1}, r"window"),
]  # fmt: skip


@pytest.mark.parametrize(("settings", "message"), WRONG, ids=lambda x: str(x)[:30])
def test_settings_that_do_not_fit_are_refused_in_words(settings, message):
    with pytest.raises(nf.NeuroflowError, match=message):
        made(**settings)
