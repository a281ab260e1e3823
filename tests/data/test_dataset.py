"""Datasets: what they check, how they are split and batched, and the bundled ones."""

from __future__ import annotations

import builtins
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

import neuroflow as nf


def dataset(name, seed=0, **settings):
    return nf.get("dataset", name).load()(nf.SplitMix32(seed), **settings)


def error_of(call, *arguments, kind=nf.InputError, **settings):
    with pytest.raises(kind) as caught:
        call(*arguments, **settings)
    return str(caught.value)


def test_an_empty_dataset_is_refused():
    assert error_of(nf.Dataset, [], []) == "a dataset is empty; expected at least one example"


def test_nan_is_named_by_row_and_column():
    message = error_of(nf.Dataset, [[0.0, 1.0], [2.0, math.nan]], [0.0, 1.0], name="mine")
    assert message == (
        "dataset 'mine': row 1, column 1 of the inputs is nan;"
        " expected a finite number; repair the data"
    )


def test_a_target_that_is_infinite_is_named_by_row():
    message = error_of(nf.Dataset, [[0.0], [1.0]], [0.0, math.inf])
    assert message == (
        "a dataset: the target of row 1 is inf; expected a finite number; repair the data"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([[1.0]], [1.0, 2.0]), "has 1 inputs and 2 targets"),
        (([[1.0], [1.0, 2.0]], [0.0, 0.0]), "row 1 of the inputs has 2 numbers, but row 0 has 1"),
        (([["1"]], [0.0]), "row 0, column 0 of the inputs is '1'; expected a number"),
        (([[True]], [0.0]), "is True; expected a number"),
        (([[1.0]], [0.5], "binary"), "the target of row 0 is 0.5; expected a class number"),
        (([[1.0]], [2], "binary"), "the target of row 0 is class 2; expected 0 to 1"),
        (([[1.0]], [-1], "classes"), "the target of row 0 is -1; expected a class number"),
        (([[1.0]], [1.0], "regresion"), "the task 'regresion'; did you mean 'regression'?"),
        (
            ([[1]], [[1]], "sequence"),
            "has the vocab_size 0; expected the number of its tokens, at least 1, as a sequence",
        ),
    ],
)
def test_data_that_does_not_fit_is_refused(arguments, message):
    assert message in error_of(nf.Dataset, *arguments)


def test_sequences_know_their_vocabulary():
    assert "example 0 has the token 5; expected 0 to 4" in error_of(
        nf.Dataset, [[1, 5]], [[1, 2]], "sequence", vocab_size=5
    )
    assert "1 tokens and 2 targets" in error_of(
        nf.Dataset, [[1]], [[1, 2]], "sequence", vocab_size=5
    )
    data = nf.Dataset([[0, 1, 2]], [[2]], "sequence", vocab_size=3)
    assert (data.n_inputs, data.n_outputs) == (0, 3)


@given(st.integers(2, 60), st.floats(0.01, 0.99), st.integers(0, 2**32 - 1))
def test_a_split_keeps_every_example_once(count, fraction, seed):
    data = nf.Dataset([[float(k)] for k in range(count)], list(range(count)))
    if not 0 < round(fraction * count) < count:
        assert "expected at least one in both parts" in error_of(
            data.split, fraction, nf.SplitMix32(seed)
        )
        return
    first, second = data.split(fraction, nf.SplitMix32(seed))
    assert sorted(first.targets + second.targets) == data.targets
    assert [row[0] for row in first.inputs] == first.targets
    assert data.split(fraction, nf.SplitMix32(seed))[1].inputs == second.inputs


def test_standardized_inputs_can_be_had_as_they_were():
    data = nf.Dataset([[1.0, -2.0], [3.0, 4.0], [8.0, 5.0]], [0.0, 1.0, 2.0], "regression")
    again = data.standardized().raw_inputs
    assert data.raw_inputs == data.inputs
    assert [pytest.approx(row) for row in again] == data.inputs


def test_standardization_is_fit_on_the_training_part_alone():
    data = nf.Dataset([[0.0, 5.0], [2.0, 5.0], [10.0, 7.0]], [0.0, 0.0, 0.0])
    train = data.take([0, 1]).standardized()
    test = data.take([2]).standardized(train.standardization)
    assert train.inputs == [[-1.0, 0.0], [1.0, 0.0]]
    assert test.inputs == [[9.0, 2.0]]


@given(st.floats(-1e308, 1e308), st.integers(1, 100), st.integers(0, 3))
def test_a_column_that_is_constant_but_for_rounding_is_divided_by_one(x, count, ulps):
    rows = [[x]] * count + [[x + ulps * math.ulp(x)]]
    scale = nf.Standardization.fit(rows)
    assert scale.deviations == (1.0,)
    assert abs(scale.apply([x])[0]) <= 3 * math.ulp(x)
    if not ulps:
        assert scale.apply([x]) == [0.0]


