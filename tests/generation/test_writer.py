"""A writer beyond its block: what it says is what the whole model says of the last window alone."""

from __future__ import annotations

import random
import warnings

import pytest

import neuroflow as nf
from neuroflow.generation.writing import ForgettingWarning

TEXT = [6, 1, 2, 0, 5, 3, 4, 4, 1, 0, 2]
POSITIONS = ("learned", "sinusoidal", "rotary", "alibi", "none")


def tokenizer(text="abcdef"):
    return nf.get("tokenizer", "characters").load()().learn([text])


def last(model, window):
    return [x.data for x in model(window)[-1]]


@pytest.mark.parametrize("backend", ["eager", "numpy"])
@pytest.mark.parametrize("positions", POSITIONS)
def test_beyond_the_block_the_last_window_alone_counts(gpt, positions, backend):
    model = gpt(positions=positions)
    writer = nf.Writer(model, backend=backend, slides=True)
    for k, token in enumerate(TEXT):
        logits = writer.read(token)
        start = max(0, k + 1 - model.block_size)
        assert logits == pytest.approx(last(model, TEXT[start : k + 1]), rel=1e-12)
        if start:  # a window that begins one token off says something else
            for wrong in (TEXT[start - 1 : k], TEXT[start + 1 : k + 1]):
                assert logits != pytest.approx(last(model, wrong), rel=1e-6)
    assert (writer.length, writer.oldest) == (len(TEXT), TEXT[-6:-5])


@pytest.mark.parametrize("backend", ["eager", "numpy"])
def test_beyond_the_block_a_text_goes_on_with_the_model_as_it_was_when_it_began(gpt, backend):
    model = gpt()
    writers = [nf.Writer(model, backend=backend, slides=True) for _ in range(2)]
    tokens = [k % 3 for k in range(writers[0].block_size + 2)]
    for token in tokens[:-1]:
        writers[0].read(token)
    model.parameters()[0].data += 1.0
    went_on = writers[0].read(tokens[-1])
    model.parameters()[0].data -= 1.0
    for token in tokens:
        writers[1].read(token)
    assert went_on == writers[1].logits


def test_a_block_of_one_slides_and_ways_back_read_anew(gpt):
    model = gpt(block_size=1)
    writer = nf.Writer(model, slides=True)
    rows = [writer.read(token) for token in TEXT]
    assert rows == [pytest.approx(last(model, [token])) for token in TEXT]
    model = gpt()
    writer = nf.Writer(model, slides=True)
    for token in TEXT:
        writer.read(token)
    for length in (9, 7, 4):
        writer.back_to(length)
        window = TEXT[max(0, length - 6) : length]
        assert writer.logits == pytest.approx(last(model, window))
        assert writer.length == length


def test_a_writer_that_does_not_slide_refuses_what_does_not_fit(gpt):
    writer = nf.Writer(gpt())
    for token in TEXT[:6]:
        writer.read(token)
    with pytest.raises(nf.InputError, match="the model got 7 tokens; expected 1 to 6"):
        writer.read(0)


def test_texts_go_on_beyond_the_block_and_say_once_what_is_forgotten(gpt):
    model, rng = gpt(positions="rotary"), random.Random(4)
    with pytest.warns(ForgettingWarning) as told:
        texts = nf.generate(
            model, tokenizer(), rng, prompt="abc", count=2, most_tokens=20, show=True, top_k=3
        )
    assert [str(one.message) for one in told] == [
        "the text is longer than the 6 tokens that the model sees at once (its block_size): from"
        " here on it forgets the oldest, first '<BOS>'"
    ]
    assert max(len(one.tokens) for one in texts) > 6
    for one in texts:
        read = [6, 0, 1, 2, *one.tokens]
        for k, got in enumerate(one.probabilities, 4):
            row = last(model, read[max(0, k - 6) : k])
            assert nf.Sampling(top_k=3).distribution(row) == pytest.approx(got, abs=1e-12)


