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
    Epsilon,
    Initializer,
    LayerNorm,
    Linear,
    RMSNorm,
    Rotary,
    RotaryBands,
    RotaryBase,
    RotaryPairs,
    RotaryShare,
    RotaryStretch,
    Size,
    add,
    attention_weights,
    causal_mask,
    full_mask,
    mix,
    turning_numbers,
)
from neuroflow_plugins.shapes import check_tokens
from neuroflow_plugins.sizes import heads, room_for

Heads = Annotated[int, nf.Setting("heads of attention; they divide the size", "[1, inf)")]
HeadSize = Annotated[int, nf.Setting("numbers of a head; 0 for n_embd / n_head", "[0, inf)")]
SharedHeads = Annotated[
    int, nf.Setting("heads of keys and values; 0 for as many as queries have", "[0, inf)")
]
Causal = Annotated[bool, nf.Setting("whether a token sees only those before it")]
InnerPositions = Annotated[
    Literal["none", "rotary", "alibi"], nf.Setting("how attention knows where tokens stand")
]
Window = Annotated[
    int, nf.Setting("tokens that one sees at most, itself included; 0 for no limit", "[0, inf)")
]
HeadNorm = Annotated[
    Literal["none", "layer_norm", "rms_norm"],
    nf.Setting("how queries and keys are normalised, each head by itself"),
]
AttentionBias = Annotated[
    bool, nf.Setting("whether queries, keys and values have biases even without bias")
]
OutputBias = Annotated[bool, nf.Setting("whether attention's output has biases even without bias")]
_NORMS = {"layer_norm": LayerNorm, "rms_norm": RMSNorm}


def make_norm(name: str, size: int, gain: bool = True, epsilon: float = 1e-5) -> Any:
    """The norm of that name; "none" leaves tokens as they are."""
    if name == "none":
        return _unchanged
    settings = {"bias": gain} if name == "layer_norm" else {}
    return _NORMS[name](size=size, gain=gain, epsilon=epsilon, **settings)


@nf.pure
def _unchanged(x):
    return x


