"""``neuroflow sweep``: one configuration with many settings, and the best of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from neuroflow.cli.runs import show_runs
from neuroflow.cli.shared.output import json_option, note, print_json, say
from neuroflow.cli.shared.streams import console
from neuroflow.files import in_shell

if TYPE_CHECKING:
    from neuroflow.experiments import RunRecord, Sweep

SWEEPS = Path("sweeps")


@click.command()
@click.argument("source", metavar="RECIPE|FILE")
@click.option(
    "--grid", multiple=True, metavar="PATH=VALUES", required=True,
    help="Values of one key, such as optimizer.learning_rate=0.01,0.1, or a range to draw from,"
    " such as model.n_embd=8..64 or optimizer.learning_rate=log:1e-4..1e-1; repeat for more.",
)  # fmt: skip
@click.option(
    "--random", type=click.IntRange(0), default=0, metavar="N",
    help="Draw N points instead of trying all.",
)  # fmt: skip
@click.option(
    "--seed", type=click.IntRange(0), default=0, metavar="N",
    help="The start of the random points.", show_default=True,
)  # fmt: skip
@click.option(
    "--by", default="", metavar="METRIC",
    help="What the best is found by, such as test_accuracy; a score of test examples if left out.",
)  # fmt: skip
@click.option(
    "--jobs", type=click.IntRange(1), default=1, metavar="N",
    help="Processes at the same time.", show_default=True,
)  # fmt: skip
@click.option(
    "--folder", type=click.Path(path_type=Path), metavar="DIR",
    help="Where the runs are; sweeps/NAME if left out.",
)  # fmt: skip
@click.option("--retry", is_flag=True, help="Go on with runs that failed, too.")
@json_option
def command(
    source: str,
    grid: tuple[str, ...],
    random: int,
    seed: int,
    by: str,
    jobs: int,
    folder: Path | None,
    retry: bool,
    as_json: bool,
) -> None:
    """Train a recipe or file once for each point of a grid, in a run folder of its own.

    Ctrl-C stops and saves all runs. The same command again does what is missing or unfinished;
    with more values it adds those. A point that fails is a row with its error; the exit code is 1
    only where no point is left that was trained.

    \b
    Examples:
      neuroflow sweep moons --grid train.seed=1,2 --grid model.bias=true,false
      neuroflow sweep my.toml --grid train.l2=log:1e-5..1e-2 --random 20 --jobs 2
    """
    from neuroflow.experiments import sweep

    folder = folder or SWEEPS / Path(source).stem
    made = sweep(source, grid, folder, random=random, seed=seed, by=by, jobs=jobs, retry=retry)
    with _progress(made) as show:
        for record in made:
            show(record)
    best = made.best
    if as_json:
        print_json({
            "folder": str(folder), "by": made.metric, "best": str(best.folder) if best else None,
            "runs": made.rows,
        })  # fmt: skip
        _end(made)
        return
    show_runs(made.table)
    if best is not None:
        say(f"best by {made.metric}: {in_shell(best.folder)}")
        note(f"look at it: neuroflow inspect {in_shell(best.folder)}", style="dim")
    if failed := sum(bool(record.problem) for record in made.table):
        note(f"{failed} of {len(made)} failed; try them again with --retry", style="yellow")
    _end(made)


def _end(made: Sweep) -> None:
    """Exit with 1 if every point failed: a script goes on with none of them."""
    if all(record.problem for record in made.table):
        click.get_current_context().exit(1)


@contextmanager
def _progress(made: Sweep) -> Iterator[Any]:
    """A bar of points, or a line for each where nobody watches."""
    ended, total = 0, len(made.missing)
    if not console(stderr=True).is_interactive:

        def line(record: RunRecord) -> None:
            nonlocal ended
            ended += 1
            note(f"{ended}/{total}  {record.folder.name}  {_in_short(record)}")

        yield line
        return
    from rich.progress import Progress

    with Progress(console=console(stderr=True), expand=True) as progress:
        task = progress.add_task("sweep", total=total)

        def bar(record: RunRecord) -> None:
            progress.update(task, advance=1, description=_in_short(record))

        yield bar


def _in_short(record: RunRecord) -> str:
    """How a point ended, in a few words."""
    if record.problem:
        return record.state
    names = [name for name in record.scores if name.startswith("test_")] or list(record.scores)
    return "  ".join(f"{name} {record.scores[name]:.4g}" for name in names[:2]) or record.state
