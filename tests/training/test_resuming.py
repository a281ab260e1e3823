"""The same data, the same run: what goes on is what began, or the error says what is not."""

from __future__ import annotations

import os
import re

import pytest

import neuroflow as nf
from neuroflow.checkpoint.origin import ChangedWarning, DataFile
from neuroflow.training import CONFIGURATION
from neuroflow.training.resuming import check_edits

TABLE = "a,b\n1,0\n2,1\n3,0\n4,1\n5,0\n6,2\n"


@pytest.fixture
def begun(tmp_path):
    """A run of four steps that was stopped after two, and its table."""
    table = tmp_path / "t.csv"
    table.write_text(TABLE)
    tree = {
        "model": {"use": "mlp", "sizes": [1, 2, 1]},
        "loss": "mse",
        "optimizer": {"use": "sgd", "learning_rate": 0.001},
        "data": {"use": "csv", "path": str(table), "target": "b", "task": "regression"},
        "train": {"steps": 4, "backend": "eager", "report_every": 1},
    }
    run = nf.Run.start(tree, tmp_path / "run")
    for step in run:
        if step.step == 2:
            break
    return run.folder, table


def refusal(folder, kind=nf.StateError):
    with pytest.raises(kind) as caught:
        nf.Run.resume(folder)
    return str(caught.value)


def edit(folder, old, new):
    config = folder / CONFIGURATION
    text = config.read_text()
    assert old in text
    config.write_text(text.replace(old, new))


def test_a_run_keeps_what_it_was_made_from(begun):
    folder, table = begun
    origin = nf.inspect_file(folder).state["origin"]
    assert origin["neuroflow"] == nf.__version__
    assert origin["count"] == 6
    (file,) = origin["files"]
    assert DataFile(**file) == DataFile.of(table)
    nf.Run.resume(folder).run()
    assert nf.inspect_file(folder).state["origin"] == origin


def test_other_data_are_refused_with_digests_dates_and_sizes(begun):
    folder, table = begun
    then = DataFile.of(table)
    table.write_text(TABLE.replace("6,2", "6,20"))
    told = refusal(folder)
    assert told.startswith(f"{folder} began with other data: 6 examples of SHA-256 ")
    assert f"{table} had {then}; {table} has {DataFile.of(table)}" in told
    assert then.sha256[:12] in told
    assert f"{len(TABLE) + 1} bytes" in told
    assert told.endswith(f"train anew: neuroflow train {folder / 'config.toml'} --out ANOTHER")
    table.write_text(TABLE)
    assert nf.Run.resume(folder).run().training.step == 4


def test_the_same_examples_in_another_file_go_on(begun):
    folder, table = begun
    os.utime(table, (0, 0))
    assert nf.Run.resume(folder).summary().get("note") is None
    table.write_text(TABLE.replace("1,0", "1.0,0"))
    note = nf.Run.resume(folder).summary()["note"]
    assert note.startswith(f"{table} has changed since: it had SHA-256 ")
    table.rename(table.with_name("moved.csv"))
    told = refusal(folder, nf.FileError)
    assert f"there is no {table}, which the run in {folder} began with (SHA-256 " in told
    edit(folder, "t.csv", "moved.csv")
    assert nf.Run.resume(folder).training.step == 2


def test_a_dataset_that_reads_otherwise_is_noticed_without_a_file(offers, tmp_path):
    def entry(shift):
        def dots(rng):
            return nf.Dataset([[0.0 + shift], [1.0]], [0.0, 1.0])

        return nf.DatasetEntry(name="dots", target=dots, summary=".")

    offers.put(entry(0.0))
    tree = {"model": {"use": "mlp", "sizes": [1, 1]}, "loss": "mse", "optimizer": "sgd",
            "data": "dots", "train": {"steps": 2, "backend": "eager"}}  # fmt: skip
    nf.Run.start(tree, tmp_path / "run").run()
    offers.put(entry(0.5))
    assert "now there are 2 of " in refusal(tmp_path / "run")
    assert "its dataset reads them otherwise" in refusal(tmp_path / "run")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("sizes = [1, 2, 1]", "sizes = [1, 3, 1]", "model.sizes = [1, 3, 1], not [1, 2, 1]"),
        ("seed = 0", "seed = 1", "another run: in "),
        ('use = "mse"', 'use = "mae"', "expected what the run began with; of its settings"),
        ("test = 0.0", "test = 0.5", "data.test = 0.5, not 0.0"),
        ("steps = 4", "steps = 1", "says 1 steps, and the run has made 2 already"),
    ],
)
def test_an_edit_that_makes_another_run_is_refused(begun, old, new, told):
    folder, _ = begun
    edit(folder, old, new)
    assert told in refusal(folder)


def test_another_optimizer_makes_another_run(tmp_path):
    with pytest.raises(nf.StateError, match="holds another run"):
        check_edits(tmp_path / CONFIGURATION, {"optimizer.use": ("adam", "sgd")}, 2, 4)
    assert check_edits(tmp_path / CONFIGURATION, {}, 2, 4) == ""


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("steps = 4", "steps = 6", "train.steps = 6, not 4"),
        ("learning_rate = 0.001", "learning_rate = 0.01", "learning_rate = 0.01, not 0.001"),
        ("report_every = 1", "report_every = 2", "= 2, not 1 (it changes no number)"),
        ('backend = "eager"', 'backend = "numpy"', "(it has no effect on a run that has begun)"),
    ],
)
def test_an_edit_that_may_be_made_says_whether_it_counts(begun, old, new, told):
    folder, _ = begun
    edit(folder, old, new)
    run = nf.Run.resume(folder)
    assert told in run.summary()["note"]
    run.run()
    assert nf.Run.resume(folder).summary().get("note") is None


# Answering -----------------------------------------------------------------------------------


def test_a_model_answers_after_its_data_changed_and_says_so(begun, run):
    folder, table = begun
    right = nf.predict(folder, [[1.0]])
    table.write_text(TABLE + "7,1\n")
    with pytest.warns(ChangedWarning, match=re.escape(f"{table} has changed since")):
        assert nf.predict(folder, [[1.0]]) == right
    code, out, err = run("-m", "neuroflow", "predict", str(folder), "1.0", "--json")
    assert code == 0
    assert err.startswith(f"{folder / 'checkpoint.safetensors'} answers as it was trained, but ")
    code, out, err = run("-m", "neuroflow", "inspect", str(folder), "--json")
    assert f"{table} has changed since: it had SHA-256" in out
    table.unlink()
    assert nf.predict(folder, [[1.0]]) == right


def test_another_version_of_the_code_is_said(begun, monkeypatch):
    folder, _ = begun
    monkeypatch.setattr("importlib.metadata.version", lambda name: "9.9")
    with pytest.warns(ChangedWarning, match="it was saved with neuroflow .* and 9.9 is ins"):
        nf.load(folder)
    assert "it was saved with neuroflow" in nf.Run.resume(folder).summary()["note"]
