"""Recurrent layers on tensors; see :mod:`neuroflow_plugins.tensor_forms`.

What comes in is multiplied for all tokens at once; the states are made one after the other. The
tensors have the names and shapes of those of ``torch.nn.RNN``, ``GRU`` and ``LSTM``, which have
a second bias beside the first: one is enough, and only the GRU has it where it is another.
"""

from __future__ import annotations

from abc import abstractmethod

import neuroflow as nf


def _weights(gates):
    """The matrices and biases of gates, one below the other."""
    return {
        "weight_ih_l0": [row for gate in gates for row in gate.of_input.weights],
        "weight_hh_l0": [row for gate in gates for row in gate.of_state.weights],
        "bias_ih_l0": [bias for gate in gates for bias in gate.of_input.biases] or None,
    }


class _RecurrentForm(nf.TensorForm):
    """The states behind the tokens, of a step that the derived form has."""

    n_states = 1

    @abstractmethod
    def step(self, t, of_input, *state):
        """What the state becomes, of W x + b and the state before: one tensor, or several."""

    def run(self, t, x):
        """(..., n_tokens, inputs) -> (..., n_tokens, hidden_size)"""
        import torch
        from torch.nn.functional import linear

        sums = linear(x, t.weight_ih_l0, t.bias_ih_l0)
        zeros = x.new_zeros((*x.shape[:-2], t.layer.hidden_size))
        state, behind = (zeros,) * self.n_states, []
        for of_input in sums.unbind(-2):
            state = self.step(t, of_input, *state)
            behind.append(state[0])
        return torch.stack(behind, -2)


class RNNForm(_RecurrentForm):
    """f(W x + U h + b)."""

    def parts(self, layer):
        """One gate."""
        return {
            **_weights([layer.state]),
            "activation": nf.tensor_function("activation", layer.activation),
        }

    def step(self, t, of_input, *state):
        """The state after."""
        (h,) = state
        return (t.activation(of_input + h @ t.weight_hh_l0.T),)


class GRUForm(_RecurrentForm):
    """The reset gate, the update gate, and what is new."""

    def parts(self, layer):
        """In the order of PyTorch; of its second bias only what is not added to the first."""
        return {
            **_weights([layer.reset_gate, layer.update_gate, layer]),
            "bias_hn_l0": layer.of_state.biases or None,
        }

    def step(self, t, of_input, *state):
        """The state after."""
        (h,) = state
        r, z, x = of_input.chunk(3, -1)
        of_r, of_z, of_n = (h @ t.weight_hh_l0.T).chunk(3, -1)
        of_n = of_n if t.bias_hn_l0 is None else of_n + t.bias_hn_l0
        z, n = (z + of_z).sigmoid(), (x + (r + of_r).sigmoid() * of_n).tanh()
        return ((1.0 - z) * n + z * h,)


class LSTMForm(_RecurrentForm):
    """Four gates, a state and a memory."""

    n_states = 2

    def parts(self, layer):
        """In the order of PyTorch."""
        gates = [layer.input_gate, layer.forget_gate, layer.candidate, layer.output_gate]
        return _weights(gates)

    def step(self, t, of_input, *state):
        """The state and the memory after."""
        h, c = state
        i, f, g, o = (of_input + h @ t.weight_hh_l0.T).chunk(4, -1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        return o.sigmoid() * c.tanh(), c
