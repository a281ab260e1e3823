"""The figures of trust.md are those of every sweep there is, and each sweep says what it tried."""

import ast
import json
from pathlib import Path

import pytest

from tests.support.sweeps import sweeps

ROOT = Path(__file__).parents[2]
SWEEPS = sweeps(ROOT / "tests")
MEASURED = json.loads((ROOT / "docs" / "trust.json").read_text(encoding="utf-8"))["sweeps"]


def test_every_sweep_has_its_figures():
    """If not: ``python -m tests.benchmarks.trust tests/ROOM/test_FILE.py``."""
    assert sorted(SWEEPS) == sorted(MEASURED)


@pytest.mark.parametrize("name", SWEEPS)
def test_a_sweep_says_what_it_tried_and_how_often_it_failed(name):
    calls = [
        {word.arg for word in node.keywords}
        for node in ast.walk(SWEEPS[name])
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "figures"
    ]
    assert calls
    assert all({"tried", "faults"} <= words for words in calls)


def test_no_sweep_that_is_measured_failed():
    assert {name: m["tried"] for name, m in MEASURED.items() if m["faults"] or not m["tried"]} == {}