@pytest.mark.parametrize("power", [1, 1000, -1000, 1023])
def test_standardization_is_the_same_at_every_scale(power):
    numbers = [0.75, -0.5, 0.25, -0.125]
    plain = nf.Standardization.fit([[x] for x in numbers])
    scaled = nf.Standardization.fit([[math.ldexp(x, power)] for x in numbers])
    assert scaled.means[0] == math.ldexp(plain.means[0], power)
    assert scaled.deviations[0] == math.ldexp(plain.deviations[0], power)
    assert [scaled.apply([math.ldexp(x, power)]) for x in numbers] == [
        plain.apply([x]) for x in numbers
    ]


def test_standardization_of_the_largest_numbers_stays_finite():
    largest = 1.7e308
    scale = nf.Standardization.fit([[largest], [largest], [-largest]])
    assert scale.deviations[0] == pytest.approx(largest * (math.sqrt(8) / 3))
    assert scale.apply([-largest]) == [pytest.approx(-math.sqrt(2))]


@pytest.mark.parametrize("rows", [[], [[]], [[1.0], [1.0, 2.0]], [[math.nan]], [["a"]], 3])
def test_what_cannot_be_standardized_is_refused(rows):
    error_of(nf.Standardization.fit, rows)


def test_columns_and_classes_have_names_of_their_own():
    assert "has 2 columns named 'a'; expected a name of its own" in error_of(
        nf.Dataset, [[1.0, 2.0]], [0.0], columns=("a", "a")
    )
    assert "has 2 classes named 'a'" in error_of(
        nf.Dataset, [[1.0]], [0], "classes", labels=("a", "a")
    )
    assert "has the one class '0'; expected at least 2 classes" in error_of(
        nf.Dataset, [[1.0], [2.0]], [0, 0], "classes"
    )


def test_arrays_and_numbers_of_numpy_are_numbers():
    import numpy as np

    rows = [[0.5, 1.0], [2.0, 3.0]]
    made = nf.Dataset(np.array(rows, np.float32), np.array([0, 1]), "classes")
    assert made == nf.Dataset(rows, [0, 1], "classes")
    assert {type(x) for row in made.inputs for x in row} == {float}
    assert {*map(type, made.targets)} == {int}
    text = nf.Dataset([np.array([0, 1])], [[np.int64(2)]], "sequence", vocab_size=np.int8(3))
    assert text == nf.Dataset([[0, 1]], [[2]], "sequence", vocab_size=3)
    assert made.take(np.array([1])).targets == [1]
    assert "no example -1; expected 0 to 1" in error_of(made.take, [-1])


@pytest.mark.parametrize("name", ["moons", "circles", "spirals", "linear", "xor", "gauss"])
def test_points_are_seeded_balanced_and_named(name):
    data = dataset(name, points=60)
    assert data == dataset(name, points=60)
    assert data.inputs != dataset(name, 1, points=60).inputs
    assert (len(data), data.n_inputs, data.n_outputs, data.columns) == (60, 2, 1, ("x", "y"))
    assert 15 <= sum(data.targets) <= 45


def test_moons_without_noise_are_two_half_circles():
    data = dataset("moons", points=10, noise=0.0)
    for (x, y), label in zip(data.inputs, data.targets, strict=True):
        centre = (0.0, 0.0) if label == 0 else (1.0, 0.5)
        assert math.hypot(x - centre[0], y - centre[1]) == pytest.approx(1.0)
        assert (y >= 0) if label == 0 else (y <= 0.5)


def test_moons_lie_where_scikit_learn_draws_them():
    from sklearn.datasets import make_moons

    points, labels = make_moons(n_samples=11, shuffle=False)
    data = dataset("moons", points=11, noise=0.0)
    assert [x for row in data.inputs for x in row] == pytest.approx(points.ravel().tolist())
    assert data.targets == labels.tolist()


def test_settings_out_of_range_are_refused():
    assert error_of(dataset, "moons", points=1) == (
        "moons got points = 1; expected a whole number at least 4"
    )
    assert error_of(dataset, "moons", noise=-1.0) == (
        "moons got noise = -1.0; expected a number at least 0"
    )
    assert "expected a whole number at least 2" in error_of(dataset, "spirals", classes=1)
    assert "expected low < high" in error_of(dataset, "function", f="x", low=1.0, high=1.0)


def test_a_function_of_x():
    data = dataset("function", f="x**2", low=-1.0, high=1.0, points=3)
    assert (data.inputs, data.targets) == ([[-1.0], [0.0], [1.0]], [1.0, 0.0, 1.0])
    assert error_of(dataset, "function", f="log(x)") == (
        "f(x) = log(x) has no value at x = -5.0: math domain error;"
        " choose a range of x where it has one"
    )


