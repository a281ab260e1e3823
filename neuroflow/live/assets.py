"""The files of the live pages: the same for the server and for a folder of static files."""

from __future__ import annotations

from pathlib import Path

from neuroflow.live.setup import PAGES
from neuroflow.view.markup import escaped

STATIC = Path(__file__).parent / "static"
SHARED = (
    "live.css", "live.js", "address.js", "asking.js", "charts.js", "elements.js", "examples.js",
    "form.js", "kept.js", "language.js", "maps.js", "network.js", "panels.js", "parameters.js",
    "placing.js", "points.js", "popover.js", "receipt.js", "story.js", "theme.js", "transport.js",
    "worker.js", "icon.svg",
)  # fmt: skip
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
    " img-src 'self' data:; worker-src 'self'; base-uri 'none'; form-action 'none'"
)
"""What a page may load and ask: these files, from where it came from. Each page says so itself."""
TITLES = {
    "function": "Function approximation",
    "classification": "Classification",
    "gpt": "Attention and GPT",
    "training": "Training",
}
CONTENT_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


def static_file(name: str) -> bytes | None:
    """One of the files beside the pages; None for any other name."""
    return (STATIC / name).read_bytes() if name in SHARED else None


def page_html(page: str, transport: str) -> str:
    """One live page; ``transport`` is ``socket`` or ``worker``."""
    text = (STATIC / "page.html").read_text(encoding="utf-8")
    links = "".join(
        f'<a href="{name}.html"{" aria-current=page" if name == page else ""}>{TITLES[name]}</a>'
        for name in PAGES
    )
    return _filled(
        text,
        page=page,
        title=TITLES[page],
        about=PAGES.get(page, "Watch a network learn."),
        transport=transport,
        links=links,
    )


def pages_html(transport: str) -> str:
    """The list of the pages."""
    text = (STATIC / "index.html").read_text(encoding="utf-8")
    cards = "".join(
        f'<a class="card" href="{name}.html"><strong>{TITLES[name]}</strong>'
        f"<span>{escaped(about)}</span></a>"
        for name, about in PAGES.items()
    )
    return _filled(text, cards=cards, transport=transport)


def _filled(text: str, **parts: str) -> str:
    for name, part in {**parts, "policy": POLICY}.items():
        text = text.replace("{{" + name + "}}", part)
    return text
