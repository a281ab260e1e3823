"""The option ``--live`` of ``train`` and ``resume``: a page in the browser beside the run."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from neuroflow.cli.shared.output import Command, note
from neuroflow.cli.shared.progress import follow

if TYPE_CHECKING:
    from neuroflow.training import Run


def live_option(command: Command) -> Command:
    """The option ``--live``, as the argument ``live``."""
    text = "Watch the run in the browser; the result is the same, to the last bit."
    return click.option("--live", is_flag=True, help=text)(command)


def follow_to_end(run: Run, live: bool, anomaly: bool, finished: Callable[[], None]) -> None:
    """Run to the end, with a page that looks on or without one; ``finished`` tells the result."""
    if live:
        follow_live(run, anomaly, finished)
    else:
        follow(run, anomaly)
        finished()


def follow_live(run: Run, anomaly: bool, finished: Callable[[], None]) -> None:
    """Run to the end with a page that looks on; the page stays open until Ctrl-C."""
    from neuroflow.live.opening import opened
    from neuroflow.live.watch import watching

    with watching(run.training, _losses_of(run)) as (address, desk), opened(address):
        note(f"Watch the run at {address}")
        follow(run, anomaly, desk.seen)
        finished()
        note("The page stays open; stop with Ctrl-C.")
        with contextlib.suppress(KeyboardInterrupt):
            desk.stay()


def _losses_of(run: Run) -> list[float]:
    """The losses of the steps that are done, in their order; a lost one is drawn as the one before.

    A run that begins has none.
    """
    from neuroflow.training import read_metrics

    if not run.training.step:
        return []
    known = {line["step"]: line["loss"] for line in read_metrics(run.folder)}
    losses: list[float] = []
    for step in range(1, run.training.step + 1):
        loss = known.get(step)
        if loss is not None or losses:
            losses.append(losses[-1] if loss is None else loss)
    return losses
