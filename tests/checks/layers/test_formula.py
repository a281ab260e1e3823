"""Formulas of layers are read as vectors and matrices, and compared with what the layers give."""

from __future__ import annotations

import pytest

import neuroflow as nf
from neuroflow.checks.layers.formula import check_formula
from neuroflow.checks.layers.quantities import free_indices
from neuroflow.checks.layers.trials import trial_of


def said_of(layer, formula, **facts):
    """What the check of the formula finds, and how much it compared."""
    entry = nf.LayerEntry(name="it", target=layer, summary="It.", formula=formula, **facts)
    report = nf.Report()
    check_formula(trial_of(entry, layer), report.of("layer it"))
    return [finding.message for finding in report.findings], report.checks["formula"]


def layer_of(forward, **parameters):
    """A layer with these parameters, each filled with numbers of which no two are alike."""

    def init(self, *, inputs: int = 3, epsilon: float = 1e-3, rng):
        for name, shape in parameters.items():
            setattr(self, name, _filled(shape, rng))

    return type("It", (nf.Module,), {"__init__": init, "forward": forward})


def _filled(shape, rng):
    if not shape:
        return nf.Value(0.3 + rng.random())
    return [_filled(shape[1:], rng) for _ in range(shape[0])]


def times(matrix, x):
    return [nf.dot(row, x) for row in matrix]


def plus(a, b):
    return [x + y for x, y in zip(a, b, strict=True)]


Affine = layer_of(
    lambda self, x: plus(times(self.weights, x), self.bias), weights=(2, 3), bias=(2,)
)
Norm = layer_of(
    lambda self, x: [g * (v - nf.mean(x)) for g, v in zip(self.gain, x, strict=True)], gain=(3,)
)
Rows = layer_of(lambda self, rows: [times(self.weights, x) for x in rows], weights=(2, 3))
Two = layer_of(
    lambda self, x: plus(times(self.down, [nf.tanh(y) for y in times(self.up, x)]), self.shift),
    up=(4, 3), down=(2, 4), shift=(2,),
)  # fmt: skip
Root = layer_of(
    lambda self, x: [self.gain * v / nf.sqrt(nf.dot(x, x) / len(x) + self.epsilon) for v in x],
    gain=(),
)
TOKENS = ([[0.5, -1.0, 0.3], [0.25, 2.0, 0.7]],)


@pytest.mark.parametrize(
    ("layer", "formula"),
    [
        (Affine, "W x + b"),
        (Affine, r"f(x) = \mathbf{W} \mathbf{x} + \mathbf{b}"),
        (Affine, r"y_i = \sum_j W_{ij} x_j + b_i"),
        (Affine, "A x + c"),
        (Norm, r"\gamma \odot (x - \bar x)"),
        (Norm, r"g (x - \mu)"),
        (Norm, r"g_i (x_i - \frac{1}{n} \sum_j x_j)"),
        (Rows, "W x"),
        (Rows, r"X W^\top"),
        (Rows, "X W^T"),
        (Rows, r"W x_t"),
        (Two, r"D \tanh(U x) + s"),
        (Two, r"W_2 \tanh(W_1 x) + b"),
        (Two, r"W_2 h + b, \quad h = \tanh(W_1 x)"),
        (Root, r"g \frac{x}{\sqrt{\frac{1}{n} \lVert x \rVert^2 + \epsilon}}"),
    ],
)
def test_a_right_formula_agrees(layer, formula):
    inputs = {"example_inputs": TOKENS} if layer is Rows else {}
    found, compared = said_of(layer, formula, **inputs)
    assert not found
    assert compared >= 3


@pytest.mark.parametrize(
    ("layer", "formula", "told"),
    [
        (Affine, "W x - b", "the formula W x - b says"),
        (Affine, "2 W x + b", "the layer gives"),
        (Affine, r"\tanh(W x + b)", "the layer gives"),
        (Affine, r"y_i = \sum_j W_{ij} x_j - b_i", "the layer gives"),
        (Affine, "W x +", "unfinished after '+'"),
        (Norm, r"\gamma (x - 2 \mu)", "the layer gives"),
        (Rows, r"2 X W^\top", "the layer gives"),
        (Two, r"D \exp(U x) + s", "the layer gives"),
        (Root, r"g \frac{x}{\sqrt{\frac{1}{n} \lVert x \rVert^2 + 2 \epsilon}}", "the layer gives"),
        (Two, "x^\\top U", "has no value in the shapes that the layer has"),
    ],
)
def test_a_wrong_formula_is_found(layer, formula, told):
    inputs = {"example_inputs": TOKENS} if layer is Rows else {}
    found, _ = said_of(layer, formula, **inputs)
    assert told in found[0]


@pytest.mark.parametrize(
    ("formula", "indices"),
    [
        (r"y_t = W x_t + U h_{t-1}", ("t",)),
        (r"\sum_{i=0}^{k-1} W_i x_{s t + i}", ("t",)),
        (r"\sum_i \sum_j W_{ij} x_{u + i, v + j}", ("u", "v")),
        (r"\operatorname{softmax}(Q K^\top / \sqrt{d_k}) V, Q = X W_q, K = X W_k, V = X W_v", ()),
        (r"a^\top W_k b", ("k",)),
        (r"W x + n_\mathrm{in}", ()),
    ],
)
def test_the_indices_of_what_comes_out_are_told_from_counted_ones(formula, indices):
    assert free_indices(formula) == indices


@pytest.mark.parametrize("name", ["layer", "attention", "layer_norm", "rms_norm", "feed_forward"])
def test_formulas_of_bundled_layers_are_compared(name):
    (entry,) = nf.find(name, "layer")
    report = nf.Report()
    check_formula(trial_of(entry, entry.load()), report.of(name))
    assert not report.findings
    assert report.checks["formula"] >= 3
