"""A small configuration that is right, and what is wrong with others."""

import pytest

import neuroflow as nf

MOONS = {
    "model": {"use": "mlp", "sizes": [2, 4, 1]},
    "loss": "hinge",
    "optimizer": {"use": "sgd", "learning_rate": 1},
    "data": {"use": "moons", "points": 20},
    "train": {"steps": 3},
}


def problems_of(tree, changes=()):
    """The message that refuses a configuration."""
    with pytest.raises(nf.ConfigurationError) as caught:
        nf.configure(tree, changes)
    return str(caught.value)
