"""Combinators on tensors. Axes in front of those of a layer are examples, any number of them.

``flatten`` and ``reshape`` have no form: a tensor does not tell which of its axes are examples.
"""

from __future__ import annotations

from itertools import pairwise

import neuroflow as nf


def as_list(layer, y):
    """What a layer gave, with a last axis: a bare number becomes a list of one."""
    return y.unsqueeze(-1) if layer.bare else y


def joined(join, given):
    """What several layers gave as one."""
    import torch

    if join == "concat":
        return torch.cat(given, -1)
    if join == "difference":
        return (given[0] - given[1]).abs()
    stacked = torch.stack(given)
    return stacked.sum(0) if join == "sum" else stacked.mean(0)


class ActivationLayerForm(nf.TensorForm):
    """f(x)."""

    def parts(self, layer):
        """The function."""
        return {"function": nf.tensor_function("activation", layer.function)}

    def run(self, t, x):
        """(...) -> (...)"""
        return t.function(x)


class ResidualForm(nf.TensorForm):
    """x + f(x)."""

    def parts(self, layer):
        """f."""
        return {"inner": layer.layer}

    def run(self, t, x):
        """(...) -> (...)"""
        return x + as_list(t.inner, t.inner(x))


class ParallelForm(nf.TensorForm):
    """Layers side by side."""

    def parts(self, layer):
        """The layers, and how they are joined."""
        return {"parts": layer.parts, "join": layer.join}

    def run(self, t, x):
        """What each makes of x, joined."""
        return joined(t.join, [as_list(part, part(x)) for part in t.parts.children()])


class PerTokenForm(nf.TensorForm):
    """Rows are examples to the layer inside."""

    def parts(self, layer):
        """That layer."""
        return {"inner": layer.layer}

    def run(self, t, x):
        """(..., n, size) -> (..., n, size)"""
        return t.inner(x)


class MeanOverTokensForm(nf.TensorForm):
    """The mean of all rows."""

    def parts(self, layer):
        """Nothing."""
        return {}

    def run(self, t, x):
        """(..., n, size) -> (..., size)"""
        return x.mean(-2)


class LastTokenForm(nf.TensorForm):
    """The last row."""

    def parts(self, layer):
        """Nothing."""
        return {}

    def run(self, t, x):
        """(..., n, size) -> (..., size)"""
        return x[..., -1, :]


class RepeatForm(nf.TensorForm):
    """One after the other."""

    def parts(self, layer):
        """The layer, and the others like it."""
        return {"inner": layer.layer, "others": layer.others or None, "times": layer.times}

    def run(self, t, x):
        """Through all."""
        others = list(t.others.children()) if t.others else [t.inner] * (t.times - 1)
        x = t.inner(x)
        for before, layer in pairwise([t.inner, *others]):
            x = layer(as_list(before, x))
        self.bare = t.inner.bare
        return x


class WhileTrainingForm(nf.TensorForm):
    """One layer while training, another in evaluation."""

    def parts(self, layer):
        """Both."""
        return {"inner": layer.layer, "otherwise": layer.otherwise}

    def run(self, t, x):
        """The one or the other."""
        layer = t.inner if t.training else t.otherwise
        if layer is None:
            return x
        y = layer(x)
        self.bare = layer.bare
        return y


class LanguageModelForm(nf.TensorForm):
    """What scores the next token behind each."""

    def parts(self, layer):
        """The layer."""
        return {"model": layer.layer}

    def run(self, t, tokens):
        """(..., n_tokens) token ids -> (..., n_tokens, vocab_size) logits"""
        return t.model(tokens)
