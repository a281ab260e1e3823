"""``neuroflow verify``: a certificate of checks, tried again."""

from __future__ import annotations

from pathlib import Path

import click
from attrs import asdict

from neuroflow.cli.shared.output import json_option, print_json, say


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@json_option
@click.option(
    "--seconds", default=60.0, show_default=True, help="How long each entry may take.",
    type=click.FloatRange(min=0.0, min_open=True),
)  # fmt: skip
def verify(file: Path, as_json: bool, seconds: float) -> int:
    """Make all checks that a certificate lists anew, and compare figure by figure.

    Sources are compared by their SHA-256. Exit code 1 if anything is not as FILE says.

    \b
    Examples:
      neuroflow check my_plugin --certificate my_plugin.json
      neuroflow verify my_plugin.json
      neuroflow verify mine.json --plugin my_ops.py
    """
    from neuroflow.checks.certificate import verify as verified

    entries = verified(file, seconds)
    wrong = [entry for entry in entries if entry.differences]
    if as_json:
        print_json({"ok": not wrong, "entries": [asdict(entry) for entry in entries]})
    else:
        for entry in entries:
            say(f"{entry.kind} {entry.id}: {'not as it says' if entry.differences else 'holds'}")
            for difference in entry.differences:
                say(f"  {difference}")
        say(f"{len(entries) - len(wrong)} of {len(entries)} hold")
    return 1 if wrong or not entries else 0
