"""`nf.check` tries the derivatives; here are values by hand, and a network from names."""

from __future__ import annotations

import math

from neuroflow_mish import mish

import neuroflow as nf


def test_values_checked_by_hand():
    assert mish(0.0) == 0.0
    assert math.isclose(mish(1.0), math.tanh(math.log1p(math.e)), rel_tol=1e-15)
    assert mish(1000.0) == 1000.0
    assert mish(-1000.0) == 0.0


def test_every_entry_passes_its_checks():
    report = nf.check("neuroflow_mish")
    assert report, report


def test_it_is_a_method_a_function_and_an_activation():
    assert nf.Value(1.0).mish().data == nf.ops.mish(1.0) == mish(1.0)
    assert nf.get("activation", "mish").load() is mish
    assert nf.get("activation", "mish").id == "mish/mish@1"


def test_it_trains_in_a_network_composed_from_names():
    tree = {
        "schema": 1,
        "model": {"use": "mlp", "sizes": [2, 8, 1], "activation": "mish"},
        "loss": "hinge",
        "optimizer": {"use": "adam", "learning_rate": 0.05},
        "data": {"use": "moons", "points": 40, "noise": 0.1},
        "train": {"epochs": 80, "seed": 3},
    }
    losses = [step.loss for step in nf.train(tree)]
    assert losses[-1] < 0.5 * losses[0]
