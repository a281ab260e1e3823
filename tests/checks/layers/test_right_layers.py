"""Right layers that look like wrong ones raise no alarm: what they do is meant."""

from __future__ import annotations

import pytest

import neuroflow as nf


class Exponential(nf.Module):
    """Grows beyond all floats, as it should."""

    def __init__(self, *, rng):
        self.rate = nf.Value(0.5 + rng.random())

    def forward(self, xs):
        return [nf.exp(self.rate * x) for x in xs]


class Logarithmic(nf.Module):
    """Refuses what it has no number for."""

    def __init__(self, *, rng):
        self.rate = nf.Value(0.5 + rng.random())

    def forward(self, xs):
        if any(isinstance(x, float) and x <= 0.0 for x in xs):
            raise nf.InputError("positive numbers only")
        return [self.rate * nf.log(nf.maximum(x, 1e-9)) for x in xs]


class Noise(nf.Module):
    """Factors around 1 while training."""

    def __init__(self, *, std=0.2, rng):
        self._rng = rng

    def forward(self, xs):
        if not self.training:
            return list(xs)
        return [
            x * (1.0 + self.std * nf.random_input(lambda: self._rng.gauss(0.0, 1.0))) for x in xs
        ]


class Thresholds(nf.Module):
    """Zeros and ones at random while training, afterwards the likelier of both."""

    def __init__(self, *, rng):
        self._rng = rng

    def forward(self, xs):
        if not self.training:
            return [nf.where(x > 0.5, 1.0, 0.0) for x in xs]
        return [nf.where(nf.random_input(self._rng.random) < x, 1.0, 0.0) for x in xs]


class BatchNorm(nf.Module):
    """The mean of this list while training, afterwards one that ran along."""

    def __init__(self, *, momentum=0.1):
        self.gain = nf.Value(1.0)
        self.mean = nf.Buffer(0.0)

    def forward(self, xs):
        here = nf.mean(xs)
        self.mean.write((1.0 - self.momentum) * self.mean + self.momentum * here)
        center = here if self.training else self.mean
        return [self.gain * (x - center) for x in xs]


class Router(nf.Module):
    """One of two weights, by the first number; the other waits for its inputs."""

    def __init__(self, *, rng):
        self.weights = [nf.Value(0.5 + rng.random()) for _ in range(2)]

    def forward(self, xs):
        chosen = nf.where(xs[0] > 0.0, self.weights[0], self.weights[1])
        return [chosen * x for x in xs]


class Reversed(nf.Module):
    """The same numbers, and the gradient turned round as strongly as the setting says."""

    def __init__(self, *, strength=1.0, rng):
        self.weight = nf.Value(0.5 + rng.random())

    def forward(self, xs):
        return [
            self.weight * (nf.stop_gradient((1.0 + self.strength) * x) - self.strength * x)
            for x in xs
        ]


class Capped(nf.Module):
    """A limit that counts for large numbers alone, and a slope that counts if it is wanted."""

    def __init__(self, *, limit=60.0, leaky=False, slope=0.1, rng):
        self.weight = nf.Value(0.5 + rng.random())

    def forward(self, xs):
        low = [nf.where(x > 0.0, x, (self.slope if self.leaky else 0.0) * x) for x in xs]
        return [self.weight * nf.minimum(x, self.limit) for x in low]


class Remembering(nf.Module):
    """Keeps a table that it makes once, and the last output for people to look at."""

    def __init__(self, *, rng):
        self.weight = nf.Value(0.5 + rng.random())
        self._table = []
        self._last = None

    def forward(self, xs):
        if len(self._table) != len(xs):
            self._table = [1.0 / (k + 1) for k in range(len(xs))]
        self._last = [self.weight * t * x for t, x in zip(self._table, xs, strict=True)]
        return list(self._last)


class Skipped(nf.Module):
    """Left out as a whole now and then while training."""

    def __init__(self, *, rate=0.2, rng):
        self.weight = nf.Value(0.5 + rng.random())
        self._rng = rng

    def forward(self, xs):
        if not self.training:
            return [x + self.weight * x for x in xs]
        keep = nf.where(nf.random_input(self._rng.random) < self.rate, 0.0, 1.0 / (1.0 - self.rate))
        return [x + keep * self.weight * x for x in xs]


class Table(nf.Module):
    """Rows of which a token chooses one, with one more row for the end."""

    def __init__(self, *, vocab_size, rng):
        self.rows = [[nf.Value(rng.random()) for _ in range(2)] for _ in range(vocab_size + 1)]

    def forward(self, tokens):
        return [nf.take(self.rows, token) for token in [*tokens, self.vocab_size]]


RIGHT = {
    Exponential: {}, Noise: {}, Thresholds: {}, BatchNorm: {}, Router: {},
    Logarithmic: {"example_inputs": ([0.5, 2.0],)},
    Reversed: {}, Capped: {}, Remembering: {}, Skipped: {},
    Table: {"example": {"vocab_size": 4}, "example_inputs": ([1, 3],)},
}  # fmt: skip


@pytest.mark.parametrize("layer", RIGHT, ids=lambda layer: layer.__name__)
def test_a_layer_that_means_it_passes(layer):
    report = nf.check(nf.LayerEntry(name="it", target=layer, summary=layer.__doc__, **RIGHT[layer]))
    assert report, report
