"""A run has a folder of its own, and one process at a time writes in it; readers never wait."""

from __future__ import annotations

import errno
import json
import os
import re
import signal
import sys

import pytest

import neuroflow as nf
from neuroflow.training import CONFIGURATION, METRICS, read_run
from neuroflow.training.folder import LOCK, claimed, is_claimed, new_folder
from tests.support.sweeps import tries

posix = pytest.mark.skipif(sys.platform == "win32", reason="flock and fork are POSIX's")

TINY = {
    "model": {"use": "mlp", "sizes": [2, 2, 1]},
    "loss": "hinge",
    "optimizer": {"use": "sgd", "learning_rate": 0.05},
    "data": {"use": "moons", "points": 8},
    "train": {"steps": 6, "report_every": 1, "backend": "eager"},
}


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "run"


def in_use(call, *arguments):
    with pytest.raises(nf.FileError, match="is in use") as caught:
        call(*arguments)
    return str(caught.value)


def test_a_second_one_is_told_who_writes(folder):
    run = nf.Run.start(TINY, folder)
    in_use(nf.Run.resume, folder)  # held from its start on, not from its first step
    next(steps := iter(run))
    message = in_use(nf.Run.resume, folder)
    assert re.fullmatch(
        rf"{re.escape(str(folder))} is in use: process {os.getpid()} on \S+, since"
        r" \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\S+, writes in it; wait until that ends, or stop it;"
        r" reading \(predict, inspect, draw\) needs no wait",
        message,
    )
    steps.close()
    nf.Run.resume(folder).run()
    assert sorted(os.listdir(folder)) == ["checkpoint.safetensors", CONFIGURATION, METRICS]


def test_a_run_that_began_elsewhere_in_the_meantime_is_not_overwritten(folder, monkeypatch):
    """The second look is the one that counts: here the other process begins after the first."""
    from neuroflow.training import run as module

    real, others = module.claimed, []

    def late(folder):
        if not others:
            others.append("began")
            monkeypatch.setattr(module, "claimed", real)
            nf.Run.start(TINY, folder).run()
        return real(folder)

    monkeypatch.setattr(module, "claimed", late)
    with pytest.raises(nf.FileError, match="already holds a run"):
        nf.Run.start(TINY, folder)
    assert len(nf.read_metrics(folder)) == 6


def test_readers_do_not_wait(folder):
    run = nf.Run.start(TINY, folder, seconds_between=0)
    steps = iter(run)
    next(steps), next(steps)
    before = {path: path.read_bytes() for path in folder.iterdir()}
    assert read_run(folder).step == nf.inspect_file(folder).state["step"] == 2
    assert len(nf.predict(folder, [[0.0, 1.0]])) == 1
    assert [line["step"] for line in nf.read_metrics(folder)] == [1, 2]
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_what_a_killed_process_leaves_keeps_nobody_out(folder):
    nf.Run.start(TINY, folder)
    (folder / LOCK).write_text("process 1 on elsewhere, since yesterday,")
    nf.Run.resume(folder).run()
    assert not (folder / LOCK).exists()


def test_a_run_that_is_let_go_of_can_go_on_unless_another_did(folder):
    run = nf.Run.start(TINY, folder)
    next(iter(run))
    next(iter(run))
    assert run.training.step == 2
    next(iter(nf.Run.resume(folder)))
    for go_on in (run.save, run.run):
        with pytest.raises(nf.StateError, match="has changed since this run stopped"):
            go_on()
    assert nf.Run.resume(folder).run().training.step == 6


