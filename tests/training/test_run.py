"""Run folders: killed at any moment and resumed, a run ends with the bits of an unbroken one."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import time
import tomllib
from contextlib import closing

import pytest
from safetensors.numpy import load_file

import neuroflow as nf
from neuroflow.checkpoint import CHECKPOINT
from neuroflow.training import CONFIGURATION, METRICS

SMALL = {
    "model": {"use": "mlp", "sizes": [2, 6, 1], "activation": "tanh", "dropout": 0.1},
    "loss": "hinge",
    "optimizer": {"use": "adam", "learning_rate": 0.05, "schedule": {"use": "linear", "to": 0.01}},
    "data": {"use": "moons", "points": 24, "test": 0.25, "standardize": True},
    "train": {"epochs": 12, "batch": 5, "report_every": 3, "backend": "eager", "seed": 3},
}


def result(folder):
    arrays = load_file(folder / CHECKPOINT)
    numbers = {name: array.tobytes() for name, array in arrays.items()}
    state = nf.inspect_file(folder / CHECKPOINT).state["training"]
    state.pop("seconds")
    return numbers, state, (folder / METRICS).read_bytes()


@pytest.fixture
def unbroken(tmp_path):
    nf.Run.start(SMALL, tmp_path / "unbroken").run()
    return result(tmp_path / "unbroken")


def test_a_folder_holds_configuration_metrics_and_checkpoint(tmp_path):
    run = nf.Run.start(SMALL, tmp_path / "run").run()
    folder = tmp_path / "run"
    assert sorted(p.name for p in folder.iterdir()) == [CHECKPOINT, CONFIGURATION, METRICS]
    assert nf.configure(folder / CONFIGURATION) == nf.configure(SMALL)
    assert tomllib.loads((folder / CONFIGURATION).read_text())["train"]["backend"] == "eager"
    lines = nf.read_metrics(folder)
    assert [line["step"] for line in lines] == list(range(1, run.training.steps + 1))
    assert all(isinstance(line["loss"], float) for line in lines)
    assert {"learning_rate", "gradient_norm", "test_accuracy"} <= set(lines[-1])
    saved = nf.inspect_file(folder / CHECKPOINT)
    assert saved.configuration == run.training.configuration
    assert saved.data["task"] == "binary"
    assert {u.use for u in saved.uses} >= {"mlp", "tanh", "adam", "linear", "hinge", "moons"}
    assert nf.load(folder / CHECKPOINT).state_dict() == run.training.model.state_dict()
    assert run.summary()["folder"] == str(folder)
    assert nf.load(folder).state_dict() == nf.load(folder / CHECKPOINT).state_dict()
    assert nf.inspect_file(folder) == saved


def test_a_run_folder_changes_no_number(tmp_path):
    plain = nf.train(SMALL).run()
    run = nf.Run.start(SMALL, tmp_path / "run").run()
    assert run.training.model.state_dict() == plain.model.state_dict()


@pytest.mark.parametrize("stop", [3, 6, 15, 36, 48])
def test_leaving_the_loop_and_resuming_equals_the_unbroken_run(tmp_path, unbroken, stop):
    folder = tmp_path / "run"
    for step in nf.Run.start(SMALL, folder):
        if step.step >= stop:
            break
    assert nf.inspect_file(folder / CHECKPOINT).state["step"] >= stop
    nf.Run.resume(folder).run()
    assert result(folder) == unbroken


def test_resuming_at_every_report_equals_the_unbroken_run(tmp_path, unbroken):
    folder = tmp_path / "run"
    run = nf.Run.start(SMALL, folder)
    while run.training.step < run.training.steps:
        next(iter(run), None)
        run = nf.Run.resume(folder)
    assert result(folder) == unbroken


def test_what_was_written_after_the_checkpoint_is_replayed(tmp_path, unbroken):
    folder = tmp_path / "run"
    steps = iter(nf.Run.start(SMALL, folder, seconds_between=0))
    for _ in range(5):
        next(steps)
    early = (folder / CHECKPOINT).read_bytes()
    for _ in range(5):
        next(steps)
    steps.close()
    (folder / CHECKPOINT).write_bytes(early)
    with (folder / METRICS).open("ab") as file:
        file.write(b'{"step": 31, "lo')
    nf.Run.resume(folder).run()
    assert result(folder) == unbroken


PROGRAM = """
import json, sys, neuroflow as nf
source, folder = json.loads(sys.argv[1]), sys.argv[2]
run = nf.Run.resume(folder) if sys.argv[3:] else nf.Run.start(source, folder)
run.seconds_between = 0.0
print("ready", flush=True)
for step in run:
    print(step.step, flush=True)
