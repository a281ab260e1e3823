"""`nf.check` tries gradients and configuration; here the head learns where a curve is noisy."""

from __future__ import annotations

import math

from neuroflow_gaussian import deviation, gaussian_nll

import neuroflow as nf


def test_loss_checked_by_hand():
    sigma = 1e-3 + math.log(2.0)
    assert math.isclose(gaussian_nll([1.0, 0.0], 2.0), math.log(sigma) + 0.5 / sigma**2)


def test_every_entry_passes_its_checks():
    report = nf.check("neuroflow_gaussian")
    assert report, report


def test_head_learns_mean_and_deviation():
    rng = nf.SplitMix32(4)
    points = [(x, 2.0 * x + (0.05 if x < 0 else 0.6) * rng.gauss(0.0, 1.0)) for x in
              [k / 20.0 - 1.0 for k in range(40)]]  # fmt: skip
    model = nf.build(
        "sequential",
        layers=[
            {"use": "layer", "inputs": 1, "outputs": 6, "activation": "tanh"},
            {"use": "gaussian_head", "inputs": 6},
        ],
        rng=nf.SplitMix32(1),
    )
    adam = nf.get("optimizer", "adam").load()
    state = [(0.0, 0.0) for _ in model.parameters()]
    for step in range(1, 301):
        model.zero_grad()
        nf.mean([gaussian_nll(model([x]), y) for x, y in points]).backward()
        for k, p in enumerate(model.parameters()):
            p.data, *state[k] = adam(p.data, p.grad, *state[k], learning_rate=0.03, step=step)
    quiet, noisy = (deviation(model([x])[1]).data for x in (-0.5, 0.5))
    assert quiet < 0.3 < noisy


def test_saved_and_loaded(tmp_path):
    head = nf.build("gaussian_head", inputs=2, rng=nf.SplitMix32(1))
    nf.save(head, tmp_path / "head.safetensors")
    used = nf.inspect_file(tmp_path / "head.safetensors").uses[0]
    assert (used.plugin, used.distribution) == ("gaussian", "neuroflow-gaussian")
    again = nf.load(tmp_path / "head.safetensors")
    assert [v.data for v in again([1.0, 2.0])] == [v.data for v in head([1.0, 2.0])]
