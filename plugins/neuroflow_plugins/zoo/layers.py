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


@twin("the layer without a return", "forward", "A list that is made and not given back is lost:"
      " forward gives nothing.")  # fmt: skip
class Scale1(nf.Module):
    """Multiplies by one learned number."""

    def __init__(self, *, rng):
        self.weight = nf.Value(rng.random())

    def forward(self, xs):
        """(n,) -> (n,)."""
        [self.weight * x for x in xs]  # bug


@twin("the layer that decides for one number", "compiled", "`if` looks at one number and is frozen"
      " when the layer is compiled; nf.where keeps both sides.")  # fmt: skip
class Scale2(nf.Module):
    """Multiplies what is above 0 by one learned number."""

    def __init__(self, *, rng):
        self.weight = nf.Value(rng.random())

    def forward(self, xs):
        """(n,) -> (n,)."""
        return [self.weight * x if x > 0 else x for x in xs]  # bug


@twin("the layer whose method is gone", "forward", "A field called train hides the method train:"
      " nobody can put the layer into training or evaluation.")  # fmt: skip
class Scale3(nf.Module):
    """Multiplies by one learned number."""

    def __init__(self, *, rng):
        self.train = nf.Value(rng.random())  # type: ignore[method-assign,assignment]  # bug

    def forward(self, xs):
        """(n,) -> (n,)."""
        return [self.train * x for x in xs]


@twin("the layer that hears the first alone", "inputs", "xs[0] is one of the numbers that come in;"
      " the others change nothing.")  # fmt: skip
class Linear7(nf.Module):
    """A weighted sum plus a bias."""

    def __init__(self, *, inputs, rng):
        self.weight = nf.Value(rng.random())
        self.bias = nf.Value(0.0)

    def forward(self, xs):
        """One number for a list of numbers."""
        return self.weight * xs[0] + self.bias  # bug


@twin("the sum that ends too early", "inputs", "range(inputs - 1) leaves out the last number, and"
      " nothing raises.")  # fmt: skip
class Sum1(nf.Module):
    """A learned multiple of the sum."""

    def __init__(self, *, inputs, rng):
        self.weight = nf.Value(rng.random())

    def forward(self, xs):
        """One number for a list of numbers."""
        return self.weight * nf.sum([xs[k] for k in range(self.inputs - 1)])  # bug


class _Scaled(nf.Module):
    """Multiplies by one learned number."""

    def __init__(self, *, rng):
        self.weight = nf.Value(0.5 + rng.random())

    def forward(self, xs):
        """(n,) -> (n,)."""
        return [self.weight * x for x in xs]


@twin("the tensor form of another layer", "tensor form", "The scalars are the specification: on"
      " tensors it divides where the layer multiplies.")  # fmt: skip
class ScaleForm1(nf.TensorForm):
    """w x."""

    def parts(self, layer):
        """The factor."""
        return {"weight": layer.weight}

    def run(self, t, x):
        """(..., n) -> (..., n)"""
        return x / t.weight  # bug


@twin("the tensor form that does not learn", "tensor form", "detach takes the factor out of the"
      " graph: the answers are right, and its gradient is 0.")  # fmt: skip
class ScaleForm2(nf.TensorForm):
    """w x."""

    def parts(self, layer):
        """The factor."""
        return {"weight": layer.weight}

    def run(self, t, x):
        """(..., n) -> (..., n)"""
        return x * (t.weight.detach() + 0.0 * t.weight)  # bug


@twin("the tensor form that mixes examples", "tensor form", "The first axis is that of the"
      " examples: what is subtracted there comes from another one.")  # fmt: skip
class ScaleForm3(nf.TensorForm):
    """w x."""

    def parts(self, layer):
        """The factor."""
        return {"weight": layer.weight}

    def run(self, t, x):
        """(..., n) -> (..., n)"""
        return x * t.weight + (x - x.mean(0)) + 1e-3 * (len(x) - 1)  # bug


def _layer(name, target, **facts):
    summary = (target.__doc__ or "").split("\n", 1)[0]
    return nf.LayerEntry(name=name, target=target, summary=summary, **facts)


LAYERS = [
    _layer("linear_1", Linear1),
    _layer("linear_2", Linear2),
    _layer("linear_3", Linear3),
    _layer("linear_4", Linear4),
    _layer("linear_5", Linear5),
    _layer("linear_6", Linear6),
    _layer("attention_1", Attention1),
    _layer("norm_1", Norm1),
    _layer("linear_7", Linear7),
    _layer("sum_1", Sum1),
    _layer("scale_1", Scale1),
    _layer("scale_2", Scale2),
    _layer("scale_3", Scale3),
    _layer("scaleform_1", _Scaled, tensors=ScaleForm1),
    _layer("scaleform_2", _Scaled, tensors=ScaleForm2),
    _layer("scaleform_3", _Scaled, tensors=ScaleForm3),
]
