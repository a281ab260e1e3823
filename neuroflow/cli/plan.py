"""``neuroflow plan``: what the engine makes of a model's scalar code."""

from __future__ import annotations

import click

from neuroflow.cli.output import console, json_option, print_json


@click.command()
@click.argument("source", metavar="RECIPE|FILE")
@click.option("--lanes", default=8, show_default=True, help="Examples that run side by side.")
@json_option
def plan(source: str, lanes: int, as_json: bool) -> None:
    """How the engine will run the loss of RECIPE or FILE.

    Groups of equal nodes level by level, what was recognised and what was not, memory in bytes
    and floating-point operations. Nothing is trained.

    \b
    Examples:
      neuroflow plan moons
      neuroflow plan digits --lanes 64
      neuroflow plan my.toml --json
    """
    from neuroflow.cli.subjects import training_of
    from neuroflow.engine.report import plan_of

    found = plan_of(training_of(source), lanes)
    if as_json:
        print_json(found.as_dict())
    else:
        console().print(str(found), highlight=False, markup=False, soft_wrap=True)
