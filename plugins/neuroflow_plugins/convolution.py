"""Convolution: one small linear layer that looks at every window of a text or an image.

An image is rows of pixels, and a pixel is a list of channels: (height, width, channels). So a
pixel is to an image what a token is to a text, (n_tokens, channels), and whatever takes a list of
numbers takes a pixel. Grey images have pixels of one number; those of ``digits`` are 64 flat
numbers, of which ``reshape`` makes (8, 8, 1). Source: LeCun et al. 1989.
"""

from __future__ import annotations

from typing import Annotated

import neuroflow as nf
from neuroflow_plugins.parts import Bias, Initializer, Linear
from neuroflow_plugins.shapes import check_image, check_tokens, check_window

InChannels = Annotated[int, nf.Setting("numbers per pixel or token that come in", "[1, inf)")]
OutChannels = Annotated[int, nf.Setting("numbers per pixel or token that go out", "[1, inf)")]
KernelSize = Annotated[int, nf.Setting("pixels or tokens on each side of a window", "[1, inf)")]
Stride = Annotated[int, nf.Setting("how far a window is from the next", "[1, inf)")]
Padding = Annotated[int, nf.Setting("zeros that are put around, on each side", "[0, inf)")]
Causal = Annotated[
    bool, nf.Setting("whether a window ends at its token: zeros are put in front, none behind")
]


@nf.pure
def windows(xs, size, stride):
    """All stretches of ``size`` neighbours, each ``stride`` further than the one before.

    >>> windows("abcde", 3, 2)
    ['abc', 'cde']
    """
    return [xs[k : k + size] for k in range(0, len(xs) - size + 1, stride)]


@nf.pure
def image_windows(image, size, stride):
    """(height, width, channels) -> rows of windows, each (size, size, channels).

    >>> image_windows([[[1.0], [2.0], [3.0]], [[4.0], [5.0], [6.0]]], 2, 1)[0][1]
    [[[2.0], [3.0]], [[5.0], [6.0]]]
    """
    return [
        [list(window) for window in zip(*(windows(row, size, stride) for row in rows), strict=True)]
        for rows in windows(image, size, stride)
    ]


@nf.pure
def padded(xs, count, nothing):
    """``count`` times ``nothing`` before and after.

    >>> padded([1.0, 2.0], 1, 0.0)
    [0.0, 1.0, 2.0, 0.0]
    """
    around = [nothing] * count
    return [*around, *xs, *around]


def causal_or_padded(causal, padding):
    """Raise :class:`neuroflow.InputError` where zeros should be on both sides and are not."""
    if causal and padding:
        raise nf.InputError(
            f"a convolution got causal = true and padding = {padding}",
            remedy="leave one of them out: a causal one is padded in front alone",
            got=padding,
        )


@nf.pure
class Conv1d(nf.Module):
    """The same linear layer for every window of tokens: y_t = W [x_t ... x_(t+k-1)] + b.

    A window of ``kernel_size`` tokens is read as one list of numbers. With the stride s and the
    padding p, n tokens give (n + 2p - k) / s + 1, rounded down. What the field calls convolution
    is cross-correlation: the window is not reversed. With ``causal`` a window ends at its token,
    y_t = W [x_(t-k+1) ... x_t] + b, so that n tokens give n, and none sees what follows (van den
    Oord et al. 2016). Source: Waibel et al. 1989.

    >>> layer = Conv1d(in_channels=1, out_channels=1, kernel_size=2, rng=nf.SplitMix32(0))
    >>> layer.filters.weights = [[nf.Value(-1.0), nf.Value(1.0)]]  # how much comes with each step
    >>> [y.data for (y,) in layer([[1.0], [3.0], [8.0]])]
    [2.0, 5.0]
    """

    def __init__(
        self, *, in_channels: InChannels, out_channels: OutChannels, kernel_size: KernelSize = 3,
        stride: Stride = 1, padding: Padding = 0, causal: Causal = False, bias: Bias = True,
        initializer: Initializer = "xavier", rng,
    ):  # fmt: skip
        causal_or_padded(causal, padding)
        self.filters = Linear(
            inputs=kernel_size * in_channels, outputs=out_channels,
            bias=bias, initializer=initializer, rng=rng,
        )  # fmt: skip

    def forward(self, tokens):
        """(n_tokens, in_channels) -> (n_windows, out_channels)"""
        check_tokens(tokens, self.in_channels, "a convolution")
        silent = [0.0] * self.in_channels
        if self.causal:
            tokens = [*[silent] * (self.kernel_size - 1), *tokens]
        else:
            tokens = padded(tokens, self.padding, silent)
        check_window(len(tokens), self.kernel_size, "a convolution")
        return [
            self.filters([x for token in window for x in token])
            for window in windows(tokens, self.kernel_size, self.stride)
        ]


@nf.pure
class Conv2d(nf.Module):
    """The same linear layer for every window of an image: y = W [all numbers in the window] + b.

    The numbers of a window are read row by row, pixel by pixel. Height and width become
    (n + 2p - k) / s + 1, rounded down, as in :class:`Conv1d`. Source: LeCun et al. 1989.

    >>> layer = Conv2d(in_channels=1, out_channels=3, padding=1, rng=nf.SplitMix32(0))
    >>> image = [[[0.5], [1.0]], [[0.0], [0.25]]]  # two rows of two grey pixels
    >>> ys = layer(image)
    >>> len(ys), len(ys[0]), len(ys[0][0]), len(layer.parameters())
    (2, 2, 3, 30)
    """

    def __init__(
        self, *, in_channels: InChannels, out_channels: OutChannels, kernel_size: KernelSize = 3,
        stride: Stride = 1, padding: Padding = 0, bias: Bias = True,
        initializer: Initializer = "xavier", rng,
    ):  # fmt: skip
        self.filters = Linear(
            inputs=kernel_size * kernel_size * in_channels, outputs=out_channels,
            bias=bias, initializer=initializer, rng=rng,
        )  # fmt: skip

    def forward(self, image):
        """(height, width, in_channels) -> (rows of windows, windows in a row, out_channels)"""
        check_image(image, self.in_channels, "a convolution")
        black = [0.0] * self.in_channels
        image = [padded(row, self.padding, black) for row in image]
        image = padded(image, self.padding, [black] * len(image[0]))
        check_window(min(len(image), len(image[0])), self.kernel_size, "a convolution")
        return [
            [self.filters([x for row in window for pixel in row for x in pixel]) for window in row]
            for row in image_windows(image, self.kernel_size, self.stride)
        ]
