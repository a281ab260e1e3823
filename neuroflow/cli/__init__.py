"""The command line: ``neuroflow COMMAND``, one module of this package per command.

What several commands share lies in :mod:`neuroflow.cli.shared`.

To add one, write ``neuroflow/cli/NAME.py`` with a click command of that name (or called
``command``, where the name is taken), and a line in :data:`HEADINGS`. The module is imported
only when its command runs, so ``neuroflow --help`` costs next to nothing. Plugins add commands
of their own through ``neuroflow_commands``.

Exit codes: 0 done, 1 the work failed, 2 wrong usage or configuration, 130 stopped by Ctrl-C,
143 by SIGTERM.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import click

from neuroflow.cli.shared.output import say, show_error, warnings_as_notes
from neuroflow.cli.shared.plugin_files import loaded_plugins, with_plugin_option
from neuroflow.cli.shared.progress import LongWork
from neuroflow.cli.shared.streams import clean_streams
from neuroflow.errors import (
    ConfigurationError,
    InputError,
    NeuroflowError,
    RegistryError,
    composed,
    did_you_mean,
    raised,
)
from neuroflow.long_work import following
from neuroflow.stopping import Terminated, terminable

HEADINGS = {
    "Train": {
        "train": "Train a recipe or a configuration.",
        "resume": "Go on with a run that was stopped.",
        "runs": "List runs beside each other.",
        "sweep": "Train with many settings, and name the best.",
        "compare": "Compare runs: curves, scores, settings.",
        "demo": "Watch a network learn, in the browser.",
    },
    "Configure": {
        "init": "Write a first configuration for your data.",
        "recipes": "List what can be trained by name.",
        "config": "Where each value of a configuration comes from.",
        "schema": "What a configuration may say, for editors.",
        "completion": "Teach a shell to complete commands, names and settings.",
        "plan": "How the engine will run a configuration.",
    },
    "Look": {
        "list": "List what plugins offer: ops, losses, layers ...",
        "show": "Everything about one entry: formula, derivative, plot, source.",
        "explain": "Why a gradient is what it is.",
        "draw": "Draw a network or a computation graph.",
        "inspect": "What a saved model says about itself.",
        "zoo": "Meet ops that are wrong in instructive ways.",
    },
    "Models": {
        "evaluate": "How good a model is, and where it is wrong.",
        "predict": "Ask a saved model.",
        "generate": "Let a trained language model write.",
        "export": "Write a model for another program: Python, C, safetensors, ONNX.",
        "import": "Read a model that another program wrote.",
    },
    "Plugins": {
        "plugins": "List plugins, with their failures.",
        "new": "Start a plugin of your own.",
        "check": "Check a plugin before anyone uses it.",
        "verify": "Try again what a certificate of checks says.",
        "doctor": "Look for what is wrong with the installation.",
    },
}
"""Every command and its short help, in the order of ``neuroflow --help``, below a few headings."""

COMMANDS = {name: text for commands in HEADINGS.values() for name, text in commands.items()}

SUCCESS, FAILURE, USAGE, INTERRUPTED, TERMINATED = 0, 1, 2, 130, 143
_USAGE_ERRORS = (ConfigurationError, RegistryError, click.UsageError)


class Cli(click.Group):
    """A group that imports a command's module when the command is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Commands of neuroflow in the order of the table, then those of plugins."""
        own = [name for name in COMMANDS if find_spec(_module(name))]
        none_is_known = not loaded_plugins(ctx)
        return [*own, *sorted(_plugin_commands(only_if_third_party=none_is_known))]

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """The command of that name; a plugin's if neuroflow has none."""
        if name in COMMANDS and find_spec(_module(name)):
            found = vars(import_module(_module(name)))
            command: click.Command = found.get(name) or found["command"]
            return with_plugin_option(command)
        return _plugin_commands().get(name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, but an unknown command gets a suggestion."""
        name = args[0]
        if not name.startswith("-") and self.get_command(ctx, name) is None:
            known = self.list_commands(ctx)
            remedy = did_you_mean(name, known, "see: neuroflow --help")
            ctx.fail(composed(f"no command {name!r}", remedy=remedy))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The tables of commands, from :data:`HEADINGS` alone where that is enough."""
        there = self.list_commands(ctx)
        for heading, commands in HEADINGS.items():
            if rows := [(name, text) for name, text in commands.items() if name in there]:
                with formatter.section(heading):
                    formatter.write_dl(rows, col_max=14)
        added = [(name, self.get_command(ctx, name)) for name in there if name not in COMMANDS]
        if added:
            with formatter.section("Commands of plugins"):
                formatter.write_dl(
                    [(name, each.get_short_help_str(60)) for name, each in added if each]
                )

    def main(self, args: Sequence[str] | None = None, *_: Any, **options: Any) -> Any:
        """Run, and turn every error into a message and an exit code."""
        words = [*(sys.argv[1:] if args is None else args)]  # ``list`` may be the command here
        end = words.index("--") if "--" in words else len(words)
        debug = "--debug" in words[:end]
        words = [w for k, w in enumerate(words) if k >= end or w != "--debug"]
        options = {**options, "standalone_mode": False, "prog_name": "neuroflow"}
        with clean_streams(), terminable():
            code = self._run(words, debug, options)
        sys.exit(code)

    def _run(self, words: list[str], debug: bool, options: dict[str, Any]) -> int:
        as_json = "--json" in words
        try:
            with warnings_as_notes(), following(LongWork()):
                code = super().main(words, **options)
            sys.stdout.flush()
            return code if isinstance(code, int) else SUCCESS
        except (click.Abort, KeyboardInterrupt) as error:
            return _stopped(error, as_json)
        except click.exceptions.Exit as error:
            return error.exit_code
        except Exception as error:
            if debug:
                traceback.print_exc()
                return FAILURE
            show_error(_told(error), as_json, error, usage=getattr(error, "ctx", None))
            return USAGE if _is_usage(error) else FAILURE


def _is_usage(error: Exception) -> bool:
    """Whether what was asked for cannot be meant; also what a part of a configuration asks for."""
    if isinstance(error, InputError):
        return "path" in error.where or "section" in error.where
    return isinstance(error, _USAGE_ERRORS)


def _told(error: Exception) -> str:
    """An error in words: what a person can do something about, or that it is a fault."""
    if isinstance(error, click.ClickException):
        return error.format_message()
    if isinstance(error, NeuroflowError):
        return str(error)
    if isinstance(error, OSError):
        return _about_file(error)
    return (
        f"{raised(error)}; this is a fault of neuroflow or of a plugin, not yours:"
        " run the command with --debug to see where it happened"
    )


def _stopped(error: BaseException, as_json: bool) -> int:
    """What was stopped, by Ctrl-C or by SIGTERM, and the exit code that says so."""
    signal = error.__cause__ or error
    show_error(str(signal) or "stopped", as_json, error)
    return TERMINATED if isinstance(signal, Terminated) else INTERRUPTED


def _about_file(error: OSError) -> str:
    """What the operating system refused, with the file in short."""
    name = str(error.filename or "a file")
    shown = name if len(name) <= 80 else f"{name[:77]}..."
    return (
        f"cannot use {shown}: {error.strerror or error}; give another path, or change what is there"
    )


def _module(command: str) -> str:
    return f"{__name__}.{command}"


def _plugin_commands(only_if_third_party: bool = False) -> dict[str, click.Command]:
    """The commands that plugins add; those of neuroflow cannot be replaced.

    Listing commands loads no plugin unless a third-party one is installed.
    """
    from neuroflow.registry.points import installed_points

    points = installed_points()
    if only_if_third_party and all(p.dist and p.dist.name == "neuroflow" for p in points):
        return {}
    from neuroflow.registry.manager import manager

    collected = click.Group("plugins")
    manager().add_commands(collected, taken=COMMANDS)
    return dict(collected.commands)


def _version(ctx: click.Context, option: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from importlib.metadata import version

        say(f"neuroflow {version('neuroflow')}")
        ctx.exit()


@click.group(
    cls=Cli,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Start with: neuroflow train moons",
)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_version,
    help="Show the version and exit.",
)  # fmt: skip
@click.option("--debug", is_flag=True, expose_value=False, help="Show tracebacks (any place).")
def main() -> None:
    """Neural networks one scalar at a time: train, look inside, extend.

    Commands that print results take --json: one object on standard output and nothing else
    there. Exit codes: 0 done, 1 the work failed, 2 wrong usage or configuration, 130 stopped
    by Ctrl-C, 143 by SIGTERM.
    """


with_plugin_option(main)
