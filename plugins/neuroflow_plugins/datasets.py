"""Datasets: points in the plane, a function of x, a CSV file, and handwritten digits."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

import neuroflow as nf
from neuroflow_plugins.checks import neuroflow_checks  # noqa: F401  of this plugin too
from neuroflow_plugins.exporters import neuroflow_exporters  # noqa: F401  of this plugin too
from neuroflow_plugins.formats import neuroflow_formats  # noqa: F401  of this plugin too
from neuroflow_plugins.importers import neuroflow_importers  # noqa: F401  of this plugin too
from neuroflow_plugins.looks import neuroflow_looks  # noqa: F401  of this plugin too
from neuroflow_plugins.observers import (  # noqa: F401  offered by this plugin too
    neuroflow_observers,
    neuroflow_recipes,
)
from neuroflow_plugins.panels import neuroflow_panels  # noqa: F401  of this plugin too

POINT = 500
"""Bytes that an example of a few numbers takes while it is made."""

Points = Annotated[int, nf.Setting("how many points", "[4, inf)", each=POINT)]
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
    turns: Annotated[
        float, nf.Setting("how often an arm goes round the middle", "[-1000, 1000]")
    ] = 1.0,
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
    points: Annotated[int, nf.Setting("how many places", "[2, inf)", each=POINT)] = 200,
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


Named = Column | list[Column]


def csv(
    rng,
    *,
    path: Annotated[str, nf.Setting("the file", file=True)],
    target: Annotated[
        Named | None,
        nf.Setting(
            'the column of the answers, by name or number; several; or "inputs"', "[0, inf)"
        ),
    ] = None,
    columns: Annotated[
        list[Column] | dict[str, Any] | None,
        nf.Setting("the columns of the inputs, all others if left out; or what columns are"),
    ] = None,
    header: Annotated[
        bool | None,
        nf.Setting("whether the first line has the names of columns; it has if left out"),
    ] = None,
    task: Annotated[
        Literal["auto", "regression", "binary", "classes"], nf.Setting("what is to be learned")
    ] = "auto",
    missing: Annotated[
        Literal["refuse", "drop", "mean", "median", "most_frequent", "indicator"],
        nf.Setting("what to do where a cell of an input is empty"),
    ] = "refuse",
    unseen: Annotated[
        Literal["refuse", "zero"],
        nf.Setting("what to do about a category that the part to train on has not"),
    ] = "refuse",
    weights: Annotated[
        Column | None,
        nf.Setting("the column that says how much the loss of a row counts", "[0, inf)"),
    ] = None,
    labels: Annotated[
        list[str] | None,
        nf.Setting(
            "the classes in their order; found in the target if left out", length="[2, inf)"
        ),
    ] = None,
    delimiter: Annotated[
        str | None,
        nf.Setting("what stands between cells; recognised if left out", length="[1, 1]"),
    ] = None,
    decimal: Annotated[
        Literal[".", ","] | None,
        nf.Setting("the mark before the fraction of a number; recognised if left out"),
    ] = None,
    thousands: Annotated[
        Literal["", ",", ".", "'", " "] | None,
        nf.Setting("the mark between groups of three digits; recognised if left out"),
    ] = None,
    encoding: Annotated[
        str | None, nf.Setting("how the file is encoded; recognised if left out")
    ] = None,
) -> nf.Dataset:
    """The rows of a CSV file, or of a file like it.

    ``target`` and ``columns`` are names from the header or numbers from 0; without ``columns``
    all but the target are inputs. As a table, ``columns`` says what columns are, such as
    ``city = "category"``, and ``"*" = "ignore"`` all that it does not name; what is not said is
    recognised. ``task = "auto"`` means regression if
    every target is a number, and classes otherwise. Classes are numbered in the order of their
    names, or of their numbers if all are numbers; 1 and 1.0 are one class.
    """
    spelling = {
        "delimiter": delimiter, "decimal": decimal, "thousands": thousands,
        "encoding": encoding, "header": header,
    }  # fmt: skip
    roles = nf.Roles(target, columns, weights, "classes" if labels else task)
    table = nf.read_columns(path, roles.wanted, **spelling)
    return nf.from_table(
        table, target, columns=columns, task=task, missing=missing, unseen=unseen, weights=weights,
        labels=labels or (),
    )  # fmt: skip


def digits(
    rng, *, target: Annotated[Literal["digit", "image"], nf.Setting("the answer")] = "digit"
) -> nf.Dataset:
    """1,797 handwritten digits of 8 by 8 pixels, from 0 (white) to 1.

    With ``target = "image"`` the image itself is the answer, for an autoencoder. Source: the
    UCI "Optical Recognition of Handwritten Digits", as scikit-learn ships it.
    """
    images, digits = _images_of_digits("digits")
    facts: dict[str, Any] = {"image": (8, 8)}
    if target == "image":
        return nf.Dataset(images, images, "regression", name="digits", facts=facts)
    labels = [str(k) for k in range(10)]
    return nf.Dataset(images, digits, "classes", labels=labels, name="digits", facts=facts)


def digit_pairs(rng) -> nf.Dataset:
    """898 pairs of digits: are they the same? Two images of ``digits``, 64 numbers each.

    Half of the pairs show one digit twice. Each image is in one pair alone, so that a pair held
    out to test on is of two images that nobody has seen.
    """
    images, digits = _images_of_digits("digit_pairs")
    of_digit: list[list[list[float]]] = [[] for _ in range(10)]
    for image, digit in zip(images, digits, strict=True):
        of_digit[digit].append(image)
    for some in of_digit:
        rng.shuffle(some)
    quarters = [len(some) // 4 for some in of_digit]
    same = [
        (some[2 * k] + some[2 * k + 1], 1)
        for some, quarter in zip(of_digit, quarters, strict=True)
        for k in range(quarter)
    ]
    rest = [
        image
        for some, quarter in zip(of_digit, quarters, strict=True)
        for image in some[2 * quarter :]
    ]
    middle = len(rest) // 2  # digits stand in order: half of them further there is another one
    other = [(rest[k] + rest[k + middle], 0) for k in range(middle)]
    pairs = [*same, *other]
    rng.shuffle(pairs)
    inputs, targets = map(list, zip(*pairs, strict=True))
    return nf.Dataset(inputs, targets, "binary", labels=["different", "same"], name="digit_pairs")


def _images_of_digits(name):
    """Images as 64 numbers from 0 to 1, and which digit each shows."""
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise nf.PluginError(
            f"the dataset {name!r} comes with scikit-learn, which is not installed",
            remedy="install it with: pip install 'neuroflow[data]'",
        ) from error
    raw = load_digits()
    return [[x / 16.0 for x in image] for image in raw.data.tolist()], raw.target.tolist()


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
    digit_pairs: "898 pairs of handwritten digits, the same one or two (extra 'data')",
}


@nf.hookimpl
def neuroflow_datasets():
    """The datasets of this module."""
    relations = {
        spirals: two_points_of_each_class,
        gauss: two_points_of_each_class,
        function: low_below_high,
    }
    facts: dict[Any, dict[str, Any]] = {
        function: {"example": {"f": "sin(x)"}},
        rows: {"example": {"rows": [[0.0, 1.0, 0], [1.0, 0.0, 1]]}, "fixed": True},
        csv: {"fixed": True}, digits: {"fixed": True},
    }  # fmt: skip
    return [
        nf.DatasetEntry(
            name=target.__name__, target=target, summary=summary, relations=relations.get(target),
            **facts.get(target, {}),
        )
        for target, summary in _SUMMARIES.items()
    ]  # fmt: skip
