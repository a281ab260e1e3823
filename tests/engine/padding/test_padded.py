"""Texts of many lengths, compiled as texts of a few: the same losses, gradients and draws."""

from __future__ import annotations

import random

import pytest

import neuroflow as nf
from neuroflow.engine.padding.padded import LengthsWarning
from neuroflow.training.examples import position_losses, sequence_loss, weighted_loss

LENGTHS = range(1, 18)
ADAM = nf.get("optimizer", "adam").load()
CROSS_ENTROPY = nf.get("loss", "cross_entropy").load()


def examples_of(weighted: bool) -> list[tuple]:
    """One text of each length; of some the last tokens alone have targets."""
    rng = random.Random(1)
    texts = [[rng.randrange(5) for _ in range(n + 1)] for n in LENGTHS]
    return [
        (text[:-1], text[1:][-rng.randrange(1, len(text)) :], *[0.5 + k] * weighted)
        for k, text in enumerate(texts)
    ]


def runner_of(model, backend: str, weighted: bool = False, **more):
    loss = sequence_loss(CROSS_ENTROPY)
    return nf.make_runner(
        model.train(), weighted_loss(loss) if weighted else loss, examples_of(weighted), ADAM,
        backend=backend, losses=position_losses(CROSS_ENTROPY), **more,
    )  # fmt: skip


def numbers(x) -> list[float]:
    return [y for part in x for y in numbers(part)] if isinstance(x, (list, tuple)) else [x]


def all_results(runner) -> list[float]:
    batches = [[3, 16, 9], [5, 11, 1, 0]]
    return numbers([
        runner.gradients(batches[0]), runner.run(batches, [0.01, 0.01]),
        runner.losses(range(len(LENGTHS))), runner.gradients(batches[1]),
        runner.predict([runner.examples[k][0] for k in (2, 9, 16)]),
    ])  # fmt: skip


def gpt(**settings):
    sizes = {"vocab_size": 5, "n_embd": 4, "n_head": 2, "block_size": 17}
    return nf.build("gpt", **sizes, rng=nf.SplitMix32(3), **settings)


@pytest.mark.parametrize(
    ("settings", "weighted"),
    [({}, True), ({"dropout": 0.3}, False), ({"positions": "rotary"}, False)],
    ids=["weights", "dropout", "rotary"],
)
def test_texts_that_are_filled_up_give_what_they_give_eagerly(settings, weighted):
    compiled = runner_of(gpt(**settings), "numpy", weighted)
    eager = runner_of(gpt(**settings), "eager", weighted)
    assert all_results(compiled) == pytest.approx(all_results(eager), rel=1e-12, abs=1e-14)
    assert (compiled.loss.n_traces, compiled.loss.filled.n_traces) == (0, 2)


class Rows(nf.Module):
    """The scores of the next token by the token before it, and what a subclass makes of them."""

    def __init__(self):
        rng = random.Random(2)
        self.rows = [[nf.Value(rng.gauss(0, 1)) for _ in range(5)] for _ in range(5)]

    def forward(self, tokens):
        rows = [nf.take(self.rows, token) for token in tokens]
        return [self.of(rows, k) for k in range(len(rows))]

    def of(self, rows, k):
        return rows[k]


class Ahead(Rows):
    def of(self, rows, k):
        return [x + 0.1 * y for x, y in zip(rows[k], rows[-1], strict=True)]


class Scaled(Rows):
    def of(self, rows, k):
        return [x / len(rows) for x in rows[k]]


class FromTheEnd(Rows):
    def of(self, rows, k):
        return [x * (len(rows) - k) for x in rows[k]]


class Noisy(Rows):
    """Draws once for the text, and then for each token, of which the last takes the first."""

    def __init__(self):
        super().__init__()
        self.rng = random.Random(4)

    def forward(self, tokens):
        whole = nf.random_input(self.rng.random)
        each = [nf.random_input(self.rng.random) for _ in tokens][::-1]
        rows = super().forward(tokens)
        return [[whole * x + e for x in row] for row, e in zip(rows, each, strict=True)]


class Last(Rows):
    """One answer for a whole text."""

    def forward(self, tokens):
        return nf.take(self.rows, tokens[-1])


class Endless(Rows):
    """Infinite from the tenth token on."""

    def of(self, rows, k):
        return [x + 0.0 * nf.log(nf.exp(x) * max(0, 10 - k)) for x in rows[k]]


@pytest.mark.parametrize("kind", [Ahead, Scaled, FromTheEnd])
def test_where_filling_up_would_change_something_each_length_is_compiled_by_itself(kind):
    compiled, eager = runner_of(kind(), "numpy"), runner_of(kind(), "eager")
    assert all_results(compiled) == pytest.approx(all_results(eager), rel=1e-12)
    assert compiled.loss.filled.n_traces == 0
    assert compiled.loss.n_traces == len(LENGTHS)


def test_numbers_are_drawn_for_the_tokens_that_a_text_has_and_in_its_order():
    compiled, eager = runner_of(Noisy(), "numpy"), runner_of(Noisy(), "eager")
    assert all_results(compiled) == pytest.approx(all_results(eager), rel=1e-12)
    assert (compiled.loss.n_traces, compiled.loss.filled.n_traces) == (0, 2)


def test_what_is_infinite_behind_the_end_of_a_text_reaches_nothing():
    compiled, eager = runner_of(Endless(), "numpy", compare=False), runner_of(Endless(), "eager")
    steps = [[0, 1], [2, 5], [3, 4]], [0.1, 0.1, 0.1]
    assert compiled.run(*steps) == pytest.approx(eager.run(*steps), rel=1e-12)
    assert compiled.losses([1, 4]) == pytest.approx(eager.losses([1, 4]), rel=1e-12)
    assert compiled.gradients([5])[1] == pytest.approx(eager.gradients([5])[1], rel=1e-12)
    with pytest.raises(nf.DomainError, match="step 4"):
        compiled.run([[15]], [0.1])


def test_texts_of_many_lengths_with_one_target_each_are_told_once_in_words():
    texts = [[k % 5 for k in range(n)] for n in range(1, 34)]
    runner = nf.make_runner(
        Last(), lambda model, text, target: CROSS_ENTROPY(model(text), target),
        [(text, text[0]) for text in texts], ADAM, backend="numpy",
    )  # fmt: skip
    with pytest.warns(
        LengthsWarning, match=r"texts of 33 lengths .* by itself: no loss is known for each of"
    ):
        runner.losses(range(33))
    runner.predict(texts)  # warnings are errors here: nothing is told again


def test_texts_of_many_lengths_that_cannot_be_filled_up_are_told_once():
    model, rng = Ahead(), random.Random(0)
    texts = [[rng.randrange(5) for _ in range(n)] for n in range(1, 34)]
    runner = nf.make_runner(
        model, sequence_loss(CROSS_ENTROPY), [(text, text) for text in texts], ADAM,
        backend="numpy", losses=position_losses(CROSS_ENTROPY),
    )  # fmt: skip
    with pytest.warns(LengthsWarning, match=r"texts of 33 lengths .* depends on later tokens, so"):
        runner.losses(range(33))
    runner.predict(texts)  # warnings are errors here: nothing is told again
