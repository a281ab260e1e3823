"""Texts of one's own: one long text, classes of texts, questions and answers."""

from __future__ import annotations

import pytest

import neuroflow as nf

PROGRAM = "def f(x):\n    if x:\n\n        return 1\n"


def load(name, **settings):
    return nf.get("dataset", name).load()(nf.SplitMix32(0), **settings)


@pytest.fixture
def written(tmp_path):
    def write(text, name="file.txt"):
        path = tmp_path / name
        path.write_bytes(text.encode())
        return str(path)

    return write


def test_windows_go_across_lines_and_keep_everything(written):
    data = load("text", path=written("\ufeff" + PROGRAM.replace("\n", "\r\n")), block_size=8)
    windows = [data.tokenizer.decode(tokens) for tokens in data.inputs]
    assert "".join(windows) == PROGRAM[: 8 * len(windows)]
    assert len(PROGRAM) - 1 - 8 < 8 * len(windows)
    following = [data.tokenizer.decode(targets) for targets in data.targets]
    assert "".join(following) == PROGRAM[1 : 8 * len(windows) + 1]
    assert {len(tokens) for pair in data for tokens in pair} == {8}


@pytest.mark.parametrize("stride", [1, 3, 5, 8, 9])
def test_the_end_is_held_out_and_no_window_reaches_into_it(written, stride):
    data = load(
        "text", path=written("".join(map(chr, range(64, 128)))), block_size=5, stride=stride
    )
    train, test = data.split(0.3, nf.SplitMix32(0))
    seen = {token for pair in train for tokens in pair for token in tokens}
    held_out = {token for pair in test for tokens in pair for token in tokens}
    assert not seen & held_out
    assert max(seen) < min(held_out)
    assert len(test) == round(0.3 * len(data))
    closer = data.inputs[len(train)], data.targets[len(train)]  # no more than need be is left out
    assert stride > 5 or held_out & {token for tokens in closer for token in tokens}


def test_a_part_of_the_part_to_train_on_is_held_out_alike(written):
    data = load("text", path=written("".join(map(chr, range(64, 128)))), block_size=4)
    train, _ = data.split(0.25, nf.SplitMix32(0))
    first, then = train.split(0.25, nf.SplitMix32(0))
    assert max(first.targets[-1]) < then.inputs[0][0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no text"),
        ("abcd", "has 4 tokens; expected more than the 4 of a window; give a longer text"),
    ],
)
def test_texts_that_fill_no_window_are_refused(written, text, message):
    with pytest.raises(nf.InputError, match=message):
        load("text", path=written(text), block_size=4)
    few = load("text", path=written("abcdefgh"), block_size=4, stride=1)
    with pytest.raises(nf.InputError, match="overlap with those held out; expected more than 4"):
        few.split(0.3, nf.SplitMix32(0))


REVIEWS = 'id,review,mood\n1,"good, very\ngood",glad\n2,bad,sorry\n3,good,glad\n'


def test_texts_and_their_classes_are_columns_of_a_table(written):
    path = written(REVIEWS)
    data = load("texts", path=path, column="review", target="mood", block_size=6)
    assert data.labels == ("glad", "sorry")
    assert data.targets == [0, 1, 0]
    assert [data.tokenizer.decode(tokens) for tokens in data.inputs] == ["good,", "bad", "good"]
    assert all(tokens[0] == data.tokenizer.bos for tokens in data.inputs)
    assert (data.task, data.n_inputs, data.n_outputs) == ("classes", 0, 2)
    with pytest.raises(nf.InputError, match="token ids cannot be standardized"):
        data.standardized()


def test_a_class_of_tokens_is_checked_as_a_text_is():
    with pytest.raises(nf.InputError, match="example 1 has the token 3; expected 0 to 2"):
        nf.Dataset([[0, 1], [3]], [0, 1], "classes", vocab_size=3)
    with pytest.raises(nf.InputError, match="example 1 is empty"):
        nf.Dataset([[0, 1], []], [0, 1], "classes", vocab_size=3)


