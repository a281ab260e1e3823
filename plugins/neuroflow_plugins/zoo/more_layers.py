"""Layers with one mistake each in what they keep, draw, divide by, or never look at."""

from __future__ import annotations

import random
import time
from typing import ClassVar

import neuroflow as nf
from neuroflow_plugins.zoo.twin import twin


@twin("the leak that stays", "settings", "The setting is in the signature, and the rule has a"
      " number of its own: nobody can change it.")  # fmt: skip
class Leak1(nf.Module):
    """Scaled by one learned number, and less so below 0."""

    def __init__(self, *, slope=0.01, rng):
        self.weight = nf.Value(0.5 + rng.random())

    def forward(self, xs):
        """(n,) -> (n,)."""
        return [self.weight * nf.where(x > 0.0, x, 0.01 * x) for x in xs]  # bug


@twin("the activation that is never called", "settings", "It is looked up and kept, and forward"
      " gives the bare sum.")  # fmt: skip
class Perceptron1(nf.Module):
    """A weighted sum, then an activation."""

    def __init__(self, *, inputs, activation="tanh", rng):
        self._activate = nf.resolve("activation", activation)
        self.weights = [nf.Value(rng.random()) for _ in range(inputs)]

    def forward(self, xs):
        """One number for a list of numbers."""
        return nf.dot(self.weights, xs)  # bug


@twin("the bias that cannot be left out", "settings", "bias=False makes no difference: the field"
      " is there, and added, either way.")  # fmt: skip
class Shift1(nf.Module):
    """Numbers, scaled, and with a bias if it is wanted."""

    def __init__(self, *, bias=True, rng):
        self.weight = nf.Value(0.5 + rng.random())
        self.shift = nf.Value(0.1)  # bug

    def forward(self, xs):
        """(n,) -> (n,)."""
        return [self.weight * x + self.shift for x in xs]


@twin("the epsilon of somebody else", "settings", "epsilon is a setting, and 1e-5 is what is"
      " added.")  # fmt: skip
class Length1(nf.Module):
    """A list divided by its length, then scaled."""

    def __init__(self, *, epsilon=1e-5):
        self.gain = nf.Value(1.0)

    def forward(self, xs):
        """(n,) -> (n,)."""
        length = nf.sqrt(nf.dot(xs, xs) + 1e-5)  # bug
        return [self.gain * x / length for x in xs]


@twin("the noise that stays in the input", "no mutation", "xs belongs to the caller, who finds the"
      " noise in his data at the next epoch.")  # fmt: skip
class Noise1(nf.Module):
    """Adds a little noise while training."""

    def __init__(self, *, size=0.1, rng):
        self._rng = rng

    def forward(self, xs):
        """(n,) -> (n,)."""
        if self.training:
            for k in range(len(xs)):
                xs[k] = xs[k] + self.size * (nf.random_input(self._rng.random) - 0.5)  # bug
        return list(xs)


@twin("the rows that are centred where they are", "no mutation", "list(rows) copies the outer list"
      " alone; the rows in it are the caller's.")  # fmt: skip
class Centred1(nf.Module):
    """The first row is taken from the others, and everything scaled."""

    def __init__(self, *, rng):
        self.weight = nf.Value(0.5 + rng.random())

    def forward(self, rows):
        """(n, size) -> (n, size)."""
        rows = list(rows)
        first = list(rows[0])
        for row in rows:
            row[:] = [self.weight * (x - y) for x, y in zip(row, first, strict=True)]  # bug
        return [list(row) for row in rows]


@twin("the noise of its own dice", "dice", "A generator that is asked directly is asked once when"
      " the layer is compiled: the same noise at every step.")  # fmt: skip
class Noise2(nf.Module):
    """Adds a little noise while training."""

    def __init__(self, *, size=0.1, rng):
        self._rng = rng

    def forward(self, xs):
        """(n,) -> (n,)."""
        if not self.training:
            return list(xs)
        return [x + self.size * self._rng.gauss(0.0, 1.0) for x in xs]  # bug


@twin("the dropout of nobody's seed", "dice", "Python's own generator is everybody's: the run"
      " cannot be repeated, and a compiled one drops the same numbers for ever.")  # fmt: skip
class Drop1(nf.Module):
    """Drops numbers while training."""

    def __init__(self, *, rate=0.5):
        self.scale = nf.Value(1.0)

    def forward(self, xs):
        """(n,) -> (n,)."""
        if not self.training:
            return [self.scale * x for x in xs]
        kept = [random.random() >= self.rate for _ in xs]  # bug
        return [self.scale * x * k / (1.0 - self.rate) for x, k in zip(xs, kept, strict=True)]


@twin("the jitter of the clock", "dice", "The clock is no seed: no two runs are alike.")
class Jitter1(nf.Module):
    """Scales, and shakes a little while training."""

    def __init__(self, *, rng):
        self.weight = nf.Value(0.5 + rng.random())

    def forward(self, xs):
        """(n,) -> (n,)."""
        shake = 1e-3 * (time.perf_counter() % 1.0) if self.training else 0.0  # bug
        return [self.weight * x + shake for x in xs]


