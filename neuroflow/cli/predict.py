"""``neuroflow predict MODEL``: numbers in, answers out."""

from __future__ import annotations

import csv
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from neuroflow.cli.shared.output import BACKENDS, console, json_option, note, print_json, table
from neuroflow.errors import FileError, InputError, did_you_mean
from neuroflow.files import in_shell

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
    from neuroflow.checkpoint import file_of, inspect_file
    from neuroflow.training import predict as ask

    path = file_of(model)
    about = inspect_file(path)
    if about.data.get("task") == "sequence":
        raise InputError(
            f"{path} is a language model, which reads text and not rows of numbers",
            remedy=f"use: neuroflow generate {in_shell(model)}",
            file=str(path),
        )
    rows = [_numbers(values, "the arguments")] if values else _read_rows(source or "-", about)
    _check_lengths(rows, about)
    answers = ask(path, rows, backend=backend, dtype=dtype)
    results = [_result(row, answer, about) for row, answer in zip(rows, answers, strict=True)]
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


def _result(row: Sequence[float], answer: Any, about: SavedModel) -> dict[str, Any]:
    from neuroflow.training import class_of

    result: dict[str, Any] = {"input": list(row), "output": answer}
    if about.data.get("task") in ("binary", "classes"):
        number = class_of(answer)
        labels = about.data.get("labels") or []
        result["label"] = labels[number] if number < len(labels) else str(number)
    return result


def _read_rows(source: str, about: SavedModel) -> list[list[float]]:
    name = "standard input" if source == "-" else source
    if source == "-" and sys.stdin.isatty():
        note("rows of numbers, one a line; end with Ctrl-D", style="dim")
    lines = [
        cells for cells in csv.reader(_text(source).splitlines()) if any(map(str.strip, cells))
    ]
    if not lines:
        raise InputError(
            f"{name} holds no rows", remedy="give at least one row of numbers", file=str(name)
        )
    if len(lines[0]) == 1 and len(lines[0][0].split()) > 1:
        lines = [" ".join(cells).split() for cells in lines]
    start = 0 if all(map(_is_number, lines[0])) else 1
    chosen = _columns(lines[0], about, name) if start else None
    return [
        _numbers([cells[j] for j in chosen] if chosen else cells, f"{name}, row {k}")
        for k, cells in enumerate(lines[start:], 1)
    ]


def _text(source: str) -> str:
    if source == "-":
        return sys.stdin.read()
    try:
        return Path(source).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise FileError(
            f"cannot read {source}: {error}", remedy="give the path of a CSV file", file=str(source)
        ) from error


def _columns(header: Sequence[str], about: SavedModel, name: str) -> list[int] | None:
    """Where the model's columns are; None if the model knows no names and takes them in order."""
    names = [cell.strip() for cell in header]
    wanted = about.data.get("columns") or []
    if not wanted:
        return None
    columns = f"its columns: {', '.join(names)}; the model needs: {', '.join(wanted)}"
    for column in wanted:
        if column not in names:
            raise InputError(
                f"{name} has no column {column!r}",
                remedy=did_you_mean(column, names, columns),
                got=column,
                file=str(name),
            )
    return [names.index(column) for column in wanted]


def _numbers(cells: Sequence[str], where: str) -> list[float]:
    for k, cell in enumerate(cells, 1):
        if not _is_number(cell) or not math.isfinite(float(cell)):
            what = f"{where}: number {k} is {cell.strip()!r}"
            raise InputError(what, expected="a finite number", got=cell)
    return [float(cell) for cell in cells]


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _named(about: SavedModel) -> str:
    columns = about.data.get("columns") or []
    return f" ({', '.join(columns)})" if 0 < len(columns) <= 12 else ""


def _shown(cell: Any) -> str:
    if isinstance(cell, list):
        some = " ".join(f"{x:.4g}" for x in cell[:12])
        return some + (f" ... ({len(cell)} numbers)" if len(cell) > 12 else "")
    return f"{cell:.6g}" if isinstance(cell, float) else str(cell)
