"""Python in the page: live pages, and blocks of code that the reader edits and runs.

Set in ``conf.py``

* ``neuroflow_pyodide``: the npm package pyodide, unpacked, beside ``conf.py`` or absolute;
* ``neuroflow_snippets``: the pages whose ``python`` blocks run, as patterns such as ``tutorial/*``;
* ``neuroflow_live``: the folder of the built site that holds the live pages and Python;
* ``neuroflow_fetch_command``: what a reader of a site without Pyodide is told to run.

A block with a class out of ``REASONS`` has no button and says why. Without Pyodide no block has
one, and a note at the top of the page says what is missing.
"""

from __future__ import annotations

import json
import shutil
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util.docutils import SphinxDirective
from sphinx.util.osutil import relative_uri

from neuroflow.live.assets import TITLES
from neuroflow.live.export import PYODIDE, archive, export
from neuroflow.live.setup import PAGES
from neuroflow.view.markup import escaped

STATIC = Path(__file__).parent / "static"
FILES = (
    STATIC / "snippets.js", STATIC / "snippets-worker.js", STATIC / "snippets.css",
    Path(__file__).parent / "notebook.py",
)  # fmt: skip
REASONS = {
    "needs-numpy": "not in the page: it needs numpy, which is not loaded here",
    "needs-torch": "not in the page: it needs PyTorch, which is not loaded here",
    "continues": "not in the page: it continues a block that needs numpy",
}


def weigh(app: Sphinx, config: Config) -> None:
    """Find Pyodide and note what a page loads before it runs Python; "" if it is not there.

    It is kept as a configuration value, so that pages are made anew when it changes.
    """
    folder = Path(app.srcdir) / config.neuroflow_pyodide
    there = config.neuroflow_pyodide and (folder / PYODIDE[0]).is_file()
    config.neuroflow_load_size = load_size(folder) if there else ""


def load_size(folder: Path) -> str:
    """The size of all that is loaded: the files themselves are weighed."""
    size = sum((folder / name).stat().st_size for name in PYODIDE) + len(archive())
    return f"{size / 1e6:.0f} MB"


def add_programs(app: Sphinx) -> None:
    """Put the program of the buttons among the static files, if pages are HTML."""
    if app.builder.format != "html":
        return
    folder = Path(app.doctreedir) / "neuroflow_snippets"
    (folder / "neuroflow").mkdir(parents=True, exist_ok=True)
    for file in FILES:
        shutil.copyfile(file, folder / "neuroflow" / file.name)
    app.config.html_static_path.append(str(folder))


def write_live_pages(app: Sphinx, problem: Exception | None) -> None:
    """The live pages and Python, into the built site."""
    if problem is None and app.builder.format == "html":
        found = Path(app.srcdir) / app.config.neuroflow_pyodide
        size = app.config.neuroflow_load_size
        export(Path(app.outdir) / app.config.neuroflow_live, found if size else None)


# Blocks that run -----------------------------------------------------------------------------


def has_snippets(app: Sphinx, page: str, tree: nodes.document | None) -> bool:
    """Whether a page is to run its blocks, and has some."""
    chosen = any(fnmatch(page, pattern) for pattern in app.config.neuroflow_snippets)
    return chosen and tree is not None and bool(_python_blocks(tree))


def _python_blocks(tree: nodes.document) -> list[nodes.Element]:
    return [b for b in tree.findall(nodes.literal_block) if b.get("language") == "python"]


def load_programs(
    app: Sphinx, page: str, template: str, context: dict[str, Any], tree: nodes.document | None
) -> None:
    """Only pages with blocks that run load the program of the buttons."""
    if has_snippets(app, page, tree):
        app.add_css_file("neuroflow/snippets.css")
        if app.config.neuroflow_load_size:
            app.add_js_file("neuroflow/snippets.js", type="module")


def add_note(app: Sphinx, tree: nodes.document, page: str) -> None:
    """Say at the top of a page that its blocks run, or why not; the program reads it too."""
    if app.builder.format == "html" and has_snippets(app, page, tree):
        section = next(iter(tree.findall(nodes.section)))
        after_title = 1 + isinstance(section[1], (nodes.Admonition, nodes.paragraph))
        still = {"nf-shown", *REASONS}
        runs = any(still.isdisjoint(block["classes"]) for block in _python_blocks(tree))
        note = _note(app, page, runs) if app.config.neuroflow_load_size else _instead(app)
        section.insert(after_title, nodes.raw("", note, format="html"))


def _note(app: Sphinx, page: str, runs: bool) -> str:
    size = app.config.neuroflow_load_size
    home = relative_uri(app.builder.get_target_uri(page), app.config.neuroflow_live)
    told = (
        "Press <em>Run</em> below a block to run it right here, or <em>Edit</em> it first. The"
        f" first press loads Python from this site ({size}, once); nothing is installed and"
        " nothing is sent anywhere. A block that needs more than Python says so."
        if runs
        else "The code on this page needs more than the Python that a page can load, and each"
        " block says what: type it into your own Python."
    )
    return (
        f'<p class="nf-run-note" data-python="{escaped(home)}/" data-size="{size}"'
        f' data-reasons="{escaped(json.dumps(REASONS))}">{told}</p>'
    )


def _instead(app: Sphinx) -> str:
    return (
        '<p class="nf-run-note">This copy of the site was built without Pyodide, Python for'
        " browsers, so the code on this page does not run in the page. Type it into your own"
        f" Python, or build the site again after"
        f" <code>{escaped(app.config.neuroflow_fetch_command)}</code>.</p>"
    )


# Live pages ----------------------------------------------------------------------------------


class LiveDirective(SphinxDirective):
    """``.. nf:live:: function``: a live page and what it loads; the content where it cannot run."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        page = self.arguments[0]
        if page not in PAGES:
            raise self.error(f"no live page is named {page!r}; pages: {', '.join(PAGES)}")
        if self.config.neuroflow_load_size and self.env.app.builder.format == "html":
            return [nodes.raw("", self._frame(page), format="html")]
        return self.parse_content_to_nodes()

    def _frame(self, page: str) -> str:
        here = self.env.app.builder.get_target_uri(self.env.docname)
        address = escaped(relative_uri(here, f"{self.config.neuroflow_live}/{page}.html"))
        size = self.config.neuroflow_load_size
        return (
            f'<p><a href="{address}">Open it in a page of its own</a>. It loads {size}, once.</p>'
            f'<iframe src="{address}" title="{TITLES[page]}, live" loading="lazy" class="live">'
            "</iframe>"
        )
