"""A headless Chromium for the pages; a request that leaves the machine fails the test."""

import pytest


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
