"""Datasets with one mistake each."""

from __future__ import annotations

import random

import neuroflow as nf
from neuroflow_plugins.zoo.twin import twin


def _halves(points):
    return [k % 2 for k in range(points)]


@twin("the points of nobody's seed", "seeds", "`random` is one generator for the whole program:"
      " the seed of the run does not reach it.")  # fmt: skip
def cloud_1(rng, *, points: int = 40):
    """Points around two middles."""
    return nf.Dataset(
        [[random.gauss(k, 0.5)] for k in _halves(points)], _halves(points), "binary"
    )  # bug


@twin("the one with a seed of its own", "seeds", "A generator that is made here starts alike"
      " whatever the seed of the run.")  # fmt: skip
def cloud_2(rng, *, points: int = 40):
    """Points around two middles."""
    rng = nf.SplitMix32(0)  # bug
    return nf.Dataset([[rng.gauss(k, 0.5)] for k in _halves(points)], _halves(points), "binary")


@twin("the noise that is not there", "settings", "The setting is in the signature, in forms and in"
      " tables, and nothing depends on it.")  # fmt: skip
def cloud_3(rng, *, points: int = 40, noise: float = 0.5):
    """Points around two middles, with noise."""
    return nf.Dataset(
        [[rng.gauss(k, 0.5)] for k in _halves(points)], _halves(points), "binary"
    )  # bug


@twin("the one point too few", "settings", "range(points - 1) has one number less than points.")
def cloud_4(rng, *, points: int = 40):
    """Points around two middles."""
    classes = [k % 2 for k in range(points - 1)]  # bug
    return nf.Dataset([[rng.gauss(k, 0.5)] for k in classes], classes, "binary")


@twin("the class in the question", "leak", "A column that is the class itself makes every model"
      " right at once, and wrong on what comes later.")  # fmt: skip
def cloud_5(rng, *, points: int = 40):
    """Points around two middles."""
    rows = [[rng.gauss(k, 0.5), float(k)] for k in _halves(points)]  # bug
    return nf.Dataset(rows, _halves(points), "binary")


@twin("the class that never comes", "classes", "k % 2 has two values: the third class has a name,"
      " and no example.")  # fmt: skip
def cloud_6(rng, *, points: int = 40):
    """Points around three middles."""
    classes = [k % 2 for k in range(points)]  # bug
    return nf.Dataset([[rng.gauss(k, 0.5)] for k in classes], classes, "classes", labels="abc")


@twin("the bare lists", "dataset", "A tuple of lists has no task, and nobody has looked at its"
      " numbers: give a Dataset.")  # fmt: skip
def cloud_7(rng, *, points: int = 40):
    """Points around two middles."""
    return [[rng.gauss(k, 0.5)] for k in _halves(points)], _halves(points)  # bug


@twin("the class in three columns", "leak", "A one-hot list is the class as well, spelled in other"
      " numbers.")  # fmt: skip
def cloud_8(rng, *, points: int = 40):
    """Points around three middles."""
    classes = [k % 3 for k in range(points)]
    rows = [[rng.gauss(k, 0.5), *(float(k == j) for j in range(3))] for k in classes]  # bug
    return nf.Dataset(rows, classes, "classes", labels="abc")


@twin("the number that was asked for", "leak", "The target stands among the inputs: a model learns"
      " to copy it, and nothing else.")  # fmt: skip
def slope_1(rng, *, points: int = 40):
    """Points beside a line."""
    rows = [[x, 2 * x + rng.gauss(0.0, 0.1)] for x in (rng.random() for _ in range(points))]
    return nf.Dataset(rows, [y for _, y in rows], "regression")  # bug


@twin("the one row of forty names", "examples", "[row] * points is one list, forty times: what is"
      " written into one is in all.")  # fmt: skip
def slope_2(rng, *, points: int = 40):
    """Points beside a line."""
    rows = [[0.0]] * points  # bug
    for row in rows:
        row[0] = rng.random()
    return nf.Dataset(rows, [2 * x + rng.gauss(0.0, 0.1) for (x,) in rows], "regression")


@twin("the points that are twice as many", "settings", "So many are made of each class, and the"
      " setting says so many points.")  # fmt: skip
def cloud_9(rng, *, points: int = 40):
    """Points around two middles."""
    classes = [k for k in (0, 1) for _ in range(points)]  # bug
    return nf.Dataset([[rng.gauss(k, 0.5)] for k in classes], classes, "binary")


_CLOUDS = (cloud_1, cloud_2, cloud_3, cloud_4, cloud_5, cloud_6, cloud_7, cloud_8, cloud_9)

DATASETS = [
    nf.DatasetEntry(
        name=target.__name__, target=target, summary=(target.__doc__ or "").split("\n", 1)[0]
    )
    for target in (*_CLOUDS, slope_1, slope_2)
]
