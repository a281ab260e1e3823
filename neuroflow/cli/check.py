"""``neuroflow check``: does a plugin hold what it declares?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from neuroflow.cli.shared.output import json_option, note, print_json, say
from neuroflow.cli.shared.plugin_files import loaded_plugins

if TYPE_CHECKING:
    from neuroflow.checks.shared.report import Report


@click.command()
@click.argument("names", nargs=-1, metavar="PLUGIN|MODULE|FILE|ENTRY...")
@json_option
@click.option(
    "--extremes", is_flag=True, help="Show what happens at +-1e3, +-1e-300, +-0, inf, nan."
)
@click.option(
    "--seconds", default=60.0, show_default=True, help="How long each entry may take.",
    type=click.FloatRange(min=0.0, min_open=True),
)  # fmt: skip
@click.option("--all", "everything", is_flag=True, help="All that is installed, in one table.")
@click.option(
    "--html", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
    help="Write the table as a page too.",
)  # fmt: skip
@click.option(
    "--certificate", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
    help="Write what was tried, for neuroflow verify to try again.",
)  # fmt: skip
def check(
    names: tuple[str, ...], as_json: bool, extremes: bool, seconds: float, everything: bool,
    html: Path | None, certificate: Path | None,
) -> int:  # fmt: skip
    """Check every entry of a plugin, a module, a file or a pattern such as op/*.

    Without a name it checks what the files of --plugin offer.

    Derivatives, kinks, formulas, the source of the rules, parameters, configurations and more.
    Exit code 1 if there is a finding, or if nothing was checked.

    \b
    Examples:
      neuroflow check my_plugin
      neuroflow check my_ops.py --extremes
      neuroflow check --plugin my_ops.py
      neuroflow check "op/*"
      neuroflow check --all --html checked.html
      neuroflow check my_plugin --certificate my_plugin.json
    """
    from neuroflow.checks import matrix
    from neuroflow.checks.check import check as check_all
    from neuroflow.errors import InputError

    files = [plugin.provider.file for plugin in loaded_plugins(click.get_current_context())]
    if everything and names:
        raise click.UsageError(f"--all is everything; leave out {names[0]!r}, or --all")
    names = ("all",) if everything else names
    if not names and not files:
        raise click.UsageError("check what? name a plugin, a file or an entry; see --help")
    try:
        report = check_all(*(names or files), seconds=seconds)
    except InputError as error:
        raise click.UsageError(str(error)) from error
    if html is not None:
        _write_page(report, html)
    if certificate is not None:
        from neuroflow.checks.certificate import write_certificate

        note(f"{write_certificate(certificate, report)}: what was tried")
    if as_json:
        print_json(matrix.as_dict(report) if everything else report.as_dict())
    else:
        say(matrix.as_text(report) if everything else str(report))
        if extremes:
            say(report.extremes_table())
    return 0 if report else 1


def _write_page(report: Report, path: Path) -> None:
    from neuroflow.checks.matrix import rows
    from neuroflow.files import write_file
    from neuroflow.view.matrix_page import matrix_page

    write_file(path, matrix_page(rows(report)))
    note(f"{path}: the table as a page")
