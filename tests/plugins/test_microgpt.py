"""The recipe microgpt is microgpt.py: the same losses, gradients and samples."""

from __future__ import annotations

import math
import random

import pytest

import neuroflow as nf

TOLERANCE = 1e-9
FIRST_LOSSES = {1: 3.3659669475848504, 2: 3.4242727838717717, 3: 3.177802125458052}
ROUNDED_LOSSES = {
    4: 3.0664, 5: 3.2209, 10: 3.2229, 50: 2.4050, 100: 3.3669, 500: 2.0645,
    997: 1.7791, 998: 2.4764, 999: 2.4730,
}  # fmt: skip
POSITIONS = [
    3.6282501466505988, 3.2145814122198564, 3.5608417840041575, 3.5419722443055854,
    3.0742732396794525, 3.237508130666618, 3.3043416755676898,
]  # fmt: skip
NORMS = [2.06182704635954, 1.9167758298230024, 2.0446621826627958]
SLOPES = {
    "places.rows.0.0": 0.06951253703491278,
    "head.weights.0.0": -0.006371850605660636,
    "blocks.0.attention.query.weights.0.0": 2.7156580626405e-4,
    "blocks.0.attention.key.weights.0.0": 9.950541253532e-5,
    "blocks.0.attention.value.weights.0.0": -0.0016350321450111,
    "blocks.0.attention.output.weights.0.0": -0.0057167379061548,
    "blocks.0.feed_forward.up.weights.0.0": 0.0017137791989707,
    "blocks.0.feed_forward.down.weights.0.0": 0.0039506071586036,
}
SAMPLES = (
    "kamon ann karai jaire vialan karia yeran anna areli kaina konna keylen liole alerin earan"
    " lenne kana lara alela anton"
)


def test_order_of_documents_needs_no_file():
    rng = random.Random(42)
    order = list(range(32033))
    rng.shuffle(order)
    model = nf.build(
        "gpt", vocab_size=27, norm_gain=False, embedding_norm=True,
        initializer={"use": "normal", "std": 0.08}, rng=rng,
    )  # fmt: skip
    assert len(model.parameters()) == 4192
    # yuheng, with the weights that follow the shuffle
    tokens, targets = [26, 24, 20, 7, 4, 13, 6], [24, 20, 7, 4, 13, 6, 26]
    cross_entropy = nf.get("loss", "cross_entropy").load()
    losses = [cross_entropy(x, t) for x, t in zip(model(tokens), targets, strict=True)]
    assert [loss.data for loss in losses] == pytest.approx(POSITIONS, abs=TOLERANCE)
    loss = nf.mean(losses)
    loss.backward()
    assert loss.data == pytest.approx(FIRST_LOSSES[1], abs=TOLERANCE)
    parameters = dict(model.named_parameters())
    for name, slope in SLOPES.items():
        assert parameters[name].grad == pytest.approx(slope, abs=1e-13), name
    norm = math.sqrt(sum(p.grad**2 for p in parameters.values()))
    assert norm == pytest.approx(NORMS[0], abs=TOLERANCE)


def test_documents_and_floors(microgpt):
    run = microgpt(backend="eager", steps=1)
    texts = [run.dataset.tokenizer.decode(tokens) for tokens in run.dataset.inputs[:3]]
    assert texts == ["yuheng", "diondre", "xavien"]
    assert run.dataset.inputs[0] == [26, 24, 20, 7, 4, 13, 6]
    assert len(run.dataset) == 32033
    assert run.dataset.facts["baselines"] == pytest.approx(
        {"uniform": 3.295836866, "unigram": 2.822726343, "bigram": 2.454014489}, abs=1e-9
    )


def test_first_20_steps_eagerly_then_compiled(microgpt):
    eager = microgpt(backend="eager", steps=1000)
    compiled = microgpt(steps=1000)
    losses = []
    for k in range(3):
        losses += eager.runner.run([[k]], [eager.rate_at(k)])
        assert eager.runner.gradient_norm == pytest.approx(NORMS[k], abs=TOLERANCE)
    losses += eager.runner.run([[k] for k in range(3, 20)], list(map(eager.rate_at, range(3, 20))))
    assert losses[:3] == pytest.approx(list(FIRST_LOSSES.values()), abs=TOLERANCE)
    same = compiled.runner.run([[k] for k in range(20)], list(map(compiled.rate_at, range(20))))
    assert losses == pytest.approx(same, abs=TOLERANCE)


def test_all_1000_steps_and_the_20_samples(microgpt):
    run = microgpt()
    losses = [loss for step in run for loss in step.losses]
    assert len(losses) == 1000
    for step, loss in FIRST_LOSSES.items():
        assert losses[step - 1] == pytest.approx(loss, abs=TOLERANCE)
    for step, loss in ROUNDED_LOSSES.items():
        assert losses[step - 1] == pytest.approx(loss, abs=5e-5)
    assert losses[-1] == pytest.approx(2.6496944697407585, abs=TOLERANCE)
    assert sum(losses[:100]) / 100 == pytest.approx(2.772518, abs=5e-6)
    assert sum(losses[900:]) / 100 == pytest.approx(2.276121, abs=5e-6)
    written = nf.generate(run.model, run.dataset.tokenizer, run.rng, count=20, temperature=0.5)
    assert " ".join(one.text for one in written) == SAMPLES
