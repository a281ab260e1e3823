"""Datasets: points in the plane, a function of x, a CSV file, and handwritten digits."""

from __future__ import annotations

import csv as csv_module
import math
from typing import Any, Literal

import neuroflow as nf


def _check_points(points, noise, classes=2):
    if points < 2 * classes:
        raise nf.InputError(f"points is {points}", expected=f"at least {2 * classes}", got=points)
    if classes < 2:
        raise nf.InputError(f"classes is {classes}", expected="at least 2", got=classes)
    if not 0 <= noise < math.inf:
        raise nf.InputError(f"noise is {noise}", expected="a number of at least 0", got=noise)


def _plane(rng, name, places, noise, classes=2) -> nf.Dataset:
    """A dataset of (x, y, class) places, each moved by Gaussian noise."""
    inputs = [[x + rng.gauss(0.0, noise), y + rng.gauss(0.0, noise)] for x, y, _ in places]
    return nf.Dataset(
        inputs,
        [k for _, _, k in places],
        "binary" if classes == 2 else "classes",
        labels=[str(k) for k in range(classes)],
        columns=("x", "y"),
        name=name,
    )


def _spread(count):
    """``count`` numbers from 0 to 1, evenly spaced."""
    return [i / (count - 1) for i in range(count)]


def moons(rng, *, points: int = 100, noise: float = 0.1) -> nf.Dataset:
    """Two half circles that interlock, as scikit-learn's ``make_moons`` draws them."""
    _check_points(points, noise)
    outer, inner = points // 2, points - points // 2
    places = [(math.cos(math.pi * t), math.sin(math.pi * t), 0) for t in _spread(outer)]
    places += [(1 - math.cos(math.pi * t), 0.5 - math.sin(math.pi * t), 1) for t in _spread(inner)]
    return _plane(rng, "moons", places, noise)


def circles(rng, *, points: int = 100, noise: float = 0.05, factor: float = 0.5) -> nf.Dataset:
    """A circle around a smaller one; ``factor`` is the radius of the inner circle."""
    _check_points(points, noise)
    if not 0 < factor < 1:
        raise nf.InputError(f"factor is {factor}", expected="a number between 0 and 1", got=factor)
    outer, inner = points // 2, points - points // 2
    turns = [(i / outer, 1.0, 0) for i in range(outer)]
    turns += [(i / inner, factor, 1) for i in range(inner)]
    places = [
        (r * math.cos(2 * math.pi * t), r * math.sin(2 * math.pi * t), k) for t, r, k in turns
    ]
    return _plane(rng, "circles", places, noise)


def spirals(
    rng, *, points: int = 100, noise: float = 0.02, turns: float = 1.0, classes: int = 2
) -> nf.Dataset:
    """Arms that wind out from the middle, one for each class."""
    _check_points(points, noise, classes)
    places = []
    for k in range(classes):
        count = points // classes + (k < points % classes)
        for t in _spread(count):
            radius, angle = 0.1 + 0.9 * t, 2 * math.pi * (turns * t + k / classes)
            places.append((radius * math.cos(angle), radius * math.sin(angle), k))
    return _plane(rng, "spirals", places, noise, classes)


def linear(rng, *, points: int = 100, noise: float = 0.05) -> nf.Dataset:
    """Points in a square, on either side of its diagonal."""
    _check_points(points, noise)
    square = [(rng.uniform(-1, 1), rng.uniform(-1, 1)) for _ in range(points)]
    return _plane(rng, "linear", [(x, y, int(x + y > 0)) for x, y in square], noise)


def xor(rng, *, points: int = 100, noise: float = 0.05) -> nf.Dataset:
    """Points in a square; the class says whether x and y differ in sign."""
    _check_points(points, noise)
    square = [(rng.uniform(-1, 1), rng.uniform(-1, 1)) for _ in range(points)]
    return _plane(rng, "xor", [(x, y, int((x > 0) != (y > 0))) for x, y in square], noise)


