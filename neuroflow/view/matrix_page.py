"""The table of all that was checked as one HTML file, which asks nothing of any network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from neuroflow.checks.matrix import RIGHT, Row, summary
from neuroflow.view.markup import escaped
from neuroflow.view.page import asset, head


def matrix_page(table: Sequence[Row], title: str = "What is installed, checked") -> str:
    """A row for each entry; what was found opens below it."""
    body = "\n".join(_body(table, title))
    return f"{head(title, asset('matrix.css'))}<body>\n{body}\n</body>\n</html>\n"


def _body(table: Sequence[Row], title: str) -> Iterator[str]:
    yield f"<main><h1>{escaped(title)}</h1>"
    yield f"<p>{escaped(summary(list(table)))}</p>"
    for (name, version), group in groupby(table, key=_distribution):
        yield f"<h2>{escaped(name or 'Files')} <small>{escaped(version)}</small></h2>"
        yield "<table><thead><tr><th>kind</th><th>entry</th><th>checks</th><th>skipped</th>"
        yield "<th>seconds</th><th>verdict</th><th>grade</th></tr></thead><tbody>"
        for row in group:
            yield from _row(row)
        yield "</tbody></table>"
    yield "</main>"


def _distribution(row: Row) -> tuple[str, str]:
    return row.offer.distribution, row.offer.distribution_version


def _row(row: Row) -> Iterator[str]:
    version = f" <small>@{row.offer.version}</small>" if row.offer.version else ""
    mark = row.verdict.replace(" ", "-")
    yield f'<tr class="{mark}"><td>{escaped(row.offer.kind)}</td>'
    yield f"<td><code>{escaped(row.offer.name)}</code>{version}</td><td>{row.checks}</td>"
    yield f"<td>{row.skipped}</td><td>{row.seconds:.1f}</td>"
    yield f"<td><b>{escaped(row.findings_told)}</b></td>"
    yield f'<td title="{escaped(row.grade.why)}">{escaped(row.grade.word)}</td></tr>'
    if row.verdict != RIGHT:
        yield f'<tr class="told {mark}"><td></td><td colspan="6">{"".join(_told(row))}</td></tr>'


def _told(row: Row) -> Iterator[str]:
    for finding in row.findings:
        yield f"<p><b>{escaped(finding.check)}</b> {escaped(finding.message)}</p>"
    for each in row.expected:
        found = f"{escaped(each.finding.check)}</b> {escaped(each.finding.message)}"
        yield f"<p><i>Expected, {escaped(each.reason)}:</i> <b>{found}</p>"
