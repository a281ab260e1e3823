"""Norms over channels: batch norm, by running statistics, and group norm, by the example's own.

Layer norm and RMS norm, which look at one token alone, are in :mod:`parts`.
"""

from __future__ import annotations

from typing import Annotated

import neuroflow as nf
from neuroflow_plugins.parts import Epsilon, Gain, Size
from neuroflow_plugins.shapes import check_image, check_numbers
from neuroflow_plugins.sizes import norm, room_for

Momentum = Annotated[
    float, nf.Setting("how much of the running statistics a step replaces", "[0, 1]")
]
Groups = Annotated[int, nf.Setting("into how many groups channels are put", "[1, inf)")]


class BatchNorm(nf.Module):
    """Each number minus its running mean, over its running deviation; then scaled and shifted.

    (x - mean) / sqrt(variance + epsilon) * gain + bias, where mean and variance are buffers, of
    each number for itself. A model sees one example at a time, so training uses them as
    evaluation does, and no gradient flows through them. At the end of a step over n examples with
    the mean m and the variance v of a number, and with a = ``momentum``,

        mean <- (1 - a) mean + a m,    variance <- (1 - a) variance + a (v + (m - mean)^2)

    where the last mean is that before the step. PyTorch has the same running mean, and
    v n / (n - 1) in the place of the last bracket; in training it normalises by m and v
    themselves: see the page on batch norm. Source: Ioffe and Szegedy 2015, algorithm 2.

    >>> norm = BatchNorm(size=1, momentum=0.5, epsilon=0.0)
    >>> norm([3.0])[0].data  # by the mean 0 and the variance 1 that it begins with
    3.0
    >>> norm.means, norm.variances
    ([Buffer(1.5)], [Buffer(5.0)])
    """

    def __init__(
        self, *, size: Size, momentum: Momentum = 0.1, gain: Gain = True, epsilon: Epsilon = 1e-5
    ):
        room_for(2 * size + norm("layer_norm", size, gain))
        self.means = [nf.Buffer(0.0) for _ in range(size)]
        self.variances = [nf.Buffer(1.0) for _ in range(size)]
        self.gains = [nf.Value(1.0) for _ in range(size)] if gain else []
        self.biases = [nf.Value(0.0) for _ in range(size)] if gain else []

    def forward(self, x):
        """(size,) -> (size,)"""
        check_numbers(x, self.size, "a batch norm")
        normal = [
            (number - mean) * nf.pow(variance + self.epsilon, -0.5)
            for number, mean, variance in zip(x, self.means, self.variances, strict=True)
        ]
        self._take_note(x)
        return scaled(normal, self.gains, self.biases)

    def _take_note(self, x):
        """Nothing is written in evaluation, and in a training step only at its end."""
        keep, take = 1.0 - self.momentum, self.momentum
        for number, mean, variance in zip(x, self.means, self.variances, strict=True):
            apart = number - mean
            variance.write(keep * variance + take * (apart * apart))
            mean.write(keep * mean + take * number)


@nf.pure
class GroupNorm(nf.Module):
    """Channels in groups, each with mean 0 and variance 1 over all pixels of its image.

    (x - mean) / sqrt(variance + epsilon), then each channel scaled by its gain and shifted by its
    bias. As many groups as channels is instance norm; of one pixel, one group of all channels is
    layer norm (``reshape`` makes an image of a list or of a text). Training and evaluation do the
    same. Source: Wu and He 2018, equation 1.

    >>> norm = GroupNorm(size=4, groups=2, gain=False, epsilon=0.0)
    >>> norm([[[1.0, 3.0, 10.0, 30.0]]])
    [[[-1.0, 1.0, -1.0, 1.0]]]
    """

    def __init__(self, *, size: Size, groups: Groups, gain: Gain = True, epsilon: Epsilon = 1e-5):
        groups_divide(size, groups)
        room_for(norm("layer_norm", size, gain))
        self.gains = [nf.Value(1.0) for _ in range(size)] if gain else []
        self.biases = [nf.Value(0.0) for _ in range(size)] if gain else []

    def forward(self, image):
        """(height, width, size) -> (height, width, size)"""
        check_image(image, self.size, "a group norm")
        width = self.size // self.groups
        means, scales = [], []
        for first in range(0, self.size, width):
            group = [x for row in image for pixel in row for x in pixel[first : first + width]]
            mean, scale = moments(group, self.epsilon)
            means += [mean] * width
            scales += [scale] * width
        return [[self._normal(pixel, means, scales) for pixel in row] for row in image]

    def _normal(self, pixel, means, scales):
        normal = [(x - m) * s for x, m, s in zip(pixel, means, scales, strict=True)]
        return scaled(normal, self.gains, self.biases)


def groups_divide(size, groups):
    """Raise :class:`neuroflow.InputError` where channels are not in groups of one size."""
    if size % groups:
        raise nf.InputError(
            f"a group norm got size = {size} and groups = {groups}",
            remedy="groups must divide the size",
            got=(size, groups),
        )


def scaled(x, gains, biases):
    """Each number times its gain, plus its bias; as it is where there are none.

    >>> scaled([1.0, 2.0], [3.0, 4.0], [0.5, 0.0])
    [3.5, 8.0]
    """
    if not gains:
        return x
    return [g * number + b for g, number, b in zip(gains, x, biases, strict=True)]


def moments(xs, epsilon):
    """The mean, and 1 / sqrt(variance + epsilon).

    >>> moments([1.0, 5.0], 0.0)
    (3.0, 0.5)
    """
    mean = nf.mean(xs)
    apart = [x - mean for x in xs]
    return mean, nf.pow(nf.dot(apart, apart) * (1.0 / len(xs)) + epsilon, -0.5)
