"""Checks of formats: an example is read, the same twice, as rows of one width."""

from __future__ import annotations

import tempfile
from pathlib import Path

from neuroflow.checks.ops.table import guarded
from neuroflow.checks.shared.report import Results
from neuroflow.data.formats import AS_TEXT
from neuroflow.registry.entries import FormatEntry


def check_format(entry: FormatEntry, results: Results) -> None:
    """The end of a name, and what it makes of its example."""
    told = f"its suffix is {entry.suffix!r}; the end of a file's name, such as '.jsonl'"
    results.expect("declared", entry.suffix.startswith(".") and entry.suffix not in AS_TEXT, told)
    if not entry.example:
        results.skipped("rows", "it has no example; give the content of a small file")
        return
    with guarded(results, "rows"), tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"table{entry.suffix}"
        path.write_text(entry.example, encoding="utf-8")
        first, again = ([list(row) for row in entry.load()(path)] for _ in range(2))
        results.expect("rows", first == again, "the same file gave other rows the second time")
        results.expect("rows", len(first) > 1, f"it gave {len(first)} rows: names, then data")
        widths = sorted({len(row) for row in first if row})
        results.expect("rows", len(widths) == 1, f"its rows have {widths} cells; all as many")
        kept = path.read_text(encoding="utf-8") == entry.example
        results.expect("rows", kept, "it changes the file that it reads")
