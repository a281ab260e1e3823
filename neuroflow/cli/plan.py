"""``neuroflow plan``: what the engine makes of a model's scalar code."""

from __future__ import annotations

from typing import Any

import click

from neuroflow.cli.shared.output import json_option, print_json
from neuroflow.cli.shared.streams import console


@click.command()
@click.argument("source", metavar="RECIPE|FILE")
@click.option("--lanes", default=8, show_default=True, help="Examples that run side by side.")
@click.option("--kernels", is_flag=True, help="Also print the kernels that are generated.")
@click.option("--no-speed", is_flag=True, help="Run nothing: only say what would run.")
@json_option
def plan(source: str, lanes: int, kernels: bool, no_speed: bool, as_json: bool) -> None:
    """How the engine will run the loss of RECIPE or FILE.

    First the shapes that each layer takes and gives. Then groups of equal nodes level by level,
    what was recognised and what was not, memory in bytes
    and floating-point operations; then how long a step should take on this processor, from the
    bytes that it moves and the operations that it does, beside how long it takes. With --kernels
    also what the backend llvm makes of each op's rules and of the optimizer's. Nothing is trained.

    \b
    Examples:
      neuroflow plan moons
      neuroflow plan digits --lanes 64
      neuroflow plan moons --kernels
      neuroflow plan my.toml --json
    """
    from neuroflow.cli.shared.topics import training_of
    from neuroflow.engine.report import generated_code, plan_and_speed_of, plan_of
    from neuroflow.training.shapes import shapes_of_run, shapes_table

    training, speed = training_of(source), None
    if no_speed:
        found = plan_of(training, lanes)
    else:
        found, speed = plan_and_speed_of(training, lanes)
    sources = generated_code(training) if kernels else []
    shapes = shapes_of_run(training.model, training.dataset)
    if as_json:
        more: dict[str, Any] = {"speed": speed.as_dict()} if speed else {}
        more["shapes"] = shapes
        print_json({**found.as_dict(), **more, **({"kernels": sources} if kernels else {})})
    else:
        told = [f"{shapes_table(shapes)}\n", str(found), *([f"\n{speed}"] if speed else [])]
        shown = "\n".join([*told, *[f"\n{source.rstrip()}" for source in sources]])
        console().print(shown, highlight=False, markup=False, soft_wrap=True)
