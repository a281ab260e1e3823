"""Commands in this process and in another, and a run to ask about."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from click.testing import CliRunner

from neuroflow.cli import main
from tests.cli.settings import NET


@pytest.fixture
def neuroflow(monkeypatch, tmp_path):
    """Run a command in an empty folder; gives its exit code, output and messages."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")

    def call(*words, text=None):
        result = CliRunner().invoke(main, list(map(str, words)), input=text)
        assert "Traceback" not in result.stderr
        return result.exit_code, result.stdout, result.stderr

    return call


@pytest.fixture
def shell():
    """Run ``neuroflow`` as a process of its own."""

    def call(words, folder, **environment):
        return subprocess.run(
            [sys.executable, "-W", "error", "-m", "neuroflow", *words],
            cwd=folder, capture_output=True, text=True, timeout=60,
            env={**os.environ, "COLUMNS": "80", **environment},
        )  # fmt: skip

    return call


@pytest.fixture
def moons(neuroflow):
    """The folder of a small run."""
    assert neuroflow("train", "moons", *NET, "--out", "moons")[0] == 0
    return "moons"
