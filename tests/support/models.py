"""Models that many tests look at: small GPTs, and microgpt.py's own run."""

from __future__ import annotations

from pathlib import Path

import pytest

import neuroflow as nf

NAMES = Path(__file__).parents[3] / "shared" / "data" / "names.txt"


@pytest.fixture(scope="session")
def names_file():
    """The 32,033 names that microgpt.py was trained on; they are no part of the project."""
    if not NAMES.is_file():
        pytest.skip(f"needs the names file of microgpt.py at {NAMES}, which is not distributed")
    return NAMES


@pytest.fixture(scope="session")
def microgpt(names_file):
    """A fresh run of the recipe on that file."""

    def start(**changes):
        settings = {f"train.{name}": value for name, value in changes.items()}
        return nf.train("microgpt", {"data.path": str(names_file), **settings})

    return start


@pytest.fixture
def gpt():
    """Small models by their settings, initialised so that nothing in them is nearly zero."""

    def build(seed=1, **settings):
        small = {
            "vocab_size": 7, "n_layer": 2, "n_embd": 8, "n_head": 2, "block_size": 6,
            "initializer": {"use": "normal", "std": 0.3}, **settings,
        }  # fmt: skip
        return nf.build("gpt", rng=nf.SplitMix32(seed), **small)

    return build
