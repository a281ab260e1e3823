"""What exists is documented: public names, hooks, commands, entries; and nothing else is."""

from __future__ import annotations

import re
from pathlib import Path

import neuroflow
from neuroflow.config import SECTIONS
from neuroflow.registry.entries import BUNDLED, ENTRY_TYPES, KINDS, plural
from neuroflow.registry.hooks import HOOKS
from neuroflow.registry.manager import manager

DOCS = Path(__file__).parents[2] / "docs"
REFERENCE = DOCS / "reference"


def text(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def test_the_api_reference_names_what_is_public_and_nothing_else():
    """Names that nobody has put into a group yet are appended by ``conf.py``."""
    page = text("reference/api.md")
    found = re.findall(r"^\.\. (?!py:module)\S+:: neuroflow\.(\w+)(?![\w.])", page, re.M)
    assert len(found) == len(set(found))
    assert set(found) <= set(neuroflow.__all__)
    assert len(found) > 80
    assert "neuroflow.__all__" in text("conf.py")


def test_every_hook_is_on_the_page_of_hooks():
    assert re.findall(r"\{nf:hook\} (\w+)", text("reference/hooks.md")) == list(HOOKS)


def test_every_entry_type_is_named_with_its_hook():
    page = text("reference/hooks.md")
    missing = [t.__name__ for t in ENTRY_TYPES.values() if f"neuroflow.{t.__name__}" not in page]
    assert missing == []


def test_every_kind_has_a_catalogue_and_a_place_in_the_contents():
    contents = text("reference/entries.md")
    for kind in KINDS:
        page = text(f"reference/{plural(kind)}.md")
        assert f"{{nf:catalogue}} {kind}" in page
        assert f"entries/{kind}-*" in page
        assert f"\n{plural(kind)}\n" in contents


def test_every_bundled_entry_gets_a_page(tmp_path):
    from types import SimpleNamespace

    from neuroflow.sphinxext.pages import write_entry_pages

    config = SimpleNamespace(
        neuroflow_pages="entries",
        neuroflow_namespaces=[BUNDLED],
        source_suffix={".md": "markdown"},
    )
    write_entry_pages(SimpleNamespace(config=config, srcdir=str(tmp_path)))
    written = {page.stem for page in (tmp_path / "entries").iterdir()}
    bundled = {f"{e.kind}-{e.name}" for e in manager().registry if e.namespace == BUNDLED}
    assert written == bundled


def test_the_configuration_page_is_made_from_the_code():
    assert "{nf:configuration}" in text("reference/configuration.md")
    assert [section.name for section in SECTIONS] == ["model", "loss", "optimizer", "data", "train"]


def test_the_command_line_page_is_made_from_the_code():
    assert "{nf:commands} neuroflow.cli:main" in text("reference/cli.md")


def test_commands_named_in_the_book_exist():
    import click

    from neuroflow.cli import main

    known = set(main.list_commands(click.Context(main)))
    named = set()
    for page in DOCS.rglob("*.md"):
        if not {"_build", "entries", "examples", "live"} & set(page.relative_to(DOCS).parts):
            content = page.read_text(encoding="utf-8")
            named |= set(re.findall(r"`neuroflow ([a-z]+)\b", content))
            named |= set(re.findall(r"^\$ neuroflow ([a-z]+)\b", content, re.M))
    assert named - known == set()


def test_every_word_of_the_glossary_is_in_order():
    words = re.findall(r"^([a-z][\w -]*)\n: ", text("glossary.md"), re.M)
    assert words == sorted(words)
    assert len(words) > 40


def test_every_figure_has_an_alternative_text():
    for page in DOCS.rglob("*.md"):
        if not {"_build", "entries", "examples"} & set(page.relative_to(DOCS).parts):
            content = page.read_text(encoding="utf-8")
            for figure in re.findall(r"```\{nf:figure\}(.*?)^```", content, re.S | re.M):
                assert re.search(r"^:alt: .{20,}$", figure, re.M), page


def test_the_bibliography_points_to_labels_that_exist():
    everything = "".join(
        p.read_text(encoding="utf-8") for p in DOCS.rglob("*.md") if "_build" not in p.parts
    )
    for label in re.findall(r"\{eq\}`([\w-]+)`", everything):
        assert f"$$ ({label})" in everything, label
