"""A headless Chromium for the pages; a request that leaves the machine fails the test."""

import os
import shutil

import pytest

CHROMIUM = os.environ.get("NEUROFLOW_CHROMIUM") or shutil.which("chromium")
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="module")
def chromium():
    """One browser for all tests of a file; two drivers cannot run at once."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("chromium is not installed; NEUROFLOW_CHROMIUM may name another browser")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium):
    """``open_page(path, ...)`` opens a file; afterwards its console and its requests are judged."""
    contexts, problems = [], []

    def go(path, **options):
        context = chromium.new_context(viewport={"width": 1280, "height": 800}, **options)
        context.set_default_timeout(5000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(f"error: {error}"))
        page.on(
            "console",
            lambda m: m.type in ("error", "warning") and problems.append(f"console: {m.text}"),
        )
        page.on(
            "request",
            lambda r: r.url.startswith(("file:", "data:")) or problems.append(f"asked {r.url}"),
        )
        page.goto(path.as_uri())
        return page

    yield go
    for context in contexts:
        context.close()
    assert problems == []
