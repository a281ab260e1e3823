"""The bundled observers: a table, lines for a person, and events for TensorBoard."""

from __future__ import annotations

import ast
import csv
import math
import subprocess
import sys
from importlib.util import find_spec

import pytest

import neuroflow as nf

STEPS = {"train.steps": 4, "train.epochs": None, "train.report_every": 1, "train.backend": "eager",
         "train.evaluate_every": 2, "data.points": 6, "model.sizes": [2, 2, 1]}  # fmt: skip


def started(folder, *observers):
    return nf.Run.start("moons", folder, {**STEPS, "train.observers": list(observers)})


def test_a_table_has_a_line_for_each_report_and_goes_on_with_the_run(tmp_path):
    steps = []
    for step in started(tmp_path / "run", "csv"):
        steps.append(step)
        if step.step == 2:
            break
    with open(tmp_path / "run" / "reports.csv", "a") as file:
        file.write("3,3,9.5,,,\n")  # of a step that was lost
    steps += list(nf.Run.resume(tmp_path / "run"))
    with open(tmp_path / "run" / "reports.csv", newline="") as file:
        lines = list(csv.DictReader(file))
    assert [int(line["step"]) for line in lines] == [1, 2, 3, 4]
    assert [float(line["loss"]) for line in lines] == [step.loss for step in steps]
    assert lines[0]["accuracy"] == ""
    assert float(lines[3]["accuracy"]) == steps[3].metrics["accuracy"]


def test_a_person_reads_a_line_for_every_so_many_reports(tmp_path, capsys):
    started(tmp_path / "run", {"use": "console", "every": 3}).run()
    lines = capsys.readouterr().err.splitlines()
    assert [line.split()[1] for line in lines] == ["3/4", "4/4"]
    assert "accuracy 0." in lines[1]


READ = """
import sys
from tensorboard.backend.event_processing.event_file_loader import LegacyEventFileLoader
import neuroflow as nf
run = nf.Run.start("moons", "run", {changes})
print([step.loss for step in run])
(file,) = (run.folder / "tensorboard").iterdir()
events = list(LegacyEventFileLoader(str(file)).Load())
values = [(v.tag, v.tensor.float_val[0]) for event in events for v in event.summary.value]
print([x for tag, x in values if tag == "loss"])
print(sorted({{tag for tag, _ in values}}))
"""


def test_tensorboard_reads_the_numbers_of_the_run(tmp_path):
    """In a process of its own: what TensorBoard imports changes how Python imports."""
    if find_spec("tensorboard") is None:
        pytest.skip("TensorBoard is not installed")
    code = READ.format(changes={**STEPS, "train.observers": ["tensorboard"]})
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    losses, found, tags = map(ast.literal_eval, done.stdout.splitlines())
    assert all(math.isclose(x, y, rel_tol=1e-6) for x, y in zip(found, losses, strict=True))
    assert tags == ["accuracy", "gradient_norm", "learning_rate", "loss"]


def test_without_tensorboard_the_run_says_what_to_install_and_goes_on(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboard.summary", None)
    with pytest.warns(UserWarning, match="tensorboard is not installed") as c:
        run = started(tmp_path / "run", "tensorboard").run()
    assert "pip install 'neuroflow[tensorboard]'" in str(c[0].message)
    assert run.training.step == 4
