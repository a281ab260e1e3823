"""Words: all that can be completed on the command line, gathered once to be looked up quickly."""

from __future__ import annotations

import re
import sys
import typing
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

import click

from neuroflow.cli.shared.entries import summary_of
from neuroflow.config import SECTIONS, read, recipes, settings_of
from neuroflow.core.settings import Setting
from neuroflow.errors import NeuroflowError, one_line
from neuroflow.registry.entries import KINDS, Entry
from neuroflow.registry.manager import manager

ARGUMENTS = {
    ("recipes", "name"): "RECIPE",
    ("list", "kind"): "KIND",
    ("explain", "target"): "RECIPE|FILE",
    ("draw", "target"): "RECIPE|FILE",
    ("show", "kind"): "KIND",
}
"""What commands take whose help has no word for it."""

LONGEST = 70
"""Letters of what a word means."""


def gather() -> dict[str, Any]:
    """The commands with their options, entries with their settings, recipes, and the files that
    all this comes from."""
    sections: dict[str, dict[str, Any]] = {
        section.name: {
            "kind": section.kind,
            "meaning": section.meaning,
            "settings": _settings(section.settings),
        }
        for section in SECTIONS
    }
    sections["train"]["settings"]["backend"]["words"] = _backends()
    return {
        "commands": _commands(sections["train"]["settings"]),
        "kinds": {kind: dict(_entries(kind)) for kind in KINDS},
        "sections": sections,
        "recipes": dict(_recipes()),
        "files": sorted(_files()),
    }


def _backends() -> list[str]:
    known = [entry.shortest_name for entry in manager().registry.entries("backend")]
    return list(dict.fromkeys(["auto", "eager", *known]))


def _entries(kind: str) -> Iterable[tuple[str, dict[str, Any]]]:
    """Every entry by its shortest name, and by its bare one if it alone has that."""
    entries = manager().registry.entries(kind)
    bare = Counter(entry.name for entry in entries)
    for entry in entries:
        told = {"summary": _short(summary_of(entry)), "settings": _of(entry)}
        yield entry.shortest_name, told
        if bare[entry.name] == 1:
            yield entry.name, told


def _of(entry: Entry) -> dict[str, Any]:
    try:
        return _settings(settings_of(entry))
    except (NeuroflowError, TypeError, ValueError):
        return {}  # it cannot be loaded: its name is all there is


def _settings(settings: Iterable[Setting]) -> dict[str, Any]:
    return {
        each.name: {
            "meaning": _short(each.meaning),
            "part": each.part,
            "words": list(_words(each.type)),
        }
        for each in settings
    }


def _words(hint: Any) -> Iterable[str]:
    """The words that a setting takes, if it takes words."""
    if hint is bool:
        yield from ("true", "false")
    elif typing.get_origin(hint) is Literal:
        yield from (str(word) for word in typing.get_args(hint) if word)
    else:
        for inner in typing.get_args(hint):
            if typing.get_origin(inner) is Literal or inner is bool:
                yield from _words(inner)


def _recipes() -> Iterable[tuple[str, dict[str, Any]]]:
    for recipe in recipes():
        yield recipe.name, {"summary": _short(recipe.summary), "tree": read(recipe.name)[0]}


def _commands(train: dict[str, Any]) -> dict[str, Any]:
    from neuroflow.cli import COMMANDS, main

    context = click.Context(main)
    found = {}
    for name in main.list_commands(context):
        command = main.get_command(context, name)
        if command is not None:
            text = COMMANDS.get(name) or command.get_short_help_str(60)
            found[name] = {"help": text, **_parameters(name, command, train)}
    return found


def _parameters(name: str, command: click.Command, train: dict[str, Any]) -> dict[str, Any]:
    options: dict[str, Any] = {"--help": {"help": "Show this message.", "takes": "", "words": []}}
    arguments = []
    for each in command.params:
        takes = ARGUMENTS.get((name, str(each.name))) or each.metavar or ""
        takes = takes or ("FILE" if isinstance(each.type, click.Path) else str(each.name).upper())
        words = list(map(str, getattr(each.type, "choices", ())))
        words += train.get(str(each.name), {"words": []})["words"]
        if isinstance(each, click.Option):
            flag = {"help": _short(each.help or ""), "takes": "" if each.is_flag else takes}
            options |= {option: {**flag, "words": words} for option in each.opts}
        else:
            words += _alternatives(takes)
            arguments.append({"takes": takes, "words": words, "many": each.nargs == -1})
    return {"options": options, "arguments": arguments}


def _alternatives(takes: str) -> list[str]:
    """The words in small letters that an argument may be, such as ``[diff|fill]``."""
    first = takes.partition(" ")[0].strip("[]")
    return [word for word in first.split("|") if word.islower()]


def _files() -> Iterable[str]:
    """The files of all plugins and commands, so that what changes in them is seen."""
    modules = {e.provider.module for e in manager().registry if e.provider}
    for module in modules:
        if file := getattr(sys.modules.get(module), "__file__", None):
            yield file
    yield from map(str, Path(__file__).parents[1].glob("*.py"))


def _short(text: str) -> str:
    """The first sentence, on one line that steers no terminal."""
    first = re.split(r"\.\s+(?=[A-Z])", " ".join(text.split()))[0].rstrip(".")
    return one_line(first if len(first) <= LONGEST else f"{first[: LONGEST - 3]}...")
