"""Any text may be a name on a picture: the picture stays well-formed, and shows no hidden sign."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree

from hypothesis import given, settings
from hypothesis import strategies as st

import neuroflow as nf
from neuroflow.errors import printable
from neuroflow.view.markup import escaped, shown_json
from neuroflow.view.page import script_json

ANY = st.text(st.characters(), max_size=12) | st.text(
    "<>&\"'\\\x1b\u202e\ud800\n\ufffe", max_size=9
)


@given(ANY, ANY)
@settings(max_examples=60, deadline=None)
def test_every_svg_is_well_formed(name, title):
    a = nf.Value(2.0, name)
    trace = nf.AttentionTrace((name, title), ("layers.0",), [[[[1.0, 0.0], [0.5, 0.5]]]])
    for drawn in (nf.draw(a * a + 1.0, title=title), nf.draw(trace, title=title)):
        root = ElementTree.fromstring(drawn.svg)
        assert all(printable(text) == text for text in root.itertext())
        assert "<script" not in drawn.svg


@given(ANY)
@settings(max_examples=100, deadline=None)
def test_every_text_is_shown_by_a_script_as_on_a_terminal(text):
    assert json.loads(shown_json({"a": [text]})) == {"a": [printable(text)]}
    assert re.search(r"[<\x00-\x1f\x7f-\U0010ffff]", script_json(text, shown_json)) is None
    assert json.loads(script_json(text, shown_json)) == printable(text)
    assert ElementTree.fromstring(f'<a b="{escaped(text)}"/>') is not None
