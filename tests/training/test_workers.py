"""Several workers make one run: its numbers, one folder, one end for all, and another number later.

The workers are threads where it does not matter what they are; ``torchrun`` starts real ones once.
"""

import json
import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

import neuroflow as nf
from neuroflow.errors import InputError
from neuroflow.training import METRICS, go_along
from neuroflow.training.workers import PLACE, WorkerError, joined_workers
from tests.support.job import job

TREE = {
    "model": {"use": "mlp", "sizes": [2, 6, 1], "activation": "tanh", "dropout": 0.1},
    "loss": "binary_cross_entropy",
    "optimizer": {"use": "adam", "learning_rate": 0.05},
    "data": {"use": "moons", "points": 31, "test": 0.2, "validation": 0.2},
    "train": {
        "steps": 24, "batch": 3, "accumulation": 2, "l2": 0.001, "clip_norm": 0.5, "seed": 3,
        "report_every": 5, "evaluate_every": 4, "backend": "numpy",
    },
}  # fmt: skip
EARLY = {"train.keep": "best", "train.patience": 2, "train.min_delta": 0.05, "train.steps": 60}


def numbers_of(training):
    return [*training.model.state_dict().values(), *training.metrics.values()]


def trained(workers=None, **changes):
    run = nf.train(TREE, changes, workers=workers)
    losses = [loss for step in run for loss in step.losses]
    return [*losses, *numbers_of(run)], run.step, run.rng.getstate()


@pytest.mark.parametrize(("count", "changes"), [(2, {}), (4, EARLY), (8, {"train.batch": 2})])
def test_a_run_of_several_workers_is_that_of_one(count, changes):
    numbers, step, generator = trained(**changes)
    for found in job(count, lambda workers: trained(workers, **changes)):
        assert found[0] == pytest.approx(numbers, rel=1e-9, abs=1e-12)
        assert found[1:] == (step, generator)
    assert step < 60


def test_what_the_first_finds_ends_all(monkeypatch):
    """Scores may differ in their last bits from machine to machine: one of them decides."""
    scores = nf.Training.scores

    def elsewhere(run):
        rising = 1.0 + run.step if run.workers.is_first else 1.0 - run.step
        return {**scores(run), "validation_loss": rising}

    def stopped(workers):
        run = nf.train(TREE, {**EARLY, "train.min_delta": 0.0}, workers=workers).run()
        return run.step, run.best.step

    monkeypatch.setattr(nf.Training, "scores", elsewhere)
    assert job(2, stopped) == [(12, 4)] * 2


def test_one_folder_is_written_once_and_resumed_by_another_number(tmp_path):
    def some(workers):
        if not workers.is_first:
            return go_along(nf.train(TREE, workers=workers))
        return nf.Run.start(TREE, tmp_path / "run", workers=workers).run().summary()

    summary, nothing = job(2, some)
    assert nothing is None
    assert summary["workers"] == 2
    assert [line["step"] for line in nf.read_metrics(tmp_path / "run")] == [*range(1, 25)]

    (tmp_path / "run" / "config.toml").write_text(
        (tmp_path / "run" / "config.toml").read_text().replace("steps = 24", "steps = 40")
    )
    resumed = nf.Run.resume(tmp_path / "run").run()
    whole, *_ = trained(**{"train.steps": 40})
    assert numbers_of(resumed.training) == pytest.approx(
        whole[-len(numbers_of(resumed.training)) :], rel=1e-9, abs=1e-12
    )
    assert "2 workers" in resumed.training.note


def test_who_is_asked_to_stop_stops_all_at_the_same_step():
    rare = {f"train.{name}": 100_000 for name in ("steps", "report_every", "evaluate_every")}

    def stopped(workers):
        training = nf.train(TREE, rare, workers=workers)
        step, is_report = next(training.advances(lambda: workers.rank == 1))
        return step.step, is_report

    first, second = job(2, stopped)
    assert first == second
    assert first[0] < 100_000
    assert not first[1]


@pytest.mark.parametrize(
    ("changes", "shift", "told"), [({"train.l2": 0.5}, 0.0, "settings"), ({}, 0.5, "data")]
)
def test_workers_of_another_run_are_refused(changes, shift, told):
    def made(workers):
        other = workers.rank == 1
        rows = [[0.5, 1.0], [1.0, 1.5 + shift * other], [0.0, 0.25], [1.0, -1.0], [2.0, 1.0]]
        data = nf.Dataset(rows * 2, [0, 1, 0, 1, 0] * 2, task="binary")
        parts = {"data": data, "test": data, "validation": data}
        return nf.train(TREE, changes if other else {}, workers=workers, **parts).run()

    with pytest.raises(WorkerError) as caught:
        job(2, made)
    assert str(caught.value) == (
        f"worker 1 of 2 has other {told} than worker 0; expected the same in all workers;"
        " give all of them the same command, files and version of neuroflow"
    )


