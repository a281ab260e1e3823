"""``neuroflow new``: a publishable plugin, ready to be filled."""

from __future__ import annotations

from pathlib import Path

import click

from neuroflow.cli.shared.output import json_option, print_json, say
from neuroflow.errors import one_line
from neuroflow.files import in_shell


@click.command()
@click.argument("name")
@click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("."),
    help="Where the project folder is made (default: here).",
)
@click.option("--author", default="", help="Your name, for pyproject.toml.")
@json_option
def new(name: str, directory: Path, author: str, as_json: bool) -> None:
    """Start a plugin named NAME: module, entry point, tests with all checks, docs page.

    NAME is that of its first op, such as soft-clip.

    \b
    Examples:
      neuroflow new soft-clip
      neuroflow new soft-clip --directory plugins --author "Ada Lovelace"
    """
    from neuroflow.errors import FileError, InputError
    from neuroflow.scaffold import create

    try:
        project = create(name, directory, author)
    except (InputError, FileError) as error:
        raise click.UsageError(str(error)) from error
    if as_json:
        facts = {
            "folder": str(project.folder),
            "distribution": project.distribution,
            "module": project.module,
            "op": project.op,
            "files": [str(path) for path in project.files],
        }
        print_json(facts)
        return
    say(
        f"{one_line(str(project.folder))} holds the plugin {project.op!r}:\n"
        + "\n".join(f"  {path}" for path in project.files)
        + f"\n\nNext:\n  cd {in_shell(project.folder)}\n  python -m pip install -e '.[test]'\n"
        f"  neuroflow check {project.op}\n  python -m pytest"
    )
