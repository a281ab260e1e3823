"""``neuroflow runs``: the runs in a folder, beside each other."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from neuroflow.cli.shared.output import json_option, note, print_json, say
from neuroflow.cli.shared.streams import console, is_watched
from neuroflow.errors import InputError

if TYPE_CHECKING:
    from neuroflow.experiments.listing import RunTable


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), default="runs")
@click.option("--sort", metavar="COLUMN", help="Sort by a column; -COLUMN is largest first.")
@click.option("--csv", "as_csv", is_flag=True, help="Print every number and setting as CSV.")
@json_option
def command(folder: Path, sort: str | None, as_csv: bool, as_json: bool) -> None:
    """List the runs in FOLDER (runs if left out) and below it, the newest last.

    One row each: when it began, the steps made of all, its state (running, stopped, done, failed,
    damaged), loss and scores, and the settings in which it differs from the others, as many as the
    terminal has room for.

    \b
    Examples:
      neuroflow runs
      neuroflow runs sweeps/first --sort -accuracy
      neuroflow runs --csv > runs.csv
    """
    from neuroflow.experiments.listing import runs

    found = runs(folder)
    try:
        found = found.sorted(sort) if sort else found
    except InputError as error:
        raise click.UsageError(str(error)) from error
    if as_json:
        print_json({"runs": found.rows})
    elif as_csv:
        say(found.csv().rstrip("\n"))
    elif not len(found):
        note(f"no run is in {folder}; make one: neuroflow train moons")
    else:
        show_runs(found)


def show_runs(found: RunTable) -> None:
    """The table: on a terminal with the columns that fit, in a pipe or a file with all of them."""
    table = found.table()
    hidden: list[str] = []
    if is_watched():
        table, hidden = table.fitted(console().width, keep=1)
    say(str(table))
    if hidden:
        more = ", ".join(hidden[:8]) + (f" and {len(hidden) - 8} more" if len(hidden) > 8 else "")
        note(f"no room for: {more}; all of it: --csv or --json", style="dim")
