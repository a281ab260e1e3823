"""``neuroflow new``: a publishable plugin, ready to be filled."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from neuroflow.cli.shared.output import json_option, print_json, say
from neuroflow.errors import one_line
from neuroflow.files import in_shell


@click.command()
@click.argument("name", required=False)
@click.option(
    "--kind", "kinds", multiple=True, metavar="KIND",
    help="What it offers, an op and activation if left out; repeat for more: op, activation, loss,"
    " metric, layer, optimizer, schedule, initializer, dataset, tokenizer, backend, recipe,"
    " observer, exporter, importer, check, format,"
    " panel, look, command.",
)  # fmt: skip
@click.option("--example", metavar="NAME", help="Copy an example instead: mish, gaussian.")
@click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("."),
    help="Where the project folder is made (default: here).",
)
@click.option("--author", default="", help="Your name, for pyproject.toml.")
@json_option
def new(
    name: str | None,
    kinds: tuple[str, ...],
    example: str | None,
    directory: Path,
    author: str,
    as_json: bool,
) -> None:
    """Start a plugin named NAME: module, entry point, tests with all checks, docs page.

    NAME is that of what it offers, such as soft-clip.

    \b
    Examples:
      neuroflow new soft-clip
      neuroflow new far-away --kind loss --kind metric
      neuroflow new soft-clip --directory plugins --author "Ada Lovelace"
      neuroflow new --example mish
    """
    from neuroflow.errors import FileError, InputError

    try:
        made = _copied(example, directory) if example else _created(name, directory, author, kinds)
    except (InputError, FileError) as error:
        raise click.UsageError(str(error)) from error
    if as_json:
        print_json(made)
        return
    folder = Path(str(made["folder"]))
    say(
        f"{one_line(str(folder))} holds the plugin {made['plugin']!r}:\n"
        + "\n".join(f"  {path}" for path in made["files"])
        + f"\n\nNext:\n  cd {in_shell(folder)}\n  python -m pip install -e '.[test]'\n"
        f"  {made['check']}\n  python -m pytest"
    )


def _created(
    name: str | None, directory: Path, author: str, kinds: tuple[str, ...]
) -> dict[str, Any]:
    from neuroflow.cli import COMMANDS
    from neuroflow.scaffold import create

    if name is None:
        raise click.UsageError("name your plugin, such as soft-clip; or take one: --example mish")
    if "command" in kinds and name in COMMANDS:
        raise click.UsageError(f"{name!r} is a command already; choose another name")
    project = create(name, directory, author, kinds)
    return {
        "folder": str(project.folder),
        "distribution": project.distribution,
        "module": project.module,
        "plugin": project.name,
        "kinds": [kind.name for kind in project.kinds],
        "check": project.check,
        "files": [str(path) for path in project.files],
    }


def _copied(example: str, directory: Path) -> dict[str, Any]:
    from neuroflow.scaffold.examples import copy_example

    folder = copy_example(example, directory)
    files = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    return {
        "folder": str(folder),
        "distribution": folder.name,
        "module": folder.name.replace("-", "_"),
        "plugin": example,
        "kinds": [],
        "check": f"neuroflow check {example}",
        "files": files,
    }
