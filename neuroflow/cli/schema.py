"""``neuroflow schema``: what a configuration may say, for editors that complete and check."""

from __future__ import annotations

import json

import click

from neuroflow.cli.shared.output import say


@click.command()
@click.option("--docs", default="", metavar="URL", help="Where the documentation is: adds links.")
def schema(docs: str) -> None:
    """Print the JSON Schema of configurations, made of what is installed.

    Editors with a TOML language server (taplo, Even Better TOML, Tombi) complete, explain
    and check a file that names it in a first line, #:schema ./neuroflow.schema.json; JSON files
    name it as "$schema". Make it anew when a plugin is installed.

    \b
    Examples:
      neuroflow schema > neuroflow.schema.json
    """
    from neuroflow.config.json_schema import json_schema

    say(json.dumps(json_schema(docs), indent=1))
