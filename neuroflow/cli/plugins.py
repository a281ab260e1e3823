"""``neuroflow plugins``."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import click

from neuroflow.cli.shared.output import json_option, print_json, table
from neuroflow.cli.shared.streams import console

if TYPE_CHECKING:
    from neuroflow.registry.discovery import Plugin


@click.command()
@click.option("--timing", is_flag=True, help="Show how long each took to load, slowest first.")
@json_option
def plugins(timing: bool, as_json: bool) -> None:
    """List plugins: what each offers, where it comes from, and why it failed.

    The environment selects third-party plugins: NEUROFLOW_PLUGINS=a,b loads only these,
    NEUROFLOW_DISABLE_PLUGINS=c leaves some out, NEUROFLOW_PLUGINS_DIR=DIR loads each Python
    file of a folder too, NEUROFLOW_STRICT_PLUGINS=1 makes a broken one fatal.

    \b
    Examples:
      neuroflow plugins
      neuroflow plugins --timing
    """
    from neuroflow.registry.manager import manager

    found = manager().plugins
    if timing:
        found = sorted(found, key=lambda plugin: -plugin.seconds)
    if as_json:
        print_json({"plugins": [described(plugin) for plugin in found]})
        return
    columns = ["plugin", "distribution", *(["ms"] if timing else []), "offers"]
    rows = [
        [_called(p, found), _origin(p), *([f"{p.seconds * 1e3:.1f}"] if timing else []), _offers(p)]
        for p in found
    ]
    console().print(table(columns, rows, right="ms"))
    if timing:
        total = sum(plugin.seconds for plugin in found)
        console().print(f"{len(found)} plugins in {total * 1e3:.1f} ms")
    if broken := manager().failures:
        console().print(f"{len(broken)} failed; remedies: neuroflow doctor", style="red")


def described(plugin: Plugin) -> dict[str, Any]:
    """A plugin as JSON has it."""
    by = plugin.provider
    return {
        "plugin": by.plugin,
        "namespace": by.namespace,
        "distribution": by.distribution,
        "version": by.version,
        "module": by.module,
        "file": by.file,
        "seconds": plugin.seconds,
        "entries": dict(_counts(plugin)),
        "failure": plugin.failure,
        "warnings": list(plugin.warnings),
    }


def _counts(plugin: Plugin) -> Counter[str]:
    return Counter(entry.kind for entry in plugin.entries)


def _called(plugin: Plugin, others: list[Plugin]) -> str:
    """Its name; of two files of one name, their paths."""
    same = [other for other in others if other.name == plugin.name]
    return plugin.key if len(same) > 1 else plugin.name


def _origin(plugin: Plugin) -> str:
    by = plugin.provider
    return "a file" if by.is_local else f"{by.distribution} {by.version}"


def _offers(plugin: Plugin) -> str:
    from neuroflow.registry.entries import plural

    if plugin.failure:
        return f"FAILED: {plugin.failure}"
    counts = _counts(plugin).items()
    offers = ", ".join(f"{n} {kind if n == 1 else plural(kind)}" for kind, n in counts)
    return "; ".join(filter(None, [offers, *plugin.warnings]))
