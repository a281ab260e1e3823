"""Exporters: the numbers of a model as a table that any program reads."""

from __future__ import annotations

import csv
import io

import neuroflow as nf


def table(model, path):
    """Name and number of each parameter and buffer, a line each; numbers to the last bit."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(["name", "number"])
    lines.writerows([name, repr(number)] for name, number in model.state_dict().items())
    return {path: text.getvalue()}


@nf.hookimpl
def neuroflow_exporters():
    """All exporters by name."""
    return [
        nf.ExporterEntry(
            name="table",
            target=table,
            suffix=".csv",
            summary="Name and number of each parameter, as a table",
        )
    ]
