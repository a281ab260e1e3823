"""Preparation: what becomes of each kind of column, learned from the training part alone."""

from __future__ import annotations

import json

import pytest

import neuroflow as nf
from neuroflow.data.facts import DataFacts
from neuroflow.data.given import dataset_of
from neuroflow.data.preparation import Preparation

ROWS = {"age": [1.0, None, 3.0, 8.0], "city": ["b", "a", None, "b"],
        "size": ["S", "L", "M", None]}  # fmt: skip
COLUMNS = {"size": {"kind": "ordinal", "order": ["S", "M", "L"]}}


@pytest.mark.parametrize(
    ("missing", "age", "city", "size"),
    [
        ("mean", [4.0], [0.0, 1.0], [1.0]),
        ("median", [3.0], [0.0, 1.0], [1.0]),
        ("most_frequent", [1.0], [0.0, 1.0], [2.0]),
        ("indicator", [4.0, 1.0], [0.0, 0.0, 1.0], [0.0, 1.0]),
    ],
)
def test_a_missing_cell_becomes_what_was_asked_for(missing, age, city, size):
    preparation = nf.Preparation.learn(ROWS, COLUMNS, missing=missing)
    nothing = preparation.row({"age": None, "city": "", "size": "NA"})
    assert nothing == [*age, *city, *size]
    assert len(preparation.names) == len(nothing)
    there = preparation.row({"age": 2, "city": "a", "size": "L"})
    assert [there[0], there[len(age)], there[len(age) + len(city)]] == [2.0, 1.0, 2.0]
    again = Preparation.of_table(json.loads(json.dumps(preparation.table())))
    assert again == preparation
    assert again.rows(ROWS) == [preparation.row(row) for row in nf.Columns.of(ROWS).dicts()]


@pytest.mark.parametrize(
    ("columns", "row", "message"),
    [
        ({}, {"age": 1, "city": "c", "size": "S"}, "column 'city' is 'c', which the training part"),
        ({}, {"age": "x", "city": "a", "size": "S"}, "column 'age' is 'x'; expected a finite numb"),
        ({}, {"age": 1, "city": "a"}, "the row has no 'size'"),
        ({}, [1, "a"], "the row has 2 cells; expected 3 (age, city, size)"),
        ({}, {"age": None, "city": "a", "size": "S"}, "column 'age' is empty"),
        ({"age": "numbr"}, None, "columns.age is 'numbr'; expected one of number, category"),
        ({"age": {"kind": "number", "parts": []}}, None, "columns.age has the key 'parts'"),
        ({"when": "date"}, None, "has no column 'when'"),
        ({"city": {"kind": "category", "missing": "men"}}, None, "did you mean 'mean' or 'median"),
        ({"city": {"kind": "date", "parts": ["yaer"]}}, None, "did you mean 'year'?"),
        ({"size": "ordinal"}, None, "columns.size = { kind = \"ordinal\", order ="),
    ],
)  # fmt: skip
def test_what_cannot_be_prepared_is_refused_with_its_column(columns, row, message):
    whole = {"age": [1.0, 2.0], "city": ["b", "a"], "size": ["S", "L"]}
    with pytest.raises(nf.InputError) as caught:
        nf.Preparation.learn(whole, {**({} if row is None else COLUMNS), **columns}).row(row)
    assert message in str(caught.value)


def test_dates_become_their_parts_and_unseen_categories_zeros():
    parts = ["year", "month", "day", "weekday", "day_of_year", "hour", "minute", "days"]
    columns = {"when": {"kind": "date", "parts": parts, "format": "%d.%m.%Y %H:%M"},
               "city": {"kind": "category", "unseen": "zero"}}  # fmt: skip
    table = {"when": ["29.02.2024 18:30"], "city": ["Rome"]}
    preparation = nf.Preparation.learn(table, columns)
    assert preparation.row(["29.02.2024 18:30", "Oslo"]) == [
        2024.0, 2.0, 29.0, 3.0, 60.0, 18.0, 30.0, 738945 + 18.5 / 24, 0.0,
    ]  # fmt: skip
    recognised = nf.Preparation.learn({"when": ["2024-02-29", "2024-03-01"]})
    assert recognised.names == ("when.year", "when.month", "when.day", "when.weekday")


def leaks(split):
    """Whether what a training part has learned depends on rows that it does not have."""
    ages = [float(k) for k in range(20)]
    cities = ["Rome", "Oslo"] * 10
    first = nf.from_table({"age": [None, *ages], "city": ["Rome", *cities], "y": [99.0, *ages]},
                          "y", missing="mean", unseen="zero")  # fmt: skip
    train, test = split(first, 0.3)
    held_out = set(test.targets)
    changed = [1e6 if x in held_out else x for x in ages]
    words = ["Bonn" if x in held_out else c for x, c in zip(ages, cities, strict=True)]
    other = nf.from_table({"age": [None, *changed], "city": ["Rome", *words], "y": [99.0, *ages]},
                          "y", missing="mean", unseen="zero")  # fmt: skip
    return split(other, 0.3)[0].preparation != train.preparation


def test_nothing_is_learned_from_the_held_out_part():
    def wrong_twin(data, fraction):
        train, test = data.split(fraction, nf.SplitMix32(1))
        return train.prepared(data.preparation), test

    assert not leaks(lambda data, fraction: data.split(fraction, nf.SplitMix32(1)))
    assert leaks(wrong_twin)


