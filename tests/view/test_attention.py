"""The picture of where a model looked: heatmaps, and the same in words."""

import json
from xml.etree import ElementTree

import pytest

import neuroflow as nf

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def trace():
    model = nf.build("gpt", vocab_size=7, n_embd=4, n_head=2, n_layer=2, block_size=4)
    return nf.trace_attention(model, [6, 1, 2], ["<BOS>", "b", "&"])


def test_attention_is_a_picture(trace):
    svg = ElementTree.fromstring(nf.draw(trace).svg)
    words = ["".join(text.itertext()) for text in svg.iter(f"{SVG}text")]
    assert "&" in words
    assert "blocks.1.attention, head 1" in words


def test_each_weight_that_is_not_zero_is_a_square(trace):
    squares = ElementTree.fromstring(nf.draw(trace).svg).iterfind(f".//{SVG}rect[@class='cell']")
    assert len(list(squares)) == 2 * 2 * (1 + 2 + 3)


def test_the_words_say_where_each_token_looks_most():
    weights = [[[[1.0, 0.0], [0.25, 0.75]]]]
    text = nf.draw(nf.AttentionTrace(("a", "b"), ("blocks.0",), weights), title="two").text
    assert text == "two: 2 tokens\n  blocks.0, head 1\n    a: a 100.0%\n    b: b 75.0%, a 25.0%"


def test_a_picture_of_attention_is_written_in_every_form(trace, tmp_path):
    drawing = nf.draw(trace, title="<look>")
    assert drawing.save(tmp_path / "a.svg").read_text() == drawing.svg
    assert json.loads(drawing.save(tmp_path / "a.json").read_text())["layers"] == list(trace.layers)
    page = drawing.save(tmp_path / "a.html").read_text()
    assert drawing.svg in page
    assert "<title>&lt;look&gt;</title>" in page
    assert drawing.save(tmp_path / "a.txt").read_text() == str(drawing)
