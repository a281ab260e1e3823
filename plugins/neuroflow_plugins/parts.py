"""The small parts of transformers: embeddings, positions, norms, and one query's attention."""

from __future__ import annotations

import math
from typing import Annotated, Any

import neuroflow as nf
from neuroflow_plugins.activations import softmax
from neuroflow_plugins.shapes import check_numbers, check_one, check_tokens
from neuroflow_plugins.sizes import linear, norm, room_for

Inputs = Annotated[int, nf.Setting("how many numbers come in", "[1, inf)")]
Outputs = Annotated[int, nf.Setting("how many numbers go out", "[1, inf)")]
Size = Annotated[int, nf.Setting("numbers per token", "[1, inf)")]
VocabSize = Annotated[int, nf.Setting("how many tokens there are; the data know it", "[1, inf)")]
BlockSize = Annotated[int, nf.Setting("tokens that are read at once, at most", "[1, inf)")]
Bias = Annotated[bool, nf.Setting("whether biases are added to the sums")]
Initializer = Annotated[Any, nf.Setting("how the weights are drawn", part="initializer")]
Gain = Annotated[bool, nf.Setting("whether each number is scaled by a learned gain")]
Epsilon = Annotated[float, nf.Setting("what keeps the division from zero", "[0, inf)")]


def add(a, b):
    """The sum of two vectors.

    >>> add([1.0, 2.0], [10.0, 20.0])
    [11.0, 22.0]
    """
    return [x + y for x, y in zip(a, b, strict=True)]


def causal_mask(n_queries, n_keys):
    """Who may look at whom: the last ``n_queries`` of ``n_keys`` tokens, each only back.

    >>> causal_mask(2, 3)
    [[True, True, False], [True, True, True]]
    """
    start = n_keys - n_queries
    return [[j <= start + i for j in range(n_keys)] for i in range(n_queries)]


def full_mask(n_queries, n_keys):
    """Everyone may look at everyone."""
    return [[True] * n_keys for _ in range(n_queries)]


def attention_weights(query, keys, biases=None):
    """How much one query attends to each key: softmax(q . k / sqrt(d)), summing to 1.

    ``query``: (d,), ``keys``: (n, d), gives (n,). ``biases`` are added to the scores.

    >>> attention_weights([1.0], [[0.5], [0.5]])
    [0.5, 0.5]
    """
    scale = 1.0 / math.sqrt(len(query))
    scores = [nf.dot(query, key) * scale for key in keys]
    return softmax(add(scores, biases) if biases else scores)


def mix(weights, values):
    """The weighted mean of rows: (n,) and (n, d) give (d,).

    >>> mix([0.25, 0.75], [[0.0, 4.0], [4.0, 0.0]])
    [3.0, 1.0]
    """
    return [nf.dot(weights, list(column)) for column in zip(*values, strict=True)]


def matrix(rows, columns, initializer, rng):
    """(rows, columns) parameters, drawn row by row."""
    room_for(rows * columns)
    draw = nf.resolve("initializer", initializer)
    return [[nf.Value(draw(rng, columns, rows)) for _ in range(columns)] for _ in range(rows)]


@nf.pure
class Linear(nf.Module):
    """W x + b: one weighted sum per output; without ``bias`` just W x."""

    def __init__(
        self, *, inputs: Inputs, outputs: Outputs, bias: Bias = False,
        initializer: Initializer = "xavier", rng,
    ):  # fmt: skip
        room_for(linear(inputs, outputs, bias))
        self.weights = matrix(outputs, inputs, initializer, rng)
        self.biases = [nf.Value(0.0) for _ in range(outputs)] if bias else []

    def forward(self, x):
        """(inputs,) -> (outputs,)"""
        check_numbers(x, self.inputs, "a linear layer")
        sums = [nf.dot(row, x) for row in self.weights]
        return add(sums, self.biases) if self.biases else sums


@nf.pure
class Embedding(nf.Module):
    """A table with one row of learned numbers per token."""

    def __init__(
        self, *, vocab_size: VocabSize, size: Size, initializer: Initializer = "normal", rng
    ):
        self.rows = matrix(vocab_size, size, initializer, rng)

    def forward(self, token):
        """A token id -> (size,); ids in lists -> each its row"""
        if isinstance(token, (list, tuple)):
            return [self(each) for each in token]
        return nf.take(self.rows, token)


def placed(positions, tokens, what):
    """Tokens, each with what stands for its position added: (n, size) -> (n, size)."""
    if tokens and not isinstance(tokens[0], (list, tuple)):
        check_one(tokens, f"{what} take the position of one token")
    check_tokens(tokens, positions.size, what)
    if len(tokens) > positions.block_size:
        raise nf.InputError(
            f"{what} got {len(tokens)} tokens",
            expected=f"at most {positions.block_size} (their block_size)",
            remedy="shorten the text, or raise block_size",
            got=len(tokens),
        )
    return [add(token, positions(position)) for position, token in enumerate(tokens)]