def test_a_run_prepares_test_and_validation_by_what_the_training_part_taught(tmp_path):
    lines = [f"{'' if k % 7 == 3 else k * k},{'ab'[k % 2]},{k}" for k in range(60)]
    (tmp_path / "t.csv").write_text("\n".join(["size,city,y", *lines]) + "\n")
    run = nf.train({
        "model": {"use": "mlp", "sizes": [3, 1]}, "loss": "mse", "optimizer": "sgd",
        "data": {"use": "csv", "path": str(tmp_path / "t.csv"), "target": "y", "missing": "mean",
                 "test": 0.2, "validation": 0.2},
        "train": {"steps": 1, "backend": "eager"},
    })  # fmt: skip
    parts = (run.dataset, run.test, run.validation)
    assert [len(part) for part in parts] == [36, 12, 12]
    sizes = [k * k for k in map(int, run.dataset.targets) if k % 7 != 3]
    mean = sum(sizes) / len(sizes)
    for part in parts:
        assert part.preparation == run.dataset.preparation
        for (size, *_), y in zip(part.inputs, part.targets, strict=True):
            assert size == (pytest.approx(mean) if y % 7 == 3 else y * y)
    assert "city is read as a category of 2" in run.note


def test_frames_are_prepared_by_their_columns():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"age": [1.0, None, 3.0], "city": ["a", "b", "a"], "n": [1, 2, 3]})
    preparation = nf.Preparation.learn(frame, {"n": "category"}, missing="mean")
    assert preparation.rows(frame)[1] == [2.0, 0.0, 1.0, 0.0, 1.0, 0.0]
    assert preparation.rows(frame.to_dict("list")) == preparation.rows(frame)


def test_a_dataset_of_many_rows_is_told_in_a_line():
    data = nf.from_table({f"x{k}": [0.5] * 50_000 for k in range(9)} | {"y": [1.5] * 50_000}, "y")
    assert repr(data) == (
        "<Dataset 'a table': 50,000 examples, 9 inputs (x0, x1, x2, x3, x4, x5, ...),"
        " regression, 1 to predict>"
    )
    assert repr(data.inputs) == "<50,000 rows of 9 numbers>"


def test_a_model_is_fitted_to_a_frame_with_words_and_asked_with_one():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"age": [1.0, 2.0, 3.0, 4.0], "city": ["a", "b", "a", "b"],
                              "when": pandas.to_datetime(["2024-01-31", "2024-02-29"] * 2),
                              "kind": ["x", "y", "x", "y"]})  # fmt: skip
    data = dataset_of(frame, "kind")
    assert data.columns[:3] == ("age", "city = a", "city = b")
    model = nf.build("mlp", sizes=[data.n_inputs, 1], rng=nf.SplitMix32(1))
    model.trained_on = DataFacts.of(data)
    asked = nf.predict(model, frame[["when", "city", "age"]])
    assert asked == [model(list(row)).data for row in data.inputs]
    assert asked == nf.predict(model, frame.to_dict("records"))


def test_dates_with_and_without_a_zone_are_in_one_order():
    when = ["2024-01-05T10:00:00", "2024-01-01T10:00:00+02:00", "2024-01-03", None]
    prepared = nf.Preparation.learn({"when": when}, missing="median")
    assert prepared.row([None]) == prepared.row(["2024-01-03"])


@pytest.mark.parametrize(
    ("name", "spelt"),
    [("", 'columns.""'), ("width (cm)", 'columns."width (cm)"'), ("a-b", "columns.a-b")],
)
def test_a_setting_in_a_message_is_spelt_as_a_configuration_wants_it(tmp_path, name, spelt):
    (tmp_path / "t.csv").write_text(f"x,{name}\n1,\n2,\n")
    with pytest.raises(nf.InputError) as caught:
        nf.Preparation.learn(nf.read_columns(tmp_path / "t.csv"))
    assert f'leave it out: {spelt} = "ignore"' in str(caught.value)


def test_what_is_said_of_a_star_goes_for_all_other_columns():
    table = {"age": [1, 2], "id": ["p", "q"], "kind": ["a", "b"]}
    data = nf.from_table(table, "kind", columns={"age": "number", "*": "ignore"})
    assert data.columns == ("age",)
    assert nf.Preparation.learn(table, {"*": "category"}).names[:2] == ("age = 1", "age = 2")
    with pytest.raises(nf.InputError, match=r"columns\.\w+ is 'no'"):
        nf.from_table(table, "kind", columns={"age": "number", "*": "no"})


def test_classes_that_are_known_keep_their_numbers():
    data = nf.from_table({"x": [1, 2], "kind": ["b", "b"]}, "kind", labels=["c", "b"])
    assert (data.labels, data.targets, data.task) == (("c", "b"), [1, 1], "binary")
    with pytest.raises(nf.InputError, match="labels are said of numbers"):
        nf.from_table({"x": [1, 2], "y": [1, 2]}, "y", labels=["1", "2"], task="regression")


@pytest.mark.parametrize(
    ("name", "cells", "is_told"),
    [
        ("", [0, 1, 2], True),
        ("Unnamed: 0", [1, 2, 3], True),
        ("Unnamed: 0", [0, 1, 3], False),
        ("", [5, 6, 7], False),
        ("day", [0, 1, 2], False),
    ],
)
def test_a_column_without_a_name_that_counts_the_rows_is_told_as_an_index(name, cells, is_told):
    table = {name: cells, "a": [0.5, 1.5, 0.0], "b": [1.0, 0.0, 2.5]}
    told = nf.from_table(table, "b").facts["recognised"]
    assert told == is_told * (
        f"column {name!r} has the numbers of the rows, so it is probably an index:"
        f' columns."{name}" = "ignore" leaves it out'
    )
    assert nf.from_table(table, "b", columns={name: "number"}).facts["recognised"] == ""
