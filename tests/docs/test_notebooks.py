"""The example notebook runs from its first cell to its last, and shows what it should."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).parents[2] / "docs" / "examples" / "notebooks" / "moons.ipynb"


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """The code of each cell with what it shows: the data of its last output, by kind."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    folder = tmp_path_factory.mktemp("notebook")
    client = NotebookClient(notebook, resources={"metadata": {"path": str(folder)}}, timeout=60)
    asyncio.run(client.async_execute())  # execute() would leave a thread behind
    nbformat.write(notebook, folder / "done.ipynb")
    return {
        cell.source.strip().splitlines()[-1]: [dict(out.get("data", {})) for out in cell.outputs]
        for cell in notebook.cells
        if cell.cell_type == "code"
    }


def data_of(shown, line):
    (data,) = shown[line]
    return data


@pytest.mark.parametrize(
    ("line", "in_html", "in_text"),
    [
        ("data", "<th", r"<Dataset 'moons': 60 examples.*>"),
        ("model", "33 parameters", r"MLP\(sizes=\[2, 8, 1\].*\)"),
        ("run", "<polyline", r"<Run runs/slow: step 60 of 60, loss [\d.e-]+>"),
        ("last", "gradient norm", r"<Step 60 of 60, epoch 60, loss [\d.e-]+>"),
        ('nf.compare("runs/slow", "runs/quick")', "<polyline", "loss +first"),
        ('nf.runs("runs")', "activation", "run +when"),
        ("    last = step", "width:100.0%", r"<Step 60 of 60, epoch 60, loss [\d.e-]+>"),
    ],
)
def test_a_thing_shows_itself_in_html_and_in_short_text(shown, line, in_html, in_text):
    data = data_of(shown, line)
    assert in_html in data["text/html"]
    assert "<script" not in data["text/html"]
    assert re.match(in_text, data["text/plain"])
    assert len(data["text/plain"].splitlines()) < 20


def test_a_figure_is_a_picture_that_pyplot_did_not_make(shown):
    for line in ("nf.plot(data)", "nf.plot(run)"):
        assert "image/png" in data_of(shown, line)


def test_a_receipt_is_a_formula(shown):
    data = data_of(shown, "loss.explain()")
    assert data["text/latex"].startswith(r"$\displaystyle")
    assert data["text/plain"].startswith("tanh(")
