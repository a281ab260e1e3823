"""An exporter and a check with one mistake each."""

from __future__ import annotations

import neuroflow as nf
from neuroflow_plugins.zoo.twin import twin


@twin("the exporter that writes by itself", "files", "An exporter gives contents: who calls it"
      " writes all of them, or none.")  # fmt: skip
def table_1(model, path):
    """Name and number of each parameter, a line each."""
    lines = [f"{name},{number!r}" for name, number in model.state_dict().items()]
    path.write_text("\n".join(lines))  # bug
    return {path: "\n".join(lines)}


@twin("the check that finds nothing", "trial", "What a check computes counts for nothing until"
      " results.expect is told.")  # fmt: skip
def bounded_1(entry, results):
    """The name of an entry has no more than thirty letters."""
    return len(entry.name) <= 30  # bug


def _summary(target):
    return (target.__doc__ or "").split("\n", 1)[0]


EXPORTERS = [
    nf.ExporterEntry(name="table_1", target=table_1, suffix=".csv", summary=_summary(table_1))
]
CHECKS = [
    nf.CheckEntry(name="bounded_1", target=bounded_1, kinds=("loss",), summary=_summary(bounded_1))
]
