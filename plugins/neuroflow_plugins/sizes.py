"""How many parameters a layer has: counted from its settings, before a single one is drawn.

Each layer of many hands its count to :func:`neuroflow.check_room`, so that what does not fit in
memory is refused with its size. Tests hold every count to what is then built.
"""

from __future__ import annotations

from itertools import pairwise

import neuroflow as nf

PARAMETER = 250
"""Bytes: 112 for a Value, and as much again for its name, gradient and optimizer's state."""

NEURON = 800
"""Bytes of a neuron beside its parameters."""


def room_for(parameters, neurons=0):
    """Raise :class:`neuroflow.InputError` where so many parameters do not fit in memory.

    >>> room_for(1000)
    """
    nf.check_room(parameters, "parameters", each=PARAMETER)
    nf.check_room(neurons, "neurons", each=NEURON)


def linear(inputs, outputs, bias=False):
    """W x + b.

    >>> linear(3, 2, bias=True)
    8
    """
    return outputs * (inputs + bool(bias))


def recurrent(inputs, hidden_size, gates, bias=True):
    """So many gates, each W x + U h + b.

    >>> recurrent(2, 3, 4)
    72
    """
    return gates * (linear(inputs, hidden_size, bias) + linear(hidden_size, hidden_size))


def mlp(sizes, bias=True):
    """Layers from each size to the next.

    >>> mlp([2, 16, 16, 1])
    337
    """
    return sum(linear(inputs, outputs, bias) for inputs, outputs in pairwise(sizes))


def norm(kind, size, gain=True):
    """A gain for each number, and in a layer norm a bias too."""
    return {"none": 0, "rms_norm": size, "layer_norm": 2 * size}[kind] if gain else 0


def heads(
    n_embd, n_head, key_value_heads=0, bias=False, *, head_size=0, attention_bias=False,
    output_bias=False, head_norm="none",
):  # fmt: skip
    """Queries, keys, values and the output of attention; norms of queries and keys."""
    size = head_size or n_embd // n_head
    wide, narrow = n_head * size, (key_value_heads or n_head) * size
    inside = linear(n_embd, wide + 2 * narrow, bias or attention_bias)
    return inside + linear(wide, n_embd, bias or output_bias) + 2 * norm(head_norm, size)


def feed_forward(n_embd, hidden=0, gated=False, bias=False):
    """Up and down again, with or without a gate."""
    wide = hidden or 4 * n_embd
    return (1 + bool(gated)) * linear(n_embd, wide, bias) + linear(wide, n_embd, bias)


def block(
    n_embd, n_head, *, key_value_heads=0, hidden=0, cross=False, kind="rms_norm", norm_gain=True,
    gated=False, bias=False, feed_forward_bias=False, **attention,
):  # fmt: skip
    """Attention, maybe to a memory too, feed-forward, and a norm for each."""
    attentions = 2 if cross else 1
    return (
        attentions * heads(n_embd, n_head, key_value_heads, bias, **attention)
        + feed_forward(n_embd, hidden, gated, bias or feed_forward_bias)
        + (attentions + 1) * norm(kind, n_embd, norm_gain)
    )
