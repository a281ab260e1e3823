"""``neuroflow doctor``: what is wrong with this installation, and what to do about it."""

from __future__ import annotations

import json
import os
import platform
import re
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlparse

import click
from attrs import asdict, frozen

from neuroflow.cli.shared.output import json_option, print_json, table
from neuroflow.cli.shared.streams import console
from neuroflow.errors import printable, raised
from neuroflow.registry.points import GROUP, readable

if TYPE_CHECKING:
    from neuroflow.registry.discovery import Plugin

DISABLE = "NEUROFLOW_DISABLE_PLUGINS"
FOLDER = "NEUROFLOW_PLUGINS_DIR"


@frozen
class Ailment:
    """Something that is wrong: where, what, and the remedy."""

    subject: str
    problem: str
    remedy: str
    fatal: bool = True


@click.command()
@click.option("--isolated", is_flag=True, help="Load each plugin in a process of its own first.")
@click.option(
    "--limit", type=click.FloatRange(0.1), default=10.0, show_default=True, metavar="SECONDS",
    help="With --isolated: how long a plugin may take.",
)  # fmt: skip
@json_option
def doctor(isolated: bool, limit: float, as_json: bool) -> int:
    """Look for what is wrong with the installation; exit code 1 if something is.

    Broken plugins, two copies of one distribution, entry points that an editable installation
    does not know yet, which optional packages are there, which backends can run, and where
    machine code is kept.

    \b
    Examples:
      neuroflow doctor
      neuroflow doctor --json
      neuroflow doctor --isolated  (where a plugin ends or holds every command)
    """
    problems = [*isolated_plugins(limit)] if isolated else []
    problems += [ailment for look in LOOKS for ailment in look()]
    versions, extras, backends = versions_of(), optional_packages(), backends_here()
    devices = devices_found()
    failed = any(problem.fatal for problem in problems)
    if as_json:
        print_json({
            "healthy": not failed,
            "problems": [asdict(problem) for problem in problems],
            "versions": versions,
            "extras": extras,
            "backends": backends,
            "devices": devices,
            "cache": cache_here(),
        })  # fmt: skip
        return int(failed)
    out = console()
    out.print(table(("", ""), versions.items()))
    rows = [(extra, _parts(parts)) for extra, parts in extras.items()]
    out.print(table(("extra", "packages (missing ones in brackets)"), rows))
    out.print(table(("backend", "here"), backends.items()))
    out.print(table(("device", "here"), devices.items()))
    out.print(table(("machine code", ""), [("cache", cache_here())]))
    for problem in problems:
        style = "red" if problem.fatal else "yellow"
        told = printable(f"{problem.subject}: {problem.problem}")
        out.print(told, style=style, soft_wrap=True)
        out.print(printable(f"  remedy: {problem.remedy}"), soft_wrap=True)
    if not problems:
        out.print("nothing is wrong", style="green")
    return int(failed)


def broken_plugins() -> Iterator[Ailment]:
    """Plugins that were skipped, and those that are there but suspicious."""
    from neuroflow.registry.manager import manager

    for plugin in manager().plugins:
        by = plugin.provider
        if plugin.failure:
            yield Ailment(str(by), plugin.failure, _remedy(plugin))
        for warning in plugin.warnings if by.distribution != GROUP else ():
            remedy = by.remedy if by.is_local else f"tell the authors of {by.distribution}"
            yield Ailment(str(by), warning, remedy, fatal=False)


def broken_backends() -> Iterator[Ailment]:
    """Backends that say they can run here and cannot: "auto" leaves them out."""
    from neuroflow.engine.run.backends import failure_of, fastest_first

    for entry in fastest_first():
        failure = "" if entry.obstacle() or not entry.dtypes else failure_of(entry, entry.dtypes[0])
        if failure:
            by = entry.provider
            remedy = f"tell the authors of {by.distribution if by else entry.id}"
            remedy = by.remedy if by and by.is_local else remedy
            yield Ailment(f"backend {entry.shortest_name}", failure, remedy, fatal=False)


def backends_here() -> dict[str, str]:
    """Of each backend, fastest first: how fast it is, or what keeps it from running here."""
    from neuroflow.cli.shared.entries import standing_of
    from neuroflow.engine.run.backends import fastest_first

    return {entry.shortest_name: standing_of(entry) for entry in fastest_first()}


def devices_found() -> dict[str, str]:
    """What the backend ``torch`` can compute on, by PyTorch's word; or why there is none."""
    if not find_spec("torch"):
        return {"cpu": "PyTorch is not installed, which would say whether there is a GPU"}
    try:
        from neuroflow.engine.torch.devices import devices_here, facts
    except Exception as error:  # whatever keeps PyTorch from being imported
        return {"cpu": f"PyTorch cannot be imported: {raised(error)}"}
    return {name: facts(name) for name in devices_here()}


def unsafe_cache() -> Iterator[Ailment]:
    """A cache that others could change is not used."""
    from neuroflow.engine.native.cache import REMEDY, Cache

    cache = Cache.here()
    if cache.unsafe:
        yield Ailment("machine code is not kept", cache.reason, REMEDY, fatal=False)


