"""A panel of a live page: what a plugin makes of the reports of a run, a picture or a table.

What it gives is taken apart and put together again from what pictures need: shapes, texts and
numbers. So nothing in it can run, load anything or reach the page around it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any
from xml.etree import ElementTree

from neuroflow.errors import InputError, printable, short_repr

Report = Mapping[str, float]
"""The numbers of one report by name: step, steps, epoch, loss, and those of its metrics."""

Content = dict[str, Any]
"""A picture under ``"svg"``, or a table under ``"rows"``."""

SVG = "http://www.w3.org/2000/svg"
ELEMENTS = (
    "svg", "g", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "text",
    "tspan", "title", "desc",
)  # fmt: skip
PLACES = (
    "viewBox", "x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "r", "rx", "ry", "dx", "dy", "d",
    "points", "width", "height", "transform",
)  # fmt: skip
"""The attributes that hold numbers."""
LOOKS = (
    "fill", "fill-opacity", "fill-rule", "stroke", "stroke-width", "stroke-opacity",
    "stroke-dasharray", "stroke-linecap", "stroke-linejoin", "opacity", "font-size",
    "font-family", "font-weight", "font-style", "text-anchor", "dominant-baseline",
    "preserveAspectRatio", "role", "aria-label",
)  # fmt: skip
FUNCTIONS = ("var", "rgb", "hsl", "translate", "scale", "rotate", "matrix", "skewX", "skewY")
"""What may stand before a bracket in an attribute: above all no ``url``."""
_WITH_TEXT = ("text", "tspan", "title", "desc")
LONGEST, DEEPEST, MOST_ROWS = 300_000, 40, 200


def report_of(step: Any) -> Report:
    """The numbers of a :class:`neuroflow.Step`; nobody can change them."""
    facts = {"step": step.step, "steps": step.steps, "epoch": step.epoch, "loss": step.loss}
    return MappingProxyType({**facts, **step.metrics})


def content_of(given: Any) -> Content:
    """What a panel gave, as a page shows it: a text is a picture, anything else rows of a table.

    Raises :class:`InputError` for what is neither.

    >>> content_of([("loss", 0.5)])
    {'rows': [['loss', 0.5]]}
    >>> content_of('<svg viewBox="0 0 9 9"><circle r="4" fill="red"/></svg>')["svg"]
    '<svg viewBox="0 0 9 9" xmlns="http://www.w3.org/2000/svg"><circle r="4" fill="red" /></svg>'
    """
    if isinstance(given, str):
        return {"svg": picture(given)}
    if not isinstance(given, Iterable) or isinstance(given, (bytes, Mapping)):
        raise InputError(
            f"the panel gave {short_repr(given)}",
            expected="a picture as the text of an <svg>, or the rows of a table",
            got=given,
        )
    rows = [_row(row) for row in given]
    if len(rows) > MOST_ROWS:
        raise InputError(f"the panel gave {len(rows)} rows", expected=f"at most {MOST_ROWS}")
    return {"rows": rows}


def _row(row: Any) -> list[str | float]:
    if not isinstance(row, (list, tuple)) or not all(isinstance(x, (str, int, float)) for x in row):
        raise InputError(
            f"a row of the panel is {short_repr(row)}",
            expected="a list of texts and numbers",
            got=row,
        )
    return [cell[:200] if isinstance(cell, str) else cell for cell in row]


def picture(text: str) -> str:
    """An SVG with nothing in it but shapes and texts.

    Raises :class:`InputError` that names the first thing that is not.
    """
    if len(text) > LONGEST or "<!DOCTYPE" in text:
        what = f"{len(text):,} characters" if len(text) > LONGEST else "a DOCTYPE"
        raise InputError(
            f"the picture has {what}", expected=f"an <svg> of at most {LONGEST:,} characters"
        )
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise InputError(
            f"the picture is no XML: {error}",
            expected="the text of an <svg>",
            remedy="write &lt; and &amp; for < and & in its texts",
        ) from error
    if _name(root.tag) != "svg" or "viewBox" not in root.attrib:
        raise InputError("the picture begins with no <svg viewBox=...>", got=text[:40])
    made = _copy(root, 0)
    made.set("xmlns", SVG)
    return ElementTree.tostring(made, encoding="unicode")


def _copy(element: ElementTree.Element, depth: int) -> ElementTree.Element:
    name = _name(element.tag)
    if name not in ELEMENTS or depth > DEEPEST:
        what = f"<{printable(name[:40])}>" if depth <= DEEPEST else f"more than {DEEPEST} levels"
        raise InputError(f"the picture has {what}", expected=f"some of {', '.join(ELEMENTS)}")
    made = ElementTree.Element(name, {key: _value(key, x) for key, x in element.attrib.items()})
    made.text = printable(element.text) if element.text and name in _WITH_TEXT else None
    for inner in element:
        copied = _copy(inner, depth + 1)
        copied.tail = printable(inner.tail) if inner.tail and name in _WITH_TEXT else None
        made.append(copied)
    return made


def _value(key: str, value: str) -> str:
    what = f"the picture has {printable(key[:40])}={short_repr(value)}"
    if key not in PLACES and key not in LOOKS:
        raise InputError(what, expected=f"attributes such as {', '.join(LOOKS[:6])}")
    if key in PLACES and re.search(r"\b(nan|inf)", value):
        raise InputError(what, expected="finite numbers", remedy="leave out what is none")
    called = re.findall(r"([\w-]*)\s*\(", value)
    if "\\" in value or not {*called} <= {*FUNCTIONS}:
        raise InputError(what, expected=f"no functions but {', '.join(FUNCTIONS)}")
    return printable(value)


def _name(tag: Any) -> str:
    """The name of an element of SVG; that of anything else has its namespace."""
    return str(tag).removeprefix(f"{{{SVG}}}")
