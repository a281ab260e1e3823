"""Evaluating runs, models and files of them, on their own data and on others."""

from __future__ import annotations

import pytest

import neuroflow as nf

ROWS = "x,y,kind\n" + "".join(f"{k},{k * k % 7},{'abc'[k % 3]}\n" for k in range(24))
OTHER = "x,y,kind\n3,2,c\n4,2,b\n5,4,c\n"


@pytest.fixture
def tree(tmp_path):
    (tmp_path / "rows.csv").write_text(ROWS)
    (tmp_path / "other.csv").write_text(OTHER)
    return {
        "model": {"use": "mlp", "sizes": [2, 4, 3]},
        "loss": "cross_entropy",
        "optimizer": {"use": "adam", "learning_rate": 0.05},
        "data": {
            "use": "csv", "path": str(tmp_path / "rows.csv"), "target": "kind", "test": 0.25,
            "validation": 0.25, "standardize": True,
        },
        "train": {"steps": 12, "backend": "eager", "evaluate_every": 3, "keep": "best"},
    }  # fmt: skip


def test_a_run_is_evaluated_on_its_parts(tree):
    run = nf.train(tree).run()
    for part, size in (("test", 6), ("validation", 6), ("train", 12)):
        found = nf.evaluate(run, part=part, metrics=["f1", "log_loss"])
        assert (found.part, found.examples) == (part, size)
        assert found["log_loss"] == pytest.approx(found["loss"], rel=1e-12)
        assert 0.0 <= found["f1"] <= 1.0
    assert run.evaluate().part == "test"
    for name in ("loss", "accuracy"):
        assert run.evaluate()[name] == run.scores()[f"test_{name}"]
        assert run.evaluate(part="validation")[name] == run.scores()[f"validation_{name}"]
    with pytest.raises(nf.InputError, match="the run has no 'tests'; expected one of its parts:"):
        run.evaluate(part="tests")
    with pytest.raises(nf.InputError, match="metrics: metric 'r2' is not for the task 'classes'"):
        run.evaluate(metrics=["r2"])


def test_a_folder_is_evaluated_at_its_best_and_a_model_alike(tree, tmp_path):
    run = nf.Run.start(tree, tmp_path / "run").run()
    right = run.evaluate()
    assert nf.evaluate(tmp_path / "run") == right
    test = run.training.test
    raw = nf.Dataset(test.raw_inputs, test.targets, "classes", test.labels, columns=("x", "y"))
    nf.save(run.training.model, tmp_path / "model.safetensors")
    for what in (run, run.training.model, tmp_path / "model.safetensors", tmp_path / "run"):
        found = nf.evaluate(what, raw)
        assert found.scores == pytest.approx(right.scores, rel=1e-12)
        assert found.confusion == right.confusion


def test_another_file_is_read_as_the_training_was(tree, tmp_path):
    run = nf.Run.start(tree, tmp_path / "run").run()
    found = nf.evaluate(tmp_path / "run", tmp_path / "other.csv")
    rows = [[3, 2], [4, 2], [5, 4]]
    assert found.examples == 3
    assert found.labels == ("a", "b", "c")
    said = nf.predict(run.training.model, rows, labels=True)
    assert found["accuracy"] == sum(map(str.__eq__, said, "cbc")) / 3
    assert {wrong.place: wrong.inputs for wrong in found.worst}[2] == {"x": 5.0, "y": 4.0}
    (tmp_path / "rows.csv").unlink()
    assert nf.evaluate(tmp_path / "run", tmp_path / "other.csv") == found


