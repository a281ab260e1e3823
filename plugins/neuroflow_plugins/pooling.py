"""Pooling: of each window of a text or an image one token or pixel is left, channel by channel.

There is nothing to learn. What is left at the end, and is no whole window, is not looked at.
"""

from __future__ import annotations

from typing import Annotated

import neuroflow as nf
from neuroflow_plugins.convolution import KernelSize, image_windows, windows
from neuroflow_plugins.shapes import check_image, check_tokens, check_window

PoolStride = Annotated[
    int, nf.Setting("how far a window is from the next; 0 for the size of a window", "[0, inf)")
]


@nf.pure
def largest(tokens):
    """The largest number of each channel.

    >>> largest([[1.0, 5.0], [2.0, 4.0]])
    [2.0, 5.0]
    """
    return [nf.maximum(list(channel)) for channel in zip(*tokens, strict=True)]


@nf.pure
def means(tokens):
    """The mean of each channel.

    >>> means([[1.0, 5.0], [2.0, 4.0]])
    [1.5, 4.5]
    """
    return [nf.mean(list(channel)) for channel in zip(*tokens, strict=True)]


def pooled(pool, tokens, size, stride, what):
    """(n_tokens, channels) -> (n_windows, channels)"""
    check_tokens(tokens, None, what)
    check_window(len(tokens), size, what)
    return [pool(window) for window in windows(tokens, size, stride or size)]


def pooled_image(pool, image, size, stride, what):
    """(height, width, channels) -> (rows of windows, windows in a row, channels)"""
    check_image(image, None, what)
    check_window(min(len(image), len(image[0])), size, what)
    return [
        [pool([pixel for row in window for pixel in row]) for window in row]
        for row in image_windows(image, size, stride or size)
    ]


@nf.pure
class MaxPool1d(nf.Module):
    """The largest number of each channel in every window of tokens.

    Equal ones share the slope. Source: Weng, Ahuja and Huang 1992; Collobert et al. 2011.

    >>> MaxPool1d()([[1.0], [3.0], [2.0], [0.0]])
    [[3.0], [2.0]]
    """

    def __init__(self, *, kernel_size: KernelSize = 2, stride: PoolStride = 0):
        """Nothing to draw."""

    def forward(self, tokens):
        """(n_tokens, channels) -> (n_windows, channels)"""
        return pooled(largest, tokens, self.kernel_size, self.stride, "max pooling")


@nf.pure
class MeanPool1d(nf.Module):
    """The mean of each channel in every window of tokens (average pooling).

    >>> MeanPool1d()([[1.0], [3.0], [2.0], [0.0]])
    [[2.0], [1.0]]
    """

    def __init__(self, *, kernel_size: KernelSize = 2, stride: PoolStride = 0):
        """Nothing to draw."""

    def forward(self, tokens):
        """(n_tokens, channels) -> (n_windows, channels)"""
        return pooled(means, tokens, self.kernel_size, self.stride, "mean pooling")


@nf.pure
class MaxPool2d(nf.Module):
    """The largest number of each channel in every window of an image.

    Equal ones share the slope. Source: Weng, Ahuja and Huang 1992.

    >>> MaxPool2d()([[[1.0], [3.0]], [[2.0], [0.0]]])
    [[[3.0]]]
    """

    def __init__(self, *, kernel_size: KernelSize = 2, stride: PoolStride = 0):
        """Nothing to draw."""

    def forward(self, image):
        """(height, width, channels) -> (rows of windows, windows in a row, channels)"""
        return pooled_image(largest, image, self.kernel_size, self.stride, "max pooling")


@nf.pure
class MeanPool2d(nf.Module):
    """The mean of each channel in every window of an image (average pooling).

    The subsampling of LeNet, without its coefficients. Source: LeCun et al. 1989.

    >>> MeanPool2d()([[[1.0], [3.0]], [[2.0], [0.0]]])
    [[[1.5]]]
    """

    def __init__(self, *, kernel_size: KernelSize = 2, stride: PoolStride = 0):
        """Nothing to draw."""

    def forward(self, image):
        """(height, width, channels) -> (rows of windows, windows in a row, channels)"""
        return pooled_image(means, image, self.kernel_size, self.stride, "mean pooling")
