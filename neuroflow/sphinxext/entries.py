"""What a page says about an entry.

Nothing here is written by hand for one entry: all comes from the registry and from running
the entry's own rules.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.util import logging

from neuroflow.core.settings import Setting
from neuroflow.core.value import Op
from neuroflow.registry.entries import Entry, LayerEntry, MetricEntry
from neuroflow.sphinxext.examples import example
from neuroflow.sphinxext.mathematics import convention, derivatives, with_left_side
from neuroflow.sphinxext.nodes import (
    code_block,
    first_line,
    formula_block,
    paragraph,
    rubric,
    table,
)
from neuroflow.sphinxext.pictures import plot_of

if TYPE_CHECKING:
    from neuroflow.checks.shared.report import Report

logger = logging.getLogger(__name__)


def entry_nodes(entry: Entry, source_url: str = "") -> list[nodes.Node]:
    """All that a page shows about one entry, in reading order."""
    target = entry.load()
    found: list[nodes.Node] = [paragraph(entry.summary or first_line(target))]
    if entry.deprecated:
        found.append(paragraph(f"Deprecated: {entry.deprecated}"))
    formula = entry.formula or (target.formula if isinstance(target, Op) else "")
    if formula:
        found.append(formula_block(formula if "=" in formula else with_left_side(entry, formula)))
    if isinstance(target, Op):
        found += derivatives(target)
    if isinstance(entry, MetricEntry):
        found.append(paragraph(f"Values: {entry.in_words}."))
    if isinstance(entry, LayerEntry) and entry.shape:
        found += [rubric("Shape"), _shape(entry)]
    picture = plot_of(entry, target)
    if picture:
        found.append(nodes.raw("", picture, format="html"))
    if isinstance(target, Op):
        found += convention(target)
    found += [rubric("Settings"), *_settings(entry)]
    found += [rubric("Example"), code_block(example(entry, target))]
    found += [rubric("Checks"), *_checks(entry)]
    found += [rubric("Source"), *_source(entry, target, source_url)]
    return found


def _shape(entry: LayerEntry) -> nodes.Node:
    """What it takes and gives: the rule as it is written, or in words."""
    if isinstance(entry.shape, str):
        return code_block(entry.shape, "text")
    return paragraph(f"{entry.shape_in_words}.")


def _settings(entry: Entry) -> list[nodes.Node]:
    from neuroflow.config import settings_of

    try:
        settings = settings_of(entry)
    except Exception as error:  # an entry of a kind that is not configured
        return [paragraph(f"None that a configuration can give: {error}")]
    return [settings_table(settings)] if settings else [paragraph("None.")]


def settings_table(settings: Sequence[Setting]) -> nodes.table:
    """Names, types with their ranges, defaults and meanings."""
    rows = []
    for setting in settings:
        default = "" if setting.default is None else f"``{setting.default!r}``"
        required = f"required, unless ``{setting.unless}``" if setting.unless else "required"
        rows.append(
            (
                nodes.literal(setting.name, setting.name),
                setting.expected,
                required if setting.required else default,
                setting.meaning,
            )
        )
    return table(("name", "value", "default", "meaning"), rows)


def _checks(entry: Entry) -> list[nodes.Node]:
    from neuroflow.checks.check import check_entry
    from neuroflow.checks.shared.report import Report

    report = Report()
    check_entry(entry, report.of(entry.name))
    for finding in report.findings:
        logger.warning("%s", finding)
    rows = [(name, str(count)) for name, count in sorted(report.checks.items())]
    lead = f"``neuroflow.check``, run when this page was built: {report.headline}."
    found: list[nodes.Node] = [paragraph(lead), *_certified(entry, report)]
    found.append(table(("check", "comparisons"), rows))
    found += [paragraph(f"Skipped: {skip.check}, because {skip.reason}.") for skip in report.skips]
    extremes = report.extremes.get(entry.name, [])
    if extremes:
        cells = [(f"``{e.input!r}``", f"``{e.value}``", f"``{e.slope}``") for e in extremes]
        found += [rubric("At the extremes"), table(("input", "value", "derivative"), cells)]
    return found


def _certified(entry: Entry, report: Report) -> list[nodes.Node]:
    """How well the derivative is known, and which source was looked at."""
    from neuroflow.checks.certificate import source_of
    from neuroflow.checks.grades import grade_of_entry
    from neuroflow.checks.shared.findings import Grade

    grade, (file, digest) = grade_of_entry(entry) if report else Grade(""), source_of(entry)
    found = []
    if grade.word:
        why = f" ({grade.why})" if grade.why else ""
        what = "Value and derivative are the formula's"
        found.append(paragraph(f"{what}: *{grade.word}*{why}; see :doc:`/explanation/trust`."))
    points = sum(report.tried.values())
    where = f"{points:,} points were searched; " if points else ""
    if file:
        found.append(paragraph(f"{where}``{file}`` has the SHA-256 ``{digest[:16]}``..."))
    return found


def _source(entry: Entry, target: Any, source_url: str) -> list[nodes.Node]:
    found: list[nodes.Node] = []
    by = entry.provider
    rows: list[tuple[nodes.Node | str, nodes.Node | str]] = [("id", f"``{entry.id}``")]
    if by is not None:
        told = f"{by}" if by.is_local else f"``{by.plugin}`` of {by.distribution} {by.version}"
        rows.append(("plugin", told))
        rows.append(("module", f"``{by.module}``"))
    if entry.aliases:
        rows.append(("aliases", ", ".join(f"``{a}``" for a in entry.aliases)))
    if entry.reference:
        rows.append(("reference", entry.reference))
    found.append(table(("", ""), rows))
    rules = [target.rule, target.partials_rule] if isinstance(target, Op) else [target]
    for rule in filter(None, rules):
        try:
            lines, number = inspect.getsourcelines(getattr(rule, "rule", rule))
        except (OSError, TypeError):
            continue
        path = _relative(inspect.getsourcefile(inspect.unwrap(getattr(rule, "rule", rule))) or "")
        place = f"{path}, line {number}"
        caption = nodes.paragraph()
        if source_url:
            uri = source_url.format(path=path, line=number)
            caption += nodes.reference(place, place, refuri=uri, internal=False)
        else:
            caption += nodes.emphasis(place, place)
        found += [caption, code_block(inspect.cleandoc("\n" + "".join(lines)), "python")]
    return found


def _relative(path: str) -> str:
    """The path from the import root on, the same on every machine."""
    import sys

    roots = sorted((r for r in sys.path if r and path.startswith(r.rstrip("/") + "/")), key=len)
    return str(Path(path).relative_to(roots[-1])) if roots else Path(path).name
