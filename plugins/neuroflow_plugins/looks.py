"""Looks: how the bundled layers are drawn that are more than neurons side by side."""

from __future__ import annotations

import neuroflow as nf


def heads(layer):
    """How many heads, of which size."""
    size = layer.head_width
    return f"{layer.n_head} × {size}" if layer.n_head > 1 else f"of {size}"


def table(layer):
    """How many numbers stand for each of how many tokens."""
    return f"{layer.vocab_size} × {layer.size}"


def places(layer):
    """How many numbers stand for each of how many positions."""
    return f"{layer.block_size} × {layer.size}"


def size(layer):
    """How many numbers it takes and gives."""
    return f"of {layer.size}"


def rate(layer):
    """The share of the numbers that it drops."""
    return f"{layer.rate:.0%}"


def channels(layer):
    """From how many channels to how many, and over how many neighbours."""
    return f"{layer.in_channels} to {layer.out_channels}, {layer.kernel_size} wide"


def window(layer):
    """Over how many neighbours."""
    return f"of {layer.kernel_size}"


def state(layer):
    """How many numbers come in, and how many it remembers."""
    return f"{layer.inputs} to {layer.hidden_size}"


def function(layer):
    """The activation that it applies."""
    use = layer.function.get("use") if isinstance(layer.function, dict) else layer.function
    return use if isinstance(use, str) else getattr(use, "name", "f")


def joining(layer):
    """How what its parts give becomes one."""
    return f"by {layer.join}" if layer.join != "none" else "by name"


def times(layer):
    """How often the layer inside stands there."""
    return f"{layer.times} times{', shared' if layer.shared else ''}"


def lengths(layer):
    """The lengths of the lists that it makes."""
    return f"to {' × '.join(map(str, layer.shape))}"


def nothing(layer):
    """Nothing but its label."""
    return ""


LOOKS = {
    "attention": (size, "attention", "hexagon", "attention"),
    "multi_head_attention": (heads, "heads", "hexagon", "attention"),
    "embedding": (table, "embedding", "slanted", "embedding"),
    "learned_positions": (places, "positions", "slanted", "embedding"),
    "sinusoidal_positions": (places, "waves", "slanted", "embedding"),
    "layer_norm": (size, "layer norm", "pill", "normalization"),
    "rms_norm": (size, "rms norm", "pill", "normalization"),
    "batch_norm": (size, "batch norm", "pill", "normalization"),
    "group_norm": (size, "group norm", "pill", "normalization"),
    "conv1d": (channels, "conv", "square", "convolution"),
    "conv2d": (channels, "conv", "square", "convolution"),
    "max_pool1d": (window, "max pool", "slanted", "pooling"),
    "max_pool2d": (window, "max pool", "slanted", "pooling"),
    "mean_pool1d": (window, "mean pool", "slanted", "pooling"),
    "mean_pool2d": (window, "mean pool", "slanted", "pooling"),
    "rnn": (state, "rnn", "rounded", "recurrence"),
    "gru": (state, "gru", "rounded", "recurrence"),
    "lstm": (state, "lstm", "rounded", "recurrence"),
    "dropout": (rate, "dropout", "square", "regularization"),
    "activation": (function, "activation", "pill", "other"),
    "residual": (nothing, "x + f(x)", "rounded", "other"),
    "parallel": (joining, "side by side", "rounded", "other"),
    "branches": (joining, "branches", "rounded", "other"),
    "per_token": (nothing, "each token", "rounded", "other"),
    "repeat": (times, "repeated", "rounded", "other"),
    "while_training": (nothing, "while training", "rounded", "other"),
    "flatten": (nothing, "one list", "square", "other"),
    "reshape": (lengths, "reshape", "square", "other"),
    "mean_over_tokens": (nothing, "mean of all tokens", "square", "pooling"),
    "last_token": (nothing, "last token", "square", "pooling"),
}
"""The words on the box of each layer, its label, its shape and its role."""


@nf.hookimpl
def neuroflow_looks():
    """All looks, each under the name of its layer."""
    return [
        nf.LookEntry(
            name=layer,
            target=words,
            layer=layer,
            label=label,
            shape=shape,
            role=role,
            summary=(words.__doc__ or "").rstrip("."),
        )
        for layer, (words, label, shape, role) in LOOKS.items()
    ]
