"""draw: SVG that is well-formed, complete and safe; refusals that say what to do."""

import json
import xml.etree.ElementTree as ET

import pytest

import neuroflow as nf

SVG = "{http://www.w3.org/2000/svg}"
EVIL = '</script><img src=x onerror="alert(1)">&"\''


def texts(svg):
    return ["".join(t.itertext()) for t in ET.fromstring(svg).iter(f"{SVG}text")]


@pytest.fixture
def expression():
    a, b = nf.Value(2.0, "a"), nf.Value(-3.0, "b")
    return a * b + a.tanh()


def test_every_node_shows_data_and_gradient(expression):
    shown = texts(nf.draw(expression, title="t").svg)
    assert {"a", "b", "×  mul", "tanh", "+  add"} <= set(shown)
    assert {"2", "∂ −2.929", "−3", "∂ 2", "−6", "∂ 1", "0.964", "−5.036"} <= set(shown)


def test_the_notebook_shows_the_svg(expression):
    drawing = nf.draw(expression)
    assert drawing._repr_svg_() == drawing.svg


def test_pictures_need_nothing_from_outside(expression):
    for text in (nf.draw(expression).svg, nf.draw(expression).html):
        assert "http" not in text.replace("http://www.w3.org/2000/svg", "").replace(
            "http-equiv", ""
        )


def test_hostile_names_stay_text():
    x = nf.Value(1.0, EVIL)
    drawing = nf.draw(x * 2, title=EVIL)
    ET.fromstring(drawing.svg)
    for text in (drawing.svg, drawing.html):
        assert "<img" not in text
    assert drawing.html.count("</script>") == 2


def test_saving(tmp_path, expression):
    drawing = nf.draw(expression)
    for suffix in (".svg", ".html", ".json", ".txt"):
        assert drawing.save(tmp_path / f"graph{suffix}").stat().st_size > 50
    json.loads((tmp_path / "graph.json").read_text())
    with pytest.raises(nf.InputError, match=r"ends in \.svg, \.html, \.txt, \.json"):
        drawing.save(tmp_path / "graph.png")
    with pytest.raises(nf.FileError, match="choose a folder that exists"):
        drawing.save(tmp_path / "missing" / "graph.svg")


def test_other_things_are_refused():
    with pytest.raises(nf.InputError, match="draw takes a Value or a Module, but got 3"):
        nf.draw(3)


def test_too_much_is_refused_with_advice():
    total = nf.sum([nf.Value(float(k), f"x{k}") * 2 for k in range(300)])
    drawing = nf.draw(total)
    assert "mul ×300" in drawing.text
    with pytest.raises(nf.InputError, match=r"more than the 500 .* open fewer boxes"):
        _ = drawing.open("*").svg


def test_opening_boxes_by_name():
    total = nf.sum([nf.Value(float(k), f"x{k}") * 2 for k in range(50)])
    drawing = nf.draw(total, open=["mul 1-32"])
    assert drawing.text.count("mul: data") == 32
    with pytest.raises(nf.InputError, match="did you mean 'mul 1-32'"):
        drawing.open("mul 1-23")


def test_not_a_number_is_drawn(expression):
    x = nf.Value(float("nan"), "x")
    drawing = nf.draw(x * 2)
    assert "nan" in texts(drawing.svg)
    json.loads(drawing.html.split('id="data">')[1].split("</script>")[0])


def test_network_shows_every_activation_by_name():
    model = nf.build(
        "mlp", sizes=[2, 4, 3], activation={"use": "leaky_relu", "slope": 0.2},
        output_activation="softmax", rng=nf.SplitMix32(0),
    )  # fmt: skip
    svg = nf.draw(model, title="net").svg
    assert {"2 inputs", "leaky_relu(slope=0.2)", "softmax", "layers.0 · 4 neurons"} <= set(
        texts(svg)
    )
    lines = list(ET.fromstring(svg).iter(f"{SVG}line"))
    weights = [w for name, w in model.named_parameters() if "weights" in name]
    assert len(lines) == len(weights) == 20
    assert sum(line.get("class") == "plus" for line in lines) == sum(w.data > 0 for w in weights)
    widths = [float(line.get("stroke-width")) for line in lines]
    strongest = max(weights, key=lambda w: abs(w.data))
    assert widths[weights.index(strongest)] == max(widths)


class Pair(nf.Module):
    """Neurons of someone's own, with an activation that a plugin offers."""

    def __init__(self):
        self.activation = "wave"
        self.units = [One(), One()]

    def forward(self, xs):
        return [unit(xs) for unit in self.units]


class One(nf.Module):
    def __init__(self):
        self.weights = [nf.Value(1.0), nf.Value(-0.5)]

    def forward(self, xs):
        return nf.dot(self.weights, xs).sin()


def test_third_party_activation_and_its_provider(monkeypatch):
    from neuroflow.registry.entries import ActivationEntry, Provider
    from neuroflow.view import network

    provider = Provider("waves", "waves", "acme-waves", "1.2", "acme.waves")
    entry = ActivationEntry(name="wave", target=nf.ops.sin, provider=provider)
    monkeypatch.setattr(network, "get", lambda kind, reference: entry)
    drawing = nf.draw(Pair())
    assert {"wave", "from acme-waves 1.2"} <= set(texts(drawing.svg))
    assert "wave (from acme-waves 1.2)" in drawing.text
    assert drawing.data["layers"][0]["neurons"][1]["weights"] == [1.0, -0.5]


def test_many_neurons_are_left_out_and_counted():
    model = nf.build("mlp", sizes=[196, 30, 10], rng=nf.SplitMix32(0))
    shown = texts(nf.draw(model).svg)
    assert "⋮ 177 more" in shown
    assert "⋮ 11 more" in shown


def test_a_model_without_neurons_shows_its_modules():
    class Scale(nf.Module):
        def __init__(self):
            self.factor = nf.Value(2.0)

    class Two(nf.Module):
        def __init__(self):
            self.activation = "gelu"
            self.parts = [Scale(), Scale()]

    drawing = nf.draw(Two())
    assert {"parts.0", "parts.1", "Scale · 1", "Two · gelu · 2"} <= set(texts(drawing.svg))
    assert drawing.text == (
        "Two: 2 parameters\n"
        "  model: Two, 2 parameters, gelu\n"
        "  parts.0: Scale, 1 parameters\n"
        "  parts.1: Scale, 1 parameters"
    )


def test_a_page_has_a_bound(monkeypatch, expression):
    from neuroflow.view import drawing

    monkeypatch.setattr(drawing, "LARGEST", 4)
    with pytest.raises(
        nf.InputError, match=r"the graph has 5 scalars, .* at most 4; draw the loss"
    ):
        _ = nf.draw(expression).html


def test_a_network_that_broke_is_drawn():
    model = Pair()
    model.units[0].weights[0].data = float("nan")
    drawing = nf.draw(model)
    kinds = [line.get("class") for line in ET.fromstring(drawing.svg).iter(f"{SVG}line")]
    assert kinds == ["broken", "minus", "plus", "minus"]
    data = json.loads(drawing.html.split('id="data">')[1].split("</script>")[0])
    assert data["network"]["layers"][0]["neurons"][0]["weights"] == ["nan", -0.5]
