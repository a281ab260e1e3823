"""Layers with one mistake each."""

from __future__ import annotations

import math
import random

import neuroflow as nf
from neuroflow_plugins.zoo.twin import twin


@twin("the layer that hides its weights", "parameters", "Fields with an underscore are not walked,"
      " so no optimizer ever sees these weights.")  # fmt: skip
class Linear1(nf.Module):
    """A weighted sum plus a bias."""

    def __init__(self, *, inputs, rng):
        self.inputs = inputs
        self._weights = [nf.Value(rng.random()) for _ in range(inputs)]  # bug
        self.bias = nf.Value(0.0)

    def forward(self, xs):
        """One number for a list of numbers."""
        return nf.dot(self._weights, xs) + self.bias


@twin("the layer that forgets its bias", "gradient reaches", "The bias is a parameter that"
      " nothing depends on.")  # fmt: skip
class Linear2(nf.Module):
    """A weighted sum plus a bias."""

    def __init__(self, *, inputs, rng):
        self.inputs = inputs
        self.weights = [nf.Value(rng.random()) for _ in range(inputs)]
        self.bias = nf.Value(0.0)

    def forward(self, xs):
        """One number for a list of numbers."""
        return nf.dot(self.weights, xs)  # bug


@twin("the layer that reads .data", "gradient reaches", ".data is the number without its history:"
      " the output moves with the weights, the gradient does not.")  # fmt: skip
class Linear3(nf.Module):
    """A weighted sum plus a bias."""

    def __init__(self, *, inputs, rng):
        self.inputs = inputs
        self.weights = [nf.Value(rng.random()) for _ in range(inputs)]
        self.bias = nf.Value(0.0)

    def forward(self, xs):
        """One number for a list of numbers."""
        total = 0.0
        for w, x in zip(self.weights, xs, strict=True):
            total += w.data * x  # bug
        return total + self.bias


@twin("the layer that changes an argument", "configuration", "A field keeps another number"
      " than the argument of its name: loaded from a file, the model is scaled again.")  # fmt: skip
class Linear4(nf.Module):
    """A scaled weighted sum."""

    def __init__(self, *, inputs, scale=2.0, rng):
        self.scale = scale / math.sqrt(inputs)  # bug
        self.weights = [nf.Value(self.scale * rng.random()) for _ in range(inputs)]

    def forward(self, xs):
        """One number for a list of numbers."""
        return nf.dot(self.weights, xs)


@twin("the layer with dice of its own", "seeds", "The global generator is shared by everybody, and"
      " the seed of the run does not reach it.")  # fmt: skip
class Linear5(nf.Module):
    """A weighted sum plus a bias."""

    def __init__(self, *, inputs, rng):
        self.inputs = inputs
        self.weights = [nf.Value(random.uniform(-1.0, 1.0)) for _ in range(inputs)]  # bug
        self.bias = nf.Value(0.0)

    def forward(self, xs):
        """One number for a list of numbers."""
        return nf.dot(self.weights, xs) + self.bias


@twin("the layer of equal neurons", "seeds", "Each neuron starts a generator anew, so all are the"
      " same, get the same gradients, and stay the same.")  # fmt: skip
class Linear6(nf.Module):
    """Two weighted sums of the same inputs."""

    def __init__(self, *, inputs, rng):
        self.inputs = inputs
        self.rows = []
        seed = rng.next_word()
        for _ in range(2):
            own = nf.SplitMix32(seed)  # bug
            self.rows.append([nf.Value(own.random()) for _ in range(inputs)])

    def forward(self, xs):
        """Two numbers for a list of numbers."""
        return [nf.dot(row, xs) for row in self.rows]


@twin("the attention that sees the future", "causal", "A query at position k may see the keys 0 to"
      " k: that is k + 1 of them, not k + 2.")  # fmt: skip
class Attention1(nf.Module):
    """Causal self-attention without matrices: each token averages itself and those before."""

    def __init__(self, *, size, causal=True, rng):
        self.size = size
        self.causal = causal
        self.gain = nf.Value(1.0 + 0.1 * rng.random())

    def forward(self, tokens):
        """(n_tokens, size) -> (n_tokens, size)."""
        rows = []
        for position, query in enumerate(tokens):
            visible = tokens[: position + 2]  # bug
            scale = self.gain / math.sqrt(self.size)
            scores = [nf.exp(scale * nf.dot(query, key)) for key in visible]
            total = nf.sum(scores)
            columns = zip(*visible, strict=True)
            rows.append([nf.dot(scores, list(column)) / total for column in columns])
        return rows


@twin("the normalisation that never stops learning", "determinism", "The running mean moves in"
      " evaluation mode too; ask self.training first.")  # fmt: skip
class Norm1(nf.Module):
    """Numbers less a running mean."""

    def __init__(self, *, size):
        self.size = size
        self.gain = nf.Value(1.0)
        self.mean = 0.0

    def forward(self, xs):
        """(size,) -> (size,)."""
        self.mean = 0.9 * self.mean + 0.1 * sum(float(x) for x in xs) / len(xs)  # bug
        return [(x - self.mean) * self.gain for x in xs]


def _layer(name, target):
    summary = (target.__doc__ or "").split("\n", 1)[0]
    return nf.LayerEntry(name=name, target=target, summary=summary)


LAYERS = [
    _layer("linear_1", Linear1),
    _layer("linear_2", Linear2),
    _layer("linear_3", Linear3),
    _layer("linear_4", Linear4),
    _layer("linear_5", Linear5),
    _layer("linear_6", Linear6),
    _layer("attention_1", Attention1),
    _layer("norm_1", Norm1),
]