@twin("the direction of nothing", "finite", "The length of zeros is 0, and 0 / 0 is no number: add"
      " an epsilon under the root.")  # fmt: skip
class Direction1(nf.Module):
    """A list divided by its length, then scaled."""

    def __init__(self, *, rng):
        self.gain = nf.Value(1.0)

    def forward(self, xs):
        """(n,) -> (n,)."""
        length = nf.sqrt(nf.dot(xs, xs))  # bug
        return [self.gain * x / length for x in xs]


@twin("the norm of equal numbers", "finite", "Equal numbers have the variance 0, or a little less"
      " than that by rounding: add an epsilon.")  # fmt: skip
class Standard1(nf.Module):
    """Numbers with mean 0 and variance 1, then scaled."""

    def __init__(self):
        self.gain = nf.Value(1.0)

    def forward(self, xs):
        """(n,) -> (n,)."""
        center = nf.mean(xs)
        variance = nf.mean([x * x for x in xs]) - center * center  # bug
        return [self.gain * (x - center) * nf.pow(variance, -0.5) for x in xs]


@twin("the softmax of small numbers", "finite", "exp(1000) is no float; subtract the largest score"
      " first, which changes nothing else.")  # fmt: skip
class Choice1(nf.Module):
    """Shares of scores at a learned temperature."""

    def __init__(self):
        self.sharpness = nf.Value(1.0)

    def forward(self, scores):
        """(n,) -> (n,), adding up to 1."""
        powers = [nf.exp(self.sharpness * s) for s in scores]  # bug
        return [p / nf.sum(powers) for p in powers]


@twin("the shares of nothing", "finite", "Of zeros the sum is 0, and so is that of numbers of both"
      " signs by chance.")  # fmt: skip
class Share1(nf.Module):
    """Each number as a share of all, scaled."""

    def __init__(self, *, rng):
        self.weight = nf.Value(0.5 + rng.random())

    def forward(self, xs):
        """(n,) -> (n,)."""
        return [self.weight * x / nf.sum(xs) for x in xs]  # bug


@twin("the dropout that hands the list back", "alias", "In evaluation mode input and output are one"
      " list: who appends to the one appends to the other.")  # fmt: skip
class Drop2(nf.Module):
    """Drops numbers while training."""

    def __init__(self, *, rate=0.5, rng):
        self._rng = rng

    def forward(self, xs):
        """(n,) -> (n,)."""
        if not self.training:
            return xs  # bug
        keep = 1.0 / (1.0 - self.rate)
        return [nf.where(nf.random_input(self._rng.random) < self.rate, 0.0, keep) * x for x in xs]


@twin("the rows that are shared", "alias", "The list of rows is new; the rows in it but the last"
      " are those of the input.")  # fmt: skip
class Last1(nf.Module):
    """Scales the last row."""

    def __init__(self, *, rng):
        self.weight = nf.Value(0.5 + rng.random())

    def forward(self, rows):
        """(n, size) -> (n, size)."""
        return [*rows[:-1], [self.weight * x for x in rows[-1]]]  # bug


@twin("the mean that is not saved", "state", "A plain number is no part of the state: loaded, the"
      " layer subtracts 0. Keep it in an nf.Buffer.")  # fmt: skip
class Running1(nf.Module):
    """Numbers less a mean that runs along while training."""

    def __init__(self):
        self.gain = nf.Value(1.0)
        self._mean = 0.0

    def forward(self, xs):
        """(n,) -> (n,)."""
        here = sum(float(x) for x in xs) / len(xs)
        if not self.training:
            return [self.gain * (x - self._mean) for x in xs]
        self._mean = 0.9 * self._mean + 0.1 * here  # bug
        return [self.gain * (x - here) for x in xs]


@twin("the scale that counts its calls", "state", "How often it was called decides what it gives,"
      " and no file knows how often that was.")  # fmt: skip
class Warm1(nf.Module):
    """Scales, in training less at first."""

    def __init__(self, *, calls=3, rng):
        self.weight = nf.Value(0.5 + rng.random())
        self._seen = 0

    def forward(self, xs):
        """(n,) -> (n,)."""
        self._seen += self.training  # bug
        warm = min(1.0, self._seen / self.calls)
        return [self.weight * x * warm for x in xs]


@twin("the gate that opens nothing", "gradient reaches", "The gate is a parameter, saved, counted"
      " and stepped, and never multiplied with.")  # fmt: skip
class Gate1(nf.Module):
    """A row of a table, through a gate."""

    def __init__(self, *, vocab_size, rng):
        self.rows = [[nf.Value(rng.random()) for _ in range(2)] for _ in range(vocab_size)]
        self.gate = nf.Value(0.5)  # bug

    def forward(self, token):
        """A token -> (2,)."""
        return nf.take(self.rows, token)


