"""Tabs, servers and browsers for the tests of the live pages."""

import functools
import http.server
import re
import subprocess
import sys
import threading
from contextlib import contextmanager

import pytest

from neuroflow.live.export import export
from neuroflow.live.tab import Tab
from tests.support.browser import lending

WINDOW = {"width": 1440, "height": 1000}
OF_THIS_MACHINE = r"(http://127\.0\.0\.1:|file:|data:|blob:|about:)"
READY = "#play:not([disabled]), #problem:not([hidden])"


@pytest.fixture
def ask():
    """Send one message to a tab; gives its frames by type."""

    def send(tab: Tab, **message):
        return {frame["type"]: frame for frame in tab.handle([message])}

    return send


@contextmanager
def running_server(*arguments):
    program = [sys.executable, "-m", "neuroflow", "demo", "--no-open", "--json", *arguments]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as p:
        printed = ""
        for line in p.stdout:
            printed += line
            if line.startswith("}"):
                break
        found = re.search(r'http://[^"]+', printed)
        if found is None:
            p.terminate()
            raise AssertionError(p.stderr.read())
        try:
            yield found.group()
        finally:
            p.terminate()
            p.wait()


@pytest.fixture
def demo_server():
    """A context manager: ``neuroflow demo`` in a process of its own; gives the address."""
    return running_server


@pytest.fixture(scope="module")
def browser_context(chromium):
    """Tabs of one file share their cookies, as those of one person do."""
    context = chromium.new_context(viewport=WINDOW, accept_downloads=True)
    yield context
    context.close()


@pytest.fixture(scope="module")
def server():
    """``neuroflow demo``, for all tests of a file; gives the one-time address."""
    with running_server() as address:
        yield address


@pytest.fixture(scope="session")
def exported(pyodide, tmp_path_factory):
    """The exported folder, served by Python's own plain web server."""
    folder = tmp_path_factory.mktemp("exported")
    written = export(folder, pyodide)
    assert all(path.is_file() for path in written)
    handler = functools.partial(QuietHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class BrowserTab:
    """A page of a browser: what it said, what it asked for, what it knows."""

    def __init__(self):
        self.page = None
        self.problems, self.requests = [], []

    def listeners(self):
        """What hears the events of the page."""
        return {
            "pageerror": lambda error: self.problems.append(str(error)),
            "console": self._heard,
            "request": lambda request: self.requests.append(request.url),
        }

    def _heard(self, message):
        if message.type in ("error", "warning"):
            self.problems.append(f"{message.text} {message.location.get('url', '')}".strip())

    def open(self, address):
        """Wait until the page can play, or says at once why it cannot."""
        self.page.goto(address)
        self.page.wait_for_selector(READY, timeout=60_000)
        assert not self.page.is_visible("#problem"), self.page.inner_text("#problem")

    def knows(self, expression):
        """What the page knows, ``neuroflow.`` before the expression."""
        return self.page.evaluate(f"() => neuroflow.{expression}")

    def wait(self, expression, seconds=20):
        """Wait until an expression about ``neuroflow`` is true; the pages forbid eval."""
        for _ in range(int(seconds * 20)):
            if self.page.evaluate(f"() => Boolean({expression})"):
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(f"waited in vain for {expression}; the page says: {self.problems}")

    def pause(self):
        """Stop, and wait until the page shows it."""
        if self.knows("now.playing"):
            self.page.click("#play")
        self.page.wait_for_selector("#play[aria-pressed=false]")

    def choose(self, name, value):
        """Set one field of the set-up, and wait for the new run."""
        field = self.page.locator(f"#choice-{name}")
        if field.evaluate("f => f.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(str(value))
            field.press("Enter")


@contextmanager
def opened(tabs):
    """A fresh tab; fails for console errors and for requests that leave the machine."""
    made = BrowserTab()
    with tabs(**made.listeners()) as made.page:
        yield made
    abroad = [u for u in made.requests if not re.match(OF_THIS_MACHINE, u)]
    assert abroad == []
    assert made.problems == []


@pytest.fixture(scope="module")
def tabs(browser_context):
    """Lends the tabs of a file."""
    browser_context.set_default_timeout(20_000)
    return lending(browser_context, **WINDOW)


@pytest.fixture
def tab(tabs):
    """A tab for one test."""
    with opened(tabs) as made:
        yield made


@pytest.fixture(scope="module")
def shared_tab(tabs):
    """A tab for all tests of a file that ask for it, where opening a page takes long."""
    with opened(tabs) as made:
        yield made