def test_without_a_number_of_tokens_a_text_ends_with_the_block(gpt):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        texts = nf.generate(gpt(), tokenizer(), random.Random(1), prompt="abc", count=9)
    assert max(len(one.tokens) for one in texts) == 3
    assert all(one.ended or len(one.tokens) == 3 for one in texts)


def test_of_a_long_prompt_the_end_is_read(gpt):
    model = gpt()
    prompt = "abcdefabcd"
    with pytest.warns(ForgettingWarning, match="first '<BOS>abcd'"):
        (one,) = nf.generate(model, tokenizer(), prompt=prompt, most_tokens=1, show=True)
    row = last(model, [4, 5, 0, 1, 2, 3])
    assert one.probabilities[0] == pytest.approx(nf.Sampling().distribution(row))
    assert one.text == prompt + one.answer


def translator(**settings):
    return nf.build(
        {"use": "encoder_decoder", "vocab_size": 7, "source_length": 3, "n_embd": 4, "n_head": 2,
         "block_size": 9, "initializer": {"use": "normal", "std": 0.5}, **settings},
        rng=nf.SplitMix32(3),
    )  # fmt: skip


class Anew(nf.Module):
    """Reads a source, and no part of a text alone."""

    writes_behind_source = True

    def __init__(self, *, source_length: int = 3, block_size: int = 9):
        self.whole = translator()

    def forward(self, tokens):
        return self.whole(tokens)


@pytest.mark.parametrize("make", [translator, Anew])
@pytest.mark.parametrize("backend", ["auto", "numpy"])
def test_an_encoder_decoder_writes_behind_its_source(backend, make):
    model = make()
    options = {"temperature": 0.0, "backend": backend, "count": 2}
    texts = nf.generate(model, tokenizer(), prompt="abc", **options)
    read = [6, 0, 1, 2]
    while len(read) < 10 and read[-1:] != [6]:
        scores = last(model, read)
        read.append(scores.index(max(scores)))
    assert [list(one.tokens) for one in texts] == [read[4:]] * 2
    assert texts[0].text == "abc" + tokenizer().decode(read[4:])


@pytest.mark.parametrize("backend", ["eager", "numpy"])
@pytest.mark.parametrize(
    "settings",
    [{}, {"n_layer": 2, "order": "post"}, {"source_length": 1, "block_size": 2}, {"dropout": 0.5}],
    ids=str,
)
def test_each_token_behind_a_source_has_the_scores_of_the_whole_text(settings, backend):
    model = translator(**settings).eval()
    writer = nf.Writer(model, backend=backend)
    for text in ([6, 1, 2, 0, 5, 3, 1, 4, 2], [3, 3, 0, 1, 5]):
        writer.begin()
        for k, token in enumerate(text[: model.block_size]):
            scores = writer.read(token)
            right = last(model, text[: k + 1]) if k >= model.source_length else []
            assert scores == (right if backend == "eager" else pytest.approx(right, rel=1e-9))


@pytest.mark.parametrize("backend", ["eager", "numpy"])
def test_a_source_is_read_once_and_again_where_it_changes(backend, monkeypatch):
    model, texts = translator(), []
    encoded = type(model)._encoded
    monkeypatch.setattr(
        type(model), "_encoded", lambda self, text: texts.append(text) or encoded(self, text)
    )
    writer = nf.Writer(model, backend=backend)
    read = [writer.read(token) for token in [6, 1, 2, 0, 5, 3]]
    n_read = len(texts)
    writer.back_to(4)
    assert [writer.read(5), writer.read(3)] == read[4:]
    assert len(texts) == n_read
    assert n_read == 1 or backend == "numpy"  # which is tried and traced
    writer.back_to(2)
    assert [writer.read(token) for token in [3, 0]][1] == pytest.approx(last(model, [6, 1, 3, 0]))


