"""A first attention block, composed of visible ops: the step from networks to transformers.

A *query* asks, *keys* answer how relevant they are, *values* are what is then averaged.
"""

from __future__ import annotations

import math
from typing import Annotated

import neuroflow as nf
from neuroflow_plugins.activations import softmax
from neuroflow_plugins.parts import Initializer
from neuroflow_plugins.shapes import check_tokens
from neuroflow_plugins.sizes import linear, room_for


def attend(queries, keys, values, *, causal=False):
    """Scaled dot-product attention: softmax(Q K^T / sqrt(d)) V, one row per query.

    ``queries`` and ``keys``: (n_tokens, d); ``values``: (n_tokens, d_v); gives (n_tokens, d_v).
    With ``causal`` a query sees only keys up to its own position.
    Source: Vaswani et al. 2017, equation 1.

    >>> rows = attend([[1.0, 0.0]], [[1.0, 0.0], [0.0, 1.0]], [[1.0], [3.0]])
    >>> round(rows[0][0], 6)
    1.660477
    """
    scale = 1.0 / math.sqrt(len(keys[0]))
    rows = []
    for position, query in enumerate(queries):
        visible = position + 1 if causal else len(keys)
        scores = [nf.dot(query, key) * scale for key in keys[:visible]]
        weights = softmax(scores)  # how much of each value, positive and summing to 1
        columns = zip(*values[:visible], strict=True)
        rows.append([nf.dot(weights, list(column)) for column in columns])
    return rows


@nf.pure
class Attention(nf.Module):
    """One head of self-attention: rows of tokens in, rows of tokens out.

    Each token (a list of ``size`` numbers) is turned into a query, a key and a value by three
    matrices; see :func:`attend`.
    """

    def __init__(
        self,
        *,
        size: Annotated[int, nf.Setting("numbers per token", "[1, inf)")],
        head_size: Annotated[
            int | None, nf.Setting("numbers per query; size if left out", "[1, inf)")
        ] = None,
        causal: Annotated[bool, nf.Setting("whether a token sees only those before it")] = True,
        initializer: Initializer = "xavier",
        rng,
    ):
        rows = head_size or size
        room_for(3 * linear(size, rows))
        draw = nf.resolve("initializer", initializer)

        def matrix():  # (head_size, size)
            return [[nf.Value(draw(rng, size, rows)) for _ in range(size)] for _ in range(rows)]

        self.query, self.key, self.value = matrix(), matrix(), matrix()

    def forward(self, tokens):
        """(n_tokens, size) -> (n_tokens, head_size)."""
        check_tokens(tokens, self.size, "attention")
        q, k, v = (  # query, key, value: each (n_tokens, head_size)
            [[nf.dot(row, token) for row in matrix] for token in tokens]
            for matrix in (self.query, self.key, self.value)
        )
        return attend(q, k, v, causal=self.causal)


def _rows_of_the_head(settings, taken, part):
    """(n, size) -> (n, head_size), or (n, size) if head_size is left out"""
    width = "head_size" if settings["head_size"] else "size"
    return nf.shape_after(f"(n, size) -> (n, {width})", settings, taken)


@nf.hookimpl
def neuroflow_layers():
    """One head of attention."""
    return [
        nf.LayerEntry(
            name="attention",
            target=Attention,
            summary="One head of scaled dot-product self-attention, causal or not.",
            formula=r"\operatorname{softmax}\left(\frac{Q K^\top}{\sqrt{d}}\right) V,"
            r" \quad Q = X W_Q^\top, K = X W_K^\top, V = X W_V^\top",
            reference="Vaswani et al. 2017, equation 1",
            shape=_rows_of_the_head,
            tensors="neuroflow_plugins.tensor_forms:AttentionForm",
        )
    ]
