"""Progress in Python: a bar that follows a run, in a notebook or in a terminal.

In a notebook one output is replaced again and again, which needs nothing but IPython, and
IPython is there; elsewhere the bar goes to standard error.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from neuroflow.errors import require
from neuroflow.training import Run, Step, Training
from neuroflow.view.cards import of_step

SECONDS_BETWEEN = 0.1
"""So long a bar in a notebook stays as it is, at least."""


def progress(run: Training | Run) -> Iterator[Step]:
    """The steps of a run, while a bar shows how far it is: ``for step in nf.progress(run)``.

    The run is the same with it as without.
    """
    require(run, (Training, Run), "what is followed", "a run, as nf.train or nf.Run.start gives")
    show = in_notebook if _is_notebook() else in_terminal
    with show(run) as showing:
        for step in run:
            showing(step)
            yield step


def _is_notebook() -> bool:
    """Whether this is a kernel of Jupyter, which can show HTML; a plain IPython cannot."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return hasattr(shell, "kernel")


@contextmanager
def in_notebook(run: Training | Run) -> Iterator[Callable[[Step], None]]:
    """One output that is replaced as the run goes on; the last step always shows."""
    from IPython import display

    shown: Any = display  # its functions say nothing of their types
    handle = shown.display(shown.HTML("starting"), display_id=True)
    shown_at = 0.0

    def showing(step: Step) -> None:
        nonlocal shown_at
        if time.monotonic() - shown_at >= SECONDS_BETWEEN or step.step == step.steps:
            handle.update(_Shown(step))
            shown_at = time.monotonic()

    yield showing


class _Shown:
    """A step with both of its forms, for whoever shows the output later."""

    def __init__(self, step: Step) -> None:
        self.html, self.text = of_step(step), repr(step)

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return self.text


@contextmanager
def in_terminal(run: Training | Run) -> Iterator[Callable[[Step], None]]:
    """A bar of rich on standard error."""
    from rich.console import Console
    from rich.progress import Progress

    training = run.training if isinstance(run, Run) else run
    with Progress(console=Console(stderr=True), transient=False) as shown:
        task = shown.add_task("training", total=training.steps, completed=training.step)

        def showing(step: Step) -> None:
            shown.update(task, completed=step.step, description=f"loss {step.loss:.4g}")

        yield showing