def test_a_source_is_as_long_as_in_training():
    with pytest.raises(
        nf.InputError, match=r"the prompt has 2 tokens .* expected the 3 of a source"
    ):
        nf.generate(translator(), tokenizer(), prompt="a")
    with pytest.raises(nf.InputError, match="expected at most 9"):
        nf.generate(translator(), tokenizer(), prompt="abcdefabcdef", most_tokens=5)


def test_questions_are_answered_as_they_were_learned():
    model = translator()
    prompting = nf.Prompting(between="=", source_length=3)
    letters = tokenizer("abcde=")
    data = nf.Dataset(
        [[6, 1, 6, 0, 1]], [[1, 6]], "sequence", vocab_size=7, tokenizer=letters,
        prompting=prompting,
    )  # fmt: skip
    from neuroflow.data.facts import DataFacts

    model.trained_on = DataFacts.of(data)
    (one,) = nf.generate(model, prompt="a", temperature=0.0, most_tokens=2)
    scores = last(model, [6, 1, 6, 0])
    assert one.tokens[0] == scores.index(max(scores))
    assert one.text == "a=" + one.answer


def test_a_text_that_was_cut_from_a_longer_one_has_no_mark_before_it(gpt):
    from neuroflow.data.facts import DataFacts

    model = gpt()
    cut = nf.Prompting(begins=False)
    data = nf.Dataset([[0]], [[1]], "sequence", vocab_size=7, tokenizer=tokenizer(), prompting=cut)
    model.trained_on = DataFacts.of(data)
    (one,) = nf.generate(model, prompt="ab", most_tokens=1, show=True)
    row = last(model, [0, 1])
    assert one.probabilities[0] == pytest.approx(nf.Sampling().distribution(row))
    assert nf.generate(model, most_tokens=1)[0].tokens


def of_layers(*layers):
    """A language model of three letters and of layers that look back."""
    letters = {"use": "per_token", "layer": {"use": "embedding", "vocab_size": 7, "size": 3}}
    layer = {"use": "sequential", "layers": [letters, *layers]}
    return nf.build("language_model", layer=layer, block_size=6, rng=nf.SplitMix32(1))


@pytest.mark.parametrize("backend", ["eager", "numpy"])
@pytest.mark.parametrize(
    "layer",
    [
        {"use": "conv1d", "in_channels": 3, "out_channels": 7, "causal": True},
        {"use": "gru", "inputs": 3, "hidden_size": 7},
    ],
    ids=lambda layer: layer["use"],
)
def test_a_model_of_layers_writes_without_steps_of_its_own(layer, backend):
    model = of_layers(layer)
    writer = nf.Writer(model, backend=backend, slides=True)
    for k, token in enumerate(TEXT):
        window = TEXT[max(0, k + 1 - model.block_size) : k + 1]
        assert writer.read(token) == pytest.approx(last(model, window), rel=1e-12)
    one, again = (nf.generate(model, tokenizer(), nf.SplitMix32(3))[0].text for _ in range(2))
    assert one == again


def test_layers_alone_write_nothing():
    with pytest.raises(nf.InputError, match="Sequential cannot write"):
        nf.Writer(of_layers({"use": "rnn", "inputs": 3, "hidden_size": 7}).layer)
    with pytest.raises(nf.InputError, match=r"got 7 tokens; expected 1 to 6 \(its block_size\)"):
        of_layers()(TEXT[:7])


def test_a_text_ends_at_the_mark_of_ends_where_that_is_another(gpt):
    apart, one = tokenizer(), tokenizer()
    vars(apart)["eos"] = apart.encode("b")[0]
    written = [
        nf.generate(gpt(), marks, random.Random(1), count=40, most_tokens=4)
        for marks in (apart, one)
    ]
    for texts, end in zip(written, (apart.eos, one.bos), strict=True):
        assert {text.ended for text in texts} == {True, False}
        assert all((text.tokens[-1] == end) == text.ended for text in texts)
