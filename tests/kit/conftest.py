"""Small helpers of the kit's tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

import neuroflow as nf
from neuroflow.plugin import manager


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

    return call


@pytest.fixture(scope="session")
def reports():
    """The report of every bundled plugin, by its name."""
    bundled = [p for p in manager().plugins if p.provider.namespace == "neuroflow"]
    return {plugin.name: nf.check(plugin.name) for plugin in bundled}


@pytest.fixture
def site(tmp_path):
    """A folder of installed distributions; ``site.add(...)`` installs one more."""
    return Site(tmp_path / "site")


class Site:
    """Distributions with their metadata, as pip leaves them behind."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()

    def add(self, distribution, module, source, *, version="1.2", entry="", metadata_only=False):
        """Install a distribution of one module that offers one plugin."""
        info = self.folder / f"{distribution.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n"
        )
        (info / "entry_points.txt").write_text(f"[neuroflow]\n{entry or module} = {module}\n")
        (info / "INSTALLER").write_text("test\n")
        if not metadata_only:
            (self.folder / f"{module}.py").write_text(source)
        return self

    @property
    def environment(self):
        """Variables under which Python finds the distributions."""
        return {**os.environ, "PYTHONPATH": str(self.folder), "PYTHONWARNINGS": "error"}
