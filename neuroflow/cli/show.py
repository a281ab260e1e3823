"""``neuroflow show ID``: one entry, from its formula to the line that defines it."""

from __future__ import annotations

import inspect
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from neuroflow.cli.shared.entries import described
from neuroflow.cli.shared.output import json_option, print_json
from neuroflow.cli.shared.streams import console
from neuroflow.errors import AmbiguousNameError, NeuroflowError, RegistryError, did_you_mean
from neuroflow.files import short_path

if TYPE_CHECKING:
    from neuroflow.core.value import Op
    from neuroflow.registry.entries import Entry
    from neuroflow.view.terminal import Sketch


@click.command()
@click.argument("reference", metavar="ID")
@click.option("--kind", help="Which kind, where a name belongs to several: op, activation ...")
@json_option
def show(reference: str, kind: str | None, as_json: bool) -> None:
    """Everything about one entry: formula, derivative, domain, source, plot.

    ID is a name, optionally with its namespace and version: relu, my_plugin/relu@2.

    \b
    Examples:
      neuroflow show sigmoid
      neuroflow show hinge
      neuroflow show linear --kind schedule
    """
    entry, others = find_entry(reference, kind)
    facts = facts_of(entry)
    if as_json:
        print_json({**described(entry), **facts, "other_kinds": others})
        return
    _print(entry, facts, others)


def find_entry(reference: str, kind: str | None) -> tuple[Entry, list[str]]:
    """The entry that a reference means, and the other kinds that have one of that name."""
    from neuroflow.registry.entries import KINDS
    from neuroflow.registry.manager import manager

    registry = manager().registry
    if kind is not None:
        return registry.get(kind, reference), []
    found: dict[str, Entry] = {}
    ambiguous: RegistryError | None = None
    for each in KINDS:
        try:
            found[each] = registry.get(each, reference)
        except RegistryError as error:
            ambiguous = error if isinstance(error, AmbiguousNameError) else ambiguous
    if found:
        first, *others = found
        return found[first], others
    if ambiguous:
        raise ambiguous
    known = sorted({entry.shortest_name for entry in registry})
    failed = f"plugins that failed to load: {', '.join(registry.failed)}; " * bool(registry.failed)
    raise RegistryError(
        f"nothing is named {reference!r}",
        remedy=did_you_mean(reference, known, f"{failed}see: neuroflow list"),
        got=reference,
    )


def facts_of(entry: Entry) -> dict[str, Any]:
    """What can be told about the thing itself, beyond its registration."""
    from neuroflow.core.value import Op
    from neuroflow.registry.entries import LayerEntry, MetricEntry

    target = entry.load()
    facts: dict[str, Any] = {"settings": _settings(entry), "source": place_of(target)}
    if isinstance(entry, LayerEntry):
        facts["shape"] = entry.shape_in_words
    if isinstance(entry, MetricEntry):
        facts |= {name: getattr(entry, name) for name in ("range", "better", "tasks", "needs")}
    if isinstance(target, Op):
        facts |= {
            "inputs": list(target.parameters),
            "vectors": target.vectors,
            "partials": partials_of(target),
            "domain": {
                name: domain.text
                for name, domain in zip(target.parameters, target.domain, strict=True)
            },
            "kinks": list(target.kinks),
            "convention": target.convention,
        }
    return facts


def partials_of(op: Op) -> list[dict[str, str]]:
    """The derivative by each input: as text and LaTeX through sympy, or else the rule's source."""
    from neuroflow.view.formulas import partial_derivatives, partials_as_text

    texts = partials_as_text(op)
    if texts:
        both = zip(texts, partial_derivatives(op), strict=True)
        return [{"by": name, "text": text, "latex": latex} for (name, text), (_, latex) in both]
    try:
        source = inspect.getsource(op.partials_rule or op.rule)
    except (OSError, TypeError):
        source = "(its source is not at hand)"
    return [{"by": ", ".join(op.parameters), "source": inspect.cleandoc("\n" + source)}]


