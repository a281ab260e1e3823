"""Training on texts: perplexity, prompts, tokens, and a run that is resumed."""

from __future__ import annotations

import math

import pytest

import neuroflow as nf
from neuroflow.checkpoint.facts import make_tokenizer
from neuroflow.training import sequence_loss


class Table(nf.Module):
    """The logits of the next token, by the token before it."""

    def __init__(self, *, vocab_size, rng):
        self.vocab_size = vocab_size
        self.rows = [[nf.Value(rng.gauss(0, 0.1)) for _ in range(vocab_size)]
                     for _ in range(vocab_size)]  # fmt: skip

    def forward(self, tokens):
        return [nf.take(self.rows, token) for token in tokens]


class Letters:
    """Token ids of the letters of an alphabet."""

    def __init__(self, *, letters: str = "abc"):
        self.letters = letters

    def configuration(self):
        return {"letters": self.letters}


def counting(rng, *, texts: int = 12, tokenizer="letters"):
    """0 1 2 0 1 2 ...: after the first token, everything can be known."""
    starts = [rng.randrange(3) for _ in range(texts)]
    full = [[(s + k) % 3 for k in range(4 + s)] for s in starts]
    inputs, targets = [t[:-1] for t in full], [t[1:] for t in full]
    letters = nf.resolve("tokenizer", tokenizer)()
    return nf.Dataset(inputs, targets, "sequence", vocab_size=3, tokenizer=letters)


@pytest.fixture
def text_task():
    from neuroflow.registry.entries import Provider
    from neuroflow.registry.manager import manager

    registry, provider = manager().registry, Provider("toys", "toys", "toys", "1", "toys")
    registry.add(nf.LayerEntry(name="table", target=Table), provider)
    registry.add(nf.TokenizerEntry(name="letters", target=Letters), provider)
    registry.add(nf.DatasetEntry(name="counting", target=counting), provider)
    yield {
        "model": "table",
        "loss": "cross_entropy",
        "optimizer": {"use": "adam", "learning_rate": 0.1},
        "data": {"use": "counting", "test": 0.25},
        "train": {"epochs": 40, "batch": 3, "backend": "eager"},
    }
    registry.remove(provider)


@pytest.mark.parametrize("backend", ["eager", "numpy"])
def test_text_is_learned_and_scored_by_perplexity(text_task, backend):
    run = nf.train(text_task, {"train.backend": backend})
    assert run.configuration["model"]["vocab_size"] == 3
    first = next(iter(run))
    assert first.loss == pytest.approx(math.log(3), abs=0.3)
    run.run()
    assert run.metrics["test_perplexity"] == pytest.approx(math.exp(run.metrics["test_loss"]))
    assert run.metrics["test_perplexity"] < 1.2


def test_the_loss_of_a_text_is_the_mean_over_its_targets(text_task):
    run = nf.train(text_task, {"train.batch": 1, "train.shuffle": False})
    tokens, targets = run.dataset[0]
    logits = run.model(tokens)
    cross_entropy = nf.get("loss", "cross_entropy").load()
    losses = [cross_entropy(row, t).data for row, t in zip(logits, targets, strict=True)]
    assert next(iter(run)).losses[0] == pytest.approx(sum(losses) / len(losses), rel=1e-12)


def test_a_prompt_can_be_left_out_of_the_loss(text_task):

    model = Table(vocab_size=3, rng=nf.SplitMix32(0))
    loss = sequence_loss(nf.get("loss", "cross_entropy").load())
    assert loss(model, [0, 1, 2], [0]).data == loss(model, [2], [0]).data


def test_a_token_outside_the_vocabulary_is_refused(text_task):
    with pytest.raises(nf.InputError, match=r"the model answers with 5 number\(s\), .* needs 3"):
        nf.train(text_task, {"model": {"use": "table", "vocab_size": 5}})


def test_a_model_of_text_on_points(text_task):
    with pytest.raises(nf.ConfigurationError, match="'moons' has no vocabulary to take it from"):
        nf.train(text_task, {"data": "moons"})
    with pytest.raises(nf.ConfigurationError, match=r"layer\.vocab_size: missing"):
        nf.build("table")


def test_label_smoothing_comes_through_the_configuration(text_task):
    plain = next(iter(nf.train(text_task)))
    smooth = next(iter(nf.train(text_task, {"loss.label_smoothing": 0.5})))
    assert plain.loss != smooth.loss


def test_a_text_run_is_saved_and_resumed(text_task, tmp_path):
    text_task["data"]["tokenizer"] = {"use": "letters", "letters": "xyz"}
    whole = nf.Run.start(text_task, tmp_path / "a").run()
    for step in nf.Run.start(text_task, tmp_path / "b"):
        if step.step > 20:
            break
    again = nf.Run.resume(tmp_path / "b").run()
    assert again.training.model.state_dict() == whole.training.model.state_dict()
    assert nf.load(tmp_path / "b" / "checkpoint.safetensors").vocab_size == 3
    saved = nf.inspect_file(tmp_path / "b" / "checkpoint.safetensors")
    assert saved.data["tokenizer"] == {"use": "toys/letters", "letters": "xyz"}
    assert make_tokenizer(saved.data["tokenizer"]).letters == "xyz"
    assert "toys/letters@1" in {used.id for used in saved.uses}


@pytest.mark.parametrize("padding", [True, False])
def test_lines_of_many_lengths_are_compiled_as_lines_of_a_few_unless_that_is_switched_off(
    padding, tmp_path
):
    lines = tmp_path / "lines.txt"
    lines.write_text("\n".join("ab" * k + "a" * (k % 2) for k in range(1, 19)))
    run = nf.train({
        "model": {"use": "gpt", "n_embd": 2, "n_head": 1, "block_size": 40},
        "loss": "cross_entropy", "optimizer": "sgd",
        "data": {"use": "lines", "path": str(lines), "block_size": 40},
        "train": {"steps": 1, "backend": "numpy", "padding": padding, "compare": False},
    })  # fmt: skip
    run.runner.gradients(range(len(run.dataset)))
    assert run.runner.loss.n_traces == (0 if padding else 18)
