"""``neuroflow inspect MODEL``: read what a file says; run nothing of it."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from neuroflow.cli.shared.output import json_option, print_json, table
from neuroflow.cli.shared.streams import console

if TYPE_CHECKING:
    from neuroflow.checkpoint import SavedModel


@click.command("inspect")
@click.argument("model", type=click.Path(path_type=Path))
@json_option
def command(model: Path, as_json: bool) -> None:
    """What MODEL says about itself, a run folder or a .safetensors file.

    No plugin is loaded and no code of the model is run, so this is safe for files from anyone,
    and it works where a plugin is missing.

    \b
    Examples:
      neuroflow inspect runs/moons
      neuroflow inspect model.safetensors --json
    """
    from neuroflow.checkpoint import file_of, inspect_file
    from neuroflow.checkpoint.origin import Origin, changes_since

    path = file_of(model)
    about = inspect_file(path)
    if as_json:
        print_json(_facts(path, about))
        return
    rows = [("file", str(path)), ("written by", f"neuroflow {about.neuroflow}")]
    rows += [("model", _short(about.model)), ("parameters", f"{about.parameters:,}")]
    rows += [("frozen", ", ".join(about.frozen))] * bool(about.frozen)
    told = {name: value for name, value in about.data.items() if value not in ("", [])}
    preparation = told.pop("preparation", None)
    texts = _of_texts(told.pop("tokenizer", None), told.pop("prompting", None))
    rows += [(name, _short(value)) for name, value in told.items()]
    rows += (_prepared(preparation) if preparation else []) + texts
    if "step" in about.state:
        rows.append(("step", str(about.state["step"])))
    if origin := Origin.from_state(about.state):
        rows += [("learned from", f"{file.path} ({file})") for file in origin.files]
    rows += [("changed", change) for change in changes_since(about)]
    out = console()
    out.print(table(("", ""), rows))
    uses = [(u.kind, u.id, u.plugin, u.offered_by) for u in about.uses]
    out.print(table(("needs", "id", "plugin", "distribution"), uses))
    out.print(table(("tensors", "count", "shape"), _grouped(about.shapes), right="count"))


def _of_texts(tokenizer: Any, prompting: Any) -> list[tuple[str, str]]:
    """What cuts texts into tokens, and what stands around them."""
    from neuroflow.cli.shared.texts import prompting_in_words, tokenizer_in_words

    lines = tokenizer_in_words(tokenizer) if tokenizer else []
    lines += prompting_in_words(prompting) if prompting else []
    return [("tokenizer" if k == 0 else "", line) for k, line in enumerate(lines)]


MOST_COLUMNS = 20
"""So many columns of a table are told one by one."""


def _prepared(table: dict[str, Any]) -> list[tuple[str, str]]:
    """What becomes of the columns of a table, and how it is written."""
    from neuroflow.data.preparation import Preparation

    preparation = Preparation.of_table(table)
    columns = [f"{name}: {words}" for name, words in preparation.told()]
    more = [f"and {len(columns) - MOST_COLUMNS} more columns"] * (len(columns) > MOST_COLUMNS)
    written = [str(preparation.notation)] * bool(str(preparation.notation))
    lines = [*columns[:MOST_COLUMNS], *more, *written]
    return [("prepared" if k == 0 else "", line) for k, line in enumerate(lines)]


def _grouped(shapes: dict[str, tuple[int, ...]]) -> list[tuple[str, str, str]]:
    """Tensors of one shape whose names differ in their last number, as one row.

    >>> _grouped({"neurons.0.weights": (2,), "neurons.1.weights": (2,)})
    [('neurons.*.weights', '2', '2')]
    """
    counts = Counter(
        (re.sub(r"\.\d+(?=(\.[^\d.][^.]*)*$)", ".*", name), shape) for name, shape in shapes.items()
    )
    return [
        (name, str(count), " x ".join(map(str, shape)) or "1")
        for (name, shape), count in sorted(counts.items())
    ]


def _facts(path: Path, about: SavedModel) -> dict[str, Any]:
    from attrs import asdict

    from neuroflow.checkpoint.origin import changes_since

    state = {name: value for name, value in about.state.items() if name != "training"}
    return {
        "file": str(path),
        "neuroflow": about.neuroflow,
        "model": about.model,
        "parameters": about.parameters,
        "frozen": list(about.frozen),
        "uses": [asdict(used) for used in about.uses],
        "data": about.data,
        "configuration": about.configuration,
        "state": state,
        "changed": changes_since(about),
        "tensors": {name: list(shape) for name, shape in about.shapes.items()},
    }


def _short(value: Any, most: int = 200) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= most else f"{text[: most - 4]} ..."