def test_a_classifier_of_texts_answers_texts(written, tmp_path):
    data = {"use": "texts", "path": written(REVIEWS), "column": 1, "target": 2}
    tree = {
        "schema": 1,
        "model": {"use": "text_classifier", "outputs": 2, "n_embd": 4, "n_head": 1},
        "loss": {"use": "cross_entropy"},
        "optimizer": {"use": "adam", "learning_rate": 0.05},
        "data": {**data, "tokenizer": {"use": "words", "unknown": "replace"}},
        "train": {"steps": 30, "seed": 1, "backend": "eager"},
    }
    training = nf.train(tree)
    training.run()
    nf.save(training.model, tmp_path / "m.safetensors")
    asked = ["bad", "good, never seen"]
    for model in (training.model, tmp_path / "m.safetensors"):
        assert nf.predict(model, asked, labels=True) == ["sorry", "glad"]
    compiled = nf.predict(training.model, asked, backend="numpy")
    assert compiled == [pytest.approx(row) for row in nf.predict(training.model, asked)]


PAIRS = "q;a\nab;ba\nabc;cba\n"


def test_questions_are_left_out_of_the_loss(written):
    settings = {"path": written(PAIRS), "source": "q", "target": "a", "delimiter": ";"}
    data = load("text_pairs", **settings, between="=>")
    decode, bos = data.tokenizer.decode, data.tokenizer.bos
    assert [decode([*x, y[-1]]) for x, y in data] == ["ab=>ba", "abc=>cba"]
    assert [decode(targets) for targets in data.targets] == ["ba", "cba"]
    assert all(tokens[0] == bos == targets[-1] for tokens, targets in data)
    filled = load("text_pairs", **settings, between="=>", source_length=6)
    assert filled.inputs[0][:8] == [
        bos,
        *data.tokenizer.encode("ab"),
        bos,
        bos,
        bos,
        *data.tokenizer.encode("=>"),
    ]
    with pytest.raises(nf.InputError, match=r"the question has 4 tokens .* at most 3"):
        load("text_pairs", **settings, source_length=3)


def test_a_prompt_is_what_examples_begin_with(written):
    data = load("text_pairs", path=written(PAIRS), source=0, target=1, delimiter=";", between="=")
    for question in ("ab", "ab="):
        assert data.prompting.tokens(data.tokenizer, question) == data.inputs[0][:4]
        assert data.prompting.text(question) == "ab="
    task = load("addition", digits=1)
    assert task.prompting.tokens(task.tokenizer, "1+2") == task.prompting.tokens(
        task.tokenizer, "1+2="
    )


@pytest.mark.parametrize(
    ("text", "encoding", "note"),
    [
        ("a;b\nété, oui;1\n?;2\n", "cp1252", "encoding cp1252, semicolons between cells"),
        ("a\tb\nété, oui\t1\n?\t2\n", "utf-16", "encoding utf-16, tabs between cells"),
    ],
)
def test_tables_of_texts_are_recognised_as_tables_of_numbers_are(tmp_path, text, encoding, note):
    path = tmp_path / "t.csv"
    path.write_bytes(text.encode(encoding))
    data = load("texts", path=str(path), column="a", target="b")
    assert [data.tokenizer.decode(tokens) for tokens in data.inputs] == ["été, oui", "?"]
    assert (data.labels, data.facts["recognised"]) == (("1", "2"), note)
    pairs = load("text_pairs", path=str(path), source="a", target=1)
    assert pairs.facts["recognised"] == note


def test_what_stands_for_no_number_is_a_text(written):
    path = written("q,a\nNA,null\n?,nan\n")
    data = load("text_pairs", path=path, source="q", target="a", between="|")
    assert [data.tokenizer.decode(tokens) for tokens in data.inputs] == ["NA|null", "?|nan"]
    assert load("texts", path=path, column=0, target="a").labels == ("nan", "null")
    with pytest.raises(nf.InputError, match="line 2, column 'a' is empty; fill it in"):
        load("texts", path=written("q,a\nx,\n"), column=0, target="a")
    with pytest.raises(nf.InputError, match="source and target are both the column 'a'"):
        load("text_pairs", path=path, source=1, target="a")
