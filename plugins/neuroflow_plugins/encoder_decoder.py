"""An encoder reads a text; a causal decoder writes another, looking at it."""

from __future__ import annotations

from typing import Annotated

import neuroflow as nf
from neuroflow_plugins import sizes
from neuroflow_plugins.blocks import Block, Norm, Order
from neuroflow_plugins.gpt import Layers
from neuroflow_plugins.mlp import Activation, Dropped
from neuroflow_plugins.multi_head import Cache, Heads, heads_divide
from neuroflow_plugins.parts import (
    Bias,
    BlockSize,
    Embedding,
    Initializer,
    Linear,
    SinusoidalPositions,
    Size,
    VocabSize,
    add,
)


def source_within_block(n_embd, n_head, source_length, block_size):
    """Raise :class:`neuroflow.InputError` where a source leaves no room for an answer."""
    heads_divide(n_embd, n_head)
    if source_length >= block_size:
        raise nf.InputError(
            f"a source of {source_length} tokens in a block of {block_size}",
            expected="room for at least one token more",
        )


class EncoderDecoder(nf.Module):
    """An encoder reads ``source_length`` tokens; a causal decoder writes, looking at them.

    The example is one list: the source, then what has been written so far. Source: Vaswani et
    al. 2017, figure 1.
    """

    writes_behind_source = True

    def __init__(
        self, *, vocab_size: VocabSize,
        source_length: Annotated[int, nf.Setting("tokens of the source", "[1, inf)")],
        n_layer: Layers = 1, n_embd: Size = 16, n_head: Heads = 4, block_size: BlockSize = 16,
        norm: Norm = "layer_norm", order: Order = "pre", activation: Activation = "relu",
        bias: Bias = True, dropout: Dropped = 0.0, initializer: Initializer = "xavier", rng,
    ):  # fmt: skip
        one = {"kind": norm, "bias": bias}
        pair = sizes.block(n_embd, n_head, **one) + sizes.block(n_embd, n_head, cross=True, **one)
        sizes.room_for(n_layer * pair + 2 * vocab_size * n_embd)
        block = {
            "n_embd": n_embd, "n_head": n_head, "norm": norm, "order": order,
            "activation": activation, "bias": bias, "dropout": dropout,
            "initializer": initializer, "rng": rng,
        }  # fmt: skip
        self.tokens = Embedding(
            vocab_size=vocab_size, size=n_embd, initializer=initializer, rng=rng
        )
        self.encoder = [Block(causal=False, **block) for _ in range(n_layer)]
        self.decoder = [Block(causal=True, cross=True, **block) for _ in range(n_layer)]
        self.head = Linear(inputs=n_embd, outputs=vocab_size, initializer=initializer, rng=rng)
        self._places = SinusoidalPositions(block_size=block_size, size=n_embd)

    def forward(self, tokens):
        """(n_tokens,) -> (n_tokens - source_length, vocab_size)"""
        if not self.source_length < len(tokens) <= self.block_size:
            raise nf.InputError(
                f"the model got {len(tokens)} tokens",
                expected=f"{self.source_length} of the source and at least one more, and at most"
                f" {self.block_size} in all",
                got=len(tokens),
            )
        memory = self._encoded(tokens[: self.source_length])
        answer = tokens[self.source_length :]
        return self._decoded(answer, range(len(answer)), memory)

    def read_source(self, source):
        """(source_length,) -> for each layer of the decoder, the source's keys and its values."""
        memory = self._encoded(source)
        return [lookup.kept(memory) for lookup in self._lookups()]

    def no_past(self):
        """The ``past`` of :meth:`step` before the first token: for each layer, two empty lists."""
        return [[[], []] for _ in self.decoder]

    def step(self, token, past, position=None, source=()):
        """One token behind the source: the logits of the next, and this token's keys and values.

        ``source`` is what :meth:`read_source` gave. ``past`` holds, for each layer, the keys and
        the values of the tokens between the source and this one, each (n_tokens, heads,
        head_size). With a ``position``, counted from the end of the source, which may be an index
        input, ``past`` has any number of entries more, which are not looked at.
        """
        padded = position is not None
        cache = Cache(position if padded else len(past[0][0]), padded)
        layers = [block.attention for block in self.decoder]
        cache.give(layers, past)
        cache.give(self._lookups(), source)
        (logits,) = self._decoded([token], cache.following(1), (), cache)
        return logits, cache.newest(layers)

    def _lookups(self):
        return [block.lookup for block in self.decoder]

    def _encoded(self, source):
        xs = self._embed(source, range(len(source)))
        for block in self.encoder:
            xs = block(xs)
        return xs

    def _decoded(self, tokens, positions, memory, cache=None):
        xs = self._embed(tokens, positions)
        for block in self.decoder:
            xs = block(xs, memory=memory, cache=cache)
        return [self.head(x) for x in xs]

    def _embed(self, tokens, positions):
        pairs = zip(tokens, positions, strict=True)
        return [add(self.tokens(token), self._places(place)) for token, place in pairs]
