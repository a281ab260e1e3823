"""Formulas as MathML: well-formed, and without tags, links or scripts of those who wrote them."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from neuroflow.registry.manager import manager

convert = pytest.importorskip("latex2mathml.converter").convert
from neuroflow.sphinxext.mathml import _written, to_mathml  # noqa: E402

HOSTILE = [
    r"\text{<script>alert(1)</script>}", r"\href{javascript:alert(1)}{x}", r"\verb|<b>|",
    r'\text{"><img src=x onerror=alert(1)>}', r"\style{background:url(//x)}{x}", r"\tag{<b>}x",
    r'\class{a" onload="x}{y}', r'\color{red" onload="x}{y}', "x < y & z", "\x1b[2J\u202e\ud800",
    r"\text{&#60;b&#62;&#x1b;&#x202e;}", r'\rule{1em" x="}{<}', r"\colorbox{a}{<b>}",
]  # fmt: skip


@pytest.mark.parametrize("latex", HOSTILE)
@pytest.mark.parametrize("block", [True, False])
def test_a_hostile_formula_is_shown_and_does_nothing(latex, block):
    text = to_mathml(latex, block=block)
    root = ElementTree.fromstring(text)
    for element in root.iter():
        tag = element.tag.partition("}")[2]
        assert tag in ("math", "semantics") or tag.startswith("m")
        assert not {"href", "src", "style", "class", "id"} & set(element.attrib)
        assert not any(name.startswith("on") for name in element.attrib)
    assert not any(c in "".join(root.itertext()) for c in "\x1b\u202e\ud800")


def test_formulas_of_all_entries_are_as_latex2mathml_writes_them():
    element = pytest.importorskip("latex2mathml.converter").convert_to_element
    formulas = {entry.formula for entry in manager().registry} - {""}
    assert len(formulas) > 30
    for latex in formulas:
        assert _written(element(latex)) == convert(latex), latex
