"""Recurrence: a state that is carried from token to token, and made anew at each.

A text is (n_tokens, inputs); what comes out is the state behind each token, (n_tokens,
hidden_size). The first token meets a state of zeros. The layers differ in what a step is made of;
``last_token`` behind one of them keeps the last state, which has seen the whole text.
"""

from __future__ import annotations

from typing import Annotated

import neuroflow as nf
from neuroflow_plugins.mlp import Activation, find_activation
from neuroflow_plugins.parts import Bias, Initializer, Inputs, Linear, add
from neuroflow_plugins.shapes import check_tokens
from neuroflow_plugins.sizes import recurrent, room_for

HiddenSize = Annotated[int, nf.Setting("numbers of the state", "[1, inf)")]


def times(a, b):
    """The products of the numbers of two vectors.

    >>> times([1.0, 2.0], [10.0, 20.0])
    [10.0, 40.0]
    """
    return [x * y for x, y in zip(a, b, strict=True)]


@nf.pure
class Gate(nf.Module):
    """f(W x + U h + b): as many numbers as the state has, of what comes in and of the state."""

    def __init__(
        self, *, inputs: Inputs, hidden_size: HiddenSize, activation: Activation, bias: Bias,
        initializer: Initializer, rng,
    ):  # fmt: skip
        common = {"outputs": hidden_size, "initializer": initializer, "rng": rng}
        self.of_input = Linear(inputs=inputs, bias=bias, **common)
        self.of_state = Linear(inputs=hidden_size, **common)
        self._activate = find_activation(activation)

    def forward(self, x, h):
        """(inputs,) and (hidden_size,) -> (hidden_size,)"""
        return self._activate(add(self.of_input(x), self.of_state(h)))


@nf.pure
class RNN(nf.Module):
    """A state made of each token and of the state before: h_t = f(W x_t + U h_(t-1) + b).

    Source: Elman 1990.

    >>> layer = RNN(inputs=1, hidden_size=1, rng=nf.SplitMix32(0))
    >>> names = [name for name, _ in layer.named_parameters()]
    >>> layer.load_state_dict(dict(zip(names, [2.0, 0.0, 0.5])))  # W, b, U
    >>> [round(h.data, 4) for (h,) in layer([[1.0], [0.0]])]  # tanh(2), tanh(0.5 tanh(2))
    [0.964, 0.4479]
    """

    def __init__(
        self, *, inputs: Inputs, hidden_size: HiddenSize, activation: Activation = "tanh",
        bias: Bias = True, initializer: Initializer = "xavier", rng,
    ):  # fmt: skip
        room_for(recurrent(inputs, hidden_size, 1, bias))
        self.state = Gate(
            inputs=inputs, hidden_size=hidden_size, activation=activation, bias=bias,
            initializer=initializer, rng=rng,
        )  # fmt: skip

    def forward(self, tokens):
        """(n_tokens, inputs) -> (n_tokens, hidden_size)"""
        check_tokens(tokens, self.inputs, "a recurrent layer")
        h = [0.0] * self.hidden_size
        states = []
        for x in tokens:
            h = self.state(x, h)
            states.append(h)
        return states


@nf.pure
class GRU(nf.Module):
    """A state of which a part is made anew at each token: h_t = (1 - z) n + z h_(t-1).

    The update z and the reset r are gates between 0 and 1, and n = tanh(W x_t + b + r (U h_(t-1)
    + d)) is what is new. As in PyTorch and cuDNN, r scales U h, where Cho et al. scale h.
    Source: Cho et al. 2014, equations 5 to 8; Chung et al. 2014.

    >>> layer = GRU(inputs=2, hidden_size=3, rng=nf.SplitMix32(0))
    >>> len(layer([[0.5, 1.0], [0.0, 2.0]])), len(layer.parameters())
    (2, 57)
    """

    def __init__(
        self, *, inputs: Inputs, hidden_size: HiddenSize, bias: Bias = True,
        initializer: Initializer = "xavier", rng,
    ):  # fmt: skip
        room_for(recurrent(inputs, hidden_size, 3, bias) + bias * hidden_size)
        common = {"bias": bias, "initializer": initializer, "rng": rng}
        gate = {"inputs": inputs, "hidden_size": hidden_size, "activation": "sigmoid", **common}
        self.reset_gate = Gate(**gate)
        self.update_gate = Gate(**gate)
        self.of_input = Linear(inputs=inputs, outputs=hidden_size, **common)
        self.of_state = Linear(inputs=hidden_size, outputs=hidden_size, **common)

    def forward(self, tokens):
        """(n_tokens, inputs) -> (n_tokens, hidden_size)"""
        check_tokens(tokens, self.inputs, "a GRU")
        h = [0.0] * self.hidden_size
        states = []
        for x in tokens:
            h = self._step(x, h)
            states.append(h)
        return states

    def _step(self, x, h):
        r, z = self.reset_gate(x, h), self.update_gate(x, h)
        n = [nf.tanh(a) for a in add(self.of_input(x), times(r, self.of_state(h)))]
        return [(1.0 - z) * n + z * h for z, n, h in zip(z, n, h, strict=True)]


@nf.pure
class LSTM(nf.Module):
    """A state beside a memory that is only scaled and added to: c_t = f c_(t-1) + i g.

    Gates between 0 and 1 say what is forgotten (f), what of the candidate g comes in (i), and what
    of the memory is seen: h_t = o tanh(c_t). Source: Hochreiter and Schmidhuber 1997, with the
    forget gate of Gers, Schmidhuber and Cummins 2000.

    >>> layer = LSTM(inputs=2, hidden_size=3, rng=nf.SplitMix32(0))
    >>> len(layer([[0.5, 1.0], [0.0, 2.0]])), len(layer.parameters())
    (2, 72)
    """

    def __init__(
        self, *, inputs: Inputs, hidden_size: HiddenSize, bias: Bias = True,
        initializer: Initializer = "xavier", rng,
    ):  # fmt: skip
        room_for(recurrent(inputs, hidden_size, 4, bias))
        gate = {
            "inputs": inputs, "hidden_size": hidden_size, "bias": bias, "initializer": initializer,
            "rng": rng,
        }  # fmt: skip
        self.input_gate = Gate(activation="sigmoid", **gate)
        self.forget_gate = Gate(activation="sigmoid", **gate)
        self.candidate = Gate(activation="tanh", **gate)
        self.output_gate = Gate(activation="sigmoid", **gate)

    def forward(self, tokens):
        """(n_tokens, inputs) -> (n_tokens, hidden_size)"""
        check_tokens(tokens, self.inputs, "an LSTM")
        h = c = [0.0] * self.hidden_size
        states = []
        for x in tokens:
            h, c = self._step(x, h, c)
            states.append(h)
        return states

    def _step(self, x, h, c):
        i, f = self.input_gate(x, h), self.forget_gate(x, h)
        g, o = self.candidate(x, h), self.output_gate(x, h)
        c = add(times(f, c), times(i, g))
        return times(o, [nf.tanh(x) for x in c]), c
