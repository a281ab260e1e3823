"""Writing with the compiled forward part: the same numbers and texts as on plain floats."""

from __future__ import annotations

import json
import random
from functools import partial
from importlib.util import find_spec

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

import neuroflow as nf
from neuroflow.cli import main
from neuroflow.generation.writer import EagerWritingWarning

BACKENDS = [
    "numpy",
    pytest.param(
        "llvm", marks=pytest.mark.skipif(not find_spec("llvmlite"), reason="needs llvmlite")
    ),
]
VARIANTS = [
    *({"positions": kind} for kind in ("learned", "sinusoidal", "rotary", "alibi", "none")),
    {"positions": "alibi", "key_value_heads": 1, "tied": True},
    {"norm": "layer_norm", "order": "post", "bias": True, "embedding_norm": True},
    {"gated": True, "activation": "silu", "final_norm": True, "dropout": 0.5},
    {"block_size": 1},
]
TEXT = [6, 1, 2, 0, 5, 3]


def logits(model, text, **options):
    writer = nf.Writer(model, **options)
    return [writer.read(token) for token in text[: writer.block_size]]


def close(rows, expected, tolerance):
    for row, right in zip(rows, expected, strict=True):
        assert row == pytest.approx(right, rel=tolerance, abs=tolerance)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_every_variant_gives_the_logits_of_plain_floats(variant, backend, gpt):
    model = gpt(**variant)
    expected = logits(model, TEXT)
    close(logits(model, TEXT, backend=backend), expected, 1e-12)
    close(logits(model, TEXT, backend=backend, dtype="float32"), expected, 1e-4)


def test_random_texts_and_ways_back_agree(gpt):
    model = gpt(positions="rotary")
    plain, fast = nf.Writer(model), nf.Writer(model, backend="numpy")

    @settings(deadline=None)
    @given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 5)), min_size=1, max_size=12))
    def agree(steps):
        for token, kept in steps:
            for writer in (plain, fast):
                writer.back_to(kept)
                writer.read(token)
            assert fast.length == plain.length
            assert fast.logits == pytest.approx(plain.logits, rel=1e-12, abs=1e-13)

    agree()


def test_a_position_that_is_off_by_one_is_seen(gpt):
    right = logits(gpt(positions="alibi"), TEXT)
    for shift in (-1, 0, 1):
        twin = gpt(positions="alibi")
        twin.step = lambda token, past, position=0, step=twin.step, shift=shift: step(
            token, past, position + shift if past[0][0] else None
        )
        got = logits(twin, TEXT, backend="numpy")
        if shift:
            with pytest.raises(AssertionError):
                close(got, right, 1e-3)
        else:
            close(got, right, 1e-12)


@pytest.mark.parametrize("backend", BACKENDS)
def test_texts_and_draws_are_those_of_plain_floats(backend, gpt):
    model, tokenizer = gpt(), nf.get("tokenizer", "characters").load()().learn(["abcdef"])
    texts = {}
    for name in ("eager", backend):
        rng = random.Random(4)
        written = nf.generate(model, tokenizer, rng, prompt="ab", count=20, backend=name)
        texts[name] = [one.text for one in written], rng.random()
        assert {(one.backend, one.dtype) for one in written} == {(name, "float64")}
    assert texts[backend] == texts["eager"]


def test_auto_compiles_where_many_tokens_may_be_written(gpt):
    model, tokenizer = gpt(), nf.get("tokenizer", "characters").load()().learn(["abcdef"])

    def chosen(**options):
        return nf.generate(model, tokenizer, random.Random(4), **options)[0].backend

    assert chosen(count=1) == "eager"
    assert chosen(count=100) == nf.compile(lambda x: x).backend
    assert chosen(count=1, dtype="float32") == nf.compile(lambda x: x).backend


def test_a_model_whose_step_takes_no_position_writes_with_plain_floats(gpt):
    model = gpt()
    step = model.step
    model.step = lambda token, past: step(token, past)
    with pytest.raises(nf.InputError, match=r"GPT.step takes no position.*position=None\); add"):
        nf.Writer(model, backend="numpy")
    with pytest.warns(EagerWritingWarning, match="writing with plain floats, which is slower: GPT"):
        writer = nf.Writer(model, backend="auto")
    assert writer.backend == "eager"


