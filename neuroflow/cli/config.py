"""``neuroflow config``: what a configuration says, where each value comes from, what differs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from neuroflow.cli.shared.output import json_option, note, print_json, say
from neuroflow.errors import FileError, NeuroflowError, one_line

if TYPE_CHECKING:
    from neuroflow.config.provenance import Explained, Provenance

SAME, DIFFERENT = 0, 1


@click.command("config")
@click.argument("words", nargs=-1, required=True, metavar="[diff|fill] RECIPE|FILE|RUN [OTHER]")
@click.option(
    "--set",
    "changes",
    multiple=True,
    metavar="PATH=VALUE",
    help="Set one key first, as neuroflow train does; repeat for more.",
)
@click.option("--explain", is_flag=True, help="Say where each value comes from.")
@click.option("--out", type=click.Path(path_type=Path), metavar="NEW", help="fill: write to NEW.")
@click.option("--in-place", is_flag=True, help="fill: write to the file itself.")
@json_option
def command(
    words: tuple[str, ...],
    changes: tuple[str, ...],
    explain: bool,
    out: Path | None,
    in_place: bool,
    as_json: bool,
) -> int:
    """Show a configuration as it will run: what it extends, --set and all defaults in.

    A RUN is the folder of one. With --explain each value has its origin: file and line, recipe,
    --set, the default of which entry and plugin, or the data. diff tells where two differ, and
    exits with code 1 if they do. fill writes all defaults into a file; its comments stay.

    \b
    Examples:
      neuroflow config my.toml --set train.seed=3 --explain
      neuroflow config diff moons my.toml
      neuroflow config diff runs/moons runs/moons-2 --json
      neuroflow config fill my.toml --in-place
    """
    task, sources = (words[0], words[1:]) if words[0] in ("diff", "fill") else ("show", words)
    wanted = 2 if task == "diff" else 1
    if len(sources) != wanted:
        got = f"{task if task != 'show' else 'config'} takes {wanted}, and got {len(sources)}"
        raise click.UsageError(f"{got}; give a recipe, a file or the folder of a run for each")
    if task != "fill" and (out or in_place):
        raise click.UsageError("--out and --in-place are for: neuroflow config fill FILE")
    places = [_source(each) for each in sources]
    if task == "diff":
        return _diff(places, changes, as_json)
    if task == "fill":
        _fill(places[0], changes, out, in_place, as_json)
    else:
        _show(places[0], changes, explain, as_json)
    return SAME


def _source(word: str) -> str:
    """A recipe or a file; for the folder of a run, which no recipe is named like, what it ran."""
    from neuroflow.config import recipes
    from neuroflow.training import CONFIGURATION

    inside = Path(word) / CONFIGURATION
    is_recipe = word in {recipe.name for recipe in recipes()}
    return str(inside) if inside.is_file() and not is_recipe else word


def _show(source: str, changes: Sequence[str], explain: bool, as_json: bool) -> None:
    from neuroflow.config import configure, to_toml

    if not explain:
        tree = configure(source, changes)
        print_json({"configuration": tree}) if as_json else say(to_toml(tree).rstrip("\n"))
        return
    from neuroflow.config.toml import annotated_toml

    found = _explained(source, changes)
    if as_json:
        rows = {path: _facts(value, origin) for path, value, origin in found.values()}
        print_json({"configuration": found.tree, "values": rows})
    else:
        comments = {path: one_line(str(origin)) for path, origin in found.provenance.items()}
        say(annotated_toml(found.tree, comments))


def _explained(source: str, changes: Sequence[str]) -> Explained:
    """The values with their origins; the data are read if they have to say something."""
    from neuroflow.config import configure
    from neuroflow.config.provenance import explained
    from neuroflow.training.completed import completed_model, needs_data

    tree = configure(source, changes)
    known = None
    if needs_data(tree["model"]):
        try:
            known = completed_model(tree)
        except NeuroflowError as error:
            note(f"what only the data know is not told: {error}", style="yellow")
    return explained(source, changes, known)


def _facts(value: Any, origin: Provenance) -> dict[str, Any]:
    place = {"file": origin.file, "line": origin.line} if origin.file else {}
    return {"value": value, "how": origin.how, "origin": str(origin), **place}


def _diff(places: Sequence[str], changes: Sequence[str], as_json: bool) -> int:
    """Every path at which two configurations differ, with both values and their origins."""
    from neuroflow.config import SECTIONS, differences
    from neuroflow.config.provenance import explained

    one, other = (explained(place, changes) for place in places)
    order = [section.name for section in SECTIONS]
    paths = sorted(
        differences(dict(_values(one)), dict(_values(other))),
        key=lambda path: order.index(path.partition(".")[0]),
    )
    sides = [{path: (value, origin) for path, value, origin in each.values()}
             for each in (one, other)]  # fmt: skip
    if as_json:
        told = {
            path: [_facts(*side[path]) if path in side else None for side in sides]
            for path in paths
        }
        print_json({"sources": list(places), "differences": told})
    elif paths:
        say("\n".join([f"--- {one_line(places[0])}", f"+++ {one_line(places[1])}",
                       *(line for path in paths for line in _both(path, sides))]))  # fmt: skip
    else:
        say(f"{one_line(places[0])} and {one_line(places[1])} mean the same")
    return DIFFERENT if paths else SAME


def _values(found: Explained) -> list[tuple[str, Any]]:
    return [(path, value) for path, value, _ in found.values()]


def _both(path: str, sides: Sequence[Mapping[str, tuple[Any, Provenance]]]) -> list[str]:
    """A path, and its value on each side that has one, with the origin."""
    from neuroflow.config.toml import inline

    lines = [one_line(path)]
    for sign, side in zip("-+", sides, strict=True):
        if path in side:
            value, origin = side[path]
            lines.append(f"{sign} {inline(value):32}  # {one_line(str(origin))}")
    return lines


def _fill(
    source: str, changes: Sequence[str], out: Path | None, in_place: bool, as_json: bool
) -> None:
    from neuroflow.config.filling import filled
    from neuroflow.files import write_file

    if changes:
        raise click.UsageError("fill changes nothing that the file says; leave --set out")
    text = filled(source)
    if in_place:
        if not Path(source).is_file():
            raise click.UsageError(f"{source} is no file; write a new one with --out NEW")
        out = Path(source)
    elif out is not None and out.exists():
        raise FileError(
            f"{out} is there already", remedy="choose another name, or remove it", file=str(out)
        )
    if out is not None:
        write_file(out, text)
    if as_json:
        print_json({"text": text, "file": str(out) if out else None})
    elif out is None:
        say(text.rstrip("\n"))