def test_what_cannot_be_evaluated_says_what_is_missing(tree, tmp_path):
    bare = nf.build("mlp", sizes=[2, 3])
    data = nf.Dataset([[0.0, 1.0]] * 2, [0, 1], "classes", ("a", "b", "c"))
    with pytest.raises(nf.InputError, match="does not know the loss that it was trained with"):
        nf.evaluate(bare, data)
    assert nf.evaluate(bare, data, loss="cross_entropy").examples == 2
    with pytest.raises(nf.InputError, match="does not know how the file"):
        nf.evaluate(bare, tmp_path / "other.csv")
    run = nf.train(tree).run()
    with pytest.raises(nf.InputError, match=r"has the columns 3; expected x, y, as in what"):
        nf.evaluate(run, nf.Dataset([[0.0, 1.0, 2.0]] * 2, [0, 1], "classes", ("a", "b")))
    with pytest.raises(nf.InputError, match="has the class 'z'; expected one of a, b, c"):
        nf.evaluate(run, nf.Dataset([[0.0, 1.0]] * 2, [0, 1], "classes", ("a", "z")))
    with pytest.raises(nf.InputError, match="has the task 'regression'; expected 'classes'"):
        nf.evaluate(run, nf.Dataset([[0.0, 1.0]] * 2, [0.0, 1.5]))


def test_a_test_is_prepared_by_what_the_training_part_alone_teaches(tree, tmp_path):
    """The validation part is drawn from what is left: both are filled in with the same mean."""
    rows = ROWS.replace("3,2,a", ",2,a").replace("5,4,c", ",4,c").replace("8,1,c", ",1,c")
    (tmp_path / "rows.csv").write_text(rows)
    tree["data"] |= {"missing": "mean", "standardize": False}
    run = nf.train(tree)
    learned = {str(part.preparation) for part in run.parts}
    assert len(learned) == 1
    source = run.test.source
    assert list(map(list, run.test.inputs)) == list(map(list, run.dataset.preparation.rows(source)))


MIXED = "x,code,when,kind\n" + "".join(
    f"{k},{('012', 'A1', 'B2')[k % 3]},2024-01-{1 + k % 28:02},{'abc'[k % 3]}\n" for k in range(30)
)


@pytest.mark.parametrize(
    ("other", "examples"),
    [
        ("x,code,when,kind\n3,A1,2024-01-05,c\n", 1),  # one row, and so one class
        ("x,code,when,kind\n3,012,2024-01-05,a\n4,012,2024-01-05,a\n", 2),  # codes like numbers
        ("x,code,when,kind\n,,,a\n,,,b\n", 2),  # columns without a value
        ("kind,more,when,code,x\nc,?,2024-01-05,Z9,5\n", 1),  # another order, another column
        ("x,code,when,kind\n" + "".join(f"1,Z{k},2024-01-05,a\n" for k in range(40)), 40),
    ],
)
def test_a_file_says_as_little_as_a_row(tmp_path, other, examples):
    """Nothing is recognised in a file that is asked: kinds, classes are those of the training."""
    (tmp_path / "rows.csv").write_text(MIXED)
    (tmp_path / "other.csv").write_text(other)
    data = {"use": "csv", "path": str(tmp_path / "rows.csv"), "target": "kind", "missing": "mean",
            "unseen": "zero", "validation_file": str(tmp_path / "other.csv")}  # fmt: skip
    tree = {
        "model": {"use": "mlp", "sizes": ["data", "data"]}, "loss": "cross_entropy",
        "optimizer": "sgd", "data": data, "train": {"steps": 1, "backend": "eager"},
    }  # fmt: skip
    run = nf.Run.start(tree, tmp_path / "run").run()
    found = nf.evaluate(tmp_path / "run", str(tmp_path / "other.csv"))
    assert found.examples == examples
    assert found["loss"] == pytest.approx(run.training.scores()["validation_loss"], rel=1e-12)


def test_a_class_that_was_not_learned_is_told_with_its_line(tree, tmp_path):
    nf.Run.start(tree, tmp_path / "run").run()
    (tmp_path / "new.csv").write_text("x,y,kind\n1,2,a\n1,2,z\n")
    with pytest.raises(
        nf.InputError, match="line 3, column 'kind' has the class 'z'; expected one of"
    ):
        nf.evaluate(tmp_path / "run", str(tmp_path / "new.csv"))
