"""Layers without a tensor form run from their plan; functions of lists do too."""

import pytest

import neuroflow as nf
from tests.support.tensors import distance

torch = pytest.importorskip("torch", reason="PyTorch is not installed")


class Mixed(nf.Module):
    """A layer of somebody else: rows, single numbers, buffers, choices, a layer inside."""

    def __init__(self, *, rng):
        self.inner = nf.build("layer", inputs=3, outputs=4, activation="gelu", rng=rng)
        self.rows = [[nf.Value(rng.random()) for _ in range(2)] for _ in range(3)]
        self.scale = nf.Value(0.3)
        self.kept = [nf.Buffer(0.5), nf.Buffer(0.25)]

    def forward(self, xs):
        h = self.inner(xs)
        z = [nf.dot(row, h[:2]) * self.scale + self.kept[0] for row in self.rows]
        return nf.maximum(*z), nf.mean(z), nf.take(z, 1) / (h[3] * h[3] + self.kept[1])


class Centered(nf.Module):
    """The inputs minus their running mean."""

    def __init__(self):
        self.mean = nf.Buffer(0.0)
        self.gain = nf.Value(1.0)

    def forward(self, xs):
        self.mean.write(0.9 * self.mean + 0.1 * nf.mean(xs))
        return [(x - self.mean) * self.gain for x in xs]


class Shared(nf.Module):
    """Two layers that have one bias of their neurons in common."""

    def __init__(self, *, rng):
        self.layers = [nf.build("layer", inputs=2, outputs=2, rng=rng) for _ in range(2)]
        self.layers[1].neurons[0].bias = self.layers[0].neurons[1].bias

    def forward(self, xs):
        return self.layers[1](self.layers[0](xs))


def test_a_layer_without_a_form_agrees():
    apart, largest = distance(torch, Mixed(rng=nf.SplitMix32(1)), [0.5, -0.3, 1.0])
    assert apart < 1e-9 < largest


def test_it_agrees_inside_a_bundled_one_too():
    rng = nf.SplitMix32(1)
    layers = [nf.build("linear", inputs=2, outputs=3, rng=rng), Mixed(rng=rng)]
    model = nf.build("sequential", layers=[*layers, nf.build("neuron", inputs=3, rng=rng)])
    assert distance(torch, model, [0.5, -0.3])[0] < 1e-9
    assert set(nf.to_torch(model).state_dict()) >= {"layers.1.rows", "layers.1.kept"}


def test_parameters_shared_one_by_one_stay_shared():
    model = nf.build("sequential", layers=[Shared(rng=nf.SplitMix32(1))])
    assert distance(torch, model, [0.5, -0.3])[0] < 1e-9
    values = model.layers[0].layers
    values[0].neurons[1].bias.data = 5.0
    module = nf.to_torch(model)
    assert sum(x.numel() for x in module.parameters()) == len(model.parameters())


def test_what_a_layer_writes_is_the_mean_over_the_examples():
    module = nf.to_torch(Centered().train())
    module(torch.tensor([[1.0, 3.0], [5.0, 7.0]], dtype=torch.float64))
    assert float(module.mean) == pytest.approx(0.4)
    module.eval()(torch.ones(1, 2, dtype=torch.float64))
    assert float(module.mean) == pytest.approx(0.4)


class Rows(nf.Module):
    """The mean row of some rows."""

    def forward(self, rows):
        return [nf.mean(list(column)) for column in zip(*rows, strict=True)]


def test_an_example_says_what_a_model_takes():
    module = nf.to_torch(Rows(), inputs=([[1.0, 2.0]],))
    x = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    assert module(torch.stack([x, x, x])).tolist() == [[2.0, 3.0]] * 3


def test_the_author_of_an_op_says_its_derivative():
    @nf.op(formula="x")
    def odd(x):
        return x * 1.0

    @odd.partials
    def _(out, x):
        return (3.0 * x,)

    x = torch.tensor([2.0, -1.0], dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(nf.tensor_function("op", odd)(x).sum(), x, create_graph=True)
    assert slope.tolist() == [6.0, -3.0]
    assert torch.autograd.grad(slope.sum(), x)[0].tolist() == [3.0, 3.0]


def test_a_rule_that_needs_plain_floats_runs_one_by_one():
    import math

    @nf.op(formula=r"\Gamma(x)")
    def factorial(x):
        return math.gamma(x)

    @factorial.partials
    def _(out, x):
        return (out * math.log(x),)

    x = torch.tensor([4.0, 5.0], dtype=torch.float64, requires_grad=True)
    y = nf.tensor_function("op", factorial)(x)
    assert y.tolist() == [6.0, 24.0]
    y.sum().backward()
    assert x.grad.tolist() == [6.0 * math.log(4.0), 24.0 * math.log(5.0)]


@pytest.mark.parametrize("activation", ["relu", "gelu", "silu", "softmax", "log_softmax"])
def test_the_form_of_an_activation_does_what_its_rule_does(activation):
    assert nf.get("activation", activation).tensors
    xs = [
        torch.tensor([-2.0, 0.0, 0.5, 3.0], dtype=torch.float64, requires_grad=True) for _ in "ab"
    ]
    ys = [nf.tensor_function("activation", use)(x)
          for use, x in zip([activation, {"use": activation}], xs, strict=True)]  # fmt: skip
    for y in ys:
        (y * y).sum().backward()
    assert torch.allclose(*ys, rtol=1e-12)
    assert torch.allclose(*[x.grad for x in xs], rtol=1e-12)


def test_float32_keeps_float32():
    x = torch.tensor([0.5, -0.5], requires_grad=True)
    y = nf.tensor_function("activation", {"use": "leaky_relu", "slope": 0.1})(x)
    y.sum().backward()
    assert (y.dtype, x.grad.dtype) == (torch.float32, torch.float32)
