"""Sweeps: tests that try a few inputs by default, and thousands when they are asked to.

``NEUROFLOW_SWEEPS=full python -m pytest -m sweep`` tries all of them (``.ci/run sweeps`` does);
with ``NEUROFLOW_FIGURES=FILE`` each also adds a line of JSON that says what it measured.
"""

import json
import os
from pathlib import Path

import pytest

SIZE = "NEUROFLOW_SWEEPS"
FIGURES = "NEUROFLOW_FIGURES"


def tries(few, *, full):
    """How many inputs a sweep tries: ``few`` by default, ``full`` when all are asked for."""
    return full if os.environ.get(SIZE) == "full" else few


@pytest.fixture
def figures(request):
    """A function that notes what a sweep measured: ``figures(tried=10_000, lost=0)``."""

    def note(**measured):
        if path := os.environ.get(FIGURES):
            line = json.dumps({"test": request.node.nodeid, **measured}, sort_keys=True)
            with Path(path).open("a", encoding="utf-8") as file:
                file.write(line + "\n")

    return note
