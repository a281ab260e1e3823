"""``neuroflow recipes``: what can be trained by name, and each as a file to start from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from neuroflow.cli.shared.output import json_option, note, print_json, say, table
from neuroflow.cli.shared.streams import console
from neuroflow.errors import FileError, RegistryError, did_you_mean
from neuroflow.files import in_shell, write_file

if TYPE_CHECKING:
    from neuroflow.config import Recipe


@click.command()
@click.argument("name", required=False)
@click.option("--toml", is_flag=True, help="Print the recipe NAME as TOML, to start from.")
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="Write it to FILE.")
@json_option
def command(name: str | None, toml: bool, out: Path | None, as_json: bool) -> None:
    """List what can be trained by name, or show the recipe NAME.

    \b
    Examples:
      neuroflow recipes
      neuroflow recipes moons --toml --out my.toml
      neuroflow train my.toml
    """
    from neuroflow.config import recipes

    if name is None and (toml or out):
        raise click.UsageError("which recipe? name one, such as: neuroflow recipes moons --toml")
    found = [_named(name, recipes())] if name else list(recipes())
    if out is not None:
        _write(found[0], out)
    if as_json:
        print_json({"recipes": [_facts(each, with_text=name is not None) for each in found]})
    elif toml and out is None:
        say(found[0].text.rstrip("\n"))
    elif out is None:
        rows = [(recipe.name, recipe.summary) for recipe in found]
        console().print(table(("recipe", "what it does"), rows))
        console().print("Train one with: neuroflow train NAME")


def _named(name: str, known: tuple[Recipe, ...]) -> Recipe:
    for recipe in known:
        if recipe.name == name:
            return recipe
    names = [recipe.name for recipe in known]
    raise RegistryError(
        f"no recipe is named {name!r}",
        remedy=did_you_mean(name, names, f"recipes: {', '.join(names)}"),
        got=name,
    )


def _write(recipe: Recipe, path: Path) -> None:
    """A new file: what somebody has made of one before is not replaced."""
    if path.exists():
        raise FileError(
            f"{path} is there already", remedy="choose another name, or remove it", file=str(path)
        )
    write_file(path, recipe.text)
    note(f"change {path}, then: neuroflow train {in_shell(path)}", style="dim")


def _facts(recipe: Recipe, with_text: bool) -> dict[str, str]:
    facts = {"name": recipe.name, "summary": recipe.summary, "package": recipe.package}
    return {**facts, "toml": recipe.text} if with_text else facts
