"""Language models of blocks: each token is scored from those before it, or from all.

Source: Radford et al. 2019 (GPT-2).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import neuroflow as nf
from neuroflow_plugins import sizes
from neuroflow_plugins.blocks import Block, FeedForwardBias, Gated, Hidden, Norm, Order
from neuroflow_plugins.mlp import Activation, Dropped
from neuroflow_plugins.multi_head import (
    AttentionBias,
    Cache,
    HeadNorm,
    Heads,
    HeadSize,
    OutputBias,
    SharedHeads,
    Window,
    make_norm,
)
from neuroflow_plugins.parts import (
    Bias,
    BlockSize,
    Embedding,
    Epsilon,
    Gain,
    Initializer,
    LearnedPositions,
    Linear,
    Offset,
    RotaryBands,
    RotaryBase,
    RotaryPairs,
    RotaryShare,
    RotaryStretch,
    SinusoidalPositions,
    Size,
    VocabSize,
    add,
)

Layers = Annotated[int, nf.Setting("blocks of attention and feed-forward", "[1, inf)")]
Scale = Annotated[float, nf.Setting("what embeddings are multiplied by", "(0, inf)")]
Positions = Annotated[
    Literal["learned", "sinusoidal", "rotary", "alibi", "none"],
    nf.Setting("how the model knows where tokens stand"),
]


class GPT(nf.Module):
    """A language model: for each token, one score (logit) per token that might come next.

    Embeddings, ``n_layer`` blocks of causal attention, and a matrix to the scores; with
    ``tied`` that matrix is the table of embeddings itself (Press and Wolf 2017). ``positions``:
    learned, sinusoidal, rotary, alibi or none. Settings of the blocks are explained at
    :class:`Block`, those of rotary positions at :class:`neuroflow_plugins.parts.Rotary`;
    ``embedding_scale`` multiplies embeddings (Vaswani et al. 2017, section 3.4). Source: Radford
    et al. 2019, section 2.3.

    >>> model = GPT(vocab_size=27, n_layer=1, n_embd=16, n_head=4, block_size=16,
    ...             norm_gain=False, rng=nf.SplitMix32(0))
    >>> len(model.parameters()), len(model([0, 5, 3])), len(model([0])[0])
    (4192, 3, 27)
    """

    causal = True

    def __init__(
        self, *, vocab_size: VocabSize, n_layer: Layers = 1, n_embd: Size = 16, n_head: Heads = 4,
        key_value_heads: SharedHeads = 0, head_size: HeadSize = 0, block_size: BlockSize = 16,
        window: Window = 0, hidden: Hidden = 0, positions: Positions = "learned",
        position_offset: Offset = 0, rotary_base: RotaryBase = 10000.0,
        rotary_pairs: RotaryPairs = "neighbours", rotary_share: RotaryShare = 1.0,
        rotary_stretch: RotaryStretch = 1.0, rotary_bands: RotaryBands = None,
        norm: Norm = "rms_norm", norm_gain: Gain = True, norm_epsilon: Epsilon = 1e-5,
        embedding_norm: Annotated[bool, nf.Setting("whether embeddings are normalised")] = False,
        final_norm: Annotated[bool, nf.Setting("whether what is scored is normalised")] = False,
        head_norm: HeadNorm = "none", embedding_scale: Scale = 1.0, order: Order = "pre",
        activation: Activation = "relu", gated: Gated = False, bias: Bias = False,
        attention_bias: AttentionBias = False, output_bias: OutputBias = False,
        feed_forward_bias: FeedForwardBias = False,
        tied: Annotated[bool, nf.Setting("whether embeddings score tokens as well")] = False,
        dropout: Dropped = 0.0,
        initializer: Initializer = {"use": "normal", "std": 0.08}, rng,  # noqa: B006  read only
    ):  # fmt: skip
        block: dict[str, Any] = {
            "n_embd": n_embd, "n_head": n_head, "key_value_heads": key_value_heads,
            "head_size": head_size, "hidden": hidden, "norm_gain": norm_gain, "gated": gated,
            "head_norm": head_norm, "bias": bias, "attention_bias": attention_bias,
            "output_bias": output_bias, "feed_forward_bias": feed_forward_bias,
        }  # fmt: skip
        rows = (1 if tied else 2) * vocab_size
        rows += block_size + position_offset if positions == "learned" else 0
        norms = (embedding_norm + final_norm) * sizes.norm(norm, n_embd, norm_gain)
        sizes.room_for(n_layer * sizes.block(**block, kind=norm) + rows * n_embd + norms)
        common = {"initializer": initializer, "rng": rng}
        self.tokens = Embedding(vocab_size=vocab_size, size=n_embd, **common)
        self.places = positions_of(positions, block_size, n_embd, common, position_offset)
        self.head = None if tied else Linear(inputs=n_embd, outputs=vocab_size, **common)
        inside = positions if positions in ("rotary", "alibi") else "none"
        self.blocks = [
            Block(
                **block, causal=self.causal, window=window, positions=inside,
                rotary_base=rotary_base, rotary_pairs=rotary_pairs, rotary_share=rotary_share,
                rotary_stretch=rotary_stretch, rotary_bands=rotary_bands, norm=norm,
                norm_epsilon=norm_epsilon, order=order, activation=activation, dropout=dropout,
                **common,
            )
            for _ in range(n_layer)
        ]  # fmt: skip
        self.norms = [
            make_norm(norm if used else "none", n_embd, norm_gain, norm_epsilon)
            for used in (embedding_norm, final_norm)
        ]

    def forward(self, tokens, cache=None):
        """(n_tokens,) token ids -> (n_tokens, vocab_size) logits.

        With a :class:`Cache` the tokens go on from those that it has seen.
        """
        return [self.logits(x) for x in self.features(tokens, cache)]

    def features(self, tokens, cache=None):
        """(n_tokens,) -> (n_tokens, n_embd): what the blocks make of the tokens."""
        seen = Cache() if cache is None else cache
        if not isinstance(tokens, (list, tuple)):
            raise nf.InputError(
                f"the model got {tokens!r}", expected="a list of token ids", got=tokens
            )
        self._check_length(seen, len(tokens))
        xs = []
        for position, token in zip(seen.following(len(tokens)), tokens, strict=True):
            x = self._scaled(self.tokens(token))
            xs.append(x if self.places is None else add(x, self.places(position)))
        xs = [self.norms[0](x) for x in xs]
        for block in self.blocks:
            xs = block(xs, cache=cache)
        seen.length += len(tokens)
        return [self.norms[1](x) for x in xs]

    def _scaled(self, x):
        scale = self.embedding_scale
        return x if scale == 1.0 else [scale * number for number in x]

    def _check_length(self, cache, count):
        if not cache.padded and not 1 <= cache.length + count <= self.block_size:
            raise nf.InputError(
                f"the model got {cache.length + count} tokens",
                expected=f"1 to {self.block_size} (its block_size)",
                remedy="shorten the text, or train with a larger block_size",
                got=cache.length + count,
            )

    def no_past(self):
        """The ``past`` of :meth:`step` before the first token: for each layer, two empty lists."""
        return [[[], []] for _ in self.blocks]

    def step(self, token, past, position=None):
        """One token after others: the logits of the next, and this token's keys and values.

        ``past`` holds, for each layer, the keys and the values of the tokens before it, each
        (n_tokens, heads, head_size); append what this step adds, and hand it to the next. With
        a ``position``, which may be an index input, ``past`` has any number of entries more,
        which are not looked at.
        """
        padded = position is not None
        cache = Cache(position if padded else len(past[0][0]), padded)
        layers = [block.attention for block in self.blocks]
        cache.give(layers, past)
        (logits,) = self([token], cache=cache)
        return logits, cache.newest(layers)

    def logits(self, x):
        """(n_embd,) -> (vocab_size,)"""
        if self.head is None:
            return [nf.dot(row, x) for row in self.tokens.rows]
        return self.head(x)


class Encoder(GPT):
    """The same blocks without the causal mask: every token sees the whole text.

    One list of scores per token, for tasks such as sorting in place (Devlin et al. 2019).
    """

    causal = False


def positions_of(positions, block_size, size, common, offset=0):
    """What is added to a token at a position; None where positions act elsewhere or nowhere."""
    if positions == "learned":
        return LearnedPositions(block_size=block_size, size=size, offset=offset, **common)
    if positions == "sinusoidal":
        return SinusoidalPositions(block_size=block_size, size=size)
    return None
