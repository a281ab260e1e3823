"""``neuroflow train``: a recipe or a configuration becomes a run folder and a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from neuroflow.cli.shared.output import BACKENDS, json_option, note
from neuroflow.cli.shared.progress import anomaly_option
from neuroflow.cli.shared.summary import finish
from neuroflow.cli.shared.watching import follow_to_end, live_option
from neuroflow.cli.shared.workers import among_workers
from neuroflow.errors import BackendError


class WithSettings(click.Command):
    """A command whose help lists what ``--set`` can say."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Every key of a configuration, with range, default and meaning."""
        from neuroflow.cli.show import setting_in_words
        from neuroflow.config import schema

        with formatter.section("Keys for --set"):
            formatter.write_dl([(row["path"], setting_in_words(row)) for row in schema()])
        formatter.write_paragraph()
        formatter.write_text(
            "Beside them stand the settings of what use names: neuroflow show NAME lists them."
        )


@click.command(cls=WithSettings)
@click.argument("source", metavar="RECIPE|FILE")
@click.option(
    "--set",
    "changes",
    multiple=True,
    metavar="PATH=VALUE",
    help="Set one key, such as optimizer.learning_rate=0.1; repeat for more.",
)
@click.option("--seed", type=int, help="Short for --set train.seed=...")
@click.option("--backend", help=f"Short for --set train.backend=...: {BACKENDS}.")
@click.option("--dtype", help="Short for --set train.dtype=...: float64 or float32.")
@click.option(
    "--tensors", is_flag=True, help="Short for --set train.tensors=true: whole layers in PyTorch."
)
@click.option("--device", help="Short for --set train.device=...: cpu, cuda or mps.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The run folder to write; runs/NAME if left out, numbered where that is taken.",
)
@live_option
@click.option("--profile", is_flag=True, help="Show where the time of a step goes.")
@anomaly_option
@json_option
def train(
    source: str,
    changes: tuple[str, ...],
    seed: int | None,
    backend: str | None,
    dtype: str | None,
    tensors: bool,
    device: str | None,
    out: Path | None,
    live: bool,
    profile: bool,
    anomaly: bool,
    as_json: bool,
) -> None:
    """Train a recipe (see: neuroflow recipes) or a TOML or JSON file.

    Writes a run folder: the configuration with every default, the loss of each step, a
    checkpoint and a picture. Ctrl-C saves the run and exits with code 130; go on with
    neuroflow resume. Started by torchrun, several processes share each batch.

    \b
    Examples:
      neuroflow train moons
      neuroflow train digits --seed 7 --out runs/mine
      neuroflow train my.toml --set "model.sizes=[2, 8, 1]" --json
      torchrun --nproc-per-node 2 -m neuroflow train digits
    """  # fmt: skip
    from neuroflow.training import Run
    from neuroflow.training import train as trained

    given: dict[str, Any] = {"seed": seed, "backend": backend, "dtype": dtype, "device": device}
    given["tensors"] = "true" if tensors else None
    short = [f"train.{name}={value}" for name, value in given.items() if value is not None]
    every_change = [*changes, *short]

    def first(workers: Any) -> None:
        run = Run.start(source, out, every_change, workers=workers)

        def finished() -> None:
            finish(run, as_json, _profile(run) if profile else None, anomaly)

        follow_to_end(run, live, anomaly, finished)

    among_workers(first, lambda workers: trained(source, every_change, workers=workers))


def _profile(run: Any) -> Any:
    training = run.training
    size = training.options.get("batch") or len(training.dataset)
    try:
        return training.runner.profile(range(min(size, len(training.dataset))))
    except BackendError as error:  # no reason to lose what has been trained
        note(str(error), style="yellow")
        return None
