"""The option ``--plugin FILE`` of every command: files of Python that are plugins this once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from neuroflow.registry.discovery import Plugin

NAME = "plugin_files"
LOADED = "neuroflow.plugins"
"""Where a command's context keeps the plugins that it was given as files."""


def with_plugin_option(command: click.Command) -> click.Command:
    """The command with that option; a command that has one of that name keeps its own."""
    if not any("--plugin" in each.opts for each in command.params):
        command.params.append(_plugin_option())
    return command


def _plugin_option() -> click.Option:
    """The option ``--plugin``; the files are loaded before the command runs."""
    return click.Option(
        ["--plugin", NAME],
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        multiple=True,
        is_eager=True,
        expose_value=False,
        callback=_load,
        metavar="FILE",
        help="Load a Python file as a plugin, this once; repeat for more.",
    )


def loaded_plugins(ctx: click.Context) -> list[Plugin]:
    """The plugins that a command was given as files."""
    found: list[Plugin] = ctx.meta.get(LOADED, [])
    return found


def _load(ctx: click.Context, option: click.Parameter, paths: tuple[Path, ...]) -> None:
    if not paths or ctx.resilient_parsing:
        return
    from neuroflow.registry.local import local_entries, take_in_file

    if LOADED not in ctx.meta:  # what they offer is gone when the command has ended
        ctx.find_root().with_resource(local_entries())
    for path in paths:
        ctx.meta.setdefault(LOADED, []).append(take_in_file(path))
