"""Filling: every default written out in a document, which else stays as it is, comments too."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attrs import define, field, frozen

from neuroflow.config.extending import child
from neuroflow.config.provenance import Explained, each_part, explained, is_bare
from neuroflow.config.reading import Document, document_of
from neuroflow.config.settings import SECTIONS, Section, settings_beside, settings_of
from neuroflow.config.spans import Opening, Spans, spans_of
from neuroflow.config.toml import inline
from neuroflow.core.settings import Setting
from neuroflow.registry.manager import get

WIDTH = 100
"""Lines with comments are not longer."""


def filled(source: str | Path) -> str:
    """The text of a file or a recipe with each default that counts for it, and what it means.

    It means the same as before. What the document extends stays where it is; keys that may be
    left out and are have no default to write. Raises what :func:`configure` raises.

    >>> print(filled("moons").partition("[loss]")[0].partition("[model]")[2].strip())
    use = "mlp"
    sizes = [2, 16, 16, 1]
    activation = "relu"
    output_activation = "linear"  # what is applied to the sums
    ...
    """
    found, document = explained(source), document_of(source)
    if document.is_json:
        return json.dumps(_with_defaults(found, document), indent=2, ensure_ascii=False) + "\n"
    filling = Filling(document.text, spans_of(document.text), found)
    for section in SECTIONS:
        filling.section(section, document.tree)
    return filling.result()


@frozen
class Edit:
    """A piece of a text, from ``start`` to ``end``, and what takes its place."""

    start: int
    end: int
    text: str


@define
class Filling:
    """Walks over a checked tree, and notes what its text lacks."""

    text: str
    spans: Spans
    found: Explained
    edits: list[Edit] = field(factory=list)
    ends: list[str] = field(factory=list)

    def result(self) -> str:
        """The text with all edits: what is inserted at one place stays in its order."""
        pieces, at = [], 0
        for edit in sorted(self.edits, key=lambda edit: edit.start):
            pieces += [self.text[at : edit.start], edit.text]
            at = edit.end
        body = "".join([*pieces, self.text[at:]])
        return "\n".join([body.rstrip("\n"), *self.ends]).lstrip("\n") + "\n"

    def section(self, section: Section, tree: Mapping[str, Any]) -> None:
        """One table of the tree, which the text may lack, or have as a name alone."""
        value, settings = self.found.tree.get(section.name), _settings(self.found.tree, section)
        if section.name in tree:
            self.part(section.name, value, settings)
        elif missing := self.only_defaults(value, section.name):
            self.add(section.name, missing, settings)

    def add(self, path: str, missing: Mapping[str, Any], settings: Mapping[str, Setting]) -> None:
        """A table at the end of the text."""
        lines = [_line(key, each, settings) for key, each in missing.items()]
        self.ends += ["", f"[{path}]", *lines]

    def part(self, path: str, table: Any, settings: Mapping[str, Setting], real: str = "") -> None:
        """The defaults of a table that stands in the text, and of the parts in it.

        Its ``real`` path is that in the checked tree, where it is another.
        """
        real = real or path
        if path in self.spans.values and path not in self.spans.openings:
            self.named(path, table)
            return
        missing = {}
        for name, value in table.items():
            here = f"{path}.{name}"
            if here not in self.spans.values and here not in self.spans.openings:
                only = self.only_defaults(value, f"{real}.{name}")
                missing.update({} if only in (None, {}) else {name: only})
            elif name in settings and settings[name].part:
                for inner, each in each_part(name, value):
                    self.inner(settings[name].part, each, f"{path}.{inner}", f"{real}.{inner}")
        opening = self.spans.openings.get(path)
        if opening is not None:
            self.insert(opening, missing, settings)
        elif missing:  # its tables alone stand in the text
            self.add(path, missing, settings)

    def inner(self, kind: str, part: Any, path: str, real: str) -> None:
        """A part within another; an activation in the place of a layer is one in the text."""
        span = self.spans.values.get(path)
        opening = self.spans.values.get(f"{path}.use", span)
        written = _text_of(self.text[opening.start : opening.end]) if opening else ""
        if isinstance(part, Mapping) and is_bare(kind, part, written):
            kind, part, real = "activation", part["function"], f"{real}.function"
        self.part(path, part, _settings_of_part(kind, part), real)

    def named(self, path: str, table: Any) -> None:
        """A part that is a name in the text becomes a table, if it has settings."""
        span = self.spans.values.get(path)
        if span is None or not isinstance(table, Mapping) or len(table) < 2:
            return
        written = self.text[span.start : span.end]
        if written[:1] in ("'", '"') and "${" not in written:
            rest = {key: value for key, value in table.items() if key != "use"}
            settings = ", ".join(f"{k} = {inline(_shortened(x))}" for k, x in rest.items())
            whole = f"{{ use = {written}, {settings} }}"
            self.edits.append(Edit(span.start, span.end, whole))

    def insert(
        self, opening: Opening, missing: Mapping[str, Any], settings: Mapping[str, Setting]
    ) -> None:
        if not missing:
            return
        if opening.in_braces:
            pairs = ", ".join(f"{key} = {inline(value)}" for key, value in missing.items())
            text = f" {pairs} " if opening.is_empty else f", {pairs}"
        else:
            lines = [_line(key, each, settings, opening.key) for key, each in missing.items()]
            text = "".join(f"\n{line}" for line in lines)
        self.edits.append(Edit(opening.at, opening.at, text))

    def only_defaults(self, value: Any, path: str) -> Any:
        """What of a value is a default and stands nowhere: None, or an empty table, for nothing."""
        if isinstance(value, Mapping) and value:
            inner = {key: self.only_defaults(x, f"{path}.{key}") for key, x in value.items()}
            inner = {key: x for key, x in inner.items() if x not in (None, {})}
            return inner["use"] if set(inner) == {"use"} else inner
        origin = self.found.provenance.get(path)
        return value if origin is not None and origin.how == "default" else None


def _with_defaults(found: Explained, document: Document) -> dict[str, Any]:
    """The tree of a JSON document with its defaults, which has no comments to lose."""
    result = json.loads(document.text)
    for _, value, origin in found.values():
        if origin.how != "default":
            continue
        *parents, last = origin.at.split(".")
        here: Any = result
        for key in parents:
            below = child(here, key)
            if isinstance(below, str) or below is ...:
                below = here[int(key) if isinstance(here, list) else key] = (
                    {"use": below} if isinstance(below, str) else {}
                )
            here = below
        here[last] = value
    return result  # type: ignore[no-any-return]


def _settings(tree: Mapping[str, Any], section: Section) -> dict[str, Setting]:
    """All settings of the table of a section, by name."""
    table, beside = tree.get(section.name), section.settings
    if not section.kind or not isinstance(table, Mapping) or "use" not in table:
        return {setting.name: setting for setting in beside}
    entry = get(section.kind, table["use"])
    both = (*settings_of(entry), *settings_beside(section.name, entry))
    return {setting.name: setting for setting in both}


def _settings_of_part(kind: str, table: Any) -> dict[str, Setting]:
    if not isinstance(table, Mapping) or "use" not in table:
        return {}
    return {setting.name: setting for setting in settings_of(get(kind, table["use"]))}


def _text_of(written: str) -> str:
    """A text of TOML without its quotes; nothing for anything else."""
    return written[1:-1] if written[:1] in ("'", '"') else ""


def _line(key: str, value: Any, settings: Mapping[str, Setting], before: str = "") -> str:
    """A setting with what it means behind it, or above it where that would be too long."""
    line = f"{before}{key} = {inline(_shortened(value))}"
    meaning = settings[key].meaning if key in settings else ""
    if not meaning:
        return line
    whole = f"{line}  # {meaning}"
    return whole if len(whole) <= WIDTH else f"# {meaning}:\n{line}"


def _shortened(value: Any) -> Any:
    """Parts without settings as their names alone."""
    if isinstance(value, Mapping):
        return (
            value["use"] if set(value) == {"use"} else {k: _shortened(x) for k, x in value.items()}
        )
    return [_shortened(x) for x in value] if isinstance(value, list) else value


def commented_toml(tree: Mapping[str, Any]) -> str:
    """A tree as TOML, each table and each setting with what it means.

    >>> print(commented_toml({"loss": {"use": "mse"}, "train": {"steps": 3}}))
    <BLANKLINE>
    [loss]  # how wrong one prediction is
    use = "mse"
    <BLANKLINE>
    [train]  # how long, in which batches, from which seed
    steps = 3  # updates of the parameters; or give epochs
    <BLANKLINE>
    """
    lines = []
    for section in SECTIONS:
        if section.name in tree:
            settings = _settings(tree, section)
            lines += ["", f"[{section.name}]  # {section.meaning}"]
            lines += [_line(key, value, settings) for key, value in tree[section.name].items()]
    return "\n".join([*lines, ""])
