"""Plugins for one test only: distributions as pip leaves them behind, in a folder of their own."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from importlib.metadata import distributions
from pathlib import Path
from textwrap import dedent

import pytest

from neuroflow.registry.discovery import PluginManager
from neuroflow.registry.points import GROUP


class Plugins:
    """A folder of distributions, each made of one module and its metadata."""

    def __init__(self, folder):
        self.folder = folder

    def add(self, name, source, *, distribution="", version="1.0", module=""):
        """Install a distribution whose entry point ``name`` is a module with this source."""
        distribution = distribution or f"{name}-dist"
        module = module or f"plugin_{name}_of_{distribution}".replace("-", "_")
        self.folder.joinpath(f"{module}.py").write_text(dedent(source), encoding="utf-8")
        info = self.folder / f"{distribution.replace('-', '_')}-{version}.dist-info"
        info.mkdir(exist_ok=True)
        info.joinpath("METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n"
        )
        with info.joinpath("entry_points.txt").open("a") as file:
            if file.tell() == 0:
                file.write(f"[{GROUP}]\n")
            file.write(f"{name} = {module}\n")
        return module

    def points(self):
        """The entry points of these distributions and of the bundled plugins."""
        own = [p for d in distributions(path=[str(self.folder)]) for p in d.entry_points]
        bundled = [p for d in distributions(name="neuroflow") for p in d.entry_points]
        return [p for p in [*own, *bundled] if p.group == GROUP]

    def manager(self, **options):
        """A plugin manager that sees them, apart from that of the process."""
        return PluginManager(self.points(), **options)


@pytest.fixture
def plugins(tmp_path, monkeypatch):
    """Distributions that exist for one test; their modules are forgotten after it."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    with forgetting(folder):
        yield Plugins(folder)


@contextmanager
def forgetting(folder):
    """Forget at the end what was imported from a folder that only one test has."""
    try:
        yield
    finally:
        for name, module in list(sys.modules.items()):
            if Path(getattr(module, "__file__", None) or "").is_relative_to(folder):
                del sys.modules[name]


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


@pytest.fixture
def site(tmp_path):
    """A folder of installed distributions; ``site.add(...)`` installs one more."""
    return Site(tmp_path / "site")
