"""Provenance: where each value of a checked tree comes from, to its file and line.

Nothing is noted while a tree is read and checked. Who asks walks over the result, and looks for
the last one that had a say: a change, a document, or the default of an entry or of a table.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from attrs import define, evolve, field, frozen

from neuroflow.config.changing import changed, paths_of
from neuroflow.config.checking import as_layer, configure
from neuroflow.config.describing import part_settings
from neuroflow.config.extending import child, document_with, has, together
from neuroflow.config.reading import Document, documents_of
from neuroflow.config.settings import SECTIONS, Tree, settings_beside, settings_of
from neuroflow.config.shape_rules import AUTO
from neuroflow.config.shapes import REF
from neuroflow.config.spans import Spans, spans_of
from neuroflow.registry.entries import Entry
from neuroflow.registry.manager import get


@frozen
class Provenance:
    """Where a value comes from: ``how`` in one word, and in words.

    ``how`` is "file", "recipe", "dict", "set", "default" or "data"; ``file`` and ``line`` are where
    it is written, if it is. ``at`` is the path at which somebody would write it.
    """

    how: str
    words: str
    file: str = ""
    line: int = 0
    at: str = ""

    def __str__(self) -> str:
        return self.words


@frozen
class Explained:
    """A checked tree, and the provenance of each of its values by path."""

    tree: Tree
    provenance: dict[str, Provenance]

    def values(self) -> Iterator[tuple[str, Any, Provenance]]:
        """Every value with its path and its provenance, in the order of the tree."""
        for path, origin in self.provenance.items():
            yield path, value_at(self.tree, path), origin


def explained(
    source: Mapping[str, Any] | str | Path,
    changes: Mapping[str, Any] | Iterable[str] = (),
    known: Mapping[str, Any] | None = None,
) -> Explained:
    """What :func:`configure` makes of a source, and where each value comes from.

    ``known`` is the model's table as the data complete it, if anybody has looked.

    >>> found = explained("moons", ["data.noise=0.2"])
    >>> [str(found.provenance[path]) for path in ("data.points", "data.noise", "model.dropout")]
    ['recipe moons:22', '--set data.noise', 'default of layer mlp (neuroflow)']
    """
    changes = changes if isinstance(changes, (str, Mapping)) else list(changes)
    tree = configure(source, changes)
    documents = documents_of(source)
    checked, tree = tree, {**tree, "model": tree["model"] if known is None else known}
    said = changed(together(documents), changes)
    asked = _Asked(documents, said, paths_of(changes), checked)
    for section in SECTIONS:
        if section.name in tree:
            asked.part(section.kind, tree[section.name], section.name, f"[{section.name}]")
    return Explained(tree, asked.found)


def value_at(tree: Any, path: str) -> Any:
    """What a tree has at a path.

    >>> value_at({"model": {"sizes": [2, 1]}}, "model.sizes.1")
    1
    """
    for key in path.split("."):
        tree = child(tree, key)
    return tree


def each_part(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """The parts that a setting holds, each with its path: one, those of a list, or of a table.

    >>> list(each_part("layers", ["relu", "tanh"]))
    [('layers.0', 'relu'), ('layers.1', 'tanh')]
    """
    if isinstance(value, (list, tuple)):
        yield from ((f"{name}.{k}", each) for k, each in enumerate(value))
    elif isinstance(value, Mapping) and not {"use", "given", REF} & set(value):
        yield from ((f"{name}.{key}", each) for key, each in value.items())
    else:
        yield name, value


def is_bare(kind: str, table: Mapping[str, Any], written: Any) -> bool:
    """Whether the table of a layer stands for an activation that was written in its place."""
    use = written.get("use") if isinstance(written, Mapping) else written
    named = isinstance(use, str) and "${" not in use
    return (
        named and kind == "layer" and as_layer({"use": use})["use"] != use and "function" in table
    )


@define
class _Asked:
    """Walks over a checked tree; ``said`` is the tree before anything was filled in.

    ``checked`` is what it was before the data had their say.
    """

    documents: Sequence[Document]
    said: Tree
    set_paths: Sequence[str]
    checked: Tree
    found: dict[str, Provenance] = field(factory=dict)

    def part(self, kind: str, table: Any, path: str, owner: str, written: str = "") -> None:
        """A part with all that is in it; without a ``kind`` the table of a section.

        ``owner`` is whose default the part is, where nobody names one. It is ``written`` at another
        path where the tree has more tables than what is written.
        """
        written = written or path
        if not isinstance(table, Mapping):
            self.note(path, table, owner, written)
            return
        if is_bare(kind, table, value_at(self.said, written)):
            for name in set(table) - {"function"}:
                self.note(f"{path}.{name}", table[name], owner, f"{written}.{name}")
            self.part("activation", table["function"], f"{path}.function", owner, written)
            return
        entry = get(kind, table["use"]) if kind and "use" in table else None
        parts = part_settings(entry) if entry else _parts_of_section(path)
        for name, value in table.items():
            mine = owner if name == "use" else _owner(entry, name, path)
            for inner, each in each_part(name, value) if name in parts else [(name, value)]:
                here, there = f"{path}.{inner}", f"{written}.{inner}"
                if name in parts:
                    self.part(parts[name], each, here, mine, there)
                else:
                    self.inside(each, here, mine, there)

    def inside(self, value: Any, path: str, owner: str, written: str) -> None:
        """A value that is no part: a table or a list of tables is told key by key."""
        if isinstance(value, Mapping) and value:
            for key, each in value.items():
                self.inside(each, f"{path}.{key}", owner, f"{written}.{key}")
        elif value and isinstance(value, list) and all(isinstance(x, Mapping) for x in value):
            for k, each in enumerate(value):
                self.inside(each, f"{path}.{k}", owner, f"{written}.{k}")
        else:
            self.note(path, value, owner, written)

    def note(self, path: str, value: Any, owner: str, written: str) -> None:
        if value_at(self.checked, path) != value:
            self.found[path] = Provenance("data", "inferred from the data")
        else:
            self.found[path] = evolve(self.provenance(written, owner), at=written)

    def provenance(self, path: str, owner: str) -> Provenance:
        """Where what is written at a path comes from, or whose default takes its place."""
        if not has(self.said, path.split(".")):
            return Provenance("default", f"default of {owner}")
        document = document_with(path, self.documents)
        covering = [each for each in self.set_paths if f"{path}.".startswith(f"{each}.")]
        inside = [each for each in self.set_paths if each.startswith(f"{path}.")]
        if covering or inside or document is None:
            setting = " and ".join([*covering, *inside]) or path
            return Provenance("set", f"--set {setting}{self.as_written(path)}")
        how = "recipe" if document.is_recipe else "file" if document.text else "dict"
        line = _line(document, path)
        place = f"{'recipe ' if document.is_recipe else ''}{document.name}"
        words = f"{place}:{line}" if line else place
        words += self.as_written(path) + self.moved(path, document)
        return Provenance(how, words, document.name if how == "file" else "", line)

    def as_written(self, path: str) -> str:
        """What is written for a value: a variable, or the word for what comes in, if it is one."""
        written = self.said
        for key in path.split("."):
            written = child(written, key)
            if isinstance(written, str) and "${" in written:
                return f", {written}"
        texts: list[Any] = written if isinstance(written, list) else [written]
        named = [x for x in texts if isinstance(x, str) and (x == AUTO or "${" in x)]
        return f", {', '.join(named)}" if named else ""

    def moved(self, path: str, document: Document) -> str:
        """Whether a value is another than what is written, since another has changed."""
        is_another = value_at(document.tree, path) != value_at(self.said, path)
        is_end = path == "optimizer.schedule.to" and is_another
        return ", moved with the learning rate" if is_end else ""


def _owner(entry: Entry | None, name: str, path: str) -> str:
    """Whose default a setting has: that of an entry, or of the table that it stands in."""
    section = path.partition(".")[0]
    table = next((each for each in SECTIONS if each.name == path), None)
    beside = {setting.name: setting for setting in table.settings} if table else {}
    if entry is None:
        return f"[{section}]"
    if name in beside and name not in {setting.name for setting in settings_of(entry)}:
        own = next(each for each in settings_beside(section, entry) if each.name == name)
        if own.default == beside[name].default:
            return f"[{section}]"
    return f"{entry.kind} {entry.shortest_name} ({entry.credit or entry.namespace})"


def _parts_of_section(path: str) -> dict[str, str]:
    settings = next((each.settings for each in SECTIONS if each.name == path), ())
    return {setting.name: setting.part for setting in settings if setting.part}


@cache
def _spans(text: str, is_json: bool) -> Spans:
    return spans_of(text, is_json)


def _line(document: Document, path: str) -> int:
    """The line on which a document says something; 0 for a dict."""
    if not document.text:
        return 0
    values = _spans(document.text, document.is_json).values
    keys = path.split(".")
    beginnings = (".".join(keys[:k]) for k in range(len(keys), 0, -1))
    return next((values[each].line for each in beginnings if each in values), 0)
