"""A language model of any layers: what they make of a text are the scores of what comes next."""

from __future__ import annotations

from typing import Annotated, Any

import neuroflow as nf
from neuroflow_plugins.mlp import built
from neuroflow_plugins.parts import BlockSize

Inner = Annotated[Any, nf.Setting("what scores the next token behind each", part="layer")]


class LanguageModel(nf.Module):
    """Layers that score, behind each token of a text, which one comes next; it writes texts.

    ``layer`` takes token ids, (n_tokens,), gives (n_tokens, vocab_size), and looks back only: at a
    window that ends at its token, as a causal ``conv1d`` does, or at a state, as an ``rnn``.
    Training refuses one that looks ahead. Source: Bengio et al. 2003, section 2.

    >>> table = {"use": "embedding", "vocab_size": 3, "size": 3}
    >>> pairs = {"use": "per_token", "layer": table}
    >>> model = nf.build("language_model", layer=pairs, block_size=4, rng=nf.SplitMix32(0))
    >>> len(model([0, 2])), len(model.parameters())
    (2, 9)
    """

    causal = True

    def __init__(self, *, layer: Inner, block_size: BlockSize = 16, rng=None):
        self.layer = built(layer, rng)

    def forward(self, tokens):
        """(n_tokens,) token ids -> (n_tokens, vocab_size) logits"""
        if not 1 <= len(tokens) <= self.block_size:
            raise nf.InputError(
                f"the model got {len(tokens)} tokens",
                expected=f"1 to {self.block_size} (its block_size)",
                remedy="shorten the text, or train with a larger block_size",
                got=len(tokens),
            )
        return self.layer(tokens)


def of_its_layer(settings, taken, part):
    """what its layer makes of ids (n,), such as (n, vocab_size)"""
    return part("layer", taken)
