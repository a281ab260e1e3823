"""The guard of the tests is itself tested: on each way to change a process, planted in a test."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).parents[1]
OFFENDERS = {
    "working directory": "import os; os.chdir('/')",
    "environment PLANTED": "import os; os.environ['PLANTED'] = '1'",
    "environment HOME": "import os; del os.environ['HOME']",
    "umask": "import os; os.umask(0o077)",
    "limit RLIMIT_FSIZE": "import resource as r; r.setrlimit(r.RLIMIT_FSIZE, (16, -1))",
    "signal handler SIGUSR1": "import signal as s; s.signal(s.SIGUSR1, s.SIG_IGN)",
    "blocked signals": "import signal as s; s.pthread_sigmask(s.SIG_BLOCK, [s.SIGUSR2])",
    "timer": "import signal as s; s.setitimer(s.ITIMER_REAL, 1000)",
    "locale": "import locale; locale.setlocale(locale.LC_ALL, 'C')",
    "stream sys.stdout": "import io, sys; sys.stdout = io.StringIO()",
    "stream sys.stderr": "import io, sys; sys.stderr = io.StringIO()",
    "stream sys.stdin": "import io, sys; sys.stdin = io.StringIO()",
    "descriptor 1": "import os; os.close(1)",
    "descriptor 2": "import os; os.dup2(0, 2)",
    "sys argv": "import sys; sys.argv.append('planted')",
    "sys path": "import sys; sys.path.insert(0, '/planted')",
    "sys excepthook": "import sys; sys.excepthook = print",
    "interpreter recursion limit": "import sys; sys.setrecursionlimit(5000)",
    "interpreter switch interval": "import sys; sys.setswitchinterval(1.0)",
    "interpreter garbage collection": "import gc; gc.disable()",
    "module json": "import sys, json; sys.modules['json'] = None",
    "module planted_file": "import_from(tmp_path)",
    "random state random": "import random; random.random()",
    "random state numpy.random": "numpy.random.rand()",
    "numpy errors": "numpy.seterr(all='raise')",
    "numpy print": "numpy.set_printoptions(precision=2)",
    "thread planted": "leave_a_thread()",
}
LAWFUL = {
    "monkeypatch": "monkeypatch.chdir('/'); monkeypatch.setenv('PLANTED', '1')",
    "a patched stream": "import io, sys; monkeypatch.setattr(sys, 'stdout', io.StringIO())",
    "capfd": "import os; os.system('echo x'); assert capfd.readouterr().out == 'x\\n'",
    "a swap": "import os; o = os.dup(1); os.dup2(2, 1); os.dup2(o, 1); os.close(o)",
    "an import": "import colorsys",
    "a thread that ends": "import threading as t; t.Timer(0.2, print).start()",
    "a fixture of a module": "assert os.environ['WIDE'] == '1'",
    "a filter of warnings": "import warnings; warnings.simplefilter('ignore')",
}
PLANTED = """
import importlib, os, sys, threading
import numpy, pytest
from tests.support import guard

guard.PATIENCE = 1.0  # with the thread that never ends

def import_from(folder):
    (folder / "planted_file.py").write_text("")
    sys.path.insert(0, str(folder))
    importlib.import_module("planted_file")
    sys.path.remove(str(folder))

def leave_a_thread():
    threading.Thread(target=threading.Event().wait, name="planted").start()

@pytest.fixture(scope="module")
def wide():
    os.environ["WIDE"] = "1"
    yield
    del os.environ["WIDE"]

@pytest.fixture(scope="module", params=["first", "second"])
def careless(request):
    os.environ["CARELESS"] = request.param

@pytest.mark.parametrize("what", OFFENDERS)
def test_offends(what, tmp_path):
    exec(OFFENDERS[what], {**globals(), "tmp_path": tmp_path})

@pytest.mark.parametrize("what", LAWFUL)
def test_lawful(what, wide, capfd, monkeypatch):
    exec(LAWFUL[what], {**globals(), "monkeypatch": monkeypatch, "capfd": capfd})

def test_of_a_fixture(careless):
    pass
"""
IN_A_FIXTURE = """
import os, pytest

@pytest.fixture(scope="module")
def longest():
    os.environ["LONGEST"] = "1"
    yield
    del os.environ["LONGEST"]

@pytest.fixture(scope="class", params=["first", "second"])
def asking(request):
    request.getfixturevalue("longest")
    yield

def test_of_a_fixture_in_a_fixture(asking):
    assert os.environ["LONGEST"] == "1"
"""
AFTERWARDS = """
from tests.support.guard import changes, state_now

START = state_now()

def test_all_is_as_before():
    left = changes(START, state_now())
    assert [name for name in left if name[0] != "thread"] == []
"""


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory):
    """The planted tests, run in a process of their own: what was said of each, and its output."""
    folder = tmp_path_factory.mktemp("planted")
    cases = f"OFFENDERS = {OFFENDERS!r}\nLAWFUL = {LAWFUL!r}\n"
    (folder / "test_0_in_a_fixture.py").write_text(IN_A_FIXTURE)
    (folder / "test_1_planted.py").write_text(cases + PLANTED)
    (folder / "test_2_afterwards.py").write_text(AFTERWARDS)
    (folder / "pytest.ini").write_text("[pytest]\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    command += ["-p", "tests.support.guard", f"--junitxml={folder / 'junit.xml'}", str(folder)]
    known = {**os.environ, "HOME": str(folder), "LC_ALL": "C.UTF-8"}
    done = subprocess.run(command, cwd=ROOT, env=known, capture_output=True, text=True, timeout=100)
    said = {}
    for case in ElementTree.parse(folder / "junit.xml").iter("testcase"):
        problems = [p.text or "" for p in case if p.tag in ("failure", "error")]
        said.setdefault(case.get("name"), []).extend(problems)
    return said, done


@pytest.mark.parametrize("what", OFFENDERS)
def test_each_change_fails_its_test_and_is_named(verdicts, what):
    (said,) = verdicts[0][f"test_offends[{what}]"]
    assert "this test changed its own process and did not put it back" in said
    (change,) = [line for line in said.splitlines() if line.startswith("  ")]
    assert change.strip().startswith(what)
    assert "use monkeypatch or another fixture that restores" in said


@pytest.mark.parametrize("what", LAWFUL)
def test_what_is_restored_in_time_passes(verdicts, what):
    assert verdicts[0][f"test_lawful[{what}]"] == []


def test_a_fixture_that_outlives_a_test_must_restore_at_its_end(verdicts):
    assert verdicts[0]["test_of_a_fixture[first]"] == []  # its end comes when the second begins
    (said,) = verdicts[0]["test_of_a_fixture[second]"]
    assert "environment CARELESS: was (absent), is 'second'" in said


@pytest.mark.parametrize("which", ["first", "second"])
def test_what_a_fixture_asked_for_may_outlive_it(verdicts, which):
    assert verdicts[0][f"test_of_a_fixture_in_a_fixture[{which}]"] == []


def test_all_is_put_back_and_the_run_ends_with_its_summary(verdicts):
    """Though a test limits its files to 16 bytes, and a thread would run for ever."""
    said, done = verdicts
    assert said["test_all_is_as_before"] == []
    assert re.search(r"^2 failed, \d+ passed, \d+ errors in ", done.stdout.splitlines()[-1])
    assert done.returncode == 1
