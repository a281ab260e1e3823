"""Looking ahead: what reads its own answers is refused, whatever it is called; nothing else is."""

from __future__ import annotations

import random

import pytest

import neuroflow as nf
from neuroflow.training.looking_ahead import refuse_looking_ahead

TEXTS = [[3, 0, 1, 2, 0, 2], [3, 1, 1, 0]]
HEADS = {"vocab_size": 4, "n_embd": 4, "n_head": 2, "block_size": 8}


def data(texts=TEXTS, asked=0):
    """The next tokens of texts; of the first ``asked`` nothing is asked."""
    return nf.Dataset(
        [text[:-1] for text in texts], [text[asked + 1 :] for text in texts], "sequence",
        vocab_size=4,
    )  # fmt: skip


class Rows(nf.Module):
    """Tokens as rows, some layer on all rows, and scores."""

    def __init__(self, mix, zero=False):
        self._mix = mix
        draw = random.Random(1).gauss
        self.table = [[nf.Value(draw(0, 1)) for _ in range(3)] for _ in range(4)]
        self.scale = nf.Value(0.0 if zero else 1.0)
        if isinstance(mix, nf.Module):
            self.mix = mix

    def forward(self, tokens):
        rows = [nf.take(self.table, token) for token in tokens]
        rows = [[self.scale * x for x in row] for row in self._mix(rows)]
        return [[nf.dot(row, word) for word in self.table] for row in rows]


def means(first, last):
    """The mean over the rows from ``first(k)`` to ``last(k)``, for each row k."""

    def mix(rows):
        parts = [rows[max(0, first(k)) : last(k) + 1] for k in range(len(rows))]
        return [[nf.mean(list(column)) for column in zip(*part, strict=True)] for part in parts]

    return mix


CAUSAL = {
    "gpt": lambda: nf.build("gpt", **HEADS),
    "a mean of what came before": lambda: Rows(means(lambda k: 0, lambda k: k)),
    "attention": lambda: Rows(nf.build("attention", size=3)),
    "a mask that is added": lambda: Rows(masked(-1e9)),
}
LEAKING = {
    "encoder": (lambda: nf.build("encoder", **HEADS), "blocks.0.attention (MultiHeadAttention)"),
    "attention without a mask": (
        lambda: Rows(nf.build("attention", size=3, causal=False)), "mix (Attention)",
    ),
    "one token ahead": (lambda: Rows(means(lambda k: k, lambda k: k + 1)), "the model (Rows)"),
    "two tokens ahead": (lambda: Rows(means(lambda k: k, lambda k: k + 2)), "the model (Rows)"),
    "zeros that hide it": (
        lambda: Rows(means(lambda k: k, lambda k: k + 1), zero=True), "the model (Rows)",
    ),
    "a mask that is too weak": (lambda: Rows(masked(-3.0)), "the model (Rows)"),
    "backwards": (lambda: Rows(lambda rows: rows[::-1]), "the model (Rows)"),
}  # fmt: skip


def masked(unseen):
    """Attention of rows to rows, with something added to the scores of later ones."""

    def mix(rows):
        made = []
        for k, row in enumerate(rows):
            scores = [nf.dot(row, other) + unseen * (j > k) for j, other in enumerate(rows)]
            exps = [nf.exp(score) for score in scores]
            total = nf.sum(exps)
            weights = [e / total for e in exps]
            made.append([nf.dot(weights, list(column)) for column in zip(*rows, strict=True)])
        return made

    return mix


@pytest.mark.parametrize("make", CAUSAL.values(), ids=CAUSAL)
def test_a_causal_model_is_left_alone(make):
    model = make()
    before = model.state_dict()
    for asked in (0, 2):
        refuse_looking_ahead(model, data(asked=asked))
    assert model.state_dict() == before


@pytest.mark.parametrize(("make", "culprit"), LEAKING.values(), ids=LEAKING)
def test_a_model_that_sees_its_answers_is_refused_and_the_part_is_named(make, culprit):
    with pytest.raises(nf.InputError) as caught:
        refuse_looking_ahead(make(), data())
    assert f", through {culprit}; expected a causal model" in str(caught.value)


def test_a_question_may_be_read_as_a_whole_and_its_answer_may_not():
    whole = Rows(means(lambda k: 0, lambda k: max(2, k)))
    refuse_looking_ahead(whole, data(asked=2))
    with pytest.raises(nf.InputError, match="sees what it must predict"):
        refuse_looking_ahead(whole, data())
    decoder = nf.build("encoder_decoder", source_length=2, **HEADS)
    refuse_looking_ahead(decoder, data(asked=2))


def test_tasks_whose_targets_are_not_the_next_tokens_may_see_everything():
    tagged = nf.Dataset(
        TEXTS, [[1 - t % 2 for t in text] for text in TEXTS], "sequence", vocab_size=4
    )
    refuse_looking_ahead(nf.build("encoder", **HEADS), tagged)


def test_training_refuses_before_the_first_step_and_inside_other_layers():
    inner = {"use": "encoder", "n_embd": 4, "n_head": 2}
    tree = {
        "model": {"use": "sequential", "layers": [inner]}, "loss": "cross_entropy",
        "optimizer": "adam", "data": {"use": "names", "most_lines": 20}, "train": {"steps": 1},
    }  # fmt: skip
    with pytest.raises(nf.InputError, match=r"through layers\.0\.blocks\.0\.attention"):
        nf.train(tree)
    tree["model"]["layers"] = [{**inner, "use": "gpt"}]
    run = nf.train(tree)
    assert run.configuration["model"]["layers"][0]["vocab_size"] == run.dataset.vocab_size
