"""A classifier of texts: every token sees the whole text, and the mean of all is scored."""

from __future__ import annotations

from typing import Annotated

import neuroflow as nf
from neuroflow_plugins import sizes
from neuroflow_plugins.gpt import Encoder, Layers, Positions
from neuroflow_plugins.mlp import Dropped
from neuroflow_plugins.multi_head import Heads
from neuroflow_plugins.parts import BlockSize, Initializer, Linear, Size, VocabSize


class TextClassifier(nf.Module):
    """Tokens in, one score per class out: an encoder, the mean over all tokens, a matrix.

    Source of reading a text without a mask: Devlin et al. 2019.

    >>> model = TextClassifier(vocab_size=5, outputs=3, n_embd=4, n_head=2, rng=nf.SplitMix32(0))
    >>> len(model([4, 0, 1])), len(model([4]))
    (3, 3)
    """

    def __init__(
        self, *, vocab_size: VocabSize,
        outputs: Annotated[int, nf.Setting("how many classes", "[1, inf)")],
        n_layer: Layers = 1, n_embd: Size = 16, n_head: Heads = 4, block_size: BlockSize = 64,
        positions: Positions = "learned", dropout: Dropped = 0.0,
        initializer: Initializer = "xavier", rng,
    ):  # fmt: skip
        sizes.room_for(n_embd * outputs)
        common = {"initializer": initializer, "rng": rng}
        self.encoder = Encoder(
            vocab_size=vocab_size, n_layer=n_layer, n_embd=n_embd, n_head=n_head,
            block_size=block_size, positions=positions, final_norm=True, tied=True,
            dropout=dropout, **common,
        )  # fmt: skip
        self.head = Linear(inputs=n_embd, outputs=outputs, bias=True, **common)

    def forward(self, tokens):
        """(n_tokens,) token ids -> (outputs,)"""
        features = self.encoder.features(tokens)
        return self.head([nf.mean(column) for column in zip(*features, strict=True)])
