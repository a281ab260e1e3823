"""Convolution and pooling on tensors; see :mod:`neuroflow_plugins.tensor_forms`.

PyTorch has channels before the places, (channels, height, width), and so have the weights here:
those of a convolution are (out_channels, in_channels, height, width), as readers of PyTorch expect.
"""

from __future__ import annotations

import neuroflow as nf


class _ConvForm(nf.TensorForm):
    """The same weights for every window, by PyTorch's own convolution."""

    axes: int

    def parts(self, layer):
        """The weights of each filter, channels first, and maybe biases."""
        channels, biases = layer.in_channels, layer.filters.biases
        by_channel = [
            [_nested(row[c::channels], layer.kernel_size, self.axes) for c in range(channels)]
            for row in layer.filters.weights
        ]
        return {"weight": by_channel, "bias": biases or None}

    def run(self, t, x):
        """(..., places, in_channels) -> (..., windows, out_channels)"""
        from torch.nn import functional

        convolve = functional.conv1d if self.axes == 1 else functional.conv2d
        first = -1 - self.axes
        examples = x.shape[:first]
        x = x.movedim(-1, first).flatten(0, first - 1) if examples else x.movedim(-1, first)
        y = convolve(x, t.weight, t.bias, t.layer.stride, t.layer.padding).movedim(first, -1)
        return y.unflatten(0, examples) if examples else y


def _nested(numbers, size, axes):
    """A row of numbers as a list, or as lists of ``size``."""
    if axes == 1:
        return numbers
    return [numbers[k : k + size] for k in range(0, len(numbers), size)]


class Conv1dForm(_ConvForm):
    """Windows of tokens; a causal one has zeros in front."""

    axes = 1

    def run(self, t, x):
        """(..., n_tokens, in_channels) -> (..., n_windows, out_channels)"""
        from torch.nn.functional import pad

        in_front = t.layer.kernel_size - 1 if t.layer.causal else 0
        return super().run(t, pad(x, (0, 0, in_front, 0)))


class Conv2dForm(_ConvForm):
    """Windows of pixels."""

    axes = 2


class _PoolForm(nf.TensorForm):
    """One number for each channel of a window: windows become axes at the end, and are pooled."""

    def parts(self, layer):
        """Nothing to learn."""
        return {"size": layer.kernel_size, "stride": layer.stride or layer.kernel_size}


class MaxPool1dForm(_PoolForm):
    """The largest; equal ones share the slope."""

    def run(self, t, x):
        """(..., n_tokens, channels) -> (..., n_windows, channels)"""
        return x.unfold(-2, t.size, t.stride).amax(-1)


class MeanPool1dForm(_PoolForm):
    """The mean."""

    def run(self, t, x):
        """(..., n_tokens, channels) -> (..., n_windows, channels)"""
        return x.unfold(-2, t.size, t.stride).mean(-1)


class MaxPool2dForm(_PoolForm):
    """The largest; equal ones share the slope."""

    def run(self, t, x):
        """(..., height, width, channels) -> (..., rows of windows, in a row, channels)"""
        return _squares(t, x).amax((-2, -1))


class MeanPool2dForm(_PoolForm):
    """The mean."""

    def run(self, t, x):
        """(..., height, width, channels) -> (..., rows of windows, in a row, channels)"""
        return _squares(t, x).mean((-2, -1))


def _squares(t, x):
    """(..., rows of windows, in a row, channels, size, size)"""
    return x.unfold(-3, t.size, t.stride).unfold(-3, t.size, t.stride)
