"""``neuroflow resume RUN``."""

from __future__ import annotations

from pathlib import Path

import click

from neuroflow.cli.shared.output import json_option, note
from neuroflow.cli.shared.progress import anomaly_option, follow
from neuroflow.cli.shared.summary import finish
from neuroflow.cli.shared.watching import follow_live, live_option


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@live_option
@anomaly_option
@json_option
def resume(run: Path, live: bool, anomaly: bool, as_json: bool) -> None:
    """Go on with a run that was stopped or killed, from its folder RUN.

    It ends with the same numbers, to the last bit, as a run that was never stopped.

    \b
    Examples:
      neuroflow resume runs/moons
      neuroflow resume runs/moons --live
    """
    from neuroflow.training import Run

    going_on = Run.resume(run)
    step, steps = going_on.training.step, going_on.training.steps
    if step >= steps:
        note(f"all {steps} steps are done")
    elif going_on.training.is_over:
        note(f"ended at step {step} of {steps}; to go on, raise train.patience in its config.toml")
    else:
        note(f"going on from step {step} of {steps}")

    def finished() -> None:
        finish(going_on, as_json, anomaly=anomaly)

    if live:
        follow_live(going_on, anomaly, finished)
    else:
        follow(going_on, anomaly)
        finished()
