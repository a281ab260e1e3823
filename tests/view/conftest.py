"""A headless Chromium for the pages; a request that leaves the machine fails the test."""

from contextlib import ExitStack

import pytest

from tests.support.browser import lending


@pytest.fixture(scope="module")
def tabs(chromium):
    """Lends the tabs of one context."""
    context = chromium.new_context()
    context.set_default_timeout(5000)
    yield lending(context, width=1280, height=800)
    context.close()


@pytest.fixture
def open_page(tabs):
    """``open_page(path, ...)`` opens a file; afterwards its console and its requests are judged."""
    problems = []

    def heard(message):
        if message.type in ("error", "warning"):
            problems.append(f"console: {message.text}")

    def asked(request):
        if not request.url.startswith(("file:", "data:", "about:")):
            problems.append(f"asked {request.url}")

    def failed(error):
        problems.append(f"error: {error}")

    with ExitStack() as opened:

        def go(path, color_scheme="light"):
            page = opened.enter_context(tabs(pageerror=failed, console=heard, request=asked))
            page.emulate_media(color_scheme=color_scheme)
            page.goto(path.as_uri())
            return page

        yield go
    assert problems == []
