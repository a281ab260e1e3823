"""Formats: a table of another form becomes the text that all tables are read from."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from neuroflow.errors import InputError, short_repr
from neuroflow.registry.entries import FormatEntry
from neuroflow.registry.manager import manager

AS_TEXT = ("", ".csv", ".tsv", ".txt")
"""Files that are read as text in columns, whatever is installed."""


def format_of(path: Path) -> FormatEntry | None:
    """The format of a file, by the end of its name; None for text in columns."""
    suffix = path.suffix.lower()
    if suffix in AS_TEXT:
        return None
    for entry in manager().registry.entries("format"):
        assert isinstance(entry, FormatEntry)
        if entry.suffix == suffix:
            return entry
    return None


def as_text(entry: FormatEntry, path: Path) -> bytes:
    """A file as CSV in UTF-8; raises :class:`InputError` for what is no row of a table."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    with entry.running():
        for row in entry.load()(path):
            if not isinstance(row, (list, tuple)):
                raise InputError(
                    f"the format {entry.shortest_name} gave {short_repr(row)} for a row of {path}",
                    expected="a list of texts and numbers",
                    got=row,
                )
            lines.writerow(row)
    return text.getvalue().encode()