def place_of(target: Any) -> str:
    """Where the thing is defined, as ``file:line``; empty if nobody knows."""
    function = inspect.unwrap(getattr(target, "rule", target))
    try:
        path = Path(inspect.getsourcefile(function) or "")
        line = inspect.getsourcelines(function)[1]
    except (OSError, TypeError):
        return ""
    return f"{short_path(path)}:{line}"


def _settings(entry: Entry) -> list[dict[str, Any]]:
    from neuroflow.config import described, settings_of

    try:
        return [described(setting) for setting in settings_of(entry)]
    except (NeuroflowError, TypeError, ValueError):
        return []


def _print(entry: Entry, facts: dict[str, Any], others: list[str]) -> None:
    from rich.text import Text

    from neuroflow.cli.shared.entries import standing_of, summary_of
    from neuroflow.registry.entries import MetricEntry

    out = console()
    out.print(Text.assemble((entry.name, "bold"), f"  {entry.kind}, {entry.id}"))
    out.print(Text(summary_of(entry)))
    out.print()
    rows: list[tuple[str, str]] = []
    if entry.formula:
        rows.append(("formula", entry.formula))
    for partial in facts.get("partials", []):
        rows.append((f"∂/∂{partial['by']}", partial.get("text") or partial["source"]))
    rows += _mathematics(facts)
    if isinstance(entry, MetricEntry):
        rows.append(("values", entry.in_words))
    if facts.get("shape"):
        rows.append(("shape", facts["shape"]))
    rows += [(f"setting {s['name']}", setting_in_words(s)) for s in facts["settings"]]
    if standing := standing_of(entry):
        rows.append(("here", standing))
    if entry.aliases:
        rows.append(("aliases", ", ".join(entry.aliases)))
    if entry.deprecated:
        rows.append(("deprecated", entry.deprecated))
    if entry.reference:
        rows.append(("reference", entry.reference))
    rows.append(("from", str(entry.provider)))
    rows.append(("source", facts["source"] or "unknown"))
    if others:
        rows.append(("also", ", ".join(f"--kind {kind}" for kind in others)))
    _print_rows(rows)
    sketch = sketch_of(entry, min(64, out.width - 14))
    if sketch is not None:
        out.print()
        out.print(sketch)


def _print_rows(rows: Sequence[tuple[str, str]]) -> None:
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, text in rows:
        grid.add_row(name, Text(text))
    console().print(grid)


def _mathematics(facts: dict[str, Any]) -> list[tuple[str, str]]:
    rows = []
    if "domain" in facts:
        rows.append(("domain", ", ".join(f"{x} in {text}" for x, text in facts["domain"].items())))
        kinks = ", ".join(f"{k:g}" if isinstance(k, float) else str(k) for k in facts["kinks"])
        rows.append(("kinks", kinks or "none"))
    if facts.get("convention"):
        rows.append(("convention", facts["convention"]))
    return rows


def setting_in_words(setting: dict[str, Any]) -> str:
    """Type, range, default and meaning of a setting, as ``described`` gave it."""
    default = setting["default"]
    if isinstance(default, bool):
        default = str(default).lower()
    said = f"default {default!r}" if isinstance(setting["default"], str) else f"default {default}"
    if default is None:
        said = "required" if setting["required"] else "may be left out"
    meaning = f": {setting['meaning']}" if setting["meaning"] else ""
    return f"{setting['expected']}, {said}{meaning}"


def sketch_of(entry: Entry, width: int) -> Sketch | None:
    """A function of one number and its derivative in the terminal; None for anything else."""
    from neuroflow.view.chart import sampled, visible
    from neuroflow.view.entry_curves import curves_of
    from neuroflow.view.terminal import plot

    curves = curves_of(entry)
    if curves is None:
        return None
    values = sampled(curves.f, curves.low, curves.high)
    slopes = sampled(curves.slope, curves.low, curves.high)
    if not any(math.isfinite(y) for _, y in values):
        return None
    lines = dict(zip(curves.names, (values, slopes), strict=True))
    limits = visible([*values, *slopes])
    return plot(lines, max(width, 20), 13, limits=limits, x_label=curves.over)