@twin("the dropout that never rests", "training", "self.train is a method, and a method is true:"
      " the field is called self.training.")  # fmt: skip
class Drop3(nf.Module):
    """Drops numbers while training."""

    def __init__(self, *, rate=0.5, rng):
        self._rng = rng

    def forward(self, xs):
        """(n,) -> (n,)."""
        if not self.train:  # type: ignore[truthy-function]  # bug
            return list(xs)
        keep = 1.0 / (1.0 - self.rate)
        return [nf.where(nf.random_input(self._rng.random) < self.rate, 0.0, keep) * x for x in xs]


@twin("the dropout the wrong way round", "training", "It drops when the model answers, and rests"
      " while it learns.")  # fmt: skip
class Drop4(nf.Module):
    """Drops numbers while training."""

    def __init__(self, *, rate=0.5, rng):
        self._rng = rng

    def forward(self, xs):
        """(n,) -> (n,)."""
        if self.training:  # bug
            return list(xs)
        keep = 1.0 / (1.0 - self.rate)
        return [nf.where(nf.random_input(self._rng.random) < self.rate, 0.0, keep) * x for x in xs]


@twin("the dropout that fades", "training", "Half of the numbers are gone, and the others are not"
      " scaled up: in training the next layer hears half of what it hears later.")  # fmt: skip
class Drop5(nf.Module):
    """Drops numbers while training."""

    def __init__(self, *, rate=0.5, rng):
        self._rng = rng

    def forward(self, xs):
        """(n,) -> (n,)."""
        if not self.training:
            return list(xs)
        return [nf.where(nf.random_input(self._rng.random) < self.rate, 0.0, x) for x in xs]  # bug


@twin("the running mean of the wrong mode", "training", "In training the running mean is taken, in"
      " evaluation mode that of the list: the other way round.")  # fmt: skip
class Running2(nf.Module):
    """Numbers less their mean; afterwards less the mean that ran along."""

    def __init__(self):
        self.gain = nf.Value(1.0)
        self.mean = nf.Buffer(0.0)

    def forward(self, xs):
        """(n,) -> (n,)."""
        here = nf.mean(xs)
        self.mean.write(0.9 * self.mean + 0.1 * here)
        center = self.mean if self.training else here  # bug
        return [self.gain * (x - center) for x in xs]


@twin("the weights of all", "instances", "The dictionary belongs to the class: two layers of one"
      " size have the same weights.")  # fmt: skip
class Shared1(nf.Module):
    """Each number has a factor."""

    known: ClassVar[dict[int, list[nf.Value]]] = {}

    def __init__(self, *, size: int):
        self.weights = self.known.setdefault(size, [nf.Value(0.5) for _ in range(size)])  # bug

    def forward(self, xs):
        """(size,) -> (size,)."""
        return [w * x for w, x in zip(self.weights, xs, strict=True)]


@twin("the shape without its flag", "shape", "With both=True twice as many numbers come out, and"
      " the declaration does not know.")  # fmt: skip
class Signs1(nf.Module):
    """Each number has a factor; on demand the negative ones stand behind."""

    def __init__(self, *, size: int, both: bool = False):
        self.weights = [nf.Value(0.5 + k) for k in range(size)]

    def forward(self, xs):
        """(size,) -> (size,)."""
        ys = [w * x for w, x in zip(self.weights, xs, strict=True)]
        return [*ys, *(-y for y in ys)] if self.both else ys  # bug


def _layer(name, target, **facts):
    summary = (target.__doc__ or "").split("\n", 1)[0]
    return nf.LayerEntry(name=name, target=target, summary=summary, **facts)


_ROWS = ([[0.5, -1.0], [0.25, 2.0], [-0.7, 0.3]],)

MORE_LAYERS = [
    _layer("leak_1", Leak1),
    _layer("perceptron_1", Perceptron1),
    _layer("shift_1", Shift1),
    _layer("length_1", Length1),
    _layer("noise_1", Noise1),
    _layer("centred_1", Centred1, example_inputs=_ROWS),
    _layer("noise_2", Noise2),
    _layer("drop_1", Drop1),
    _layer("jitter_1", Jitter1),
    _layer("direction_1", Direction1),
    _layer("standard_1", Standard1),
    _layer("choice_1", Choice1),
    _layer("share_1", Share1),
    _layer("drop_2", Drop2),
    _layer("last_1", Last1, example_inputs=_ROWS),
    _layer("running_1", Running1),
    _layer("warm_1", Warm1),
    _layer("gate_1", Gate1, example={"vocab_size": 5}, example_inputs=(2,)),
    _layer("shared_1", Shared1, example={"size": 3}),
    _layer("signs_1", Signs1, example={"size": 3}, shape="(size,) -> (size,)"),
    _layer("drop_3", Drop3),
    _layer("drop_4", Drop4),
    _layer("drop_5", Drop5),
    _layer("running_2", Running2),
]
