"""Small runs to list and compare."""

from __future__ import annotations

import pytest

import neuroflow as nf

TINY = {
    "model": {"use": "mlp", "sizes": [2, 3, 1]},
    "loss": "hinge",
    "optimizer": {"use": "sgd", "learning_rate": 0.05},
    "data": {"use": "moons", "points": 12, "test": 0.25},
    "train": {"steps": 4, "report_every": 1, "backend": "eager"},
}


@pytest.fixture
def run_in(tmp_path):
    """Make a run in a folder of this name."""

    def make(name, changes=(), steps=None):
        run = nf.Run.start(TINY, tmp_path / name, changes)
        for step in run:
            if step.step == steps:
                break
        return run

    return make
