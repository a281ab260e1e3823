"""``neuroflow recipes``."""

from __future__ import annotations

import click

from neuroflow.cli.shared.output import json_option, print_json, table
from neuroflow.cli.shared.streams import console


@click.command()
@json_option
def command(as_json: bool) -> None:
    """List what can be trained by name.

    \b
    Examples:
      neuroflow recipes
      neuroflow train moons
    """
    from neuroflow.config import recipes

    found = recipes()
    if as_json:
        rows = [{"name": r.name, "summary": r.summary, "package": r.package} for r in found]
        print_json({"recipes": rows})
        return
    console().print(table(("recipe", "what it does"), [(r.name, r.summary) for r in found]))
    console().print("Train one with: neuroflow train NAME")
