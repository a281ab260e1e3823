"""References made from the code: the keys of a configuration, the commands and their options."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from neuroflow.sphinxext.entries import settings_table
from neuroflow.sphinxext.nodes import code_block, paragraph, rubric, table


class ConfigurationDirective(SphinxDirective):
    """``.. nf:configuration::``: every table and key of a configuration, read from the code."""

    def run(self) -> list[nodes.Node]:
        from neuroflow.config import SECTIONS

        found: list[nodes.Node] = []
        for section in SECTIONS:
            found.append(rubric(f"[{section.name}]"))
            use = (
                f" Its key ``use`` names a {section.kind}; the other keys are that entry's settings"
            )
            use += (" and these:" if section.settings else ".") if section.kind else ""
            found.append(paragraph(f"{section.meaning.capitalize()}.{use if section.kind else ''}"))
            if section.settings:
                found.append(settings_table(section.settings))
        return found


class CommandsDirective(SphinxDirective):
    """``.. nf:commands:: neuroflow.cli:main``: every command of a click group, with its options."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        import click

        module, _, attribute = self.arguments[0].partition(":")
        group = getattr(__import__(module, fromlist=[attribute]), attribute)
        root = click.Context(group, info_name="neuroflow")
        found: list[nodes.Node] = []
        for name, command in _commands(group, root):
            context = click.Context(command, info_name=name, parent=root)
            anchor = nodes.make_id(f"command-{name}")
            section = nodes.section(ids=[anchor], names=[name])
            section += nodes.title(f"neuroflow {name}", f"neuroflow {name}")
            text = inspect.cleandoc(command.help or "")
            for block in text.split("\n\n"):
                plain = " ".join(block.replace("\b", "").split())
                example = "\b" in block or block.startswith("    ")
                section += (
                    code_block(block.replace("\b\n", ""), "text") if example else paragraph(plain)
                )
            usage = " ".join(["neuroflow", name, *command.collect_usage_pieces(context)])
            section += code_block(usage, "text")
            options = [p for p in command.get_params(context) if isinstance(p, click.Option)]
            records = [option.get_help_record(context) for option in options]
            rows = [(f"``{r[0]}``", r[1]) for r in records if r]
            if rows:
                section += table(("option", "meaning"), rows)
            found.append(section)
        return found


def _commands(group: Any, context: Any) -> Iterator[tuple[str, Any]]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is not None and not command.hidden:
            yield name, command
