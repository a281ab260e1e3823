"""Formats: tables as lines of JSON, an object for each row."""

from __future__ import annotations

import neuroflow as nf

EXAMPLE = '{"x": 1.5, "colour": "red"}\n{"x": 2.0, "colour": null}\n'


def json_lines(path):
    """The objects of a file, one a line, as rows; all have the names of the first.

    A line without one is an empty row, so that messages about cells count the lines of the file.
    """
    names = None
    for number, row in _objects(path):
        if row is None:
            yield []
            continue
        if names is None:
            names = list(row)
            yield names
        if set(row) != set(names):
            raise nf.InputError(
                f"{path}, line {number} has {', '.join(row) or 'nothing'}",
                expected=f"the names of the first line: {', '.join(names)}",
                remedy="write null for what is missing",
                file=str(path),
                line=number,
            )
        yield ["" if row[name] is None else row[name] for name in names]


def _objects(path):
    """What is on each line, with its number; None where nothing is."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise nf.FileError(
            f"cannot read {path}: {error}", remedy="give a file of JSON Lines", file=str(path)
        ) from error
    for number, line in enumerate(lines, 1):
        yield number, _object(line, path, number) if line.strip() else None


def _object(line, path, number):
    import json  # here: every start of neuroflow reads this file

    try:
        found = json.loads(line)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise nf.InputError(
            f"{path}, line {number} is no object: {line[:60]!r}",
            expected='an object of JSON, such as {"x": 1.5, "colour": "red"}',
            file=str(path),
            line=number,
        )
    return found


@nf.hookimpl
def neuroflow_formats():
    """All formats by name."""
    return [
        nf.FormatEntry(
            name="json_lines",
            target=json_lines,
            suffix=".jsonl",
            example=EXAMPLE,
            summary="Tables as lines of JSON, an object for each row",
        )
    ]
