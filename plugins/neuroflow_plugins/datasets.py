"""Datasets: points in the plane, a function of x, a CSV file, and handwritten digits."""

from __future__ import annotations

import csv as csv_module
import math
from typing import Annotated, Any, Literal

import neuroflow as nf

Points = Annotated[int, nf.Setting("how many points", "[4, inf)")]
Noise = Annotated[float, nf.Setting("the deviation of the noise", "[0, inf)")]
Classes = Annotated[int, nf.Setting("how many classes", "[2, inf)")]
Column = str | int


def two_points_of_each_class(points, classes):
    """Raise :class:`neuroflow.InputError` for too few points."""
    if points < 2 * classes:
        raise nf.InputError(
            f"{points} points of {classes} classes", expected=f"at least {2 * classes} points"
        )


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


def moons(rng, *, points: Points = 100, noise: Noise = 0.1) -> nf.Dataset:
    """Two half circles that interlock, as scikit-learn's ``make_moons`` draws them."""
    outer, inner = points // 2, points - points // 2
    places = [(math.cos(math.pi * t), math.sin(math.pi * t), 0) for t in _spread(outer)]
    places += [(1 - math.cos(math.pi * t), 0.5 - math.sin(math.pi * t), 1) for t in _spread(inner)]
    return _plane(rng, "moons", places, noise)


def circles(
    rng,
    *,
    points: Points = 100,
    noise: Noise = 0.05,
    factor: Annotated[float, nf.Setting("the radius of the inner circle", "(0, 1)")] = 0.5,
) -> nf.Dataset:
    """A circle of radius 1 around a smaller one."""
    outer, inner = points // 2, points - points // 2
    turns = [(i / outer, 1.0, 0) for i in range(outer)]
    turns += [(i / inner, factor, 1) for i in range(inner)]
    places = [
        (r * math.cos(2 * math.pi * t), r * math.sin(2 * math.pi * t), k) for t, r, k in turns
    ]
    return _plane(rng, "circles", places, noise)


def spirals(
    rng,
    *,
    points: Points = 100,
    noise: Noise = 0.02,
    turns: Annotated[float, nf.Setting("how often an arm goes round the middle")] = 1.0,
    classes: Classes = 2,
) -> nf.Dataset:
    """Arms that wind out from the middle, one for each class."""
    two_points_of_each_class(points, classes)
    places = []
    for k in range(classes):
        count = points // classes + (k < points % classes)
        for t in _spread(count):
            radius, angle = 0.1 + 0.9 * t, 2 * math.pi * (turns * t + k / classes)
            places.append((radius * math.cos(angle), radius * math.sin(angle), k))
    return _plane(rng, "spirals", places, noise, classes)


def linear(rng, *, points: Points = 100, noise: Noise = 0.05) -> nf.Dataset:
    """Points in a square, on either side of its diagonal."""
    square = [(rng.uniform(-1, 1), rng.uniform(-1, 1)) for _ in range(points)]
    return _plane(rng, "linear", [(x, y, int(x + y > 0)) for x, y in square], noise)


def xor(rng, *, points: Points = 100, noise: Noise = 0.05) -> nf.Dataset:
    """Points in a square; the class says whether x and y differ in sign."""
    square = [(rng.uniform(-1, 1), rng.uniform(-1, 1)) for _ in range(points)]
    return _plane(rng, "xor", [(x, y, int((x > 0) != (y > 0))) for x, y in square], noise)


def gauss(rng, *, points: Points = 100, noise: Noise = 0.3, classes: Classes = 2) -> nf.Dataset:
    """Clouds of points, their centres spread on a circle; ``noise`` is a cloud's deviation."""
    two_points_of_each_class(points, classes)
    places = []
    for i in range(points):
        angle = 2 * math.pi * (i % classes) / classes
        places.append((math.cos(angle), math.sin(angle), i % classes))
    return _plane(rng, "gauss", places, noise, classes)


def low_below_high(low, high):
    """Raise :class:`neuroflow.InputError` for a range of x that is empty."""
    if not low < high:
        raise nf.InputError(f"the range of x is {low} to {high}", expected="low < high")


def function(
    rng,
    *,
    f: Annotated[str, nf.Setting("the function of x, such as sin(x) + x / 4")],
    low: Annotated[float, nf.Setting("the smallest x")] = -5.0,
    high: Annotated[float, nf.Setting("the largest x")] = 5.0,
    points: Annotated[int, nf.Setting("how many places", "[2, inf)")] = 200,
    noise: Noise = 0.0,
) -> nf.Dataset:
    """A function of x given as text, at evenly spaced places from ``low`` to ``high``."""
    rule = nf.parse_expression(f)
    low_below_high(low, high)
    xs = [low + (high - low) * t for t in _spread(points)]
    ys = [rule(x) + (rng.gauss(0.0, noise) if noise else 0.0) for x in xs]
    return nf.Dataset(
        [[x] for x in xs], ys, "regression", columns=("x",), name="function", facts={"f": f}
    )


def rows(
    rng,
    *,
    rows: Annotated[list[Any], nf.Setting("lists of the numbers and the class of a point")],
    classes: Classes = 2,
) -> nf.Dataset:
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
    path: Annotated[str, nf.Setting("the file")],
    target: Annotated[Column, nf.Setting("the column of the answers, by name or number")],
    columns: Annotated[
        list[Column] | None, nf.Setting("the columns of the inputs; all others if left out")
    ] = None,
    header: Annotated[bool, nf.Setting("whether the first line has the names of columns")] = True,
    task: Annotated[
        Literal["auto", "regression", "binary", "classes"], nf.Setting("what is to be learned")
    ] = "auto",
    delimiter: Annotated[str, nf.Setting("what stands between cells", length="[1, 1]")] = ",",
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
    task = _task_of(answers) if task == "auto" else task
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


def _task_of(answers):
    """What answers in words or numbers are for: numbers to be met, or classes, maybe two."""
    if all(map(_is_number, answers)):
        return "regression"
    return "binary" if len(set(answers)) == 2 else "classes"


def _read_table(path, header, delimiter):
    """The names of the columns, and the rows with the numbers of their lines."""
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


def digits(
    rng, *, target: Annotated[Literal["digit", "image"], nf.Setting("the answer")] = "digit"
) -> nf.Dataset:
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
    relations = {
        spirals: two_points_of_each_class,
        gauss: two_points_of_each_class,
        function: low_below_high,
    }
    return [
        nf.DatasetEntry(
            name=target.__name__, target=target, summary=summary, relations=relations.get(target)
        )
        for target, summary in _SUMMARIES.items()
    ]
