"""The small parts of transformers: embeddings, positions, norms, and one query's attention."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

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
Offset = Annotated[
    int, nf.Setting("rows of learned positions before the first token's", "[0, inf)")
]
RotaryBase = Annotated[
    float, nf.Setting("how much slower the last pair of numbers turns than the first", "(0, inf)")
]
RotaryPairs = Annotated[
    Literal["neighbours", "halves"],
    nf.Setting("whether numbers turn with their neighbour, or first halves with second ones"),
]
RotaryShare = Annotated[float, nf.Setting("the share of a head's numbers that turn", "(0, 1]")]
RotaryStretch = Annotated[
    float,
    nf.Setting("how many times slower pairs turn, so that positions reach further", "(0, inf)"),
]
RotaryBands = Annotated[
    list[float] | None,
    nf.Setting(
        "[low, high, length]: what turns more than high times in length tokens is not stretched,"
        " less than low times wholly; left out to stretch every pair alike",
        "(0, inf)", length="[3, 3]",
    ),
]  # fmt: skip


def add(a, b):
    """The sum of two vectors.

    >>> add([1.0, 2.0], [10.0, 20.0])
    [11.0, 22.0]
    """
    return [x + y for x, y in zip(a, b, strict=True)]


def causal_mask(n_queries, n_keys, window=0):
    """Who may look at whom: the last ``n_queries`` of ``n_keys`` tokens, each only back.

    With a ``window``, each sees itself and the ``window - 1`` tokens before it.

    >>> causal_mask(2, 3)
    [[True, True, False], [True, True, True]]
    >>> causal_mask(2, 3, window=2)
    [[True, True, False], [False, True, True]]
    """
    start, width = n_keys - n_queries, window or n_keys
    return [[0 <= start + i - j < width for j in range(n_keys)] for i in range(n_queries)]


def full_mask(n_queries, n_keys, window=0):
    """Everyone may look at everyone less than a ``window`` away.

    >>> full_mask(2, 2), full_mask(2, 2, window=1)
    ([[True, True], [True, True]], [[True, False], [False, True]])
    """
    start = n_keys - n_queries
    near = [[abs(start + i - j) < window for j in range(n_keys)] for i in range(n_queries)]
    return near if window else [[True] * n_keys for _ in range(n_queries)]


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
    """A table with one row of learned numbers per position (Gehring et al. 2017).

    Before them there may be an ``offset`` of rows that no token has (Zhang et al. 2022, OPT).
    """

    def __init__(
        self, *, block_size: BlockSize, size: Size, offset: Offset = 0,
        initializer: Initializer = "normal", rng,
    ):  # fmt: skip
        self.rows = matrix(block_size + offset, size, initializer, rng)

    def forward(self, position):
        """A position, from 0 -> (size,); tokens (n, size) -> each with its position's row added"""
        if isinstance(position, (list, tuple)):
            return placed(self, position, "learned positions")
        return nf.take(self.rows[self.offset :] if self.offset else self.rows, position)


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
    2021, equation 34. Pair k of n turns by ``base ** (-k / n)`` per position; ``share`` is that of
    the numbers that turn (Black et al. 2022, section 2.1.1), ``stretch`` slows them (Chen et al.
    2023, equation 4), by ``bands`` as :func:`stretched` says. Neighbours are what the paper pairs;
    "halves" are what the libraries of LLaMA pair.

    >>> Rotary(2)([1.0, 0.0], 0)
    [1.0, 0.0]
    >>> Rotary(4, base=100.0).speeds, Rotary(8, base=100.0, share=0.5, stretch=2.0).speeds
    ([1.0, 0.1], [0.5, 0.05])
    >>> Rotary(4, pairs="halves").pairs
    [(0, 2), (1, 3)]
    """

    def __init__(
        self, size: int, base: float = 10000.0, pairs: str = "neighbours", share: float = 1.0,
        stretch: float = 1.0, bands: Any = None,
    ) -> None:  # fmt: skip
        turning = turning_numbers(size, share, bands)
        half = turning // 2
        self.halves = pairs == "halves"
        self.pairs = [(k, k + half) if self.halves else (2 * k, 2 * k + 1) for k in range(half)]
        speeds = [base ** (-2 * k / turning) for k in range(half)]
        self.speeds = [stretched(speed, stretch, bands) for speed in speeds]

    def __call__(self, x, position):
        """(size,) -> (size,), of the same length."""
        turned = list(x)
        for speed, (k, m) in zip(self.speeds, self.pairs, strict=True):
            cos, sin = nf.cos(position * speed), nf.sin(position * speed)
            a, b = x[k], x[m]
            turned[k], turned[m] = a * cos - b * sin, a * sin + b * cos
        return turned


def turning_numbers(size, share=1.0, bands=None):
    """How many numbers of a head turn by its position, in pairs.

    Raises :class:`neuroflow.InputError` where they are not even, or bands are not in order.

    >>> turning_numbers(8, 0.5)
    4
    """
    turning = int(size * share)
    if turning % 2 or not turning:
        part = f", {turning} of which turn" if share < 1.0 else ""
        raise nf.InputError(
            f"rotary positions turn pairs, but a head has {size} numbers{part}", got=size
        )
    if bands and bands[0] >= bands[1]:
        raise nf.InputError(
            f"rotary positions got the bands {list(bands)}",
            expected="[low, high, length], low below high",
            got=bands,
        )
    return turning


def stretched(speed, stretch, bands):
    """A speed of rotary positions, ``stretch`` times slower; by ``bands`` only if it is slow.

    With bands (low, high, length): a pair that turns more than ``high`` times in ``length`` tokens
    stays, one that turns less than ``low`` times is stretched, and between the two speeds are
    mixed. Source: Grattafiori et al. 2024 (Llama 3.1), as its code has it.

    >>> [stretched(2 * math.pi * turns / 64, 8.0, (1.0, 4.0, 64.0)) * 64 / (2 * math.pi)
    ...  for turns in (8.0, 0.5)]
    [8.0, 0.0625]
    """
    if not bands:
        return speed / stretch
    low, high, length = bands
    turns = speed * length / (2.0 * math.pi)
    kept = min(1.0, max(0.0, (turns - low) / (high - low)))
    return kept * speed + (1.0 - kept) * speed / stretch


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
