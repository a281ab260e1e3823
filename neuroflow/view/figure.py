"""A figure of matplotlib that shows itself in a notebook, whether pyplot is there or not.

This file alone imports matplotlib (extra ``plot``) when it is imported.
"""

from __future__ import annotations

import io
from typing import Any

from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

LOOK: Any = {"font.family": "DejaVu Sans", "font.size": 9, "axes.titlesize": 10}
"""The fonts of every picture, whatever somebody has set for their own."""


class PlainFigure(Figure):
    """A figure that belongs to nobody: pyplot neither keeps nor shows it.

    Margins that are ``fixed`` are its maker's to choose; all others are fitted to what is in the
    picture, for which it is laid out twice before it is drawn.
    """

    def __init__(self, width: float, height: float, fixed: bool = False) -> None:
        with rc_context(LOOK):
            layout: Any = None if fixed else "constrained"
            super().__init__(figsize=(width, height), dpi=120, layout=layout)
            FigureCanvasAgg(self)

    def png(self) -> bytes:
        """The picture; the same figure gives the same bytes."""
        buffer = io.BytesIO()
        with rc_context(LOOK):
            self.savefig(buffer, format="png", metadata={"Software": None})
        return buffer.getvalue()

    def _repr_png_(self) -> bytes:
        return self.png()
