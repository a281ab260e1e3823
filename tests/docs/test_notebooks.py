"""The example notebook runs from its first cell to its last, and shows what it should."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

NOTEBOOK = Path(__file__).parents[2] / "docs" / "examples" / "notebooks" / "moons.ipynb"

EXECUTE = """
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

notebook = nbformat.read(sys.argv[1], as_version=4)
done = Path(sys.argv[2])
NotebookClient(notebook, resources={"metadata": {"path": str(done.parent)}}, timeout=60).execute()
nbformat.write(notebook, done)
"""  # in a process of its own: it leaves a thread behind


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """The code of each cell with what it shows: the data of its last output, by kind."""
    folder = tmp_path_factory.mktemp("notebook")
    subprocess.run([sys.executable, "-c", EXECUTE, NOTEBOOK, folder / "done.ipynb"], check=True)
    notebook = nbformat.read(folder / "done.ipynb", as_version=4)
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