def gauss(rng, *, points: int = 100, noise: float = 0.3, classes: int = 2) -> nf.Dataset:
    """Clouds of points, their centres spread on a circle; ``noise`` is a cloud's deviation."""
    _check_points(points, noise, classes)
    places = []
    for i in range(points):
        angle = 2 * math.pi * (i % classes) / classes
        places.append((math.cos(angle), math.sin(angle), i % classes))
    return _plane(rng, "gauss", places, noise, classes)


def function(
    rng, *, f: str, low: float = -5.0, high: float = 5.0, points: int = 200, noise: float = 0.0
) -> nf.Dataset:
    """A function of x given as text, at evenly spaced places from ``low`` to ``high``."""
    rule = nf.parse_expression(f)
    if not -math.inf < low < high < math.inf:
        raise nf.InputError(
            f"the range of x is {low} to {high}",
            expected="low < high, both finite",
            got=(low, high),
        )
    if points < 2:
        raise nf.InputError(f"points is {points}", expected="at least 2", got=points)
    xs = [low + (high - low) * t for t in _spread(points)]
    ys = [rule(x) + (rng.gauss(0.0, noise) if noise else 0.0) for x in xs]
    return nf.Dataset(
        [[x] for x in xs], ys, "regression", columns=("x",), name="function", facts={"f": f}
    )


def rows(rng, *, rows: list[Any], classes: int = 2) -> nf.Dataset:
    """Points written in the configuration: the numbers of each, then the number of its class."""
    for k, row in enumerate(rows):
        if not isinstance(row, (list, tuple)) or len(row) < 2:
            raise nf.InputError(
                f"row {k} is {row!r}",
                expected="numbers and the number of a class: [x, y, 1]",
                got=row,
            )
        if not isinstance(row[-1], (int, float)) or row[-1] != int(row[-1]):
            raise nf.InputError(
                f"row {k} has the class {row[-1]!r}", expected="a whole number", got=row[-1]
            )
    task = "binary" if classes == 2 else "classes"
    labels = [str(k) for k in range(classes)]
    targets = [int(row[-1]) for row in rows]
    return nf.Dataset([row[:-1] for row in rows], targets, task, labels=labels, name="rows")


def csv(
    rng,
    *,
    path: str,
    target: str | int,
    columns: list[str | int] | None = None,
    header: bool = True,
    task: Literal["auto", "regression", "binary", "classes"] = "auto",
    delimiter: str = ",",
) -> nf.Dataset:
    """The rows of a CSV file, or of a file like it.

    ``target`` and ``columns`` are names from the header or numbers from 0; without ``columns``
    all but the target are inputs. ``task = "auto"`` means regression if every target is a
    number, and classes otherwise.
    """
    names, rows = _read_table(path, header, delimiter)
    goal = _position(target, names, path, "target")
    chosen = [_position(c, names, path, "columns") for c in columns or _without(names, goal)]
    inputs = [[_number(cells, j, names, path, line) for j in chosen] for line, cells in rows]
    answers = [_cell(cells, goal, names, path, line) for line, cells in rows]
    facts: dict[str, Any] = {"columns": [names[j] for j in chosen], "name": str(path)}
    if task == "auto":
        task = "regression" if all(map(_is_number, answers)) else "classes"
        if task == "classes" and len(set(answers)) == 2:
            task = "binary"
    if task == "regression":
        numbers = [_number(cells, goal, names, path, line) for line, cells in rows]
        return nf.Dataset(inputs, numbers, task, **facts)
    labels = sorted(set(answers), key=lambda x: (0, float(x), x) if _is_number(x) else (1, 0, x))
    if task == "binary" and len(labels) != 2:
        raise nf.InputError(
            f"{path}: column {names[goal]!r} has {len(labels)} different values",
            remedy='a binary task needs 2, so choose task = "classes" or another target',
            got=labels,
            file=str(path),
        )
    return nf.Dataset(inputs, [labels.index(a) for a in answers], task, labels=labels, **facts)


