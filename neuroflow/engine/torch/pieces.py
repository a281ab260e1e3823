"""Pieces: stretches of calls that a GPU is told once and then repeats by itself.

Starting a call costs more than a small call takes. So the first time a piece runs as it is, which
makes ready what is made at first use; the second time its calls are written down as a CUDA graph,
and from then on the graph is replayed. Whatever a piece reads and writes must outlive it, at the
same place.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch


class Piece:
    """Calls that are captured once; ``pool`` is the memory that all pieces use in turn."""

    def __init__(self, run: Callable[[], Any], pool: Any) -> None:
        self._run, self._pool = run, pool
        self._graph: Any = None
        self._is_warm = False

    def __call__(self) -> None:
        """Run them."""
        if not self._is_warm:
            self._warm()
        elif self._graph is None:
            self._graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(self._graph, pool=self._pool):
                self._run()
            self._graph.replay()
        else:
            self._graph.replay()

    def _warm(self) -> None:
        """Run them beside the stream that all else runs on, as a capture does."""
        beside = torch.cuda.Stream()
        beside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(beside):
            self._run()
        torch.cuda.current_stream().wait_stream(beside)
        self._is_warm = True