"""


def start(source, folder, *resume):
    import json

    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, json.dumps(source), str(folder), *resume],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


@pytest.mark.parametrize("backend", ["eager", "numpy"])
def test_killed_at_random_moments_and_resumed_equals_the_unbroken_run(tmp_path, backend):
    source = {**SMALL, "train": {**SMALL["train"], "backend": backend, "epochs": 60}}
    nf.Run.start(source, tmp_path / "unbroken").run()
    folder, rng = tmp_path / "run", random.Random(backend)
    for attempt in range(4):
        begun = (folder / CONFIGURATION).exists()
        process = start(source, folder, *["resume"] * begun)
        if attempt % 2:
            process.stdout.readline()
        time.sleep(rng.uniform(0, 0.3))
        process.send_signal(signal.SIGKILL)
        process.communicate()
    if not (folder / CONFIGURATION).exists():
        nf.Run.start(source, folder)
    nf.Run.resume(folder).run()
    assert result(folder) == result(tmp_path / "unbroken")
    assert not list(folder.glob(".*.partial"))


def test_ctrl_c_saves_and_says_how_to_go_on(tmp_path, unbroken):
    folder = tmp_path / "run"
    process = start(SMALL, folder)
    for line in process.stdout:
        if line.strip() == "6":
            process.send_signal(signal.SIGINT)
            break
    _, errors = process.communicate()
    last = errors.strip().splitlines()[-1]
    assert last.startswith("KeyboardInterrupt: stopped and saved at step ")
    assert last.endswith(f"go on with: neuroflow resume {folder}")
    nf.Run.resume(folder).run()
    assert result(folder) == unbroken


def test_a_finished_run_resumes_to_itself(tmp_path, unbroken):
    nf.Run.start(SMALL, tmp_path / "run").run()
    again = nf.Run.resume(tmp_path / "run")
    assert list(again) == []
    assert again.summary()["test_accuracy"] == again.training.metrics["test_accuracy"]
    assert result(tmp_path / "run") == unbroken


def test_auto_resumes_on_the_backend_that_it_began_with(tmp_path):
    source = {**SMALL, "train": {**SMALL["train"], "backend": "auto"}}
    run = nf.Run.start(source, tmp_path / "run")
    next(iter(run))
    backend = run.training.backend
    resumed = nf.Run.resume(tmp_path / "run")
    assert resumed.training.backend == backend
    assert resumed.training.configuration == run.training.configuration
    assert resumed.training.step == 3


def error_of(kind, call, *arguments):
    with pytest.raises(kind) as caught:
        call(*arguments)
    return str(caught.value)


def test_a_folder_that_holds_a_run_is_not_overwritten(tmp_path):
    nf.Run.start(SMALL, tmp_path / "run").run()
    before = result(tmp_path / "run")
    assert error_of(nf.FileError, nf.Run.start, SMALL, tmp_path / "run") == (
        f"{tmp_path / 'run'} already holds a run; go on with: neuroflow resume"
        f" {tmp_path / 'run'}, or choose another folder"
    )
    assert result(tmp_path / "run") == before


def test_a_folder_that_holds_no_run(tmp_path):
    assert "holds no run: there is no config.toml in it" in error_of(
        nf.FileError, nf.Run.resume, tmp_path
    )


def test_a_wrong_configuration_leaves_no_folder(tmp_path):
    error_of(nf.ConfigurationError, nf.Run.start, {**SMALL, "loss": "hing"}, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_damaged_checkpoint_is_told_and_kept(tmp_path):
    folder = tmp_path / "run"
    nf.Run.start(SMALL, folder).run()
    content = (folder / CHECKPOINT).read_bytes()[:-9]
    (folder / CHECKPOINT).write_bytes(content)
    assert "is damaged or truncated" in error_of(nf.StateError, nf.Run.resume, folder)
    assert (folder / CHECKPOINT).read_bytes() == content


def test_a_checkpoint_of_another_architecture(tmp_path):
    nf.Run.start(SMALL, tmp_path / "run").run()
    config = tmp_path / "run" / CONFIGURATION
    config.write_text(config.read_text().replace("sizes = [2, 6, 1]", "sizes = [2, 5, 1]"))
    assert "holds a model of another architecture" in error_of(
        nf.StateError, nf.Run.resume, tmp_path / "run"
    )


def test_the_configuration_that_counts_is_the_file_and_what_changed_is_told(tmp_path):
    folder = tmp_path / "run"
    assert "note" not in nf.Run.start(SMALL, folder).run().summary()
    config = folder / CONFIGURATION
    config.write_text(config.read_text().replace("epochs = 12", "epochs = 13"))
    resumed = nf.Run.resume(folder)
    assert resumed.summary()["note"] == f"as changed in {config}: train.epochs = 13, not 12"
    assert resumed.run().training.epoch == 13
    assert "note" not in nf.Run.resume(folder).summary()


def test_a_saved_model_is_no_checkpoint(tmp_path):
    folder = tmp_path / "run"
    run = nf.Run.start(SMALL, folder).run()
    nf.save(run.training.model, folder / CHECKPOINT)
    assert "nothing can be resumed from it" in error_of(nf.StateError, nf.Run.resume, folder)


def test_a_disk_that_is_full_keeps_the_last_checkpoint(tmp_path, monkeypatch):
    folder = tmp_path / "run"
    run = nf.Run.start(SMALL, folder, seconds_between=0)
    steps = iter(run)
    next(steps)
    before = (folder / CHECKPOINT).read_bytes()

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(nf.FileError, match="No space left on device"):
        next(steps)
    monkeypatch.undo()
    assert (folder / CHECKPOINT).read_bytes() == before
    assert not list(folder.glob(".*.partial"))


def test_the_metrics_are_on_the_disk_before_the_checkpoint_and_not_for_each_step(
    tmp_path, monkeypatch
):
    run, written, real = nf.Run.start(SMALL, tmp_path / "run"), [], os.fsync

    def noted(descriptor):
        written.append(os.path.basename(os.readlink(f"/proc/self/fd/{descriptor}")))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    steps = iter(run)
    next(steps)
    assert written == []  # the line is written, and outlives the process
    assert len(nf.read_metrics(run.folder)) == run.step
    run.save()
    assert written[0] == METRICS
    assert METRICS not in written[1:]
    assert len(written) > 1
    written.clear()
    list(steps)
    assert written.count(METRICS) == 1


def test_a_place_where_no_folder_can_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    assert "cannot write" in error_of(nf.FileError, nf.Run.start, SMALL, tmp_path / "file" / "run")


def test_a_run_says_where_it_goes_on_with_other_last_bits(tmp_path, monkeypatch):
    folder = tmp_path / "run"
    train = SMALL["train"] | {"backend": "numpy"}
    with closing(iter(nf.Run.start(SMALL | {"train": train}, folder))) as run:
        next(run)
    assert "note" not in nf.Run.resume(folder).summary()
    monkeypatch.setattr(nf.NumpyExecutor, "bits_depend_on", lambda self: "another machine")
    said = nf.Run.resume(folder).run().summary()["note"]
    assert re.match(
        r"begun where the last bits depend on numpy .* BLAS .*; here .* another machine", said
    )
    assert "equal to rounding (a relative 1e-12 a step in float64" in said
    assert "the backend portable" in said


def test_a_run_in_a_folder_says_how_far_it_is_as_one_in_memory_does(tmp_path):
    rows, targets = [[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0]
    settings = {"steps": 3, "batch": 2, "backend": "eager"}
    alone = nf.fit("mlp", rows, targets, **settings)
    run = nf.fit("mlp", rows, targets, folder=tmp_path / "run", **settings)
    for each in ("step", "epoch", "loss", "metrics", "note", "learning_rate"):
        assert getattr(run, each) == getattr(alone, each)
    assert (run.step, run.metrics) == (3, alone.metrics)
