"""``neuroflow compare A B``: runs beside each other, with their curves."""

from __future__ import annotations

from pathlib import Path

import click

from neuroflow.cli.shared.output import json_option, tell


@click.command()
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--metric", default="loss", show_default=True,
    help="What the curves show: loss, or a score such as test_accuracy.",
)  # fmt: skip
@click.option(
    "--picture", type=click.Path(path_type=Path), metavar="FILE",
    help="Draw all curves in one picture, FILE.svg or (extra 'plot') FILE.png.",
)  # fmt: skip
@json_option
def command(runs: tuple[Path, ...], metric: str, picture: Path | None, as_json: bool) -> None:
    """Compare RUNS, two or more folders: curves, scores, and the settings in which they differ.

    \b
    Examples:
      neuroflow compare runs/moons runs/moons-2
      neuroflow compare runs/moons* --metric accuracy --picture moons.svg
    """
    from neuroflow.experiments.comparison import compare

    if len(runs) < 2:
        raise click.UsageError("one run alone cannot be compared; name two folders or more")
    found = compare(*runs, metric=metric)
    if picture is not None:
        found.save_picture(picture)
    tell(found, picture, as_json)
