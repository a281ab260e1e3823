"""``neuroflow demo``: watch a network learn, in the browser."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import click

from neuroflow.cli.shared.output import json_option, note, print_json
from neuroflow.errors import InputError, one_line


@click.command()
@click.argument("name", required=False, metavar="[PAGE]")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Default: any free port.")
@click.option("--no-open", is_flag=True, help="Print the address instead of opening a browser.")
@click.option(
    "--export",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Write the pages as static files that run Python in the browser, and stop.",
)
@click.option(
    "--pyodide",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="DIR",
    help="With --export: the unpacked npm package pyodide to copy in.",
)
@json_option
def demo(
    name: str | None,
    port: int,
    no_open: bool,
    folder: Path | None,
    pyodide: Path | None,
    as_json: bool,
) -> None:
    """Watch a network learn: function (approximation), classification or gpt.

    The pages are served on this machine only, to the browser that is opened here, or that opens
    the printed address first, and load nothing from elsewhere. Stop with Ctrl-C.

    \b
    Examples:
      neuroflow demo
      neuroflow demo classification
      neuroflow demo --export site --pyodide node_modules/pyodide
    """
    from neuroflow.live.setup import tree_of

    try:
        tree_of(name or "function")
    except InputError as error:
        raise click.UsageError(str(error)) from error
    if pyodide is not None and folder is None:
        raise click.UsageError("--pyodide goes with --export")
    if folder is not None:
        _export(folder, pyodide, as_json)
    else:
        _serve(name or "index", port, not no_open, as_json)


def _export(folder: Path, pyodide: Path | None, as_json: bool) -> None:
    """The pages as files."""
    from neuroflow.live.export import export

    written = export(folder, pyodide)
    if as_json:
        print_json({"folder": str(folder), "files": len(written)})
    else:
        shown = one_line(str(folder))
        note(f"{len(written)} files in {shown}; serve that folder with any web server")


def _serve(page: str, port: int, with_browser: bool, as_json: bool) -> None:
    """The pages from this process, until Ctrl-C."""
    from neuroflow.live.opening import opened
    from neuroflow.live.server import LiveServer, listening, serve

    listener = listening(port)
    server = LiveServer(first=page, port=listener.getsockname()[1])
    if as_json:
        print_json({"address": server.address})
    else:
        note(f"The live pages are at {server.address}\nStop with Ctrl-C.")
    with opened(server.address) if with_browser else nullcontext():
        serve(server, listener)
