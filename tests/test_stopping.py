"""A run stops soon after it is asked to, wherever it is, and goes on to the same numbers."""

from __future__ import annotations

import os
import signal
import time

import pytest

import neuroflow as nf
from neuroflow.stopping import PATIENCE, Terminated
from neuroflow.training import METRICS, Training
from tests.training.test_run import SMALL, result

RARE = {
    **SMALL,
    "train": {**SMALL["train"], "report_every": 40, "evaluate_every": 40, "epochs": 20},
}
"""Reports are far apart."""


def interrupted(run, number, when=2):
    """Go on with a run, and send this process a signal while it makes the step after ``when``."""
    runner = run.training.runner
    go_on = runner.run

    def signalled(batches, rates):
        if runner.steps >= when:
            os.kill(os.getpid(), number)
        return go_on(batches, rates)

    runner.run = signalled
    with pytest.raises(KeyboardInterrupt) as caught:
        run.run()
    del runner.run
    return caught.value


@pytest.mark.parametrize(
    ("number", "kind"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, Terminated)]
)
def test_a_signal_stops_a_run_between_reports_and_nothing_is_lost(
    tmp_path, monkeypatch, number, kind
):
    monkeypatch.setattr("neuroflow.training.steps.PIECE", 1e-9)  # pieces of one step
    nf.Run.start(RARE, tmp_path / "unbroken").run()
    before = signal.getsignal(number)
    run = nf.Run.start(RARE, tmp_path / "run")
    error = interrupted(run, number)
    assert type(error) is kind
    assert 2 < run.training.step < 40
    assert str(error).startswith(f"stopped and saved at step {run.training.step} of 80; go on")
    assert signal.getsignal(number) is before
    nf.Run.resume(tmp_path / "run").run()
    assert result(tmp_path / "run") == result(tmp_path / "unbroken")


def test_a_step_that_takes_long_is_cut_off(tmp_path):
    run = nf.Run.start(RARE, tmp_path / "run")

    def endless(batches, rates):
        os.kill(os.getpid(), signal.SIGINT)
        while True:
            time.sleep(0.01)

    run.training.runner.run = endless
    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt, match="stopped in the middle of a step; go on with: "):
        run.run()
    assert PATIENCE * 0.9 < time.monotonic() - start < PATIENCE + 1
    assert nf.Run.resume(tmp_path / "run").training.step == 0


def test_a_run_saves_between_reports_that_are_far_apart(tmp_path, monkeypatch):
    monkeypatch.setattr("neuroflow.training.steps.PIECE", 1e-9)
    run = nf.Run.start(RARE, tmp_path / "run", seconds_between=0)
    saved, save = [], nf.Run.save
    monkeypatch.setattr(nf.Run, "save", lambda self: (saved.append(self.training.step), save(self)))
    first = next(iter(run))
    assert (first.step, len(first.losses)) == (40, 40)
    assert len(saved) > 1
    assert saved[0] < 40
    assert len((tmp_path / "run" / METRICS).read_text().splitlines()) == 40


def test_steps_are_made_in_pieces_of_a_quarter_of_a_second(monkeypatch):
    training = Training(nf.configure(RARE))
    clock = iter(range(10**6))
    monkeypatch.setattr(
        "neuroflow.training.steps.time.perf_counter", lambda: next(clock) * 0.02
    )  # each piece seems to take a fiftieth of a second
    made, go_on = [], training.runner.run

    def counted(batches, rates):
        made.append(len(batches))
        return go_on(batches, rates)

    training.runner.run = counted
    next(iter(training))
    assert made == [1, 12, 27]
