"""One page per entry, written before the documentation is read."""

from __future__ import annotations

from pathlib import Path

from sphinx.application import Sphinx

from neuroflow.registry.entries import KINDS, Entry
from neuroflow.sphinxext.catalogue import entries_of


def write_entry_pages(app: Sphinx) -> None:
    """One page per entry in the folder ``neuroflow_pages``, if that is set; see there."""
    folder = app.config.neuroflow_pages
    if not folder:
        return
    place = Path(app.srcdir) / folder
    place.mkdir(parents=True, exist_ok=True)
    markdown = ".md" in app.config.source_suffix
    wanted = {}
    for kind in KINDS:
        for entry in entries_of(kind, app.config.neuroflow_namespaces):
            suffix = "md" if markdown else "rst"
            wanted[f"{kind}-{entry.name}.{suffix}"] = _page(entry, markdown)
    for old in place.glob("*-*.*"):
        if old.name not in wanted:
            old.unlink()
    for name, text in wanted.items():
        file = place / name
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8")


def _page(entry: Entry, markdown: bool) -> str:
    title = entry.name
    if markdown:
        return f"# {title}\n\n```{{nf:{entry.kind}}} {entry.shortest_name}\n```\n"
    return f"{title}\n{'=' * len(title)}\n\n.. nf:{entry.kind}:: {entry.shortest_name}\n"
