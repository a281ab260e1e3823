"""Building blocks of pages as document nodes: the same for Markdown and reStructuredText."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Sequence
from typing import Any

from docutils import nodes


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