def test_what_cannot_be_done_is_refused(gpt):
    encoder = nf.build("encoder", vocab_size=7, n_embd=8, n_head=2, block_size=6)
    with pytest.raises(nf.InputError, match="Encoder cannot write; expected a causal language"):
        nf.Writer(encoder, backend="numpy")
    with pytest.raises(nf.InputError, match="computes in float64, not in float32; use the backend"):
        nf.Writer(gpt(), backend="eager", dtype="float32")
    with pytest.raises(nf.InputError, match="unknown dtype 'float16'; expected one of float64"):
        nf.Writer(gpt(), backend="numpy", dtype="float16")
    with pytest.raises(
        nf.BackendError, match=r"this run needs .* MB .*expected at most 0.0 MB; use"
    ):
        nf.Writer(gpt(), backend="numpy", memory_limit=10)
    writer = nf.Writer(gpt(block_size=1), backend="numpy")
    writer.read(0)
    with pytest.raises(nf.InputError, match="the model got 2 tokens; expected 1 to 1"):
        writer.read(0)
    with pytest.raises(nf.InputError, match="is the index 7; expected 0 to 6"):
        nf.Writer(gpt(), backend="numpy").read(7)


def test_a_number_that_is_not_finite_is_refused(gpt):
    model = gpt()
    model.parameters()[0].data = float("inf")
    with pytest.raises(nf.DomainError, match='use backend="eager" inside'):
        nf.Writer(model, backend="numpy").read(0)


def test_the_commands_take_backend_and_dtype(tmp_path):
    tmp_path.joinpath("text.txt").write_text("ab\nabba\nab b\n", encoding="utf-8")
    changes = {"data.path": str(tmp_path / "text.txt"), "train.steps": 2, "train.backend": "eager"}
    nf.Run.start("microgpt", tmp_path / "run", changes).run()
    words = ["generate", str(tmp_path / "run"), "--count", "3", "--seed", "1", "--json"]
    found = {}
    for options in ([], ["--backend", "numpy"], ["--backend", "numpy", "--dtype", "float32"]):
        result = CliRunner().invoke(main, [*words, *options])
        told = json.loads(result.stdout)
        found[told["backend"], told["dtype"]] = [one["text"] for one in told["texts"]]
    assert {("eager", "float64"), ("numpy", "float64"), ("numpy", "float32")} == set(found)
    assert found["numpy", "float64"] == found["eager", "float64"]

    result = CliRunner().invoke(main, [*words, "--backend", "eager", "--dtype", "float32"])
    assert result.exit_code == 1
    assert "the eager backend computes in float64, not in float32" in result.stderr


@pytest.mark.parametrize("backend", ["eager", *BACKENDS])
def test_one_model_writes_for_four_threads_at_once(backend, gpt, together):
    model = gpt(dropout=0.5).train()
    tokenizer = nf.get("tokenizer", "characters").load()().learn(["abcdef"])

    def write(k):
        rng = random.Random(k)
        return nf.generate(model, tokenizer, rng, count=3, backend=backend, show=True)

    right = [write(k) for k in range(4)]
    found = together(*[partial(write, k) for k in range(4)])
    assert found == right
    assert model.training
    assert {type(p) for p in model.parameters()} == {nf.Value}


def halve(model):
    for p in model.parameters():
        p.data /= 2


def replace_a_parameter(model):
    model.tokens.rows[1][0] = nf.Value(3.0)


def drop_a_block(model):
    del model.blocks[-1]


@pytest.mark.parametrize("backend", ["eager", "numpy"])
@pytest.mark.parametrize("change", [halve, replace_a_parameter, drop_a_block])
def test_each_text_is_written_by_the_model_as_it_is_when_the_text_begins(change, backend, gpt):
    model = gpt(n_layer=2)
    writer = nf.Writer(model, backend=backend)
    before = [writer.read(token) for token in TEXT]
    change(model)
    writer.begin()
    after = [writer.read(token) for token in TEXT]
    assert after != before
    close(after, logits(model, TEXT), 1e-9)
