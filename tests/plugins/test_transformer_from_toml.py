"""Every kind of transformer composes from TOML by names alone, and the command line trains it."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

import neuroflow as nf
from neuroflow.cli import main
from neuroflow.training.looking_ahead import refuse_looking_ahead

LETTERS = nf.resolve("tokenizer", "characters")(pieces=["a", "b"])

TREE = """
schema = 1
[model]
{model}
n_embd = 4
n_head = 2
[loss]
use = "cross_entropy"
label_smoothing = 0.1
[optimizer]
use = "adamw"
weight_decay = 0.1
schedule = {{ use = "cosine", warmup = 1 }}
[data]
use = "{task}"
length = 2
alphabet = 2
examples = 12
test = 0.25
[train]
steps = 2
batch = 2
accumulation = 2
clip_norm = 1.0
backend = "eager"
"""
MODELS = {
    "gpt": 'use = "gpt"',
    "rotary, grouped": 'use = "gpt"\npositions = "rotary"\nkey_value_heads = 1\ntied = true',
    "alibi, swish": 'use = "gpt"\npositions = "alibi"\nactivation = "silu"\ngated = true',
    "sinusoidal, post-norm": 'use = "gpt"\npositions = "sinusoidal"\norder = "post"'
    '\nnorm = "layer_norm"\nactivation = "gelu"\nbias = true\ndropout = 0.1',
    "encoder_decoder": 'use = "encoder_decoder"\nsource_length = 3',
}


@pytest.fixture
def train(tmp_path):
    def run(model, task):
        path = tmp_path / "model.toml"
        path.write_text(TREE.format(model=model, task=task), encoding="utf-8")
        words = ["train", str(path), "--out", str(tmp_path / "run"), "--json"]
        return CliRunner().invoke(main, words)

    return run


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_a_model_of_each_kind_trains(model, train):
    result = train(model, "reverse")
    assert result.exit_code == 0, result.stderr
    summary = json.loads(result.stdout)
    assert summary["steps"] == 2
    assert {"test_loss", "test_perplexity", "test_accuracy", "baselines"} <= set(summary)


def test_after_training_on_questions_nothing_is_written_without_one(train, tmp_path):
    assert not json.loads(train(MODELS["gpt"], "sort").stdout).get("samples")
    words = ["generate", str(tmp_path / "run"), "--prompt", "ba=", "--temperature", "0", "--json"]
    (first, *others) = json.loads(CliRunner().invoke(main, words).stdout)["texts"]
    assert first["text"].startswith("ba=")
    assert all(one == first for one in others)


def test_an_encoder_is_refused_where_it_would_read_its_answers(train):
    result = train('use = "encoder"', "sort")
    assert result.exit_code == 2
    assert "through blocks.0.attention (MultiHeadAttention)" in result.stderr


def test_an_encoder_is_trained_in_place_but_does_not_write():
    texts = [[0, 2, 1], [2, 1, 0], [1, 0, 0]]
    data = nf.Dataset(texts, list(map(sorted, texts)), "sequence", vocab_size=3, tokenizer=LETTERS)
    model = nf.build("encoder", vocab_size=3, n_embd=4, n_head=2)
    refuse_looking_ahead(model, data)
    with pytest.raises(nf.InputError, match="Encoder cannot write; expected a causal language"):
        nf.generate(model, LETTERS, nf.SplitMix32(0), prompt="ab")
