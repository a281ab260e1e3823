"""Programs: ``python`` in a process of its own, and ``neuroflow`` in this one."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.support.distributions import forgetting


def running_in(folder):
    """A function that runs ``python ...`` in a folder; gives exit code, output, errors."""

    def call(*words, env=None, cwd=None):
        done = subprocess.run(
            [sys.executable, *words], cwd=cwd or folder, env=env, text=True, capture_output=True,
            check=False, timeout=120,
        )  # fmt: skip
        return done.returncode, done.stdout, done.stderr

    return call


@pytest.fixture
def run(tmp_path):
    """Run ``python -m MODULE ...`` in an empty folder; gives exit code, output, errors."""
    return running_in(tmp_path)


@pytest.fixture(scope="module")
def run_of_module(tmp_path_factory):
    """The same for fixtures of a module."""
    return running_in(tmp_path_factory.mktemp("programs"))


@pytest.fixture
def cli(tmp_path, monkeypatch, capsys):
    """Run ``neuroflow ...`` in an empty folder; with ``--json`` the output is decoded."""
    from neuroflow.cli import main

    monkeypatch.chdir(tmp_path)

    def call(*words):
        with pytest.raises(SystemExit) as exit:
            main(list(words))
        out, err = capsys.readouterr()
        return exit.value.code or 0, json.loads(out) if "--json" in words and out else out, err

    with forgetting(tmp_path):
        yield call
