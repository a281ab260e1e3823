"""Layers beside those of PyTorch with the same weights: values and all gradients within 1e-10."""

from __future__ import annotations

import pytest

import neuroflow as nf
from neuroflow.checkpoint.arrays import grouped
from neuroflow.engine.runner import numbers_of
from tests.support.tensors import flat

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
F = torch.nn.functional
NEAR = 1e-10


def some(*shape):
    """Nested lists of different numbers, of no order: no two of a window are equal."""
    drawn = nf.SplitMix32(sum(shape))

    def lists(shape):
        if not shape:
            return drawn.gauss(0.0, 1.0)
        return [lists(shape[1:]) for _ in range(shape[0])]

    return lists(shape)


def conv(function, *axes):
    """PyTorch's convolution of numbers whose channels are the last axis."""

    def theirs(layer, x, state):
        weight = state["filters.weights"].unflatten(-1, (*axes, layer.in_channels)).movedim(-1, 1)
        bias = state.get("filters.biases")
        y = function(x.movedim(-1, 0), weight, bias, layer.stride, layer.padding)
        return y.movedim(0, -1)

    return theirs


def causal(layer, x, state):
    """Zeros in front."""
    x = F.pad(x, (0, 0, layer.kernel_size - 1, 0))
    return conv(F.conv1d, layer.kernel_size)(layer, x, state)


def pool(function):
    def theirs(layer, x, state):
        stride = layer.stride or layer.kernel_size
        return function(x.movedim(-1, 0)[None], layer.kernel_size, stride)[0].movedim(0, -1)

    return theirs


def recurrent(cell):
    """The states of a cell of PyTorch, in whose matrices our gates stand one below the other."""

    def theirs(layer, x, state):
        gates = {
            torch.nn.RNNCell: ["state"],
            torch.nn.GRUCell: ["reset_gate", "update_gate", ""],
            torch.nn.LSTMCell: ["input_gate", "forget_gate", "candidate", "output_gate"],
        }[cell]
        paths = [f"{gate}.of_" if gate else "of_" for gate in gates]
        none = torch.zeros(layer.hidden_size, dtype=torch.float64)
        weights = {
            "weight_ih": torch.cat([state[f"{path}input.weights"] for path in paths]),
            "weight_hh": torch.cat([state[f"{path}state.weights"] for path in paths]),
            "bias_ih": torch.cat([state.get(f"{path}input.biases", none) for path in paths]),
            "bias_hh": torch.cat([state.get(f"{path}state.biases", none) for path in paths]),
        }
        step = torch.nn.utils.skip_init(cell, layer.inputs, layer.hidden_size)
        before, states = None, []
        for token in x:
            before = torch.func.functional_call(step, weights, (token, before))
            states.append(before[0] if type(before) is tuple else before)
        return torch.stack(states)

    return theirs


def batch_norm(layer, x, state):
    """By running statistics."""
    mean, variance = state["means"].detach(), state["variances"].detach()
    return F.batch_norm(
        x[None], mean, variance, state.get("gains"), state.get("biases"), eps=layer.epsilon
    )[0]


def group_norm(layer, x, state):
    first = x.movedim(-1, 0)[None]
    y = F.group_norm(first, layer.groups, state.get("gains"), state.get("biases"), layer.epsilon)
    return y[0].movedim(0, -1)


def bilinear(layer, a, b, state):
    weight = torch.stack([state[f"matrices.{k}.weights"] for k in range(layer.outputs)])
    return F.bilinear(a[None], b[None], weight, state.get("biases"))[0]


