"""One Chromium for all tests of a worker, and Pyodide for its pages."""

from __future__ import annotations

import fcntl
import importlib.util
import os
import shutil
from contextlib import contextmanager
from pathlib import Path

import pytest

FETCH = Path(__file__).parents[2] / "docs" / "live" / "fetch.py"
CHROMIUM = os.environ.get("NEUROFLOW_CHROMIUM") or shutil.which("chromium")
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--process-per-site",  # tabs of one site share its process, and the compiled Python in it
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


def lending(context, **size):
    """A context manager that lends empty tabs, of this size, with what listens to their events.

    One that comes back open and well is lent again: a new tab takes longer than most pages.
    """
    idle = []

    @contextmanager
    def lend(**listeners):
        page = idle.pop() if idle else context.new_page()
        page.set_viewport_size(size)
        for event, listener in listeners.items():
            page.on(event, listener)
        yield page
        if page.is_closed():
            return
        page.goto("about:blank")
        for event, listener in listeners.items():
            page.remove_listener(event, listener)
        idle.append(page)

    return lend


@pytest.fixture(scope="session")
def pyodide(tmp_path_factory):
    """Pyodide as ``docs/live/fetch.py`` fetches it, or as it has done before."""
    spec = importlib.util.spec_from_file_location("fetch", FETCH)
    fetch = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fetch)
    if not fetch.is_in(fetch.FOLDER):
        fetch.FOLDER = of_all_workers(tmp_path_factory) / "pyodide"
        if not fetched_once(fetch):
            pytest.skip("Pyodide could not be fetched with npm")
    return fetch.FOLDER / "node_modules" / "pyodide"


def of_all_workers(tmp_path_factory):
    """The folder of temporary files that the workers of pytest-xdist share."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


def fetched_once(fetch):
    """Whether Pyodide is there: the first worker fetches it, the others wait for it.

    npm gives up at once where there is no network, instead of after minutes.
    """
    with (
        fetch.FOLDER.with_suffix(".lock").open("a+") as lock,
        pytest.MonkeyPatch.context() as patch,
    ):
        fcntl.flock(lock, fcntl.LOCK_EX)
        patch.setenv("npm_config_fetch_retries", "0")
        patch.setenv("npm_config_fetch_timeout", "60000")
        lock.seek(0)
        if not lock.read():
            lock.write("tried: fetched" if fetch.main() == 0 else "tried in vain")
        return fetch.is_in(fetch.FOLDER)
