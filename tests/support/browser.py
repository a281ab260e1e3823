"""One Chromium for all tests of a worker, and Pyodide for its pages."""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path

import pytest

FETCH = Path(__file__).parents[2] / "docs" / "live" / "fetch.py"
CHROMIUM = os.environ.get("NEUROFLOW_CHROMIUM") or shutil.which("chromium")
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


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
