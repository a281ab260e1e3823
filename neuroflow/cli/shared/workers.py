"""Several workers of one job, started by ``torchrun``: the first speaks, the others keep silent."""

from __future__ import annotations

import signal
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from neuroflow.cli.shared.output import note
from neuroflow.errors import NeuroflowError, NeuroflowWarning
from neuroflow.long_work import following

if TYPE_CHECKING:
    from neuroflow.engine.run.workers import Workers
    from neuroflow.training import Training

FAILED, STOPPED = 1, 130


def among_workers(
    first: Callable[[Workers | None], None], training: Callable[[Workers], Training]
) -> None:
    """Do a run as its first worker, who has a folder, or make the steps of ``training`` beside it.

    Of the others only an error is heard, in words alone.
    """
    from neuroflow.training import joined_workers

    workers: Workers | None = None
    try:
        with joined_workers() as workers:
            if workers is None or workers.is_first:
                first(workers)
            else:
                _go_along_silently(training, workers)
    except NeuroflowError as error:
        if workers is not None:  # torchrun ends all when one has ended: let the error be told
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if workers is None or workers.is_first:
            raise
        note(f"Error: {error}", style="red")
        raise click.exceptions.Exit(FAILED) from error


def _go_along_silently(training: Callable[[Workers], Training], workers: Workers) -> None:
    from neuroflow.training import go_along

    def keep_silent(*_: Any) -> None: ...

    try:
        with warnings.catch_warnings(), following(keep_silent):
            warnings.simplefilter("ignore", NeuroflowWarning)
            go_along(training(workers))
    except KeyboardInterrupt as error:  # the first one tells how to go on
        raise click.exceptions.Exit(STOPPED) from error
