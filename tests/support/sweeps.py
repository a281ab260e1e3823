"""Sweeps: tests that try a few inputs by default, and thousands when they are asked to.

``NEUROFLOW_SWEEPS=full python -m pytest -m sweep`` tries all of them (``.ci/run sweeps`` does);
with ``NEUROFLOW_FIGURES=FILE`` each also adds a line of JSON that says what it measured, of which
``python -m tests.benchmarks.trust`` makes the figures of docs/explanation/trust.md.
"""

import ast
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
    """A function that notes what a sweep measured: ``figures(tried=10_000, faults=0)``.

    Of further numbers, whole ones are counts, and of others the largest is worth knowing.
    """

    def note(*, tried, faults, **measured):
        if path := os.environ.get(FIGURES):
            what = {"tried": tried, "faults": faults, **measured}
            line = json.dumps({"test": request.node.nodeid, **what}, sort_keys=True)
            with Path(path).open("a", encoding="utf-8") as file:
                file.write(line + "\n")

    return note


def sweeps(folder):
    """Every sweep in the tests of a folder, as ``tests/room/test_file.py::test_name``."""
    return {
        f"{path.relative_to(folder.parent).as_posix()}::{node.name}": node
        for path in sorted(folder.rglob("test_*.py"))
        if (text := path.read_text(encoding="utf-8")) and "mark.sweep" in text
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef)
        if any(ast.unparse(each) == "pytest.mark.sweep" for each in node.decorator_list)
    }
