"""Several heads of attention side by side, and the cache of what they have seen.

A token is a list of ``n_embd`` numbers; a text is a list of tokens. Positions never mix except in
attention. Source: Vaswani et al. 2017, "Attention is all you need".
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import neuroflow as nf
from neuroflow_plugins.parts import (
    ALiBi,
    Bias,
    Initializer,
    Linear,
    Rotary,
    Size,
    add,
    attention_weights,
    causal_mask,
    full_mask,
    mix,
)
from neuroflow_plugins.shapes import check_tokens
from neuroflow_plugins.sizes import heads, room_for

Heads = Annotated[int, nf.Setting("heads of attention; they divide the size", "[1, inf)")]
SharedHeads = Annotated[
    int, nf.Setting("heads of keys and values; 0 for as many as queries have", "[0, inf)")
]
Causal = Annotated[bool, nf.Setting("whether a token sees only those before it")]
InnerPositions = Annotated[
    Literal["none", "rotary", "alibi"], nf.Setting("how attention knows where tokens stand")
]


def heads_divide(n_embd, n_head, key_value_heads=0, positions="none"):
    """Raise :class:`neuroflow.InputError` where heads cannot share the numbers of a token."""
    key_value_heads = key_value_heads or n_head
    if n_embd % n_head or n_head % key_value_heads:
        raise nf.InputError(
            f"attention got n_embd = {n_embd}, n_head = {n_head},"
            f" key_value_heads = {key_value_heads}",
            remedy="each must divide the one before",
            got=(n_embd, n_head, key_value_heads),
        )
    if positions == "rotary":
        Rotary(n_embd // n_head)


UNSEEN = -1e30
"""Added to a score, it makes exp() of it zero, in float32 too, and is no infinity."""


class Cache:
    """What attention remembers of earlier positions: their keys and values, per layer.

    The entries are the Values themselves, not copies: gradients flow back through them, so a
    text fed token by token has the same gradients as one fed at once.

    A ``padded`` cache has slots for more positions than it holds, and reads one token, whose
    entries come behind the slots. Its ``length`` may be an index input: slots from there on are
    not seen, so that one compiled step serves texts of every length.

    A layer that looks at a memory keeps the memory's keys and values: they are computed once.
    """

    def __init__(self, length: Any = 0, padded: bool = False) -> None:
        self.length, self.padded = length, padded
        self.layers: dict[int, tuple[list[Any], list[Any]]] = {}

    def of(self, layer: Any) -> tuple[list[Any], list[Any]]:
        """The keys and values that one attention layer has seen."""
        return self.layers.setdefault(id(layer), ([], []))

    def give(self, layers: Any, past: Any) -> None:
        """Have layers remember keys and values, each its own; ``past`` itself stays as it is."""
        for layer, (keys, values) in zip(layers, past, strict=True):
            self.layers[id(layer)] = (list(keys), list(values))

    def newest(self, layers: Any) -> list[list[Any]]:
        """The key and the value that each layer saw last."""
        return [[entries[-1] for entries in self.of(layer)] for layer in layers]

    def following(self, count: int) -> list[Any]:
        """The positions of the next tokens."""
        return [self.length] if self.padded else [self.length + k for k in range(count)]

    def places(self, n_keys: int) -> list[Any]:
        """The position of each of so many keys."""
        return [*range(n_keys - 1), self.length] if self.padded else list(range(n_keys))

    def biases(self, n_keys: int) -> list[Any]:
        """What to add to the scores of the keys, if anything: slots that are not seen get none."""
        if not self.padded:
            return []
        return [*(nf.where(self.length > j, 0.0, UNSEEN) for j in range(n_keys - 1)), 0.0]


@nf.pure
class MultiHeadAttention(nf.Module):
    """Several heads of attention side by side; each looks at the text in its own way.

    softmax(Q K^T / sqrt(d)) V per head, the heads joined and mixed by one more matrix.
    ``key_value_heads`` fewer than ``n_head`` share keys and values in groups (Ainslie et al. 2023,
    grouped-query attention). ``positions`` may be "rotary" or "alibi", which act inside
    attention. Source: Vaswani et al. 2017, section 3.2.2.
    """

    shows_attention = True

    def __init__(
        self, *, n_embd: Size, n_head: Heads, key_value_heads: SharedHeads = 0,
        causal: Causal = True, positions: InnerPositions = "none", bias: Bias = False,
        initializer: Initializer = "xavier", rng,
    ):  # fmt: skip
        heads_divide(n_embd, n_head, key_value_heads, positions)
        room_for(heads(n_embd, n_head, key_value_heads, bias))
        self.head_size = n_embd // n_head
        self.group_size = n_head // (key_value_heads or n_head)  # queries that share a key
        narrow = n_embd // self.group_size
        common = {"bias": bias, "initializer": initializer, "rng": rng}
        self.query = Linear(inputs=n_embd, outputs=n_embd, **common)
        self.key = Linear(inputs=n_embd, outputs=narrow, **common)
        self.value = Linear(inputs=n_embd, outputs=narrow, **common)
        self.output = Linear(inputs=n_embd, outputs=n_embd, **common)
        self._rotary = Rotary(self.head_size) if positions == "rotary" else None
        self._alibi = ALiBi(n_head) if positions == "alibi" else None

    def forward(self, xs, memory=None, cache=None, mask=None):
        """(n_tokens, n_embd) -> (n_tokens, n_embd).

        Keys and values come from ``memory`` if it is given (cross-attention), else from ``xs``;
        a ``cache`` that has those of the memory already is taken at its word.
        ``mask[i][j]`` says whether token i may look at token j.
        """
        check_tokens(xs, self.n_embd, "attention")
        cache = Cache() if cache is None else cache
        keys, values = cache.of(self)
        unread = xs if memory is None else memory if not keys else ()
        positions = cache.following(len(xs)) if memory is None else range(len(xs))
        if mask is None:
            mask = causal_mask if self.causal and memory is None else full_mask
            mask = mask(len(xs), len(keys) + len(unread))
        queries = []
        for position, x in zip(positions, xs, strict=True):
            queries.append(self._heads(self.query(x), position))
            if memory is None:
                keys.append(self._heads(self.key(x), position))
                values.append(self._heads(self.value(x)))
        if memory is not None and unread:
            keys[:], values[:] = self.kept(memory)
        whole = Cache() if memory is not None else cache  # all of a memory is seen
        places, hidden = whole.places(len(keys)), whole.biases(len(keys))
        return [
            self.output(self._look(query, keys, values, visible, position, places, hidden))
            for query, visible, position in zip(queries, mask, positions, strict=True)
        ]

    def kept(self, memory):
        """The keys and the values of a memory, each (n_tokens, heads, head_size)."""
        keys = [self._heads(self.key(x), position) for position, x in enumerate(memory)]
        return [keys, [self._heads(self.value(x)) for x in memory]]

    def _heads(self, x, position=None):
        """(heads * head_size,) -> (heads, head_size), turned by its position if rotary."""
        size = self.head_size
        parts = [x[k : k + size] for k in range(0, len(x), size)]
        if self._rotary is None or position is None:
            return parts
        return [self._rotary(part, position) for part in parts]

    def _look(self, query, keys, values, visible, position, places, hidden):
        """What one token gathers, all heads one behind the other: (n_embd,).

        Each key stands at one of the ``places``; ``hidden``, if not empty, is added to its score.
        """
        seen = [j for j in range(len(keys)) if visible[j]]
        gathered, watched = [], []
        for head, q in enumerate(query):  # q: (head_size,)
            shared = head // self.group_size
            biases = [hidden[j] for j in seen] if hidden else None
            if self._alibi:
                slopes = self._alibi(head, position, [places[j] for j in seen])
                biases = add(slopes, biases) if biases else slopes
            weights = attention_weights(q, [keys[j][shared] for j in seen], biases)
            gathered += mix(weights, [values[j][shared] for j in seen])
            watched.append(dict(zip(seen, weights, strict=True)))
        nf.show_attention(self, position, watched)
        return gathered