def test_digits_are_real():
    data = dataset("digits")
    assert (len(data), data.n_inputs, data.n_outputs) == (1797, 64, 10)
    assert {x for row in data.inputs for x in row} == {k / 16 for k in range(17)}
    assert dataset("digits", target="image").targets == data.inputs


def test_pairs_of_digits_say_whether_they_are_the_same_and_share_no_image():
    digits, pairs = dataset("digits"), dataset("digit_pairs")
    digit_of = {tuple(image): digit for image, digit in digits}
    halves = [(tuple(pair[:64]), tuple(pair[64:])) for pair in pairs.inputs]
    same = [int(digit_of[a] == digit_of[b]) for a, b in halves]
    assert same == pairs.targets
    assert (len(same), sum(same)) == (898, 445)
    assert len({image for both in halves for image in both}) == 2 * 898
    assert dataset("digit_pairs", seed=2).inputs != pairs.inputs


def test_digits_without_scikit_learn_say_what_to_install(monkeypatch):
    real = builtins.__import__

    def without(name, *rest):
        if name.startswith("sklearn"):
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    assert error_of(dataset, "digits", kind=nf.PluginError) == (
        "the dataset 'digits' comes with scikit-learn, which is not installed;"
        " install it with: pip install 'neuroflow[data]'"
    )


@pytest.fixture
def table(tmp_path):
    def write(text):
        path = tmp_path / "table.csv"
        path.write_text(text)
        return str(path)

    return write


def test_a_csv_file_by_column_names(table):
    path = table("size,colour,weight\n1,red,10\n2,blue,20\n3,red,30\n")
    data = dataset("csv", path=path, target="weight", columns=["size"])
    assert (data.task, data.inputs, data.targets) == (
        "regression", [[1.0], [2.0], [3.0]], [10.0, 20.0, 30.0],
    )  # fmt: skip
    data = dataset("csv", path=path, target="colour")
    assert (data.task, data.labels, data.targets) == ("binary", ("blue", "red"), [1, 0, 1])
    assert data.columns == ("size", "weight")


def test_a_csv_file_without_a_header_and_with_numbers_as_classes(table):
    path = table("1;10\n2;9\n3;10\n4;2\n")
    data = dataset("csv", path=path, target=1, header=False, task="classes", delimiter=";")
    assert (data.labels, data.targets) == (("2", "9", "10"), [2, 1, 2, 0])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has no rows of data; expected at least one"),
        ("a,b\n", "has no rows of data; expected at least one"),
        ("a,b\n1,2\n3,\n", "line 3, column 'b' is empty; fill it in, or remove the row"),
        ("a,b\n1,2\nx,4\n", "line 3, column 'a' is 'x'; expected a finite number"),
        ("a,b\n1,2\nnan,4\n", "line 3, column 'a' is empty, or as good as empty: nan, NA, null, ?"),
        ("a,b\n1,2\n3,4,5\n", "line 3 has 3 cells; expected 2, one for each column"),
        ("a,c\n1,2\n", "has no column 'b', which target asks for; its columns: 'a', 'c'"),
        ('a,b\n"1,2\n', "line 2: unexpected end of data; repair the file"),
    ],
)
def test_a_bad_csv_file_is_told_by_line_and_column(table, text, message):
    path = table(text)
    found = error_of(dataset, "csv", path=path, target="b")
    assert found.startswith(path)
    assert message in found


def test_the_answers_are_never_among_the_inputs(table):
    path = table("a,b\n1,2\n")
    for columns in (["a", "b"], ["a", "a"], []):
        assert "not the target, which would be its own answer" in error_of(
            dataset, "csv", path=path, target="b", columns=columns
        )
    path = table("a;b\n1;2\n")
    for target in ("b", 0):
        message = error_of(dataset, "csv", path=path, target=target, delimiter=",")
        assert 'set delimiter = ";"' in message
        assert len(dataset("csv", path=path, target=target).columns) == 1


def test_whole_numbers_are_classes_where_the_task_says_so(table):
    path = table("a,y\n1,10\n2,9\n3,10.0\n")
    data = dataset("csv", path=path, target="y", task="classes")
    assert (data.labels, data.targets) == (("9", "10"), [1, 0, 1])
    for task in ("classes", "binary"):
        message = error_of(dataset, "csv", path=table("a,y\n1,7\n2,7\n"), target="y", task=task)
        assert "column 'y' has the one value '7'; expected at least 2 classes" in message


def test_a_csv_file_that_is_not_there(tmp_path):
    message = error_of(dataset, "csv", path=str(tmp_path / "no.csv"), target="b", kind=nf.FileError)
    assert "No such file" in message
