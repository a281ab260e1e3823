"""The book, built for the tests; a server that remembers what it sent; a browser."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.support.browser import lending

DOCS = Path(__file__).parents[2] / "docs"
LEFT_OUT = [
    "_build",
    "examples",
    "benchmarks*",
    "howto/**",
    "compose/**",
    "tutorial/function.md",
    "explanation/[!acek]*",
    "reference/[!ch]*",
    "reference/entries",
]
"""What takes long, and what no test looks at in a browser."""


@pytest.fixture(scope="session")
def build():
    """Build the book but for what takes long; settings replace those of ``conf.py``."""

    def run(folder, *, only=(), **settings):
        settings |= {
            "neuroflow_pages": "",
            "exclude_patterns": ",".join([*LEFT_OUT, *only]),
            "extensions": "myst_parser,sphinx_copybutton,sphinx_design,neuroflow.sphinxext",
        }
        command = [sys.executable, "-m", "sphinx", "-Q", "-d", str(folder / "trees")]
        command += [f"-D{name}={value}" for name, value in settings.items()]
        subprocess.run([*command, str(DOCS), str(folder / "html")], check=True)
        return folder / "html"

    return run


@pytest.fixture(scope="session")
def book(build, pyodide, tmp_path_factory):
    """A folder with pages; ``NEUROFLOW_DOCS`` names one with the whole book, built before."""
    if os.environ.get("NEUROFLOW_DOCS"):
        return Path(os.environ["NEUROFLOW_DOCS"])
    return build(tmp_path_factory.mktemp("book"), neuroflow_pyodide=pyodide)


class Sent(SimpleHTTPRequestHandler):
    """Sends files and notes which, with their sizes."""

    def __init__(self, *arguments, log, **options):
        self.log = log
        super().__init__(*arguments, **options)

    def copyfile(self, source, outputfile):
        content = source.read()
        self.log.append((self.path.partition("?")[0], len(content)))
        outputfile.write(content)

    def end_headers(self):
        self.send_header("Cache-Control", "no-store")  # what is asked for again is sent again
        super().end_headers()

    def log_message(self, *_):
        pass


@contextmanager
def serving(folder):
    """Serve a folder to this machine alone; gives the address and the list of what was sent."""
    log = []
    handler = partial(Sent, directory=str(folder), log=log)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/", log
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def serve():
    """The context manager :func:`serving`."""
    return serving


@pytest.fixture(scope="module")
def server(book):
    """The address of the book, and the list of what was sent."""
    with serving(book) as found:
        yield found


@pytest.fixture(scope="module")
def address(server):
    """The address of the book."""
    return server[0]


@pytest.fixture(scope="module")
def tabs(chromium):
    """Lends the tabs of one context."""
    context = chromium.new_context()
    yield lending(context, width=1200, height=900)
    context.close()


@pytest.fixture(scope="module")
def visiting(tabs, address):
    """A context manager that opens pages; fails on a request that leaves, or a console error."""

    @contextmanager
    def visits():
        problems = []
        with ExitStack() as opened:

            def open_page(page, width=1200, dark=False, query="", base=address):
                tab = opened.enter_context(
                    tabs(
                        request=lambda r: r.url.startswith((base, "data:")) or note(r.url),
                        console=lambda m: m.type == "error" and note(m.text),
                        pageerror=lambda error: note(str(error)),
                    )
                )
                tab.set_viewport_size({"width": width, "height": 900})
                tab.emulate_media(color_scheme="dark" if dark else "light")
                tab.goto(base + page + query)
                return tab

            note = problems.append
            yield open_page
        assert problems == []

    return visits


@pytest.fixture
def visit(visiting):
    """Open a page for one test."""
    with visiting() as open_page:
        yield open_page