def _read_table(path, header, delimiter):
    """The names of the columns, and the rows with the numbers of their lines."""
    if len(delimiter) != 1:
        raise nf.InputError(f"delimiter is {delimiter!r}", expected="one character", got=delimiter)
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            reader = csv_module.reader(file, delimiter=delimiter, strict=True)
            rows = [(reader.line_num, cells) for cells in reader if cells]
    except (OSError, UnicodeDecodeError) as error:
        raise nf.FileError(
            f"cannot read {path}: {error}",
            remedy="give the path of a text file in UTF-8",
            file=str(path),
        ) from error
    except csv_module.Error as error:
        raise nf.InputError(
            f"{path}, line {reader.line_num}: {error}",
            remedy="repair the file",
            file=str(path),
            line=reader.line_num,
        ) from error
    names = [name.strip() for name in rows.pop(0)[1]] if header and rows else None
    if not rows:
        raise nf.InputError(f"{path} has no rows of data", expected="at least one", file=str(path))
    names = names or [str(j) for j in range(len(rows[0][1]))]
    for line, cells in rows:
        if len(cells) != len(names):
            raise nf.InputError(
                f"{path}, line {line} has {len(cells)} cells",
                expected=f"{len(names)}, one for each column",
                file=str(path),
                line=line,
            )
    return names, rows


def _without(names, goal):
    return [j for j in range(len(names)) if j != goal]


def _position(column, names, path, setting):
    if isinstance(column, str) and column in names:
        return names.index(column)
    if isinstance(column, int) and 0 <= column < len(names):
        return column
    raise nf.InputError(
        f"{path} has no column {column!r}, which {setting} asks for",
        remedy=f"its columns: {', '.join(map(repr, names))}",
        got=column,
        file=str(path),
    )


def _cell(cells, j, names, path, line):
    cell = cells[j].strip()
    if not cell:
        raise nf.InputError(
            f"{path}, line {line}, column {names[j]!r} is empty",
            remedy="fill it in, or remove the row",
            file=str(path),
            line=line,
        )
    return cell


def _is_number(cell):
    try:
        return math.isfinite(float(cell))
    except ValueError:
        return False


def _number(cells, j, names, path, line):
    cell = _cell(cells, j, names, path, line)
    if not _is_number(cell):
        raise nf.InputError(
            f"{path}, line {line}, column {names[j]!r} is {cell!r}",
            expected="a finite number",
            remedy="repair the cell, or leave the column out with columns = [...]",
            got=cell,
            file=str(path),
            line=line,
        )
    return float(cell)


def digits(rng, *, target: Literal["digit", "image"] = "digit") -> nf.Dataset:
    """1,797 handwritten digits of 8 by 8 pixels, from 0 (white) to 1.

    With ``target = "image"`` the image itself is the answer, for an autoencoder. Source: the
    UCI "Optical Recognition of Handwritten Digits", as scikit-learn ships it.
    """
    try:
        from sklearn.datasets import load_digits  # type: ignore[import-untyped]
    except ImportError as error:
        raise nf.PluginError(
            "the dataset 'digits' comes with scikit-learn, which is not installed",
            remedy="install it with: pip install 'neuroflow[data]'",
        ) from error
    raw = load_digits()
    images = [[x / 16.0 for x in image] for image in raw.data.tolist()]
    facts: dict[str, Any] = {"image": (8, 8)}
    if target == "image":
        return nf.Dataset(images, images, "regression", name="digits", facts=facts)
    labels = [str(k) for k in range(10)]
    return nf.Dataset(
        images, raw.target.tolist(), "classes", labels=labels, name="digits", facts=facts
    )


_SUMMARIES = {
    moons: "two interlocking half circles",
    circles: "a circle around a smaller one",
    spirals: "arms that wind out from the middle, one per class",
    linear: "two classes on either side of a line",
    xor: "two classes in opposite quadrants",
    gauss: "clouds of points, one per class",
    function: "a function of x, given as text",
    rows: "points written in the configuration",
    csv: "the rows of a CSV file",
    digits: "1,797 handwritten digits, 8 by 8 pixels (extra 'data')",
}


@nf.hookimpl
def neuroflow_datasets():
    """The datasets of this module."""
    return [
        nf.DatasetEntry(name=target.__name__, target=target, summary=summary)
        for target, summary in _SUMMARIES.items()
    ]
