"""Checks with one mistake each."""

from __future__ import annotations

import neuroflow as nf
from neuroflow_plugins.zoo.twin import twin


@twin("the check that finds nothing", "trial", "What a check computes counts for nothing until"
      " results.expect is told.")  # fmt: skip
def bounded_1(entry, results):
    """The name of an entry has no more than thirty letters."""
    return len(entry.name) <= 30  # bug


CHECKS = [
    nf.CheckEntry(
        name="bounded_1",
        target=bounded_1,
        kinds=("loss",),
        summary="A name is no longer than thirty letters",
    )
]