@posix
def test_a_file_system_without_locks_is_told_and_trained_on(folder, monkeypatch):
    import fcntl

    def refuse(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    run = nf.Run.start(TINY, folder).run()
    assert run.summary()["note"] == (
        f"{folder} has no lock (No locks available), so let one process train in it"
    )


@posix
def test_no_link_is_followed_to_the_lock(folder, tmp_path):
    folder.mkdir()
    (tmp_path / "precious").write_text("1")
    (folder / LOCK).symlink_to(tmp_path / "precious")
    with pytest.raises(nf.FileError, match="Too many levels of symbolic links"):
        nf.Run.start(TINY, folder)
    assert (tmp_path / "precious").read_text() == "1"


def test_only_one_at_a_time_is_inside(tmp_path, together):
    inside, most, entered = [], [], []

    def enter():
        for _ in range(50):
            try:
                with claimed(tmp_path) as claim:
                    inside.append(1)
                    most.append(len(inside))
                    inside.pop()
                    entered.append(1)
                    claim.release()
            except nf.FileError:
                pass

    together(*[enter] * 4)
    assert max(most) == 1
    assert len(entered) > 4
    assert not list(tmp_path.iterdir())


def test_names_of_folders_are_not_used_again(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = [str(new_folder("moons")) for _ in range(3)]
    os.rmdir("runs/moons-2")
    os.mkdir("runs/moons-x")
    names.append(str(new_folder("moons")))
    assert names == ["runs/moons", "runs/moons-2", "runs/moons-3", "runs/moons-4"]
    assert nf.Run.start(TINY).folder.name == "run"


def test_runs_is_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs").touch()
    with pytest.raises(nf.FileError, match="cannot write runs/run: "):
        nf.Run.start(TINY)


KILLED = """
import json, os, signal, sys, time
import neuroflow as nf
steps = iter(nf.Run.start(json.loads(sys.argv[1]), "run"))
next(steps)
child = os.fork()
if not child:
    os.close(1), os.close(2)
    time.sleep(60)
    os._exit(0)
print(child, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@posix
def test_a_killed_process_keeps_nobody_out_even_if_its_children_live(tmp_path, run):
    code, printed, _ = run("-c", KILLED, json.dumps(TINY))
    try:
        assert code == -signal.SIGKILL
        assert (tmp_path / "run" / LOCK).exists()
        assert nf.Run.resume(tmp_path / "run").run().training.step == 6
    finally:
        os.kill(int(printed), signal.SIGKILL)


MANY = """
import json, os, sys
import neuroflow as nf
source, count = json.loads(sys.argv[1]), int(sys.argv[2])
nf.Run.start(source, "alone").run()
nf.Run.start(source, "shared")
go, ready = os.pipe()
children = []
for k in range(count):
    child = os.fork()
    children.append(child)
    if not child:
        os.read(go, 1)
        code = 9
        try:
            run = nf.Run.resume("shared") if k % 2 else nf.Run.start(source)
            run.seconds_between = 0.0
            code = 1 if run.training.step else 0
            run.run()
        except nf.FileError as error:
            code = 2 if "is in use" in str(error) else 9
        finally:
            os._exit(code)
os.write(ready, b"x" * count)
print([os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children])
"""


@posix
@pytest.mark.sweep
def test_many_that_start_and_resume_together_mix_and_lose_nothing(tmp_path, run, figures):
    count = tries(6, full=50)
    source = {**TINY, "train": {**TINY["train"], "steps": 30}}
    code, printed, errors = run("-c", MANY, json.dumps(source), str(count), cwd=tmp_path)
    assert (code, errors) == (0, "")
    codes = json.loads(printed)
    alone = (tmp_path / "alone" / METRICS).read_bytes()
    folders = [*(tmp_path / "runs").iterdir(), tmp_path / "shared"]
    mixed = [f.name for f in folders if (f / METRICS).read_bytes() != alone]
    models = [nf.load(folder).state_dict() for folder in folders]
    lost = [m for m in models if m != nf.load(tmp_path / "alone").state_dict()]
    figures(tried=count, faults=len(mixed) + len(lost), refused=codes.count(2))
    assert 9 not in codes
    assert len(folders) == 1 + codes[::2].count(0) == 1 + count // 2
    assert (mixed, lost) == ([], [])


@posix
def test_whether_a_run_goes_on_is_seen_without_disturbing_it(folder):
    assert not is_claimed(folder)
    run = nf.Run.start(TINY, folder)
    assert is_claimed(folder)
    run.run()
    assert not is_claimed(folder)
    (folder / LOCK).write_text("left by a process that was killed")
    assert not is_claimed(folder)
