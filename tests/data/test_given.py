"""Given data: what callers have at hand becomes one dataset, or the error tells the shapes."""

from __future__ import annotations

from importlib import import_module

import numpy as np
import pytest

import neuroflow as nf
from neuroflow.data.given import dataset_of

ROWS = [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]]


def frame(library, columns):
    """A frame of pandas or polars, which are imported by the tests that need them alone."""
    return import_module(library).DataFrame(columns)


TABLE = {"a": [1.0, 3.0, 5.0, 7.0], "b": [2.0, 4.0, 6.0, 8.0]}


@pytest.fixture(autouse=True)
def memory_of_polars(monkeypatch):
    """polars sets this when it is imported; so it is put back."""
    monkeypatch.setenv("_RJEM_MALLOC_CONF", "dirty_decay_ms:500,muzzy_decay_ms:1000")


GIVEN = {
    "lists": lambda: ROWS,
    "array": lambda: np.array(ROWS),
    "float32": lambda: np.array(ROWS, np.float32),
    "integers": lambda: np.array(ROWS, int),
    "tuples": lambda: tuple(map(tuple, ROWS)),
    "generator": lambda: iter(ROWS),
    "arrays": lambda: [np.array(row) for row in ROWS],
    "pandas": lambda: frame("pandas", TABLE),
    "polars": lambda: frame("polars", TABLE),
}
TARGETS = [0.5, 1.0, 1.5, 2.0]


@pytest.mark.parametrize("kind", GIVEN)
def test_whatever_holds_rows_gives_the_same_dataset(kind):
    data = dataset_of(GIVEN[kind](), np.array(TARGETS))
    assert (data.inputs, data.targets, data.task) == (ROWS, TARGETS, "regression")
    assert data.columns == (("a", "b") if kind in ("pandas", "polars") else ())
    pairs = dataset_of(zip(GIVEN[kind](), TARGETS, strict=True)) if not data.columns else data
    assert (pairs.inputs, pairs.targets) == (ROWS, TARGETS)


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_column_of_a_frame_is_the_target_by_name(library):
    data = dataset_of(frame(library, {"flag": [True, False, True], "kind": list("xyx")}), "kind")
    assert data.inputs == [[1.0], [0.0], [1.0]]
    assert (data.targets, data.labels, data.columns) == ([0, 1, 0], ("x", "y"), ("flag",))
    series = frame(library, {"kind": [3, 1, 3]})["kind"]
    assert dataset_of([[0.0], [1.0], [2.0]], series, task="classes").labels == ("1", "3")


@pytest.mark.parametrize(
    ("y", "classes", "task", "labels", "why"),
    [
        (["b", "a", "b", "c"], None, "classes", ("a", "b", "c"), "as the targets are texts"),
        ([True, False, True, True], None, "binary", ("False", "True"), "the targets are truth"),
        ([10, 9, 10, 9], None, "binary", ("9", "10"), "whole numbers of 2 different values"),
        ([1, 2, 3, 4], None, "regression", (), "whole numbers of 4 different values"),
        ([1, 2, 3, 4], True, "classes", ("1", "2", "3", "4"), "the loss is one of classes"),
        ([1.0, -1.0, 1.0, 1.0], True, "binary", ("-1", "1"), "the loss is one of classes"),
        ([1, 0, 1, 0], False, "regression", (), "as the loss says"),
        ([0.0, 1.0, 0.0, 1.0], None, "regression", (), "the targets are numbers"),
    ],
)  # fmt: skip
def test_the_task_follows_from_targets_and_loss_and_is_said(y, classes, task, labels, why):
    data = dataset_of(ROWS, y, classes=classes)
    assert (data.task, data.labels) == (task, labels)
    assert why in data.facts["inferred"]
    assert dataset_of(ROWS, y, task=task).facts == {}


def test_inputs_of_any_shape_stay_as_they_are():
    pairs = [([1, 2], [0.5, 1]), ([3], [2, 2])]
    data = nf.Dataset(pairs, [0.0, 1.0])
    assert data.inputs == [([1, 2], [0.5, 1.0]), ([3], [2.0, 2.0])]
    assert (data.shaped, data.n_inputs) == (True, 0)
    images = dataset_of(np.ones((3, 2, 2)), [0.0, 1.0, 2.0])
    assert images.inputs[0] == [[1.0, 1.0], [1.0, 1.0]]
    named = dataset_of([{"ids": np.array([1, 2]), "x": np.float32(2)}], [0.0])
    assert named.inputs == [{"ids": [1, 2], "x": 2.0}]
    assert dataset_of([[1], [1, 2]], [0.0, 1.0], shaped=True).inputs == [[1], [1, 2]]
    with pytest.raises(nf.InputError, match="no columns to standardize"):
        images.standardized()


@pytest.mark.parametrize(
    ("X", "y", "told"),
    [
        (np.zeros((5, 2)), np.zeros(4), "X has shape (5, 2) and y has shape (4,): 5 inputs and 4"),
        (ROWS, None, "entry 0 is [1.0, 2.0], and there is no y; expected pairs (x, y)"),
        ("rows", [1.0], "X is 'rows', of type str; expected a list of rows"),
        (ROWS, "kind", "y is 'kind', of type str; expected an array"),
        ("frame", "c", "the frame has no column 'c'; it has: a, b"),
        ([[[1.0], ["x"]]], [1.0], "the input of row 0 holds 'x'; expected numbers that are finite"),
        (ROWS, [0.5, "a", 1.0, 2.0], "the target of row 1 is 'a'"),
    ],
)
def test_what_cannot_be_data_is_told_with_shapes_and_names(X, y, told):
    X = frame("pandas", TABLE) if isinstance(X, str) and X == "frame" else X
    with pytest.raises(nf.InputError) as caught:
        dataset_of(X, y)
    assert told in str(caught.value)


def test_a_model_takes_arrays_wherever_it_takes_lists():
    model = nf.build("mlp", sizes=[2, 3, 1], rng=nf.SplitMix32(1))
    expected = [model(row).data for row in ROWS]
    columns = [import_module(library).Series(ROWS[0]) for library in ("pandas", "polars")]
    arrays = [np.array(ROWS[0]), np.array(ROWS[0], np.float32), list(np.array(ROWS[0]))]
    for x in (*arrays, *columns):
        assert model(x).data == expected[0]
    compiled = nf.compile(lambda model, x: model(x), backend="numpy")
    for X in (np.array(ROWS), frame("pandas", TABLE), frame("polars", TABLE)):
        assert nf.predict(model, X) == expected
        assert compiled.batch_value(model, X) == pytest.approx(expected, rel=1e-14)
    assert nf.Dataset(frame("pandas", TABLE), np.ones(4)).inputs == ROWS


def test_a_frame_is_predicted_by_the_names_of_its_columns():
    model = nf.build("mlp", sizes=[2, 1], rng=nf.SplitMix32(1))
    model.trained_on = nf.train({
        "model": {"use": "mlp", "sizes": [2, 1]}, "loss": "mse", "optimizer": "sgd",
        "data": "moons", "train": {"steps": 1, "backend": "eager"}}).model.trained_on  # fmt: skip
    table = frame("pandas", {"y": [2.0], "more": ["text"], "x": [1.0]})
    assert nf.predict(model, table) == nf.predict(model, [[1.0, 2.0]])
    with pytest.raises(nf.InputError, match="the frame has no column 'y'"):
        nf.predict(model, table[["x"]])
