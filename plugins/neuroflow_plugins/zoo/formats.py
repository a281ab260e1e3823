"""Formats with one mistake each."""

from __future__ import annotations

import neuroflow as nf
from neuroflow_plugins.zoo.twin import twin


@twin("the format without the last cell", "rows", "Rows of a table have a cell for each column, and"
      " an empty one where nothing stands.")  # fmt: skip
def cells_1(path):
    """Lines of cells with commas between them."""
    for line in path.read_text(encoding="utf-8").splitlines():
        yield [cell for cell in line.split(",") if cell]  # bug


FORMATS = [
    nf.FormatEntry(
        name="cells_1",
        target=cells_1,
        suffix=".cells",
        example="x,y\n1,2\n3,\n",
        summary="Lines of cells with commas between them",
    )
]