def heads_divide(
    n_embd, n_head, key_value_heads=0, positions="none", head_size=0, rotary_base=10000.0,
    rotary_pairs="neighbours", rotary_share=1.0, rotary_stretch=1.0, rotary_bands=None,
):  # fmt: skip
    """Raise :class:`neuroflow.InputError` where heads cannot share the numbers of a token."""
    key_value_heads = key_value_heads or n_head
    if (n_embd % n_head and not head_size) or n_head % key_value_heads:
        raise nf.InputError(
            f"attention got n_embd = {n_embd}, n_head = {n_head},"
            f" key_value_heads = {key_value_heads}",
            remedy="each must divide the one before",
            got=(n_embd, n_head, key_value_heads),
        )
    turns = (rotary_base, rotary_pairs, rotary_share, rotary_stretch, rotary_bands)
    if positions == "rotary":
        turning_numbers(head_size or n_embd // n_head, rotary_share, rotary_bands)
    elif turns != (10000.0, "neighbours", 1.0, 1.0, None):
        raise nf.InputError(
            f"attention got settings of rotary positions, but positions = {positions!r}",
            remedy="set positions to 'rotary', or leave out what begins with rotary_",
            got=turns,
        )


@nf.pure
def look(query, keys, values, biases=None):
    """What one head gathers for one token, (d,), and how much it attends to each key: (n,).

    >>> look([1.0], [[0.5], [0.5]], [[0.0], [4.0]])
    ([2.0], [0.5, 0.5])
    """
    weights = attention_weights(query, keys, biases)
    return mix(weights, values), weights


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

    def biases(self, n_keys: int, window: int = 0) -> list[Any]:
        """What to add to the scores of the keys, if anything: slots that are not seen get none."""
        if not self.padded:
            return []
        return [*(self._bias(j, window) for j in range(n_keys - 1)), 0.0]

    def _bias(self, slot: int, window: int) -> Any:
        near = nf.where(self.length < slot + window, 0.0, UNSEEN) if window else 0.0
        return nf.where(self.length > slot, near, UNSEEN)


@nf.pure
class MultiHeadAttention(nf.Module):
    """Several heads of attention side by side; each looks at the text in its own way.

    softmax(Q K^T / sqrt(d)) V per head, the heads joined and mixed by one more matrix.
    ``key_value_heads`` fewer than ``n_head`` share keys and values in groups (Ainslie et al. 2023,
    grouped-query attention). ``positions`` may be "rotary" or "alibi", which act inside
    attention; the settings of rotary positions are explained at :class:`Rotary`. ``window`` is
    that of sliding-window attention (Beltagy et al. 2020, section 3.1; Jiang et al. 2023, Mistral),
    ``head_norm`` normalises queries and keys before they turn (Dehghani et al. 2023, section 2).
    Source: Vaswani et al. 2017, section 3.2.2.
    """

    shows_attention = True

    def __init__(
        self, *, n_embd: Size, n_head: Heads, key_value_heads: SharedHeads = 0,
        head_size: HeadSize = 0, causal: Causal = True, window: Window = 0,
        positions: InnerPositions = "none", rotary_base: RotaryBase = 10000.0,
        rotary_pairs: RotaryPairs = "neighbours", rotary_share: RotaryShare = 1.0,
        rotary_stretch: RotaryStretch = 1.0, rotary_bands: RotaryBands = None,
        head_norm: HeadNorm = "none", norm_epsilon: Epsilon = 1e-5, bias: Bias = False,
        attention_bias: AttentionBias = False, output_bias: OutputBias = False,
        initializer: Initializer = "xavier", rng,
    ):  # fmt: skip
        turns = (rotary_base, rotary_pairs, rotary_share, rotary_stretch, rotary_bands)
        heads_divide(n_embd, n_head, key_value_heads, positions, head_size, *turns)
        own = {
            "head_size": head_size, "head_norm": head_norm, "attention_bias": attention_bias,
            "output_bias": output_bias,
        }  # fmt: skip
        room_for(heads(n_embd, n_head, key_value_heads, bias, **own))
        self.head_width = head_size or n_embd // n_head
        self.group_size = n_head // (key_value_heads or n_head)  # queries that share a key
        wide, narrow = n_head * self.head_width, n_head // self.group_size * self.head_width
        inside = {"inputs": n_embd, "initializer": initializer, "rng": rng}
        inside["bias"] = bias or attention_bias
        self.query = Linear(outputs=wide, **inside)
        self.key = Linear(outputs=narrow, **inside)
        self.value = Linear(outputs=narrow, **inside)
        outside = {"bias": bias or output_bias, "initializer": initializer, "rng": rng}
        self.output = Linear(inputs=wide, outputs=n_embd, **outside)
        self.head_norms = [
            make_norm(head_norm, self.head_width, epsilon=norm_epsilon) for _ in "qk"
        ]
        self._rotary = Rotary(self.head_width, *turns) if positions == "rotary" else None
        self._alibi = ALiBi(n_head) if positions == "alibi" else None

    @property
    def rotary(self):
        """What turns queries and keys by their position; None if nothing does."""
        return self._rotary

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
            near = memory is None and not cache.padded  # slots are hidden by their biases
            window = self.window if near else 0
            mask = mask(len(xs), len(keys) + len(unread), window)
        queries = []
        for position, x in zip(positions, xs, strict=True):
            queries.append(self._placed(0, self.query(x), position))
            if memory is None:
                keys.append(self._placed(1, self.key(x), position))
                values.append(self._heads(self.value(x)))
        if memory is not None and unread:
            keys[:], values[:] = self.kept(memory)
        whole = Cache() if memory is not None else cache  # all of a memory is seen
        places, hidden = whole.places(len(keys)), whole.biases(len(keys), self.window)
        return [
            self.output(self._look(query, keys, values, visible, position, places, hidden))
            for query, visible, position in zip(queries, mask, positions, strict=True)
        ]

    def kept(self, memory):
        """The keys and the values of a memory, each (n_tokens, heads, head_size)."""
        keys = [self._placed(1, self.key(x), position) for position, x in enumerate(memory)]
        return [keys, [self._heads(self.value(x)) for x in memory]]

    def _heads(self, x):
        """(heads * head_size,) -> (heads, head_size)"""
        return [x[k : k + self.head_width] for k in range(0, len(x), self.head_width)]

    def _placed(self, number, x, position):
        """A query (0) or a key (1) in heads, normalised, and turned by its position if rotary."""
        parts = [self.head_norms[number](part) for part in self._heads(x)]
        if self._rotary is None:
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
            mixed, weights = look(
                q, [keys[j][shared] for j in seen], [values[j][shared] for j in seen], biases
            )
            gathered += mixed
            watched.append(dict(zip(seen, weights, strict=True)))
        nf.show_attention(self, position, watched)
        return gathered
