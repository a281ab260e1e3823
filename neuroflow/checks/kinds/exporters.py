"""Checks of exporters: files for a small model, the same each time, and nothing else."""

from __future__ import annotations

import tempfile
from pathlib import Path

from neuroflow.checks.ops.table import guarded
from neuroflow.checks.shared.numeric import has
from neuroflow.checks.shared.report import Results
from neuroflow.config import build
from neuroflow.core.random import SplitMix32
from neuroflow.registry.entries import ExporterEntry

SMALL = {"use": "mlp", "sizes": [2, 3, 1], "activation": "tanh"}


def check_exporter(entry: ExporterEntry, results: Results) -> None:
    """A summary, the end of a name, and what it makes of a small model."""
    results.expect("declared", bool(entry.summary), "there is no summary; say who reads it")
    told = f"its suffix is {entry.suffix!r}; the end of a file's name, such as '.json'"
    results.expect("declared", entry.suffix.startswith("."), told)
    if not has("numpy"):
        results.skipped("files", "numpy is not installed")
        return
    from neuroflow.export.destinations import exported  # with numpy, which a page has not

    model = build(SMALL, rng=SplitMix32(1)).eval()
    before = model.state_dict()
    with guarded(results, "files"), tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"model{entry.suffix}"
        first, again = (exported(entry, model, path) for _ in range(2))
        results.expect("files", path in first, f"it gives no content for {path.name}")
        results.expect("files", first == again, "the same model gave other files the second time")
        left = [each.name for each in Path(folder).iterdir()]
        results.expect("files", not left, f"it writes {left} itself: give the contents alone")
        changed = model.state_dict() != before
        results.expect("files", not changed, "it changes the numbers of the model")
