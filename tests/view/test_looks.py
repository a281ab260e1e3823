"""Looks: a layer is drawn as a plugin says, wherever; what fails in one is told."""

from __future__ import annotations

import pytest

import neuroflow as nf
from neuroflow.registry.entries import LETTERS, ROLES, SHAPES
from neuroflow.view.looks import COLOURS, OUTLINES, LookWarning, looks_of, outline


@pytest.fixture(autouse=True)
def nothing_stays():
    with nf.local_entries():
        yield


def gpt(**settings):
    small = {"vocab_size": 5, "n_embd": 4, "n_head": 2, "n_layer": 1, "block_size": 3}
    return nf.build("gpt", **small, **settings, rng=nf.SplitMix32(1))


def look(tell=lambda layer: "", **facts):
    known = {"name": "it", "layer": "embedding", "label": "table", "target": tell}
    return nf.register(nf.LookEntry(**{**known, **facts}))


def test_every_shape_has_an_outline_and_every_role_a_colour():
    assert tuple(OUTLINES) == SHAPES
    assert tuple(COLOURS) == ROLES
    for shape in SHAPES:
        assert outline(shape, 1.0, 2.0, 30.0, 10.0, 'class="card"').endswith(' class="card"/>')


@pytest.mark.parametrize("paper", ["#ffffff", "#fbfaf8", "#14171d", "#20252e"])
@pytest.mark.parametrize("role", ROLES)
def test_a_colour_is_to_be_told_from_light_paper_and_from_dark(role, paper):
    def light(colour):
        parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
        linear = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted([light(COLOURS[role]), light(paper)])
    assert (high + 0.05) / (low + 0.05) >= 3.0


def test_a_network_shows_what_its_layers_tell():
    drawing = nf.draw(gpt(), title="gpt")
    assert "tokens: Embedding, 20 parameters, 5 × 4" in str(drawing)
    assert ">embedding 5 × 4 · 20<" in drawing.svg
    assert drawing.svg.count(f'stroke="{COLOURS["embedding"]}"') == 2
    assert ">heads 2 × 2 · 64<" in drawing.svg
    assert "Embedding 5 × 4" in nf.to_html(gpt())


def test_a_graph_shows_them_too_and_its_page():
    model = gpt(dropout=0.5)
    out = model([1, 2, 0])
    drawing = nf.draw(nf.dot(out[-1], out[-1]), model=model, title="gpt", open=["blocks.0"])
    assert ">attention · heads<" in drawing.svg
    assert f'stroke="{COLOURS["attention"]}"' in drawing.svg
    assert "blocks.0.attention: heads 2 × 2" in drawing.svg
    boxes = {box["path"]: box for box in drawing.data["boxes"] if box["look"]}
    assert boxes["blocks.0.attention"]["look"]["colour"] == COLOURS["attention"]
    assert boxes["blocks.0.attention"]["label"] == "attention · heads"
    (hidden,) = (box for box in boxes.values() if box["look"]["label"] == "dropout")
    assert hidden["look"]["told"] == ""


def test_a_box_that_stands_for_two_has_the_look_of_either():
    @nf.register("layer")
    class Wrapped(nf.Module):
        def __init__(self, *, rng):
            self.matrix = nf.build("linear", inputs=2, outputs=2, rng=rng)

        def forward(self, xs):
            return self.matrix(xs)

    look(lambda layer: "one", layer="wrapped", label="outer")
    table = [{"use": "wrapped"}, {"use": "rms_norm", "size": 2}]
    model = nf.build("sequential", layers=table, rng=nf.SplitMix32(1))
    out = model([1.0, 2.0])
    boxes = nf.draw(nf.dot(out, out), model=model).data["boxes"]
    looks = {box["path"]: box["look"]["label"] for box in boxes if box["look"]}
    assert looks == {"layers.0.matrix": "outer", "layers.1": "rms norm"}


def test_yours_goes_before_the_bundled_one():
    look(lambda layer: f"{layer.size} wide")
    assert looks_of(gpt())["tokens"].words == "table 4 wide"


def test_a_layer_of_neurons_tells_at_its_head():
    look(lambda layer: "of mine", layer="layer", label="dense")
    model = nf.build("mlp", sizes=[2, 3, 1], rng=nf.SplitMix32(1))
    assert nf.draw(model).svg.count(">dense of mine<") == 2


@pytest.mark.parametrize("tell", [lambda layer: layer.heads, lambda layer: 3, lambda layer: None])
def test_what_cannot_tell_is_told_and_the_layer_is_drawn_without(tell):
    look(tell)
    with pytest.warns(LookWarning, match="the look local/it could not tell of a Embedding"):
        drawing = nf.draw(gpt()).svg
    assert ">table · 20<" in drawing


def test_what_is_told_is_one_line_that_fits_and_is_escaped():
    look(lambda layer: "<b>\n" + 100 * "x")
    told = looks_of(gpt())["tokens"].told
    assert len(told) == LETTERS
    assert "&lt;b&gt; xxx" in nf.draw(gpt()).svg


def test_a_look_of_a_layer_that_is_not_there_draws_nothing():
    look(layer="nothing_such")
    assert looks_of(gpt())["tokens"].label == "embedding"


@pytest.mark.parametrize("fact", [{"shape": "circle"}, {"role": "red"}])
def test_shapes_and_roles_that_there_are_not_are_told(fact):
    with pytest.raises(nf.InputError, match="expected one of"):
        look(**fact)
