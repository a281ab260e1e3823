"""What a how-to shows passes the check that it leads to."""

from __future__ import annotations

import re

import pytest

import neuroflow as nf
from tests.docs.test_pages import DOCS, _run, blocks

HOWTO = [
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


@pytest.mark.parametrize("chapter", HOWTO, ids=lambda chapter: chapter.stem)
def test_the_entries_of_a_how_to_pass_their_checks(chapter, tmp_path, monkeypatch):
    if "{.needs-torch}" in chapter.read_text(encoding="utf-8"):
        pytest.importorskip("torch", reason="it needs PyTorch")
    monkeypatch.chdir(tmp_path)
    scope = {"__name__": "page"}
    with nf.local_entries():
        _run(chapter, scope)
        entries = list(dict.fromkeys(offered(scope)))
        report = nf.check(*entries) if entries else None
    assert report is None or report, report


def test_there_is_something_to_check():
    assert len(HOWTO) > 10
    assert any(blocks(chapter) for chapter in HOWTO)
