"""Models of texts at the command line: each says what it is, and the command it names works."""

from __future__ import annotations

import io
import json
import re
import shlex

import pytest
from click.testing import CliRunner
from rich.console import Console

import neuroflow as nf
from neuroflow.checkpoint import CHECKPOINT
from neuroflow.cli import main
from neuroflow.cli.shared.progress import LongWork, in_words

SMALL = {"n_embd": 4, "n_head": 2, "block_size": 8}
PAIRS = {"use": "text_pairs", "path": "pairs.csv", "source": "q", "target": "a"}
KINDS = {
    "writes": ({"use": "gpt", **SMALL}, {"use": "lines", "path": "text.txt"}),
    "goes_on": ({"use": "gpt", **SMALL}, {"use": "text", "path": "text.txt", "block_size": 8}),
    "answers": ({"use": "gpt", **SMALL}, {**PAIRS, "between": "="}),
    "translates": (
        {"use": "encoder_decoder", "source_length": 4, **SMALL}, {**PAIRS, "source_length": 4},
    ),
    "tells_apart": (
        {"use": "text_classifier", "outputs": 2, **SMALL},
        {"use": "texts", "path": "pairs.csv", "column": "q", "target": "a"},
    ),
}  # fmt: skip
ASKED_BY = {
    "writes": "generate", "goes_on": "generate", "answers": "both", "translates": "both",
    "tells_apart": "predict", "fills_in": "predict",
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A run of every kind, after one step; and a model that sees the whole text."""
    here = tmp_path_factory.mktemp("texts")
    here.joinpath("text.txt").write_text("ab ba\n  bab\naab ab\n")
    here.joinpath("pairs.csv").write_text("q,a\nab,ba\nbb,bb\n")
    for kind, (model, data) in KINDS.items():
        tree = {
            "schema": 1, "model": model, "loss": {"use": "cross_entropy"},
            "optimizer": {"use": "sgd", "learning_rate": 0.1},
            "data": {**data, "path": str(here / data["path"])},
            "train": {"steps": 1, "seed": 1, "backend": "eager", "evaluate_every": 1},
        }  # fmt: skip
        nf.Run.start(tree, here / kind).run()
    encoder = nf.build({"use": "encoder", "vocab_size": 5, **SMALL}, rng=nf.SplitMix32(0))
    encoder.trained_on = nf.load(here / "writes").trained_on
    (here / "fills_in").mkdir()
    nf.save(encoder, here / "fills_in" / CHECKPOINT)
    return here


def invoke(*words, **options):
    return CliRunner().invoke(main, list(map(str, words)), **options)


@pytest.mark.parametrize("kind", ASKED_BY)
def test_a_command_answers_or_names_the_command_that_does(folder, kind):
    for command, words in (("generate", ["--prompt", "ab"]), ("predict", ["ab"])):
        told = invoke(command, folder / kind, *words)
        if ASKED_BY[kind] in (command, "both"):
            assert told.exit_code == 0, told.stderr
            continue
        assert told.exit_code == 1
        (advice,) = re.findall(r"use: neuroflow (.+)", told.stderr)
        assert advice.split()[0] == ASKED_BY[kind]
        advised = invoke(*shlex.split(advice.replace("some text", "ab")))
        assert advised.exit_code == 0, advised.stderr


def test_predict_answers_texts(folder):
    found = json.loads(invoke("predict", folder / "answers", "ab", "bb=", "--json").stdout)
    model = nf.load(folder / "answers")
    for told, question in zip(found["predictions"], ("ab", "bb="), strict=True):
        (written,) = nf.generate(model, prompt=question, temperature=0.0)
        assert told == {"input": [question], "output": written.answer}
    classes = json.loads(invoke("predict", folder / "tells_apart", "ab", "--json").stdout)
    assert classes["predictions"][0]["label"] in ("ba", "bb")
    assert len(classes["predictions"][0]["output"]) == 2
    assert sum(classes["predictions"][0]["probabilities"].values()) == pytest.approx(1.0)
    filled = json.loads(invoke("predict", folder / "fills_in", "ab", "--json").stdout)
    assert isinstance(filled["predictions"][0]["output"], str)


def test_texts_are_read_from_the_column_of_a_file_or_from_lines(folder, tmp_path):
    table = tmp_path / "new.csv"
    table.write_text('x,q\n1,"ab, ba"\n2,bb\n')
    refused = invoke("predict", folder / "tells_apart", "--csv", table)
    assert "the tokenizer does not know ',', line 1, character 3 of the text" in refused.stderr
    table.write_text("x,q\n1,ab\n2,bb\n")
    for told in (
        invoke("predict", folder / "tells_apart", "--csv", table, "--json"),
        invoke("predict", folder / "tells_apart", "--json", input="ab\n\nbb\n"),
    ):
        asked = [one["input"] for one in json.loads(told.stdout)["predictions"]]
        assert asked == [["ab"], ["bb"]]
    assert (
        invoke("predict", folder / "answers", "--csv", table).stdout.splitlines()[0] == "answer,x,q"
    )


def test_a_question_is_needed_where_the_model_reads_a_source(folder):
    told = invoke("generate", folder / "translates")
    assert "the model answers questions, and there is none; give one as the prompt" in told.stderr


@pytest.mark.filterwarnings("default")
def test_one_long_text_is_gone_on_with_beyond_the_block(folder):
    words = ("generate", folder / "goes_on", "--prompt", "ab", "--most-tokens", 30, "--count", 9)
    told = invoke(*words, "--seed", 1, "--json")
    assert told.exit_code == 0, told.stderr
    texts = json.loads(told.stdout)["texts"]
    assert [text["known"] for text in texts] == [None] * 9
    assert max(len(text["tokens"]) for text in texts) > 8
    assert told.stderr.count("it forgets the oldest, first 'a'") == 1
    assert nf.load(folder / "goes_on").trained_on.prompting == nf.Prompting(begins=False)


def test_inspect_shows_the_tokenizer_and_what_stands_around_texts(folder):
    told = " ".join(invoke("inspect", folder / "translates").stdout.split())
    assert "tokenizer characters" in told
    assert "3 pieces: '\\n' 'a' 'b'" in told
    assert "between question and answer: '\\n' questions are filled up to 4 tokens" in told
    continuous = invoke("inspect", folder / "goes_on").stdout
    assert "learned from parts of one text" in continuous


@pytest.mark.parametrize("is_terminal", [False, True])
def test_long_work_is_shown_on_a_terminal_alone(monkeypatch, is_terminal):
    screen = Console(file=io.StringIO(), force_terminal=is_terminal, force_interactive=is_terminal)
    monkeypatch.setattr("neuroflow.cli.shared.progress.console", lambda stderr: screen)
    monkeypatch.setattr(LongWork, "PATIENCE", -1.0)
    work = LongWork()
    for done in range(4):
        work("learning", done, 3)
    assert ("learning" in screen.file.getvalue()) == is_terminal


def test_long_work_within_a_step_is_told_in_words(monkeypatch):
    told = []
    hear = in_words(told.append)
    for done in range(4):
        hear("evaluating", done, 3)
    monkeypatch.setattr(LongWork, "PATIENCE", -1.0)
    for done in range(4):
        hear("predicting", done, 3)
    assert told == ["predicting 1 of 3", "predicting 2 of 3"]
