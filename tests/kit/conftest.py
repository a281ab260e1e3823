"""Small helpers of the kit's tests."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest


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
def cli(run):
    """Run ``neuroflow ...``; with ``--json`` the output is decoded."""

    def call(*words, env=None):
        code, out, err = run("-c", "from neuroflow.cli import main; main()", *words, env=env)
        return code, json.loads(out) if "--json" in words and out else out, err

    return call