def cache_here() -> str:
    """Where machine code is kept, and how much of it; or why it is not."""
    from neuroflow.engine.native.cache import Cache

    cache = Cache.here()
    n, size = cache.size()
    where = f"{n:,} functions, {size / 1e6:.1f} MB, in {cache.folder}"
    return where if cache.folder else f"not kept: {cache.reason}"


def _remedy(plugin: Plugin) -> str:
    by = plugin.provider
    if by.is_local:
        return f"{by.remedy}, or take it out of {FOLDER}"
    leave_out = f"or leave it out with {DISABLE}={by.plugin}"
    missing = plugin.error.name if isinstance(plugin.error, ModuleNotFoundError) else None
    if missing and missing.partition(".")[0] == by.module.partition(".")[0].partition(":")[0]:
        return f"its own module is not there: install {by.distribution} again, {leave_out}"
    if missing:
        return f"install what provides the module {missing!r} into this environment, {leave_out}"
    return f"upgrade or uninstall {by.distribution} {by.version}, {leave_out}"


def isolated_plugins(seconds: float) -> Iterator[Ailment]:
    """Plugins that end or hold a process of their own; this one goes on without them."""
    from neuroflow.registry.isolation import verdicts

    for verdict in verdicts(seconds):
        by = verdict.provider
        if verdict.deadly:
            variable = os.environ.get(DISABLE, "")
            os.environ[DISABLE] = ",".join(filter(None, [variable, by.plugin]))
            remedy = f"leave it out with {DISABLE}={by.plugin}, or uninstall {by.distribution}"
            yield Ailment(str(by), verdict.problem, remedy)


def unreadable_distributions() -> Iterator[Ailment]:
    """Distributions whose metadata nobody can read: plugins in them are not found."""
    for where, problem in readable()[1]:
        told = f"its metadata cannot be read: {problem}"
        remedy = "install it again, or delete that folder"
        yield Ailment(f"distribution in {where}", told, remedy, fatal=False)


def duplicates() -> Iterator[Ailment]:
    """Distributions whose metadata is found twice: one copy hides the other."""
    found: dict[str, list[Distribution]] = defaultdict(list)
    for each in readable()[0]:
        concerned = each.name and (
            _normal(each.name) == GROUP or any(p.group == GROUP for p in each.entry_points)
        )
        if concerned:
            found[_normal(each.name)].append(each)
    for name, copies in found.items():
        places = list(dict.fromkeys(f"{c.version} in {c.locate_file('')}" for c in copies))
        if len(copies) > 1:
            yield Ailment(
                f"distribution {name}",
                f"is installed {len(copies)} times: {'; '.join(places)}",
                f"uninstall it until none is left (pip uninstall {name}), then install it once;"
                " in a checkout, delete stale *.egg-info folders",
            )


def stale_entry_points() -> Iterator[Ailment]:
    """Editable installations whose pyproject.toml has changed its entry points since."""
    for each in readable()[0]:
        folder = _editable_folder(each)
        project = folder / "pyproject.toml" if folder else None
        if project is None or not project.is_file():
            continue
        try:
            table = tomllib.loads(project.read_text(encoding="utf-8")).get("project", {})
        except (OSError, ValueError):
            continue
        declared = table.get("entry-points", {}).get(GROUP, {})
        installed = {p.name: p.value for p in each.entry_points if p.group == GROUP}
        if declared != installed:
            differing = sorted(dict(declared.items() ^ installed.items()))
            yield Ailment(
                f"distribution {each.name} {each.version}",
                f"{project} and the installed entry points differ: {', '.join(differing)}",
                f"install it again: pip install -e {folder}",
            )


def _editable_folder(each: Distribution) -> Path | None:
    try:
        about = json.loads(each.read_text("direct_url.json") or "{}")
    except ValueError:
        return None
    url = urlparse(about.get("url", ""))
    if not about.get("dir_info", {}).get("editable") or url.scheme != "file":
        return None
    return Path(unquote(url.path))


def versions_of() -> dict[str, str]:
    """What runs here."""
    own = distribution(GROUP)
    required = [_name(text) for text in own.requires or () if "extra ==" not in text]
    return {
        "neuroflow": f"{own.version} in {Path(__file__).parents[2]}",
        "python": f"{platform.python_version()} ({sys.executable})",
        "platform": platform.platform(terse=True),
        **{name: _version(name) or "MISSING" for name in required},
    }


def optional_packages() -> dict[str, dict[str, str | None]]:
    """For each extra its packages with their versions, None for those that are missing."""
    extras: dict[str, dict[str, str | None]] = {}
    for text in distribution(GROUP).requires or ():
        extra = re.search(r"extra == ['\"]([^'\"]+)['\"]", text)
        if extra and _normal(_name(text)) != GROUP:
            extras.setdefault(extra[1], {})[_name(text)] = _version(_name(text))
    return extras


def _parts(parts: dict[str, str | None]) -> str:
    return ", ".join(f"{name} {version}" if version else f"[{name}]"
                     for name, version in parts.items())  # fmt: skip


def _name(requirement: str) -> str:
    return re.split(r"[\s\[<>=!~;(]", requirement, maxsplit=1)[0]


def _version(name: str) -> str | None:
    try:
        return distribution(name).version
    except PackageNotFoundError:
        return None


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


LOOKS = (
    unreadable_distributions, broken_plugins, duplicates, stale_entry_points, broken_backends,
    unsafe_cache,
)  # fmt: skip
"""Where there may be something wrong."""
