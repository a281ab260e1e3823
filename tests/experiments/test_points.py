"""The points of a sweep: what a grid means, what is drawn, and what their folders are called."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

import pytest

import neuroflow as nf
from neuroflow.experiments.points import Range, name_of, points_of, space_of


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("a.b=1,2.5,true", [1, 2.5, True]),
        ("a.b=relu, tanh", ["relu", "tanh"]),
        ("a.b=[1, 2],[3]", [[1, 2], [3]]),
        ('a.b="x,y",z', ["x,y", "z"]),
        ('a.b={use = "step", every = 3},constant', [{"use": "step", "every": 3}, "constant"]),
        ("a.b=x**2=y", ["x**2=y"]),
        ("a.b=1..3", Range(1, 3)),
        ("a.b=log:1e-4..1e-1", Range(1e-4, 1e-1, log=True)),
        ("a.b=0.5..2", Range(0.5, 2)),
    ],
)
def test_a_text_of_a_grid_means_values_or_a_range(text, values):
    assert space_of([text]) == {"a.b": values}


def test_a_dict_means_the_same():
    given = {"a": [1, 2], "b": "log:1..9", "c": 5, "d": range(2), "e": [[1, 2]]}
    assert space_of(given) == {
        "a": [1, 2], "b": Range(1, 9, log=True), "c": [5], "d": [0, 1], "e": [[1, 2]],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("grid", "message"),
    [
        (["a.b"], "'a.b' is no part of a grid; expected PATH=VALUES"),
        (["a.b="], "the grid has no value for a.b"),
        ({"a.b": []}, "the grid has no value for a.b"),
        (["a.b=1", "a.b=2"], "the grid has a.b 2 times; write all its values at once"),
        (["a.b=log:0..1"], "expected LOW..HIGH, two numbers above 0"),
        (["a.b=3..1"], "expected LOW..HIGH, two numbers, the smaller one first"),
        (["a.b=x..y"], "a.b cannot be drawn from 'x..y'"),
        (["a.b=1..inf"], "a.b cannot be drawn from"),
        ("a.b=1", "the grid is 'a.b=1', of type str"),
    ],
)
def test_what_is_no_grid_is_refused(grid, message):
    with pytest.raises(nf.InputError, match=re.escape(message)):
        space_of(grid)


def test_all_combinations_come_in_the_order_of_the_grid():
    points = points_of(space_of(["x=1,2", "y=a,b"]))
    assert [tuple(p.values()) for p in points] == [(1, "a"), (1, "b"), (2, "a"), (2, "b")]
    assert points_of(space_of(["x=1,2", "y=a,b"]), count=9) == points


def test_a_point_that_is_written_twice_is_there_once():
    assert points_of(space_of(["x=1,1,2"])) == [{"x": 1}, {"x": 2}]


def test_a_date_is_a_word_for_no_setting_is_one():
    assert space_of(["x=2020-01-01,07:30:00"]) == {"x": ["2020-01-01", "07:30:00"]}


def test_drawn_points_are_the_same_for_a_seed_and_more_begin_with_them():
    space = space_of(["rate=log:1e-4..1e-1", "size=2..64", "a=relu,tanh"])
    few, many = points_of(space, 20, seed=7), points_of(space, 40, seed=7)
    assert many[:20] == few
    assert points_of(space, 20, seed=8) != few
    assert all(1e-4 <= p["rate"] <= 1e-1 and p["size"] in range(2, 65) for p in many)
    below = sum(p["rate"] < 10**-2.5 for p in points_of(space, 400))
    assert 150 < below < 250  # log: half of them below the geometric mean
    assert {p["a"] for p in many} == {"relu", "tanh"}
    assert len(points_of(space_of(["n=1..3"]), 10)) == 3


def test_a_range_needs_a_number_of_points():
    with pytest.raises(nf.InputError, match="x is a range, which has no end of points; say how"):
        points_of(space_of(["x=1..2"]))
    with pytest.raises(nf.InputError, match=r"the grid has 1,000,000 points; expected at most"):
        points_of({"x": list(range(1000)), "y": list(range(1000))})


@pytest.mark.parametrize(
    "value",
    ["../../x", "/etc/passwd", "a\0b", "x" * 500, "", ".", "a/b", "é\n\x1b", "a b", "CON:", -1e-300,
     float("inf"), {"use": "step", "every": 3}, [[1, 2], "x"], None, "ab-"],
)  # fmt: skip
def test_a_folder_is_named_safely_and_apart_from_all_others(value):
    name = name_of({"data.path": value})
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.=,+-]*", name)
    assert PurePosixPath(name).name == name
    assert len(name) < 120
    assert name_of({"data.path": value}) == name
    assert name not in {name_of({"data.path": x}) for x in ("ab", "a-b", "x", "x" * 499)}
