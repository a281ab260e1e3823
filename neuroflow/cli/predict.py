"""``neuroflow predict MODEL``: numbers in, answers out."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from neuroflow.cli.shared.output import BACKENDS, json_option, note, print_json, table
from neuroflow.cli.shared.streams import console
from neuroflow.data.table import better_delimiter, is_number, refuse_twice, split_rows
from neuroflow.errors import InputError, did_you_mean
from neuroflow.files import decoded, in_shell, read_text

if TYPE_CHECKING:
    from neuroflow.checkpoint import SavedModel


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("model", type=click.Path(path_type=Path))
@click.argument("values", nargs=-1)
@click.option(
    "--csv",
    "source",
    metavar="FILE",
    help="Rows of numbers, with or without a header; - reads standard input.",
)
@click.option("--backend", default="auto", help=f"{BACKENDS}.")
@click.option("--dtype", default="float64", help="float64, or float32 for compiled runs.")
@json_option
def predict(
    model: Path, values: tuple[str, ...], source: str | None, backend: str, dtype: str,
    as_json: bool,
) -> None:  # fmt: skip
    """Ask MODEL, a run folder or a .safetensors file.

    Give one row as VALUES, or a CSV file, or rows on standard input. A header picks columns by
    the names that the model was trained with. Rows are standardized as the training data were.

    \b
    Examples:
      neuroflow predict runs/moons 0.5 -0.25
      neuroflow predict runs/moons --csv points.csv --json
      echo "1.2, 0.3" | neuroflow predict runs/moons
      neuroflow predict runs/moons --csv points.csv --dtype float32
    """  # fmt: skip
    from neuroflow.checkpoint import file_of, inspect_file, load
    from neuroflow.training import predict as ask

    path = file_of(model, best=True)
    about = inspect_file(path)
    if about.data.get("task") == "sequence":
        raise InputError(
            f"{path} is a language model, which reads text and not rows of numbers",
            remedy=f"use: neuroflow generate {in_shell(model)}",
            file=str(path),
        )
    rows = [_numbers(values, "the arguments")] if values else _read_rows(source or "-", about)
    _check_lengths(rows, about)
    network = load(path)
    answers = ask(network, rows, backend=backend, dtype=dtype)
    results = [_result(row, answer, network) for row, answer in zip(rows, answers, strict=True)]
    if as_json:
        print_json({"model": str(path), "predictions": results})
        return
    columns = ("input", "output", *(("label",) if "label" in results[0] else ()))
    console().print(table(columns, [[_shown(r[c]) for c in columns] for r in results]))


def _check_lengths(rows: Sequence[Sequence[float]], about: SavedModel) -> None:
    expected = about.data.get("n_inputs")
    for k, row in enumerate(rows):
        if expected and len(row) != expected:
            raise InputError(
                f"row {k + 1} has {len(row)} numbers",
                expected=f"{expected}{_named(about)}, as in the data that the model was trained on",
                got=row,
            )


def _result(row: Sequence[float], answer: Any, network: Any) -> dict[str, Any]:
    from neuroflow.training import has_labels, label_of

    label = {"label": label_of(network, answer)} if has_labels(network) else {}
    return {"input": list(row), "output": answer, **label}


def _read_rows(source: str, about: SavedModel) -> list[list[float]]:
    name = "standard input" if source == "-" else source
    if source == "-" and sys.stdin.isatty():
        note("rows of numbers, one a line; end with Ctrl-D", style="dim")
    text = _text(source)
    lines = split_rows(text, name, _delimiter(text, about))
    if not lines:
        raise InputError(
            f"{name} holds no rows", remedy="give at least one row of numbers", file=str(name)
        )
    if len(lines[0][1]) == 1 and len(lines[0][1][0].split()) > 1:
        lines = [(line, " ".join(cells).split()) for line, cells in lines]
    first = lines[0][1]
    has_names = not all(map(is_number, first)) or _names_all(first, about)
    chosen = _columns(first, about, name) if has_names else None
    if has_names and len(lines) == 1:
        raise InputError(
            f"{name} has no rows behind its names of columns", remedy="add some", file=str(name)
        )
    for line, cells in lines[has_names:]:
        if len(cells) != len(first):
            raise InputError(
                f"{name}, line {line} has {len(cells)} cells",
                expected=f"{len(first)}, as its first line",
                file=str(name),
                line=line,
            )
    return [
        _numbers([cells[j] for j in chosen] if chosen else cells, f"{name}, row {k}")
        for k, (_, cells) in enumerate(lines[has_names:], 1)
    ]


def _delimiter(text: str, about: SavedModel) -> str:
    """What stands between the cells: what stood there in training, or what splits the lines."""
    trained_with = about.data.get("delimiter")
    if trained_with and trained_with in text:
        return str(trained_with)
    wanted = about.data.get("n_inputs") or 1
    return (wanted > 1 and "," not in text and better_delimiter(text, ",")) or ","


def _names_all(cells: Sequence[str], about: SavedModel) -> bool:
    """Whether a line of numbers is the names of columns, as the model knows them."""
    wanted = about.data.get("columns") or []
    return bool(wanted) and set(wanted) <= set(cells)


def _text(source: str) -> str:
    if source == "-":
        return decoded(sys.stdin.buffer.read(), "standard input")
    return read_text(source, "give the path of a CSV file in UTF-8")


def _columns(header: Sequence[str], about: SavedModel, name: str) -> list[int] | None:
    """Where the model's columns are; None if the model knows no names and takes them in order."""
    wanted = about.data.get("columns") or []
    if not wanted:
        return None
    refuse_twice(header, f"{name} has", "columns", file=name)
    columns = f"its columns: {', '.join(header)}; the model needs: {', '.join(wanted)}"
    for column in wanted:
        if column not in header:
            raise InputError(
                f"{name} has no column {column!r}",
                remedy=did_you_mean(column, header, columns),
                got=column,
                file=str(name),
            )
    return [header.index(column) for column in wanted]


def _numbers(cells: Sequence[str], where: str) -> list[float]:
    for k, cell in enumerate(cells, 1):
        if not is_number(cell):
            what = f"{where}: number {k} is {cell.strip()!r}"
            raise InputError(what, expected="a finite number", got=cell)
    return [float(cell) for cell in cells]


def _named(about: SavedModel) -> str:
    columns = about.data.get("columns") or []
    return f" ({', '.join(columns)})" if 0 < len(columns) <= 12 else ""


def _shown(cell: Any) -> str:
    if isinstance(cell, list):
        some = " ".join(f"{x:.4g}" for x in cell[:12])
        return some + (f" ... ({len(cell)} numbers)" if len(cell) > 12 else "")
    return f"{cell:.6g}" if isinstance(cell, float) else str(cell)
