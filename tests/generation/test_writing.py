"""A language model writes: sampling, greedy choices, the command, and attention as data."""

from __future__ import annotations

import json
import math
import random
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

import neuroflow as nf
from neuroflow.cli import main

LOGITS = [1.0, 3.0, 2.0, -1.0]


def tokenizer(text="abcdef"):
    return nf.get("tokenizer", "characters").load()().learn([text])


def test_temperature_0_is_greedy(gpt):
    texts = nf.generate(gpt(), tokenizer(), random.Random(1), count=3, temperature=0.0)
    assert len({one.text for one in texts}) == 1
    assert nf.Sampling(temperature=0.0).distribution(LOGITS) == [0.0, 1.0, 0.0, 0.0]


def test_top_k_and_top_p_keep_the_likeliest():
    full = nf.Sampling().distribution(LOGITS)
    two = nf.Sampling(top_k=2).distribution(LOGITS)
    assert [p > 0 for p in two] == [False, True, True, False]
    assert two[1] / two[2] == pytest.approx(full[1] / full[2])
    assert nf.Sampling(top_p=0.6).distribution(LOGITS) == [0.0, 1.0, 0.0, 0.0]
    assert nf.Sampling(top_p=0.89).distribution(LOGITS) == pytest.approx(two)


@given(
    st.lists(st.floats(-50, 50), min_size=1, max_size=12),
    st.floats(0, 10), st.integers(0, 12), st.floats(0.01, 1),
)  # fmt: skip
def test_every_distribution_sums_to_1(logits, temperature, top_k, top_p):
    way = nf.Sampling(temperature, top_k, top_p)
    probabilities = way.distribution(logits)
    assert sum(probabilities) == pytest.approx(1.0)
    assert all(p >= 0.0 for p in probabilities)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"temperature": -1.0}, "sampling got temperature = -1.0; expected a number at least 0"),
        ({"top_k": -1}, "sampling got top_k = -1; expected a whole number at least 0"),
        ({"top_p": 0.0}, "sampling got top_p = 0.0; expected a number above 0 and at most 1"),
    ],
)
def test_sampling_that_makes_no_sense_is_refused(settings, message):
    with pytest.raises(nf.InputError, match=message):
        nf.Sampling(**settings)


def test_each_token_costs_one_pass(gpt, monkeypatch):
    model = gpt(block_size=6)
    passes = []
    step = type(model).step
    monkeypatch.setattr(
        type(model),
        "step",
        lambda self, token, past: passes.append(token) or step(self, token, past),
    )
    (one,) = nf.generate(model, tokenizer(), random.Random(3), prompt="ab")
    assert len(passes) == 3 + len(one.tokens) - 1


def test_what_is_written_is_what_the_whole_text_predicts(gpt):
    model = gpt()
    (one,) = nf.generate(model, tokenizer(), random.Random(3), prompt="a", show=True)
    read = [6, 0, *one.tokens][: 1 + len(one.tokens)]
    rows = [[x.data for x in row] for row in model(read)][1:]
    for row, got in zip(rows, one.probabilities, strict=True):
        assert nf.Sampling().distribution(row) == pytest.approx(got, abs=1e-12)


def test_prompts_that_cannot_be_read_are_refused(gpt):
    with pytest.raises(nf.InputError, match="generate got 'anna' for a tokenizer; a text to go on"):
        nf.generate(gpt, "anna")
    with pytest.raises(nf.InputError, match="the tokenizer does not know 'x'"):
        nf.generate(gpt(), tokenizer(), random.Random(1), prompt="x")
    with pytest.raises(
        nf.InputError, match="the prompt has 8 tokens with the mark of its beginning"
    ):
        nf.generate(gpt(), tokenizer(), random.Random(1), prompt="abcabca")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A run on a few lines of text of all kinds."""
    here = tmp_path_factory.mktemp("text")
    here.joinpath("text.txt").write_text("ab\n\n  \nabba\nbä✓\nab b\n", encoding="utf-8")
    changes = {
        "data.path": str(here / "text.txt"), "model.n_embd": 4, "model.n_head": 2,
        "train.steps": 3, "train.backend": "eager",
    }  # fmt: skip
    nf.Run.start("microgpt", here / "run", changes).run()
    return here / "run"


def invoke(*words):
    result = CliRunner().invoke(main, list(map(str, words)))
    return result


def test_the_command_writes_json(folder):
    words = ("generate", folder, "--count", 2, "--prompt", "a", "--show-probabilities", "--json")
    result = invoke(*words, "--seed", 1)
    found = json.loads(result.stdout)
    assert [one["text"][0] for one in found["texts"]] == ["a", "a"]
    first = found["texts"][0]
    assert len(first["pieces"]) == len(first["probabilities"][0]) == 6
    assert sum(first["probabilities"][0]) == pytest.approx(1.0)
    assert invoke(*words, "--seed", 1).stdout == result.stdout


def test_the_command_marks_what_was_in_the_data(folder):
    found = json.loads(invoke("generate", folder, "--count", 40, "--json").stdout)["texts"]
    for one in found:
        assert one["known"] == (one["text"] in {"ab", "abba", "bä✓", "ab b"})
    lines = invoke("generate", folder, "--count", 40).stdout.splitlines()
    assert [line.endswith(" *") for line in lines if line] == [
        one["known"] for one in found if one["text"]
    ]


def test_the_command_draws_attention(folder, tmp_path):
    path = tmp_path / "attention.svg"
    assert invoke("generate", folder, "--count", 1, "--attention", path).exit_code == 0
    ElementTree.parse(path)


def test_only_language_models_write(tmp_path):
    nf.save(nf.build("mlp", sizes=[1, 1]), tmp_path / "m.safetensors")
    result = invoke("generate", tmp_path / "m.safetensors")
    assert result.exit_code == 1
    assert "has no tokenizer, so it writes no text" in result.stderr


HOW = {"greedy": {"temperature": 0.0}, "warm": {}, "top_k": {"top_k": 2}, "top_p": {"top_p": 0.5}}


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize(
    "logits", [[1.0, math.nan], [math.nan, 1.0], [math.inf, 1.0], [-math.inf] * 2]
)
def test_logits_that_are_no_numbers_choose_no_token(how, logits):
    with pytest.raises(nf.DomainError, match="so that no token can be drawn"):
        nf.Sampling(**HOW[how]).distribution(logits)


def test_a_token_that_must_not_come_has_probability_zero():
    assert nf.Sampling().distribution([-math.inf, 0.0]) == [0.0, 1.0]
