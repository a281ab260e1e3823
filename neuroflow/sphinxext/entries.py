"""What a page says about an entry, as document nodes: the same for Markdown and reStructuredText.

Nothing here is written by hand for one entry: all comes from the registry and from running
the entry's own rules.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.util import logging

from neuroflow.core.settings import Setting
from neuroflow.core.value import Op
from neuroflow.registry.entries import Entry
from neuroflow.sphinxext.examples import example
from neuroflow.sphinxext.plot import Chart, function_chart
from neuroflow.view.entry_curves import curves_of
from neuroflow.view.formulas import partial_derivatives

logger = logging.getLogger(__name__)


def entry_nodes(entry: Entry, source_url: str = "") -> list[nodes.Node]:
    """All that a page shows about one entry, in reading order."""
    target = entry.load()
    found: list[nodes.Node] = [paragraph(entry.summary or first_line(target))]
    if entry.deprecated:
        found.append(paragraph(f"Deprecated: {entry.deprecated}"))
    formula = entry.formula or (target.formula if isinstance(target, Op) else "")
    if formula:
        found.append(formula_block(formula if "=" in formula else _with_left_side(entry, formula)))
    if isinstance(target, Op):
        found += _derivatives(target)
    picture = plot_of(entry, target)
    if picture:
        found.append(nodes.raw("", picture, format="html"))
    if isinstance(target, Op):
        found += _convention(target)
    found += [rubric("Settings"), *_settings(entry)]
    found += [rubric("Example"), code_block(example(entry, target))]
    found += [rubric("Checks"), *_checks(entry)]
    found += [rubric("Source"), *_source(entry, target, source_url)]
    return found


# Building blocks -----------------------------------------------------------------------------


def paragraph(text: str) -> nodes.paragraph:
    """A paragraph in which ``code`` and $formulas$ are recognised."""
    node = nodes.paragraph()
    node += inline(text)
    return node


def inline(text: str) -> list[nodes.Node]:
    """Text with ``code`` in backticks, *words* in stars, and ``\\|`` as a bar."""
    parts: list[nodes.Node] = []
    for k, piece in enumerate(re.split(r"`+", text.replace("\\|", "|"))):
        if k % 2:
            parts.append(nodes.literal(piece, piece))
            continue
        for n, words in enumerate(re.split(r"\*(?! )([^*]+)\*", piece)):
            if words:
                parts.append(nodes.emphasis(words, words) if n % 2 else nodes.Text(words))
    return parts


def rubric(text: str) -> nodes.rubric:
    """A small heading that is not in the table of contents."""
    return nodes.rubric(text, text)


def formula_block(latex: str) -> nodes.math_block:
    """A formula on a line of its own, for whichever renderer the project uses."""
    return nodes.math_block(
        latex, latex, number=None, label=None, nowrap=False, **{"no-wrap": False}
    )


def code_block(code: str, language: str = "pycon") -> nodes.literal_block:
    """Highlighted code."""
    return nodes.literal_block(code, code, language=language)


def table(header: Sequence[str], rows: Iterable[Sequence[nodes.Node | str]]) -> nodes.table:
    """A table; cells are text or nodes."""
    group = nodes.tgroup(cols=len(header))
    group += [nodes.colspec(colwidth=1) for _ in header]
    head, body = nodes.thead(), nodes.tbody()
    head += _row([*header])
    for row in rows:
        body += _row(row)
    if any(header):
        group += head
    group += body
    return nodes.table("", group)


def _row(cells: Sequence[nodes.Node | str]) -> nodes.row:
    row = nodes.row()
    for cell in cells:
        entry = nodes.entry()
        content = nodes.paragraph()
        content += inline(cell) if isinstance(cell, str) else [cell]
        entry += content
        row += entry
    return row


def first_line(target: Any) -> str:
    """The first line of a docstring."""
    return (inspect.getdoc(target) or "").split("\n", 1)[0]


# Mathematics ---------------------------------------------------------------------------------


def _with_left_side(entry: Entry, formula: str) -> str:
    target = entry.load()
    if not isinstance(target, Op):
        return formula
    name = entry.name.replace("_", r"\_")
    inputs = ", ".join(p.removesuffix("s") if target.vectors else p for p in target.parameters)
    return rf"\mathrm{{{name}}}({inputs}) = {formula}"


def _derivatives(op: Op) -> list[nodes.Node]:
    rows = partial_derivatives(op)
    if not rows:
        reason = (
            "The rule decides by comparisons, one for each input; its convention below says what"
            " it gives, and its source how."
        )
        return [rubric("Partial derivatives"), paragraph(reason)]
    given = "its rule ``partials``" if op.partials_rule else "the forward rule, differentiated"
    lead = paragraph(f"Derived by running {given} on symbols:")
    if op.vectors:
        lead += nodes.Text(" (vectors of three numbers)")
    return [
        rubric("Partial derivatives"),
        lead,
        *[formula_block(rf"{name} = {slope}") for name, slope in rows],
    ]


def _convention(op: Op) -> list[nodes.Node]:
    found: list[nodes.Node] = [
        rubric("Domain and kinks"),
        table(
            ("input", "domain"),
            [(nodes.literal(p, p), d.text) for p, d in zip(op.parameters, op.domain, strict=True)],
        ),
    ]
    if op.kinks:
        where = ", ".join(f"{k:g}" if isinstance(k, float) else str(k) for k in op.kinks)
        found.append(paragraph(f"The derivative jumps at: {where}."))
    elif not op.convention:
        found.append(paragraph("No kinks: the derivative is continuous on the domain."))
    if op.convention:
        found.append(paragraph(f"Convention: {op.convention}."))
    return found


def plot_of(entry: Entry, target: Any) -> str:
    """A picture of the entry as SVG, or nothing where one line cannot show it."""
    if entry.kind == "schedule":
        return _plot_of_schedule(entry.name, target)
    curves = curves_of(entry)
    if curves is None:
        return ""
    kinks = f", with a kink at {', '.join(f'{k:g}' for k in curves.kinks)}" if curves.kinks else ""
    of = f"The loss {entry.name} for the target 1" if entry.kind == "loss" else curves.names[0]
    span = f"for {curves.over} from {curves.low:g} to {curves.high:g}"
    return function_chart(
        curves.f, curves.slope, curves.low, curves.high, kinks=curves.kinks, names=curves.names,
        alt=f"{of}, solid, and its derivative, dashed, {span}{kinks}.", x_label=curves.over,
    )  # fmt: skip


def _plot_of_schedule(name: str, rate: Callable[..., float]) -> str:
    known = inspect.signature(rate).parameters
    options: dict[str, float] = {"warmup": 10} if "warmup" in known else {}
    options |= {"every": 25, "factor": 0.5} if "every" in known else {}
    points = [(float(k), float(rate(1.0, k, 100, **options))) for k in range(100)]
    said = ", ".join(f"{key}={value}" for key, value in options.items())
    alt = f"The schedule {name} over 100 steps, starting from 1{' with ' + said if said else ''}."
    chart = Chart((0.0, 100.0), (0.0, 1.1), alt, "step", height=220.0)
    chart.line(points, f"{name}({said})")
    return chart.svg()


# Settings, example, checks, source -----------------------------------------------------------


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
        rows.append(
            (
                nodes.literal(setting.name, setting.name),
                setting.expected,
                "required" if setting.required else default,
                setting.meaning,
            )
        )
    return table(("name", "value", "default", "meaning"), rows)


def _checks(entry: Entry) -> list[nodes.Node]:
    from neuroflow.checks.check import check_entry
    from neuroflow.checks.report import Report

    report = Report()
    check_entry(entry, report.of(entry.name))
    for finding in report.findings:
        logger.warning("%s", finding)
    rows = [(name, str(count)) for name, count in sorted(report.checks.items())]
    lead = f"``neuroflow.check``, run when this page was built: {report.headline}."
    found: list[nodes.Node] = [paragraph(lead), table(("check", "comparisons"), rows)]
    found += [paragraph(f"Skipped: {skip.check}, because {skip.reason}.") for skip in report.skips]
    extremes = report.extremes.get(entry.name, [])
    if extremes:
        cells = [(f"``{e.input!r}``", f"``{e.value}``", f"``{e.slope}``") for e in extremes]
        found += [rubric("At the extremes"), table(("input", "value", "derivative"), cells)]
    return found


def _source(entry: Entry, target: Any, source_url: str) -> list[nodes.Node]:
    found: list[nodes.Node] = []
    by = entry.provider
    rows: list[tuple[nodes.Node | str, nodes.Node | str]] = [("id", f"``{entry.id}``")]
    if by is not None:
        rows.append(("plugin", f"``{by.plugin}`` of {by.distribution} {by.version}"))
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
        path = _relative(inspect.getsourcefile(getattr(rule, "rule", rule)) or "")
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
