"""What all tests share: how properties are judged, plugins for one test only, one browser."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import HealthCheck, settings

import neuroflow as nf
from neuroflow.registry.discovery import PluginManager
from neuroflow.registry.hooks import GROUP

# Properties are judged by their truth, not by the speed of the machine.
settings.register_profile("neuroflow", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("neuroflow")


NAMES = Path(__file__).parents[1].parent / "shared" / "data" / "names.txt"
FETCH = Path(__file__).parent.parent / "docs" / "live" / "fetch.py"
CHROMIUM = os.environ.get("NEUROFLOW_CHROMIUM") or shutil.which("chromium")
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


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
    before = set(sys.modules)
    yield Plugins(folder)
    for name in set(sys.modules) - before:
        if name.startswith("plugin_"):
            del sys.modules[name]


@pytest.fixture(scope="session")
def launch():
    """Start a Chromium, with more flags if wanted; one driver for all, as two cannot run at once.

    ``NEUROFLOW_CHROMIUM`` names another browser than ``chromium``, or Playwright's own is taken.
    """
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync_api.sync_playwright() as playwright:

        def start(*flags):
            try:
                return playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *flags])
            except sync_api.Error as error:
                pytest.skip(f"no Chromium to test with: {error}")

        yield start


@pytest.fixture(scope="session")
def chromium(launch):
    """One browser for all tests; each takes contexts of its own."""
    browser = launch()
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def pyodide(tmp_path_factory):
    """Pyodide as ``docs/live/fetch.py`` fetches it, or as it has done before."""
    spec = importlib.util.spec_from_file_location("fetch", FETCH)
    fetch = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fetch)
    if not fetch.is_in(fetch.FOLDER):
        fetch.FOLDER = tmp_path_factory.mktemp("pyodide")
        if fetch.main():
            pytest.skip("Pyodide could not be fetched with npm")
    return fetch.FOLDER / "node_modules" / "pyodide"


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


@pytest.fixture(scope="session")
def names_file():
    """The 32,033 names that microgpt.py was trained on; they are no part of the project."""
    if not NAMES.is_file():
        pytest.skip(f"needs the names file of microgpt.py at {NAMES}, which is not distributed")
    return NAMES


@pytest.fixture(scope="session")
def microgpt(names_file):
    """A fresh run of the recipe on that file."""

    def start(**changes):
        settings = {f"train.{name}": value for name, value in changes.items()}
        return nf.train("microgpt", {"data.path": str(names_file), **settings})

    return start


@pytest.fixture
def gpt():
    """Small models by their settings, initialised so that nothing in them is nearly zero."""

    def build(seed=1, **settings):
        small = {
            "vocab_size": 7, "n_layer": 2, "n_embd": 8, "n_head": 2, "block_size": 6,
            "initializer": {"use": "normal", "std": 0.3}, **settings,
        }  # fmt: skip
        return nf.build("gpt", rng=nf.SplitMix32(seed), **small)

    return build
