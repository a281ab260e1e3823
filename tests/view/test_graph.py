"""Boxes in boxes: every scalar is reachable, alike ones are together, nothing is invented."""

import re

import pytest

import neuroflow as nf
from neuroflow.view.boxes import READABLE, Box
from neuroflow.view.graph import graph_of
from neuroflow.view.graph_data import to_data


class Unit(nf.Module):
    def __init__(self, inputs, rng):
        self.weights = [nf.Value(rng.uniform(-1, 1)) for _ in range(inputs)]
        self.bias = nf.Value(0.0)

    def forward(self, xs):
        return (nf.dot(self.weights, xs) + self.bias).tanh()


class Layer(nf.Module):
    def __init__(self, inputs, outputs, rng):
        self.neurons = [Unit(inputs, rng) for _ in range(outputs)]

    def forward(self, xs):
        return [neuron(xs) for neuron in self.neurons]


class Net(nf.Module):
    def __init__(self, rng):
        self.layers = [Layer(2, 6, rng), Layer(6, 1, rng)]

    def forward(self, xs):
        for layer in self.layers:
            xs = layer(xs)
        return xs[0]


@pytest.fixture(scope="module")
def model():
    return Net(nf.SplitMix32(3))


@pytest.fixture(scope="module")
def loss(model):
    with nf.record_sources():
        errors = [(model([k / 60, 1.0]) - k % 2) ** 2 for k in range(60)]
        return nf.mean(errors)


def test_every_scalar_is_in_the_tree_once(model, loss):
    graph = graph_of(loss, model)
    found = [c for box in graph.boxes for c in box.children if not isinstance(c, Box)]
    assert sorted(found) == list(range(len(graph.values)))
    assert len(set(graph.values)) == len(graph.values)


def test_every_box_is_readable(model, loss):
    assert max(len(box.children) for box in graph_of(loss, model).boxes) <= READABLE


def test_boxes_hold_a_run_of_scalars(model, loss):
    for box in graph_of(loss, model).boxes:
        if box.parent is not None:
            assert box.parent.first <= box.first <= box.last <= box.parent.last


def test_collapsed_by_module_with_counts(model, loss):
    root = graph_of(loss, model).root
    labels = [c.label for c in root.children if isinstance(c, Box)]
    assert {"layers.0", "layers.1.neurons.0", "sub ×60", "pow ×60"} <= set(labels)
    (layer,) = [c for c in root.children if isinstance(c, Box) and c.label == "layers.0"]
    assert [c.label for c in layer.children] == ["neurons ×6"]
    assert [c.label for c in layer.children[0].children][:2] == ["neurons.0", "neurons.1"]


def test_samples_are_grouped_by_the_call_of_their_module(model, loss):
    labels = [box.label for box in graph_of(loss, model).boxes]
    assert "tanh ×60" in labels
    assert "tanh 1-32" in labels


def test_numbers_are_those_of_the_graph(model, loss):
    graph = graph_of(loss, model)
    loss.backward()
    for value, role, slope in zip(graph.values, graph.roles, graph.slopes, strict=True):
        if role in ("parameter", "op", "output"):
            assert slope == pytest.approx(value.grad, rel=1e-12, abs=1e-15)
    for p in model.parameters():
        p.grad = 0.0
    named = {p: name for name, p in model.named_parameters()}
    for value, label in zip(graph.values, graph.labels, strict=True):
        if value in named:
            assert label == named[value]


def test_data_for_the_page_agrees_with_the_graph(model, loss):
    graph = graph_of(loss, model)
    data = to_data(graph, "step")
    for k, inputs in enumerate(data["inputs"]):
        assert [graph.values[x] for x in inputs] == list(graph.values[k].inputs)
    total = [0.0] * len(graph.values)
    for k, inputs in enumerate(data["inputs"]):
        for x, partial in zip(inputs, data["partials"][k], strict=True):
            total[x] += partial * data["grad"][k]
    for k, role in enumerate(graph.roles):
        if role != "output":
            assert total[k] == pytest.approx(data["grad"][k], rel=1e-6, abs=1e-9)
    place = data["sources"][data["source"][graph.values.index(loss)]]
    assert re.search(r"test_graph\.py:\d+  return nf\.mean\(errors\)$", place)


def test_a_small_graph_is_open_at_once():
    a = nf.Value(2.0, "a")
    data = to_data(graph_of(a * a + 1))
    assert data["open"] == [0]
    assert all(child < 0 for child in data["boxes"][0]["children"])


def test_a_graph_without_a_derivative_is_drawn_all_the_same():
    x = nf.Value(0.0, "x")
    y = x.sqrt()
    assert [v.data for v in graph_of(y).values] == [0.0, 0.0]


def test_a_long_chain_is_no_problem():
    x = nf.Value(1.0)
    for _ in range(5000):
        x = x + 0.001
    graph = graph_of(x)
    assert max(len(box.children) for box in graph.boxes) <= READABLE


def test_buffers_have_a_role_and_a_count_of_their_own():
    class Masked(nf.Module):
        def __init__(self):
            self.weight, self.mask = nf.Value(2.0), nf.Buffer(1.0)

        def forward(self, x):
            return self.weight * self.mask * x

    model = Masked()
    graph = graph_of(model(nf.Value(3.0, name="x")), model)
    roles = dict(zip(graph.labels, graph.roles, strict=True))
    assert (roles["mask"], roles["weight"], roles["x"]) == ("buffer", "parameter", "input")
    assert "1 parameters, 1 buffers" in str(nf.draw(model))
