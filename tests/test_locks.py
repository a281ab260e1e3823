"""Locks outlive a fork, and what is made once is made once."""

import os
import subprocess
import sys
import threading
import time

import pytest

from neuroflow.locks import once

forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")


def test_once_is_once_for_threads_that_ask_together():
    made, barrier = [], threading.Barrier(4)

    @once
    def slow():
        made.append(1)
        time.sleep(0.01)
        return object()

    answers = []

    def ask():
        barrier.wait()
        answers.append(slow())

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert len(set(map(id, answers))) == 1


def test_once_fails_again_where_making_fails():
    calls = []

    @once
    def broken():
        calls.append(1)
        raise ValueError("no")

    for _ in range(2):
        with pytest.raises(ValueError, match="no"):
            broken()
    assert len(calls) == 2


def forked(code):
    """What a process prints that forks while another thread is busy; it must end by itself."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        capture_output=True, text=True, timeout=30,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@forks
def test_a_fork_waits_for_a_lock_and_its_child_finds_it_open():
    code = """
import os, threading, time
from neuroflow.locks import lock
shared, inside, steps = lock(), threading.Event(), []
def work():
    with shared:
        inside.set()
        time.sleep(0.05)
        steps.append("done")
thread = threading.Thread(target=work)
thread.start(); inside.wait()
child = os.fork()
if not child:
    with shared:
        os._exit(0 if steps == ["done"] else 1)  # never in the middle
thread.join()
with shared:
    print(os.waitpid(child, 0)[1], steps)
"""
    assert forked(code) == "0 ['done']\n"


@forks
def test_a_child_may_make_what_another_thread_was_making():
    code = """
import os, threading
from neuroflow.locks import once
making, go_on = threading.Event(), threading.Event()
@once
def made():
    if threading.current_thread() is not threading.main_thread():
        making.set(); go_on.wait()
    return "made"
thread = threading.Thread(target=made)
thread.start(); making.wait()
child = os.fork()
if not child:
    os._exit(0 if made() == "made" else 1)
go_on.set(); thread.join()
print(os.waitpid(child, 0)[1])
"""
    assert forked(code) == "0\n"
