"""``neuroflow zoo``: wrong twins as puzzles. Find the bug; the answer checks itself."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import click

from neuroflow.cli.shared.output import json_option, print_json, say


@click.command()
@click.argument("name", required=False)
@click.option("--line", type=int, help="Your answer: the number of the wrong line.")
@click.option(
    "--fix",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Your answer: a file with the mended op; it has to pass all checks.",
)
@click.option("--solution", is_flag=True, help="Give up: show the wrong line, and why.")
@json_option
def zoo(name: str | None, line: int | None, fix: Path | None, solution: bool, as_json: bool) -> int:
    """Wrong twins of ops, losses, layers and optimizers: find the bug.

    Without NAME, list them. With it, show one as a puzzle; --line or --fix checks your answer.

    \b
    Examples:
      neuroflow zoo
      neuroflow zoo linear_1 --line 3
    """
    from neuroflow.errors import composed, did_you_mean

    twins = _animals().TWINS
    if name is None:
        _print({"twins": [_row(twin) for twin in twins.values()]}, as_json, _listed)
        return 0
    if name not in twins:
        remedy = did_you_mean(name, twins, "see: neuroflow zoo")
        raise click.UsageError(composed(f"no animal {name!r} in the zoo", remedy=remedy))
    twin = twins[name]
    if line is not None:
        return _judge_line(twin, line, as_json)
    if fix is not None:
        return _judge_fix(twin, fix, as_json)
    if solution:
        _print(_solution(twin), as_json, _solved)
    else:
        _print({**_row(twin), "source": twin.source}, as_json, _puzzle)
    return 0


def _animals() -> Any:
    """The zoo is a plugin that nobody loads by default."""
    return import_module("neuroflow_plugins.zoo")


def _row(twin: Any) -> dict[str, Any]:
    entry = _animals().entry_of(twin)
    return {"name": twin.name, "kind": entry.kind, "summary": entry.summary, "says": entry.formula}


def _solution(twin: Any) -> dict[str, Any]:
    from neuroflow.checks.check import check

    findings = [str(finding) for finding in check(_animals().entry_of(twin)).findings]
    return {
        **_row(twin),
        "title": twin.title,
        "lines": twin.wrong_lines,
        "why": twin.why,
        "findings": findings,
    }


def _judge_line(twin: Any, line: int, as_json: bool) -> int:
    if line not in twin.wrong_lines:
        _print(
            {"right": False, "line": line},
            as_json,
            lambda _: f"Line {line} is right. Look again: neuroflow check says more.",
        )
        return 1
    _print({"right": True, **_solution(twin)}, as_json, _solved)
    return 0


def _judge_fix(twin: Any, path: Path, as_json: bool) -> int:
    """A mended twin passes all checks, under its own name."""
    from neuroflow.checks.check import check_entry
    from neuroflow.checks.selection import select
    from neuroflow.checks.shared.report import Report
    from neuroflow.registry.local import local_entries

    with local_entries():
        entries = [e for e in select(path).entries if e.name == twin.name]
    if not entries:
        raise click.UsageError(f"{path} defines nothing named {twin.name!r}; keep the name")
    report = Report()
    check_entry(entries[0], report.of(twin.name))
    right = {"right": bool(report), **report.as_dict()}
    _print(right, as_json, lambda _: f"{report}\n{'Mended.' if report else 'Not yet.'}")
    return 0 if report else 1


def _print(facts: dict[str, Any], as_json: bool, text: Any) -> None:
    if as_json:
        print_json(facts)
    else:
        say(text(facts))


def _listed(facts: dict[str, Any]) -> str:
    rows = [f"{t['name']:<24}{t['kind']:<12}{t['summary']}" for t in facts["twins"]]
    return "\n".join([*rows, "", f"{len(rows)} animals; look at one: neuroflow zoo {'NAME'}"])


def _puzzle(facts: dict[str, Any]) -> str:
    lines = facts["source"].split("\n")
    numbered = [f"{k:>3}  {line}".rstrip() for k, line in enumerate(lines, start=1)]
    head = f"{facts['name']}: {facts['summary']}" + (f"  {facts['says']}" if facts["says"] else "")
    ask = f"One line is wrong. Which? neuroflow zoo {facts['name']} --line N"
    return "\n".join([head, "", *numbered, "", ask])


def _solved(facts: dict[str, Any]) -> str:
    where = ", ".join(map(str, facts["lines"]))
    found = "\n".join(f"  {finding}" for finding in facts["findings"])
    return f"{facts['title']}: line {where}.\n{facts['why']}\nThe checks say:\n{found}"
