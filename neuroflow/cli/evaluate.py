"""``neuroflow evaluate RUN``: how good a model is, and where and how it is wrong."""

from __future__ import annotations

from pathlib import Path

import click

from neuroflow.cli.shared.output import BACKENDS, json_option, tell


@click.command()
@click.argument("model", metavar="RUN", type=click.Path(path_type=Path))
@click.option("--data", type=click.Path(path_type=Path), metavar="FILE",
              help="Another file, read as the data that RUN was trained on.")  # fmt: skip
@click.option("--part", default="", metavar="PART",
              help="test, validation or train; the first that RUN has if left out.")  # fmt: skip
@click.option("--metric", "metrics", multiple=True, metavar="NAME",
              help="A metric beside the usual ones; may be repeated.")  # fmt: skip
@click.option("--worst", default=5, show_default=True, type=click.IntRange(0),
              help="How many of the most wrong examples to tell.")  # fmt: skip
@click.option("--picture", type=click.Path(path_type=Path), metavar="FILE",
              help="Draw it, as FILE.svg or (extra 'plot') FILE.png.")  # fmt: skip
@click.option("--backend", default="auto", help=f"{BACKENDS}; for other data.")
@json_option
def command(
    model: Path, data: Path | None, part: str, metrics: tuple[str, ...], worst: int,
    picture: Path | None, backend: str, as_json: bool,
) -> None:  # fmt: skip
    """Evaluate RUN, a run folder or, with --data, a .safetensors file too.

    Loss and metrics; of classes which are taken for which, precision, recall and F1 of each, and
    calibration; of a regression the residuals; of texts the loss by position; and the examples
    that are most wrong.

    \b
    Examples:
      neuroflow evaluate runs/moons
      neuroflow evaluate runs/moons --metric auc --metric log_loss --json
      neuroflow evaluate runs/iris --data new.csv --picture iris.svg
    """
    from neuroflow.training import evaluate

    found = evaluate(
        model, data, part=part, metrics=metrics, worst=worst, backend=backend
    )  # fmt: skip
    if picture is not None:
        from neuroflow.view.evaluation_figure import save_picture

        save_picture(found, picture)
    tell(found, picture, as_json)
