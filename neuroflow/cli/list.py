"""``neuroflow list KIND [GLOB]``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from neuroflow.cli.shared.entries import described, standing_of, summary_of
from neuroflow.cli.shared.output import json_option, note, print_json, table
from neuroflow.cli.shared.streams import console

if TYPE_CHECKING:
    from neuroflow.registry.entries import Entry


@click.command("list")
@click.argument("kind", required=False)
@click.argument("pattern", default="*", metavar="[GLOB]")
@json_option
def command(kind: str | None, pattern: str, as_json: bool) -> None:
    """List what plugins offer: one KIND of entry, or how many there are of each.

    KIND is op, activation, loss, layer, optimizer, schedule, initializer, dataset, tokenizer
    or backend (or the plural); GLOB a wildcard for names or ids; quote it.

    \b
    Examples:
      neuroflow list
      neuroflow list activations
      neuroflow list ops "*relu*"
    """
    from neuroflow.registry.manager import manager

    if kind is None:
        _print_kinds(as_json)
        return
    registry = manager().registry
    kind = registry.kind(kind)
    entries = registry.entries(kind, pattern)
    if as_json:
        print_json({"kind": kind, "pattern": pattern, "entries": list(map(described, entries))})
        return
    if not entries:
        note(f"no {kind} matches {pattern!r}; see: neuroflow list {kind}")
        return
    rows = [(e.shortest_name, summary_of(e), _flags(e)) for e in entries]
    third_party = any(e.credit for e in entries) or any(r[2] for r in rows)
    columns = (kind, "what it is", "notes") if third_party else (kind, "what it is")
    console().print(table(columns, [row[: len(columns)] for row in rows]))
    console().print("More about one: neuroflow show NAME")


def _print_kinds(as_json: bool) -> None:
    from neuroflow.registry.entries import KINDS
    from neuroflow.registry.manager import manager

    names = {kind: [e.shortest_name for e in manager().registry.entries(kind)] for kind in KINDS}
    if as_json:
        print_json({"kinds": names})
        return
    rows = [(kind, str(len(found)), _some(found)) for kind, found in names.items()]
    console().print(table(("kind", "entries", "names"), rows, right="entries"))
    console().print("List one kind: neuroflow list KIND")


def _some(names: list[str], most: int = 52) -> str:
    """As many names as fit on a line."""
    text = ""
    for k, name in enumerate(names):
        if len(text) + len(name) > most:
            return f"{text}and {len(names) - k} more"
        text += f"{name}, "
    return text.removesuffix(", ")


def _flags(entry: Entry) -> str:
    notes = [standing_of(entry)] if standing_of(entry) else []
    if entry.credit:
        notes.append(entry.credit)
    if entry.aliases:
        notes.append(f"also {', '.join(entry.aliases)}")
    if entry.deprecated:
        notes.append(f"deprecated: {entry.deprecated}")
    return "; ".join(notes)
