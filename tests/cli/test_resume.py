"""``neuroflow resume``: a run that was stopped goes on; one that is damaged says so."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest

from tests.cli.settings import NET


@pytest.mark.parametrize(
    ("number", "expected"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["ctrl-c", "sigterm"]
)
def test_an_interrupted_run_says_how_to_go_on_and_is_resumed(
    neuroflow, monkeypatch, tmp_path, number, expected
):
    whole = neuroflow("train", "moons", *NET, "--out", "whole", "--json")
    from neuroflow.training.metrics import MetricsFile

    write = MetricsFile.write

    def interrupt(self, step):
        write(self, step)
        if step.step == 2:
            os.kill(os.getpid(), number)

    monkeypatch.setattr(MetricsFile, "write", interrupt)
    code, out, err = neuroflow("train", "moons", *NET, "--out", "part", "--json")
    assert code == expected
    assert "stopped and saved at step 2 of 3; go on with: neuroflow resume part" in err
    assert "go on with" in json.loads(out)["error"]["message"]
    monkeypatch.setattr(MetricsFile, "write", write)
    code, out, err = neuroflow("resume", "part", "--json")
    assert code == 0
    assert "going on from step 2 of 3" in err
    assert json.loads(out)["loss"] == json.loads(whole[1])["loss"]
    assert (tmp_path / "part/metrics.jsonl").read_bytes() == (
        tmp_path / "whole/metrics.jsonl"
    ).read_bytes()


def test_ctrl_c_saves_the_run(tmp_path):
    import signal
    import time

    words = ["train", "moons", "--backend", "eager", "--set", "train.steps=100000",
             "--set", "train.report_every=1"]  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "neuroflow", *words], cwd=tmp_path,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    metrics = tmp_path / "runs/moons/metrics.jsonl"
    for _ in range(300):
        if metrics.exists() and metrics.stat().st_size:
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert out == ""
    assert "go on with: neuroflow resume runs/moons" in " ".join(err.split())
    assert (tmp_path / "runs/moons/checkpoint.safetensors").exists()


def test_resuming_a_finished_run_changes_nothing(neuroflow, tmp_path):
    neuroflow("train", "moons", *NET, "--out", "done")
    before = (tmp_path / "done/metrics.jsonl").read_bytes()
    code, _, err = neuroflow("resume", "done")
    assert code == 0
    assert "all 3 steps are done" in err
    assert (tmp_path / "done/metrics.jsonl").read_bytes() == before


def test_a_damaged_checkpoint_is_one_message(neuroflow, tmp_path):
    neuroflow("train", "moons", *NET, "--out", "run")
    path = tmp_path / "run/checkpoint.safetensors"
    path.write_bytes(path.read_bytes()[:-40])
    for words in (["resume", "run"], ["predict", "run", "1", "2"], ["inspect", "run"]):
        code, _, err = neuroflow(*words)
        assert code == 1
        assert "is damaged or truncated" in err
