"""Training a language model: baselines, resuming bit for bit, and the recipes."""

from __future__ import annotations

import itertools

import pytest

import neuroflow as nf
from tests.support.long_tests import all_but

SMALL = {
    "model.n_embd": 8, "model.dropout": 0.1, "train.epochs": 1, "train.report_every": 1,
    "train.batch": 9, "optimizer.schedule.warmup": 2,
    "data": {"use": "reverse", "examples": 60, "length": 2, "test": 0.1},
}  # fmt: skip


@pytest.mark.parametrize("backend", all_but(["eager", "numpy"], ["numpy"]))
def test_a_run_that_stopped_goes_on_bit_for_bit(backend, tmp_path):
    changes = {**SMALL, "train.backend": backend}
    whole = nf.Run.start("names", tmp_path / "whole", changes).run()
    stopped = nf.Run.start("names", tmp_path / "stopped", changes)
    for _ in itertools.islice(stopped, 3):
        pass
    again = nf.Run.resume(tmp_path / "stopped").run()
    assert again.training.step == whole.training.step == 6
    assert again.training.model.state_dict() == whole.training.model.state_dict()
    assert again.training.metrics == whole.training.metrics


def test_floors_are_those_of_the_held_out_texts():
    run = nf.train("names", {**SMALL, "train.backend": "eager"})
    baselines = run.dataset.facts["baselines"]
    assert baselines["uniform"] > baselines["unigram"]
    assert set(baselines) == {"uniform", "unigram", "bigram"}


def test_evaluation_weighs_every_token_alike():
    few = {"data.most_lines": 20, "model.n_embd": 8, "train.backend": "eager"}
    run = nf.train("names", few)
    run.model.eval()
    places = range(len(run.dataset), len(run.dataset) + len(run.test))
    sums = [
        loss * len(targets)
        for loss, targets in zip(run.runner.losses(places), run.test.targets, strict=True)
    ]
    tokens = sum(map(len, run.test.targets))
    assert run.scores()["test_loss"] == pytest.approx(sum(sums) / tokens, abs=1e-12)


def test_exact_answers_are_counted():
    changes = {
        "optimizer.schedule.warmup": 0,
        "data.digits": 1, "data.test": 0.2, "model.n_embd": 8, "model.n_layer": 1,
        "train.epochs": 1, "train.backend": "eager",
    }  # fmt: skip
    run = nf.train("addition", changes)
    accuracy = run.scores()["test_accuracy"]
    asked = [run.dataset.tokenizer.decode(tokens[:5]) for tokens in run.test.inputs]
    written = [
        nf.generate(run.model, run.dataset.tokenizer, run.rng, prompt=q, temperature=0.0)[0]
        for q in asked
    ]
    right = [
        list(one.tokens) == targets for one, targets in zip(written, run.test.targets, strict=True)
    ]
    assert accuracy == sum(right) / len(right)