TWO, THREE = {"in_channels": 2, "out_channels": 3}, {"in_channels": 3, "out_channels": 2}
CASES = [
    ("conv1d", {**TWO, "kernel_size": 3}, [some(5, 2)], conv(F.conv1d, 3)),
    ("conv1d", {**THREE, "kernel_size": 2, "stride": 2, "padding": 2, "bias": False},
     [some(4, 3)], conv(F.conv1d, 2)),
    ("conv1d", {**TWO, "causal": True}, [some(4, 2)], causal),
    ("conv1d", {**TWO, "causal": True, "stride": 2}, [some(6, 2)], causal),
    ("conv2d", {**TWO, "kernel_size": 2}, [some(4, 3, 2)], conv(F.conv2d, 2, 2)),
    ("conv2d", {**THREE, "stride": 2, "padding": 1}, [some(5, 4, 3)], conv(F.conv2d, 3, 3)),
    ("max_pool1d", {"kernel_size": 3}, [some(7, 2)], pool(F.max_pool1d)),
    ("max_pool1d", {"stride": 1}, [some(4, 2)], pool(F.max_pool1d)),
    ("mean_pool1d", {"kernel_size": 3, "stride": 2}, [some(7, 2)], pool(F.avg_pool1d)),
    ("max_pool2d", {}, [some(5, 4, 2)], pool(F.max_pool2d)),
    ("max_pool2d", {"kernel_size": 3, "stride": 1}, [some(4, 5, 1)], pool(F.max_pool2d)),
    ("mean_pool2d", {"kernel_size": 2, "stride": 1}, [some(3, 4, 2)], pool(F.avg_pool2d)),
    ("rnn", {"inputs": 2, "hidden_size": 3}, [some(4, 2)], recurrent(torch.nn.RNNCell)),
    ("gru", {"inputs": 2, "hidden_size": 3}, [some(4, 2)], recurrent(torch.nn.GRUCell)),
    ("gru", {"inputs": 3, "hidden_size": 2, "bias": False}, [some(3, 3)],
     recurrent(torch.nn.GRUCell)),
    ("lstm", {"inputs": 2, "hidden_size": 3}, [some(4, 2)], recurrent(torch.nn.LSTMCell)),
    ("lstm", {"inputs": 3, "hidden_size": 2, "bias": False}, [some(3, 3)],
     recurrent(torch.nn.LSTMCell)),
    ("batch_norm", {"size": 3, "epsilon": 0.01}, [some(3)], batch_norm),
    ("batch_norm", {"size": 2, "gain": False}, [some(2)], batch_norm),
    ("group_norm", {"size": 4, "groups": 2}, [some(3, 2, 4)], group_norm),
    ("group_norm", {"size": 3, "groups": 3, "gain": False}, [some(2, 2, 3)], group_norm),
    ("group_norm", {"size": 4, "groups": 1}, [some(1, 1, 4)], group_norm),
    ("bilinear", {"left": 2, "right": 3, "outputs": 2}, [some(2), some(3)], bilinear),
    ("bilinear", {"left": 3, "right": 1, "outputs": 1, "bias": False}, [some(3), some(1)],
     bilinear),
]  # fmt: skip


def state_of(layer):
    """The numbers of a layer as tensors, by the names of its lists of parameters."""
    return {
        name: torch.tensor([v.data for v in values], dtype=torch.float64)
        .reshape(shape)
        .requires_grad_()
        for name, (shape, values) in grouped(dict(layer.named_values())).items()
    }


def values_in(x):
    return [values_in(y) for y in x] if isinstance(x, list) else nf.Value(x)


@pytest.mark.parametrize(
    ("name", "settings", "inputs", "theirs"),
    CASES,
    ids=lambda part: part if type(part) is str else "",
)
def test_values_and_gradients_are_those_of_pytorch(name, settings, inputs, theirs):
    layer = nf.build(name, **settings, rng=nf.SplitMix32(2))
    for _, number in layer.named_values():
        number.data += 0.1  # biases too are other than zero
    layer.eval()
    xs, state = [values_in(x) for x in inputs], state_of(layer)
    ts = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in inputs]
    y, u = layer(*xs), theirs(layer, *ts, state=state)
    assert torch.tensor(numbers_of(y)).shape == u.shape
    assert [v.data for v in flat(y)] == pytest.approx(flat(u.tolist()), rel=NEAR, abs=NEAR)
    weights = [0.3 - 0.1 * k for k in range(u.numel())]
    nf.dot(flat(y), weights).backward()
    (u.reshape(-1) @ torch.tensor(weights, dtype=torch.float64)).backward()
    ours = [v.grad for v in (*flat(xs), *layer.parameters())]
    slopes = [t.grad.reshape(-1).tolist() for t in (*ts, *state.values()) if t.grad is not None]
    assert ours == pytest.approx(flat(slopes), rel=NEAR, abs=NEAR)
    assert max(map(abs, ours)) > 0.01
