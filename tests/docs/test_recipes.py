"""The page of recipes says of each what it reached when it was trained to its end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import neuroflow as nf

MEASURED = json.loads(
    (Path(__file__).parents[2] / "docs" / "recipes.json").read_text(encoding="utf-8")
)["recipes"]


def test_every_recipe_has_its_figures():
    """If not: ``python -m tests.benchmarks.recipes NAME``."""
    assert sorted(MEASURED) == sorted(entry.name for entry in nf.find("neuroflow/*", "recipe"))


def test_the_digits_are_read_within_a_minute():
    reached = MEASURED["digits_cnn"]
    assert reached["test_accuracy"] >= 0.97
    assert reached["seconds"] <= 60.0


def test_letters_before_the_last_help_to_guess_the_next():
    bigram, *others = (
        MEASURED[f"makemore_{name}"] for name in ("bigram", "mlp", "rnn", "gru", "transformer")
    )
    assert bigram["test_loss"] == pytest.approx(bigram["pairs"], abs=0.05)
    assert all(other["test_loss"] < bigram["test_loss"] - 0.1 for other in others)
