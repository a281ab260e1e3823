"""The graph as data for the page: columns of scalars, boxes, every text once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from neuroflow.core.value import Op
from neuroflow.inspect.sources import short_source, source_of, source_text
from neuroflow.view.boxes import Box
from neuroflow.view.graph import Graph, first_open
from neuroflow.view.looks import OUTLINES

PARTIALS = 60_000
"""Up to this many edges, local derivatives are computed too, so that receipts can be shown."""


def to_data(graph: Graph, title: str = "", opened: Sequence[Box] | None = None) -> dict[str, Any]:
    """The graph for JSON: columns of scalars, and boxes; numbers with nine digits."""
    scopes, sources, labels = _Table(), _Table(), _Table()
    ops: dict[int, int] = {}
    op_facts: list[dict[str, str]] = []
    op_of = []
    for value in graph.values:
        if value.op is not None and id(value.op) not in ops:
            ops[id(value.op)] = len(op_facts)
            op_facts.append(_op_facts(value.op))
        op_of.append(ops[id(value.op)] if value.op is not None else -1)
    numbers = {id(box): k for k, box in enumerate(graph.boxes)}
    edges = sum(map(len, graph.inputs))
    return {
        "title": title,
        "open": [numbers[id(box)] for box in opened or first_open(graph)],
        "ops": op_facts,
        "op": op_of,
        "role": [ROLES.index(role) for role in graph.roles],
        "roles": ROLES,
        "data": [_short(value.data) for value in graph.values],
        "grad": [_short(slope) for slope in graph.slopes],
        "label": [labels[label] for label in graph.labels],
        "short": [labels[label] for label in graph.short],
        "scope": [scopes[str(value.scope)] for value in graph.values],
        "source": [sources[source_of(value)] for value in graph.values],
        "inputs": graph.inputs,
        "partials": _partials(graph) if edges <= PARTIALS else None,
        "outlines": OUTLINES,
        "labels": labels.rows,
        "scopes": scopes.rows,
        "sources": [_place(source) for source in sources.rows],
        "boxes": [_box_facts(box, numbers, title) for box in graph.boxes],
    }


def _box_facts(box: Box, numbers: dict[int, int], title: str) -> dict[str, Any]:
    """A box; its children are numbers, those of scalars negative."""
    children = [-1 - c if isinstance(c, int) else numbers[id(c)] for c in box.children]
    return {
        "label": box.shown or title,
        "look": box.look.table() if box.look else None,
        "holds": box.holds,
        "path": box.path,
        "parent": numbers[id(box.parent)] if box.parent else -1,
        "first": box.first,
        "last": box.last,
        "children": children,
    }


def _place(source: str) -> str:
    """A source line as the page shows it: where it is and what it says."""
    return f"{short_source(source)}  {source_text(source)}".strip()


ROLES = ["output", "op", "parameter", "input", "constant", "buffer"]


class _Table:
    """Each text once; asking for one gives its number."""

    def __init__(self) -> None:
        self.rows: list[str] = []
        self._numbers: dict[str, int] = {}

    def __getitem__(self, text: str) -> int:
        if text not in self._numbers:
            self._numbers[text] = len(self.rows)
            self.rows.append(text)
        return self._numbers[text]


def _short(x: float) -> float | str:
    """A number with nine digits; what JSON cannot write is a word."""
    return float(f"{x:.9g}") if math.isfinite(x) else str(x)


def _op_facts(op: Op) -> dict[str, str]:
    settings = ", ".join(f"{key} = {value:g}" for key, value in op.settings.items())
    return {
        "name": op.name,
        "step": op.step,
        "formula": op.formula,
        "summary": op.summary,
        "settings": settings,
        "convention": op.convention,
    }


def _partials(graph: Graph) -> list[list[float | str]]:
    rows: list[list[float | str]] = []
    for value in graph.values:
        if value.op is None:
            rows.append([])
            continue
        try:
            partials = value.op.partials_at(value.data, *[x.data for x in value.inputs])
        except (ArithmeticError, ValueError):
            partials = [math.nan] * len(value.inputs)
        rows.append([_short(float(p)) for p in partials])
    return rows
