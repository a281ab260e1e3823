"""Tokenizers turn text into ids and back; datasets of text and tasks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import neuroflow as nf

TOKENIZERS = nf.names("tokenizer")
TASKS = {"copy": str, "reverse": lambda w: w[::-1], "sort": lambda w: "".join(sorted(w))}


def test_there_are_four():
    assert {"characters", "words", "bytes", "byte_pairs"} <= set(TOKENIZERS)


@pytest.mark.parametrize("name", TOKENIZERS)
@given(st.text())
def test_decoding_gives_the_text_back(name, text):
    tokenizer = nf.get("tokenizer", name).load()().learn([text])
    ids = tokenizer.encode(text)
    assert tokenizer.decode(ids) == text
    assert all(0 <= k < tokenizer.bos for k in ids)
    again = nf.resolve("tokenizer", {"use": name, **tokenizer.configuration()})()
    assert again.encode(text) == ids


def test_byte_pairs_show_their_merges():
    tokenizer = nf.resolve("tokenizer", {"use": "byte_pairs", "n_merges": 3})()
    tokenizer = tokenizer.learn(["low low low lower"])
    assert tokenizer.merges[:2] == [["l", "o"], ["lo", "w"]]
    assert "low" in tokenizer.split("slow")[-1]


def test_what_a_tokenizer_does_not_know_is_refused():
    tokenizer = nf.get("tokenizer", "characters").load()().learn(["ab"])
    with pytest.raises(
        nf.InputError,
        match="the tokenizer does not know 'x', line 1, character 2 of the text; its 2 pieces are",
    ):
        tokenizer.encode("ax")


def load(name, seed=0, **settings):
    return nf.get("dataset", name).load()(nf.SplitMix32(seed), **settings)


def test_a_thousand_given_names_are_bundled():
    data = load("names")
    texts = {data.tokenizer.decode(tokens) for tokens in data.inputs}
    assert len(texts) >= 1000
    assert all(text.isascii() and text.islower() for text in texts)


@pytest.mark.parametrize("name", TASKS)
def test_tasks_ask_and_answer(name):
    data = load(name, examples=20, length=4)
    for tokens, targets in data:
        question = data.tokenizer.decode(tokens)[:5]
        assert question[-1] == "="
        assert data.tokenizer.decode(targets) == TASKS[name](question[:-1])


def test_addition_has_every_pair_once():
    data = load("addition")
    texts = {data.tokenizer.decode([*tokens, targets[-1]]) for tokens, targets in data}
    assert len(texts) == 10_000
    assert "27+38=560" in texts


def test_lines_of_a_file_with_anything_in_them(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("\n\nfirst ✓\n \nzweite größe\n", encoding="utf-8")
    data = load("lines", path=str(path))
    texts = sorted(data.tokenizer.decode([*x, y[-1]]) for x, y in data)
    assert texts == ["first ✓", "zweite größe"]


def test_lines_keep_their_indentation_and_trailing_blanks(tmp_path):
    path = tmp_path / "program.py"
    path.write_bytes(b"def f(x):\r\n    return x  \r\n\t\r\n\r\nf(1)")
    data = load("lines", path=str(path))
    texts = sorted(data.tokenizer.decode([*x, y[-1]]) for x, y in data)
    assert texts == ["    return x  ", "def f(x):", "f(1)"]
    names = load("names", path=str(path))
    assert "return x" in {names.tokenizer.decode([*x, y[-1]]) for x, y in names}


def test_long_lines_are_read_in_windows(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("abcdefg")
    data = load("lines", path=str(path), block_size=3)
    bos = data.tokenizer.bos
    assert data.inputs == [[bos, 0, 1], [2, 3, 4], [5, 6]]
    assert data.targets == [[0, 1, 2], [3, 4, 5], [6, bos]]


@pytest.mark.parametrize(
    ("text", "message"),
    [("", "holds no text"), (" \n\n", "holds no text"), (None, "cannot read text from")],
)
def test_files_without_text_are_refused(tmp_path, text, message):
    path = tmp_path / "text.txt"
    if text is not None:
        path.write_text(text)
    with pytest.raises(nf.InputError, match=message):
        load("lines", path=str(path))


def test_a_vocabulary_that_is_too_large_is_refused(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("\n".join(map(chr, range(0x4E00, 0x4E00 + 5000))), encoding="utf-8")
    with pytest.raises(nf.InputError, match="5,001 different pieces; expected at most 4,096"):
        load("lines", path=str(path))
    assert load("lines", path=str(path), tokenizer="bytes").vocab_size == 257


def test_what_is_no_tokenizer_is_refused():
    with pytest.raises(
        nf.InputError, match="the tokenizer is <class 'object'>; expected a name, or"
    ):
        nf.get("dataset", "names").load()(nf.SplitMix32(0), tokenizer=object)


def test_a_single_line_can_be_learned(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("just one line")
    changes = {
        "data.path": str(path), "train.steps": 2, "train.backend": "eager", "model.n_embd": 4,
    }  # fmt: skip
    run = nf.train("microgpt", changes).run()
    assert run.step == 2
    changes["data.test"] = 0.1
    with pytest.raises(nf.InputError, match="into 1 and 0; expected at least one in both parts"):
        nf.train("microgpt", changes)


def test_weight_decay_spares_norms_and_biases():
    table = {"use": "gpt", "vocab_size": 3, "n_embd": 4, "n_head": 1, "bias": True}
    model = nf.build(table)
    for parameter in model.parameters():
        parameter.data = 1.0
    adamw = nf.get("optimizer", "adamw").load()
    for backend in ("eager", "numpy"):
        still = nf.make_runner(
            model, lambda m, x: nf.Value(0.0) * m.tokens.rows[0][0], [(1.0,)], adamw,
            settings={"weight_decay": 0.5}, backend=backend,
        )  # fmt: skip
        before = model.state_dict()
        still.run([[0]], [0.1])
        for name, number in model.state_dict().items():
            undecayed = any(word in name.split(".") for word in ("gains", "biases"))
            assert number == pytest.approx(before[name] * (1.0 if undecayed else 0.95)), name