@nf.pure
class LearnedPositions(nf.Module):
    """A table with one row of learned numbers per position (Gehring et al. 2017)."""

    def __init__(
        self, *, block_size: BlockSize, size: Size, initializer: Initializer = "normal", rng
    ):
        self.rows = matrix(block_size, size, initializer, rng)

    def forward(self, position):
        """A position, from 0 -> (size,); tokens (n, size) -> each with its position's row added"""
        if isinstance(position, (list, tuple)):
            return placed(self, position, "learned positions")
        return nf.take(self.rows, position)


@nf.pure
class SinusoidalPositions(nf.Module):
    """Sines and cosines of the position, slower from pair to pair; nothing is learned.

    sin(p / 10000^(2i/size)) and the cosine beside it. Source: Vaswani et al. 2017, section 3.5.

    >>> [round(x, 6) for x in SinusoidalPositions(block_size=2, size=4)(1)]
    [0.841471, 0.540302, 0.01, 0.99995]
    """

    def __init__(self, *, block_size: BlockSize, size: Size):
        """Nothing to draw."""

    def forward(self, position):
        """A position, from 0 -> (size,); tokens (n, size) -> each with its position's row added"""
        if isinstance(position, (list, tuple)):
            return placed(self, position, "sinusoidal positions")
        angles = [position / 10000.0 ** (2 * (k // 2) / self.size) for k in range(self.size)]
        return [nf.cos(a) if k % 2 else nf.sin(a) for k, a in enumerate(angles)]


@nf.pure
class Rotary:
    """Turns pairs of numbers by an angle that grows with the position.

    The product of a turned query and key depends on their distance alone. Source: Su et al.
    2021, equation 34.

    >>> Rotary(2)([1.0, 0.0], 0)
    [1.0, 0.0]
    """

    def __init__(self, size: int) -> None:
        if size % 2:
            raise nf.InputError(
                f"rotary positions turn pairs, but a head has {size} numbers", got=size
            )
        self.speeds = [10000.0 ** (-2 * k / size) for k in range(size // 2)]

    def __call__(self, x, position):
        """(size,) -> (size,), of the same length."""
        turned = []
        for k, speed in enumerate(self.speeds):
            cos, sin = nf.cos(position * speed), nf.sin(position * speed)
            a, b = x[2 * k], x[2 * k + 1]
            turned += [a * cos - b * sin, a * sin + b * cos]
        return turned


@nf.pure
class ALiBi:
    """Subtracts from a score in proportion to the distance, each head at its own slope.

    Slopes 2^(-8 h / n) for heads h = 1 ... n. Source: Press et al. 2022, section 3.

    >>> ALiBi(2)(0, 3, [1, 3])
    [-0.125, -0.0]
    """

    def __init__(self, n_head: int) -> None:
        self.slopes = [2.0 ** (-8.0 * (head + 1) / n_head) for head in range(n_head)]

    def __call__(self, head, position, seen):
        """What to add to the scores of the tokens at the positions ``seen``."""
        return [-self.slopes[head] * nf.abs(position - j) for j in seen]


@nf.pure
class LayerNorm(nf.Module):
    """Numbers with mean 0 and variance 1, then scaled by a learned gain and shifted by a bias.

    (x - mean) / sqrt(variance + epsilon). Source: Ba et al. 2016, equation 4.
    """

    def __init__(
        self, *, size: Size, gain: Gain = True, bias: Bias = True, epsilon: Epsilon = 1e-5
    ):
        room_for(norm("layer_norm", size))
        self.gains = [nf.Value(1.0) for _ in range(size)] if gain else []
        self.biases = [nf.Value(0.0) for _ in range(size)] if bias else []

    def forward(self, x):
        """(size,) -> (size,)"""
        check_numbers(x, self.size, "a layer norm")
        center = nf.mean(x)
        apart = [value - center for value in x]
        scale = nf.pow(nf.dot(apart, apart) * (1.0 / self.size) + self.epsilon, -0.5)
        normal = [value * scale for value in apart]
        normal = [g * y for g, y in zip(self.gains, normal, strict=True)] if self.gain else normal
        return add(normal, self.biases) if self.bias else normal


@nf.pure
class RMSNorm(nf.Module):
    """Numbers with mean square 1, then scaled by a learned gain.

    x / sqrt(mean(x^2) + epsilon). Source: Zhang and Sennrich 2019, equation 4.
    """

    def __init__(self, *, size: Size, gain: Gain = True, epsilon: Epsilon = 1e-5):
        room_for(norm("rms_norm", size))
        self.gains = [nf.Value(1.0) for _ in range(size)] if gain else []

    def forward(self, x):
        """(size,) -> (size,)"""
        check_numbers(x, self.size, "an RMS norm")
        scale = nf.pow(nf.dot(x, x) * (1.0 / self.size) + self.epsilon, -0.5)
        normal = [value * scale for value in x]
        return [g * y for g, y in zip(self.gains, normal, strict=True)] if self.gain else normal
