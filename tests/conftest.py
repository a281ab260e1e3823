"""What all tests share: how properties are judged, plugins for one test only, one browser."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from importlib.metadata import distributions
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import HealthCheck, settings

from neuroflow.plugin import GROUP, PluginManager

# Properties are judged by their truth, not by the speed of the machine.
settings.register_profile("neuroflow", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("neuroflow")


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
