"""Runs are listed with what tells them apart, whatever state their folders are in."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import time

import pytest

import neuroflow as nf
from neuroflow.experiments.record import DAMAGED, DONE, RUNNING, STOPPED


def test_a_row_has_what_a_run_is_and_the_settings_that_differ_alone(run_in, tmp_path):
    run_in("a")
    run_in("deep/b", {"optimizer.learning_rate": 0.1, "model.activation": "tanh"})
    a, b = nf.runs(tmp_path).rows
    assert (a["run"], a["state"], a["step"], a["steps"]) == (str(tmp_path / "a"), DONE, 4, 4)
    assert a["settings"] == {"optimizer.learning_rate": 0.05, "model.activation.use": "relu"}
    assert b["settings"] == {"optimizer.learning_rate": 0.1, "model.activation.use": "tanh"}
    assert set(a["scores"]) == {"accuracy", "test_loss", "test_accuracy"}
    assert a["loss"] == nf.read_metrics(tmp_path / "a")[-1]["loss"]


def test_states_are_told_apart(run_in, tmp_path):
    run_in("done")
    run_in("stopped", steps=2)
    going = iter(nf.Run.start("moons", tmp_path / "running", {"train.report_every": 1}))
    next(going)
    run_in("damaged").folder.joinpath("checkpoint.safetensors").write_bytes(b"not one")
    (tmp_path / "begun").mkdir()
    shutil.copy(tmp_path / "done" / "config.toml", tmp_path / "begun")
    found = {record.folder.name: record for record in nf.runs(tmp_path)}
    going.close()
    assert {name: record.state for name, record in found.items()} == {
        "done": DONE, "stopped": STOPPED, "running": RUNNING, "damaged": DAMAGED,
        "begun": STOPPED,
    }  # fmt: skip
    assert (found["stopped"].step, found["begun"].step, found["running"].step) == (2, 0, 1)
    assert "is damaged or truncated" in found["damaged"].problem


@pytest.mark.parametrize(
    "text", ["model = 3", "not toml", "[train]\nsteps = 'x'", "\xff", "train = 1\ndata = [[]]"]
)
def test_no_configuration_ends_the_listing(run_in, tmp_path, text):
    run_in("whole")
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "config.toml").write_text(text, encoding="latin-1")
    assert len(nf.runs(tmp_path).rows) == 2
    assert str(nf.runs(tmp_path))


def test_what_other_programs_keep_in_a_file_of_the_same_name_is_no_run(run_in, tmp_path):
    run_in("whole")
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "config.toml").write_text("[theme]\nsince = 2020-01-01")
    (tmp_path / "dated").mkdir()
    (tmp_path / "dated" / "config.toml").write_text("[data]\nday = [2020-01-01]\nat = 07:30:00")
    assert [record.folder.name for record in nf.runs(tmp_path)] == ["whole", "dated"]
    assert "2020-01-01" in nf.runs(tmp_path).csv()


def test_links_in_a_circle_give_each_run_once(run_in, tmp_path):
    run_in("whole")
    (tmp_path / "again").symlink_to(tmp_path)
    assert len(nf.runs(tmp_path)) == 1


def test_runs_are_sorted_by_any_column_with_those_without_a_value_last(run_in, tmp_path):
    for k, rate in enumerate([0.1, 0.01, 1.0]):
        run_in(f"r{k}", {"optimizer.learning_rate": rate})
    run_in("none")
    for name in ("checkpoint.safetensors", "metrics.jsonl"):
        (tmp_path / "none" / name).unlink()
    found = nf.runs(tmp_path)

    def names(key):
        return [record.folder.name for record in found.sorted(key) if record.folder.name != "none"]

    assert names("learning_rate") == names("optimizer.learning_rate") == ["r1", "r0", "r2"]
    assert names("-learning_rate") == ["r2", "r0", "r1"]
    assert names("-run") == ["r2", "r1", "r0"]
    assert found.sorted("-accuracy").records[-1].folder.name == "none"
    with pytest.raises(nf.InputError, match="no column is called 'los'; did you mean 'loss'"):
        found.sorted("los")


def test_200_runs_are_listed_in_a_second(run_in, tmp_path):
    first = run_in("0").folder
    for k in range(1, 200):
        shutil.copytree(first, tmp_path / str(k), copy_function=os.link)
    start = time.process_time()
    assert len(str(nf.runs(tmp_path)).splitlines()) == 201
    assert time.process_time() - start < 1.0


def test_csv_has_every_digit_and_every_setting_by_its_path(run_in, tmp_path):
    run_in("a,b")
    run_in('q"', {"model.sizes": [2, 5, 1], "optimizer.learning_rate": 1 / 3})
    rows = list(csv.DictReader(io.StringIO(nf.runs(tmp_path).csv())))
    assert [row["run"] for row in rows] == [str(tmp_path / "a,b"), str(tmp_path / 'q"')]
    assert [json.loads(row["model.sizes"]) for row in rows] == [[2, 3, 1], [2, 5, 1]]
    assert float(rows[1]["optimizer.learning_rate"]) == 1 / 3
    assert float(rows[0]["loss"]) == nf.runs(tmp_path).rows[0]["loss"]


def test_names_are_harmless_in_a_notebook_and_on_a_terminal(run_in, tmp_path):
    run_in("<b>\x1b[2J")
    run_in("plain", {"data.noise": 0.5})
    found = nf.runs(tmp_path)
    assert "&lt;b&gt;" in found._repr_html_()
    assert "<b>" not in found._repr_html_()
    assert "\x1b" not in found._repr_html_() + str(found)


def test_a_narrow_terminal_gets_the_columns_that_fit_and_is_told_of_the_others(run_in, tmp_path):
    run_in("a")
    run_in("b", {"model.activation": "tanh"})
    table = nf.runs(tmp_path).table()
    narrow, hidden = table.fitted(50)
    assert max(map(len, str(narrow).splitlines())) <= 50
    assert (*narrow.columns, *hidden) == table.columns
    assert "activation" in hidden
