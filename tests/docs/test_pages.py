"""Every snippet of the book runs, in the order in which a reader meets it; entries are checked.

A block ``python`` that begins with ``>>>`` is compared with what it prints; any other is run.
The blocks of one page share their names; each page starts afresh, in an empty folder. The entries
that a how-to shows pass the check that it leads to.
"""

from __future__ import annotations

import doctest
import linecache
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import neuroflow as nf

DOCS = Path(__file__).parents[2] / "docs"
BLOCK = re.compile(r"^(?P<indent> *)```python\n(?P<body>.*?)^ *```$", re.S | re.M)
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
ELSEWHERE = ("_build", "entries", "live", "examples")  # generated, or with tests of their own


def pages() -> list[Path]:
    found = [p for p in DOCS.rglob("*.md") if not set(ELSEWHERE) & set(p.relative_to(DOCS).parts)]
    return sorted(found)


def blocks(page: Path) -> Iterator[tuple[int, str]]:
    """Line number and text of each block."""
    text = page.read_text(encoding="utf-8")
    for match in BLOCK.finditer(text):
        indent = len(match["indent"])
        lines = [line[indent:] for line in match["body"].splitlines(keepends=True)]
        yield text.count("\n", 0, match.start()) + 1, "".join(lines)


WITH_CODE = [page for page in pages() if any(blocks(page))]
WITH_ENTRIES = [
    page
    for page in sorted((DOCS / "howto").glob("*.md"))
    if re.search(r"hookimpl|Entry\(", page.read_text(encoding="utf-8"))
]
NOT_OF_THE_PAGE = ("neuroflow_recipes",)
"""Hooks of which a page shows how another package uses them."""


def offered(scope):
    """The entries that a page made or that its hooks give; and its ops."""
    for name, thing in scope.items():
        if isinstance(thing, nf.Entry):
            yield thing
        elif hasattr(thing, "neuroflow_impl") and name not in (
            "neuroflow_commands",
            *NOT_OF_THE_PAGE,
        ):
            yield from thing()


@pytest.mark.parametrize("chapter", WITH_CODE, ids=lambda p: str(p.relative_to(DOCS)))
def test_the_snippets_of_a_page_run_in_order(chapter, tmp_path, monkeypatch):
    if "{.needs-torch}" in chapter.read_text(encoding="utf-8"):
        pytest.importorskip("torch", reason="PyTorch is not installed")
    monkeypatch.chdir(tmp_path)
    scope = {"__name__": "page"}
    with nf.local_entries():  # what a page registers is no other page's
        _run(chapter, scope)
        entries = list(dict.fromkeys(offered(scope))) if chapter in WITH_ENTRIES else []
        report = nf.check(*entries) if entries else None
    assert report is None or report, report


def _run(chapter: Path, scope: dict) -> None:
    for line, body in blocks(chapter):
        name = f"{chapter.relative_to(DOCS)}, line {line}"
        if body.lstrip().startswith(">>>"):
            _compare(body, scope, name)
        else:
            # known to linecache, so that a rule's source can be shown and read
            linecache.cache[name] = (len(body), None, body.splitlines(keepends=True), name)
            exec(compile(body, name, "exec"), scope)


def _compare(body: str, scope: dict, name: str) -> None:
    test = doctest.DocTestParser().get_doctest(body, scope, name, name, 0)
    test.globs = scope  # one set of names for the whole page, not a copy for each block
    messages: list[str] = []
    doctest.DocTestRunner(optionflags=FLAGS).run(test, out=messages.append, clear_globs=False)
    assert not messages, "".join(messages)


def test_there_are_entries_to_check():
    assert len(WITH_ENTRIES) > 10
    assert {*WITH_ENTRIES} < {*WITH_CODE}


def test_every_page_of_the_tutorial_has_snippets():
    without = [p.name for p in (DOCS / "tutorial").glob("*.md") if p not in WITH_CODE]
    assert without == []


def test_pages_say_what_they_give_need_and_take():
    chapters = [*(DOCS / "tutorial").glob("*.md"), *(DOCS / "howto").glob("*.md")]
    for page in [*chapters, *(DOCS / "explanation").glob("*.md")]:
        if page.stem == "index":
            continue
        head = page.read_text(encoding="utf-8")[:1200].lower()
        words = re.sub(r"[*\s]+", " ", head)
        assert "able to" in words, page
        assert "needs" in words, page
        assert "takes" in words, page
