"""Programs: ``python`` in a process of its own, and ``neuroflow`` in this one."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.support.distributions import forgetting


@pytest.fixture
def run(tmp_path):
    """Run ``python -m MODULE ...`` in an empty folder; gives exit code, output, errors."""

    def call(*words, env=None, cwd=None):
        done = subprocess.run(
            [sys.executable, *words], cwd=cwd or tmp_path, env=env, text=True, capture_output=True,
            check=False, timeout=120,
        )  # fmt: skip
        return done.returncode, done.stdout, done.stderr

    return call


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
