"""``neuroflow resume RUN``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from neuroflow.cli.shared.output import json_option, note
from neuroflow.cli.shared.progress import anomaly_option
from neuroflow.cli.shared.summary import finish
from neuroflow.cli.shared.watching import follow_to_end, live_option
from neuroflow.cli.shared.workers import among_workers


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@live_option
@anomaly_option
@json_option
def resume(run: Path, live: bool, anomaly: bool, as_json: bool) -> None:
    """Go on with a run that was stopped or killed, from its folder RUN.

    It ends with the same numbers, to the last bit, as a run that was never stopped; started by
    torchrun with another number of workers, to rounding.

    \b
    Examples:
      neuroflow resume runs/moons
      neuroflow resume runs/moons --live
    """
    from neuroflow.training import read_run

    def first(workers: Any) -> None:
        _go_on(run, workers, live, anomaly, as_json)

    among_workers(first, lambda workers: read_run(run, workers=workers))


def _go_on(run: Path, workers: Any, live: bool, anomaly: bool, as_json: bool) -> None:
    from neuroflow.training import Run

    going_on = Run.resume(run, workers=workers)
    step, steps = going_on.training.step, going_on.training.steps
    if step >= steps:
        note(f"all {steps} steps are done")
    elif going_on.training.is_over:
        note(f"ended at step {step} of {steps}; to go on, raise train.patience in its config.toml")
    else:
        note(f"going on from step {step} of {steps}")

    def finished() -> None:
        finish(going_on, as_json, anomaly=anomaly)

    follow_to_end(going_on, live, anomaly, finished)
