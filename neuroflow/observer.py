"""An observer: who sees the reports of a run, and can change nothing of it.

Whoever offers one needs this file alone; :mod:`neuroflow.training.observing` runs them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attrs import frozen

from neuroflow.core.configured import Configured

Step = Any
"""A :class:`neuroflow.Step`, which only a run makes."""


@frozen
class Observed:
    """A run as an observer meets it: what it is made from, where it stands, and where it is kept.

    ``folder`` is None for a run that leaves none.
    """

    configuration: Mapping[str, Any]
    step: int
    steps: int
    folder: Path | None = None


class Observer(Configured):
    """What an observer may do; all of it may be left out.

    The arguments of ``__init__`` are its settings, and become fields of the same name.

    >>> class Least(Observer):
    ...     def begin(self, run):
    ...         self.loss = float("inf")
    ...
    ...     def step(self, step):
    ...         self.loss = min(self.loss, step.loss)
    """

    def begin(self, run: Observed) -> None:
        """Before the first report; again when a run goes on."""

    def step(self, step: Step) -> None:
        """At each report; ``step.model`` is None."""

    def end(self) -> None:
        """After the last report, however the run ended."""