def test_without_torchrun_there_are_no_workers(monkeypatch):
    place = {"RANK": "0", "WORLD_SIZE": "1", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "1"}
    for name in PLACE:
        monkeypatch.delenv(name, raising=False)
    with joined_workers() as workers:
        assert workers is None
    for name, value in place.items():
        monkeypatch.setenv(name, value)
    with joined_workers() as workers:  # one alone has nobody to talk to
        assert workers is None
    monkeypatch.setenv("WORLD_SIZE", "two")
    with pytest.raises(InputError) as caught, joined_workers():
        pass
    assert str(caught.value) == (
        "the variable WORLD_SIZE of the environment is 'two'; expected a whole number, as torchrun"
        " sets it; unset it to train in one process"
    )


FORKS = """
import json, os, socket, sys
import torch.distributed
import neuroflow as nf
from neuroflow.engine.run.workers import Workers

def work(count, rank, tree, backends):
    with nf.joined_workers() as workers:
        found = {}
        for backend in backends:
            run = nf.train(tree, {"train.backend": backend}, workers=workers)
            losses = [loss for step in run for loss in step.losses]
            found[backend] = [*losses, *run.model.state_dict().values()]
        alike = [workers.told_by_first(each) == each for each in found.values()]
        if workers.is_first:
            print(json.dumps(found), flush=True)
        elif not all(alike):
            sys.exit("other bits than the first worker's")

tree = json.loads(sys.argv[1])
for count, backends in (2, ["eager", "numpy", "torch"]), (4, ["numpy"]):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    place = {"WORLD_SIZE": count, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    os.environ.update({name: str(value) for name, value in place.items()})
    children = []
    for rank in range(count):
        os.environ["RANK"] = str(rank)
        child = os.fork()
        if not child:
            work(count, rank, tree, backends)
            os._exit(0)
        children.append(child)
    codes = [os.waitpid(child, 0)[1] for child in children]
    assert codes == [0] * count, codes
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork on Windows")
def test_two_and_four_processes_make_the_steps_of_one():
    pytest.importorskip("torch.distributed", reason="workers talk through PyTorch")
    few = {**TREE, "train": {**TREE["train"], "steps": 8, "report_every": 8}}
    words = [sys.executable, "-c", FORKS, json.dumps(few)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    alone = {}
    for backend in ("eager", "numpy", "torch"):
        run = nf.train(few, {"train.backend": backend})
        losses = [loss for step in run for loss in step.losses]
        alone[backend] = [*losses, *run.model.state_dict().values()]
    two, four = map(json.loads, done.stdout.splitlines())
    for backend, numbers in [*two.items(), *four.items()]:
        assert numbers == pytest.approx(alone[backend], rel=1e-12, abs=1e-12)
    assert ([*two], [*four]) == (["eager", "numpy", "torch"], ["numpy"])


def torchrun(count, *words):
    place = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    return [*place, "--nproc-per-node", str(count), "-m", "neuroflow", *words]


def worker_of(folder, rank):
    """The process that is the worker of this rank and trains into a folder."""
    for each in Path("/proc").iterdir():
        with suppress(OSError):
            words = (each / "cmdline").read_text().split("\0")
            place = (each / "environ").read_text().split("\0")
            if str(folder) in words and f"RANK={rank}" in place:
                return int(each.name)
    raise AssertionError("there is no such worker")


@pytest.mark.skipif(not os.path.isdir("/proc"), reason="processes are found in /proc")
def test_a_killed_worker_ends_the_job_and_one_alone_goes_on(tmp_path):
    pytest.importorskip("torch.distributed", reason="workers talk through PyTorch")
    folder, source = tmp_path / "run", tmp_path / "tree.json"
    endless = {**TREE["train"], "steps": 1_000_000, "evaluate_every": 1_000_000}
    source.write_text(json.dumps({**TREE, "train": endless}))
    words = torchrun(2, "train", str(source), "--out", str(folder), "--json")
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        wait_for(lambda: (folder / METRICS).exists() and (folder / METRICS).stat().st_size > 500)
        os.kill(worker_of(folder, 1), 9)
        began = time.monotonic()
        out, errors = run.communicate(timeout=60)
    assert run.returncode != 0
    assert time.monotonic() - began < 30
    told = "another worker of the job has ended or is silent, so no step can be made"
    assert f"Error: {told}" in errors
    assert f"with any number of workers: neuroflow resume {folder}" in errors
    assert json.loads(out)["error"]["kind"] == "WorkerError"  # one object, of the first worker

    made = max(30, nf.read_metrics(folder)[-1]["step"])
    text = (folder / "config.toml").read_text().replace("1000000", str(made))
    (folder / "config.toml").write_text(text)
    resumed = nf.Run.resume(folder).run()
    whole = nf.train(TREE, {"train.steps": made, "train.evaluate_every": made}).run()
    assert numbers_of(resumed.training) == pytest.approx(numbers_of(whole), rel=1e-6, abs=1e-9)


def wait_for(is_so, patience=60.0):
    end = time.monotonic() + patience
    while not is_so():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.05)
