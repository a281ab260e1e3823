"""Transformers: attention, feed-forward and norms stacked into models of text.

A token is a list of ``n_embd`` numbers; a text is a list of tokens. Positions never mix except in
attention. Source: Vaswani et al. 2017, "Attention is all you need"; Radford et al. 2019 (GPT-2).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import neuroflow as nf
from neuroflow_plugins.mlp import Activation, Dropout, Dropped, find_activation
from neuroflow_plugins.parts import (
    ALiBi,
    Bias,
    BlockSize,
    Embedding,
    Gain,
    Initializer,
    LayerNorm,
    LearnedPositions,
    Linear,
    RMSNorm,
    Rotary,
    SinusoidalPositions,
    Size,
    VocabSize,
    add,
    attention_weights,
    causal_mask,
    full_mask,
    mix,
)

Layers = Annotated[int, nf.Setting("blocks of attention and feed-forward", "[1, inf)")]
Heads = Annotated[int, nf.Setting("heads of attention; they divide the size", "[1, inf)")]
SharedHeads = Annotated[
    int, nf.Setting("heads of keys and values; 0 for as many as queries have", "[0, inf)")
]
Hidden = Annotated[int, nf.Setting("numbers inside feed-forward; 0 for four times", "[0, inf)")]
Causal = Annotated[bool, nf.Setting("whether a token sees only those before it")]
InnerPositions = Annotated[
    Literal["none", "rotary", "alibi"], nf.Setting("how attention knows where tokens stand")
]
Positions = Annotated[
    Literal["learned", "sinusoidal", "rotary", "alibi", "none"],
    nf.Setting("how the model knows where tokens stand"),
]
Norm = Annotated[Literal["layer_norm", "rms_norm", "none"], nf.Setting("how tokens are normalised")]
Order = Annotated[
    Literal["pre", "post"], nf.Setting("whether norms stand before the parts or behind the sums")
]
Gated = Annotated[bool, nf.Setting("whether a third matrix gates the hidden numbers")]


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


def source_within_block(n_embd, n_head, source_length, block_size):
    """Raise :class:`neuroflow.InputError` where a source leaves no room for an answer."""
    heads_divide(n_embd, n_head)
    if source_length >= block_size:
        raise nf.InputError(
            f"a source of {source_length} tokens in a block of {block_size}",
            expected="room for at least one token more",
        )


_NORMS = {"layer_norm": LayerNorm, "rms_norm": RMSNorm}


def make_norm(name: str, size: int, gain: bool = True) -> Any:
    """The norm of that name; "none" leaves tokens as they are."""
    if name == "none":
        return _unchanged
    settings = {"bias": gain} if name == "layer_norm" else {}
    return _NORMS[name](size=size, gain=gain, **settings)


def _unchanged(x):
    return x


UNSEEN = -1e30
"""Added to a score, it makes exp() of it zero, in float32 too, and is no infinity."""


class Cache:
    """What attention remembers of earlier positions: their keys and values, per layer.

    The entries are the Values themselves, not copies: gradients flow back through them, so a
    text fed token by token has the same gradients as one fed at once.

    A ``padded`` cache has slots for more positions than it holds, and reads one token, whose
    entries come behind the slots. Its ``length`` may be an index input: slots from there on are
    not seen, so that one compiled step serves texts of every length.
    """

    def __init__(self, length: Any = 0, padded: bool = False) -> None:
        self.length, self.padded = length, padded
        self.layers: dict[int, tuple[list[Any], list[Any]]] = {}

    def of(self, layer: Any) -> tuple[list[Any], list[Any]]:
        """The keys and values that one attention layer has seen."""
        return self.layers.setdefault(id(layer), ([], []))

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


class MultiHeadAttention(nf.Module):
    """Several heads of attention side by side; each looks at the text in its own way.

    softmax(Q K^T / sqrt(d)) V per head, the heads joined and mixed by one more matrix.
    ``key_value_heads`` fewer than ``n_head`` share keys and values in groups (Ainslie et al. 2023,
    grouped-query attention). ``positions`` may be "rotary" or "alibi", which act inside
    attention. Source: Vaswani et al. 2017, section 3.2.2.
    """

    def __init__(
        self, *, n_embd: Size, n_head: Heads, key_value_heads: SharedHeads = 0,
        causal: Causal = True, positions: InnerPositions = "none", bias: Bias = False,
        initializer: Initializer = "xavier", rng,
    ):  # fmt: skip
        heads_divide(n_embd, n_head, key_value_heads, positions)
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
        self.watch = None  # called with a position and its weights per head, if it is set

    def forward(self, xs, memory=None, cache=None, mask=None):
        """(n_tokens, n_embd) -> (n_tokens, n_embd).

        Keys and values come from ``memory`` if it is given (cross-attention), else from ``xs``.
        ``mask[i][j]`` says whether token i may look at token j.
        """
        source = xs if memory is None else memory
        cache = Cache() if cache is None else cache
        keys, values = cache.of(self) if memory is None else ([], [])
        positions = cache.following(len(xs)) if memory is None else range(len(xs))
        if mask is None:
            mask = causal_mask if self.causal and memory is None else full_mask
            mask = mask(len(xs), len(keys) + len(source))
        queries = []
        for position, x in zip(positions, xs, strict=True):
            queries.append(self._heads(self.query(x), position))
            if memory is None:
                keys.append(self._heads(self.key(x), position))
                values.append(self._heads(self.value(x)))
        if memory is not None:
            keys = [self._heads(self.key(x), position) for position, x in enumerate(memory)]
            values = [self._heads(self.value(x)) for x in memory]
        places, hidden = cache.places(len(keys)), cache.biases(len(keys))
        return [
            self.output(self._look(query, keys, values, visible, position, places, hidden))
            for query, visible, position in zip(queries, mask, positions, strict=True)
        ]

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
        if self.watch is not None:
            self.watch(position, watched)
        return gathered


class FeedForward(nf.Module):
    """Two matrices with an activation between them, for each token on its own.

    down(f(up(x))); if it is ``gated``, down(f(gate(x)) * up(x)): SwiGLU with the activation
    "silu", GEGLU with "gelu" (Shazeer 2020, equations 5 and 6). Source: Vaswani et al. 2017,
    equation 2.
    """

    def __init__(
        self, *, n_embd: Size, hidden: Hidden = 0, activation: Activation = "relu",
        gated: Gated = False, bias: Bias = False, initializer: Initializer = "xavier", rng,
    ):  # fmt: skip
        wide = hidden or 4 * n_embd
        common = {"bias": bias, "initializer": initializer, "rng": rng}
        self.up = Linear(inputs=n_embd, outputs=wide, **common)
        self.down = Linear(inputs=wide, outputs=n_embd, **common)
        self.gate = Linear(inputs=n_embd, outputs=wide, **common) if gated else None
        self._activate = find_activation(activation)

    def forward(self, x):
        """(n_embd,) -> (n_embd,)"""
        hidden = self.up(x)
        if self.gate is None:
            return self.down(self._activate(hidden))
        gates = self._activate(self.gate(x))
        return self.down([g * h for g, h in zip(gates, hidden, strict=True)])


class Block(nf.Module):
    """One layer of a transformer: attention, then feed-forward, each added to what came in.

    ``order`` "pre" normalises what goes into a part (Xiong et al. 2020), "post" what comes out of
    the sum (Vaswani et al. 2017). With ``cross`` there is a second attention, to a memory.
    """

    def __init__(
        self, *, n_embd: Size, n_head: Heads, key_value_heads: SharedHeads = 0, hidden: Hidden = 0,
        causal: Causal = True,
        cross: Annotated[bool, nf.Setting("whether there is attention to a memory too")] = False,
        positions: InnerPositions = "none", norm: Norm = "rms_norm", norm_gain: Gain = True,
        order: Order = "pre", activation: Activation = "relu", gated: Gated = False,
        bias: Bias = False, dropout: Dropped = 0.0, initializer: Initializer = "xavier", rng,
    ):  # fmt: skip
        common = {"bias": bias, "initializer": initializer, "rng": rng}
        heads: dict[str, Any] = {
            "n_embd": n_embd, "n_head": n_head, "key_value_heads": key_value_heads,
        }  # fmt: skip
        self.attention = MultiHeadAttention(**heads, causal=causal, positions=positions, **common)
        self.lookup = MultiHeadAttention(**heads, causal=False, **common) if cross else None
        self.feed_forward = FeedForward(
            n_embd=n_embd, hidden=hidden, activation=activation, gated=gated, **common
        )
        self.norms = [make_norm(norm, n_embd, norm_gain) for _ in range(3 if cross else 2)]
        self._dropout = Dropout(rate=dropout, rng=rng) if dropout else None

    def forward(self, xs, memory=None, cache=None):
        """(n_tokens, n_embd) -> (n_tokens, n_embd)"""
        xs = self._around(0, xs, lambda ys: self.attention(ys, cache=cache))
        if self.lookup is not None:
            xs = self._around(2, xs, lambda ys: self.lookup(ys, memory=memory))
        return self._around(1, xs, lambda ys: [self.feed_forward(y) for y in ys])

    def _around(self, number, xs, part):
        """A part with its norm and its residual connection."""
        norm = self.norms[number]
        pre = self.order == "pre"
        ys = self._dropped(part([norm(x) for x in xs] if pre else xs))
        sums = [add(x, y) for x, y in zip(xs, ys, strict=True)]
        return sums if pre else [norm(x) for x in sums]

    def _dropped(self, ys):
        if self._dropout is None or not self.training:
            return ys
        return [self._dropout(y) for y in ys]


class GPT(nf.Module):
    """A language model: for each token, one score (logit) per token that might come next.

    Embeddings, ``n_layer`` blocks of causal attention, and a matrix to the scores; with
    ``tied`` that matrix is the table of embeddings itself (Press and Wolf 2017). ``positions``:
    learned, sinusoidal, rotary, alibi or none. Source: Radford et al. 2019, section 2.3.

    >>> model = GPT(vocab_size=27, n_layer=1, n_embd=16, n_head=4, block_size=16,
    ...             norm_gain=False, rng=nf.SplitMix32(0))
    >>> len(model.parameters()), len(model([0, 5, 3])), len(model([0])[0])
    (4192, 3, 27)
    """

    causal = True

    def __init__(
        self, *, vocab_size: VocabSize, n_layer: Layers = 1, n_embd: Size = 16, n_head: Heads = 4,
        key_value_heads: SharedHeads = 0, block_size: BlockSize = 16, hidden: Hidden = 0,
        positions: Positions = "learned", norm: Norm = "rms_norm", norm_gain: Gain = True,
        embedding_norm: Annotated[bool, nf.Setting("whether embeddings are normalised")] = False,
        final_norm: Annotated[bool, nf.Setting("whether what is scored is normalised")] = False,
        order: Order = "pre", activation: Activation = "relu", gated: Gated = False,
        bias: Bias = False,
        tied: Annotated[bool, nf.Setting("whether embeddings score tokens as well")] = False,
        dropout: Dropped = 0.0,
        initializer: Initializer = {"use": "normal", "std": 0.08}, rng,  # noqa: B006  read only
    ):  # fmt: skip
        common = {"initializer": initializer, "rng": rng}
        self.tokens = Embedding(vocab_size=vocab_size, size=n_embd, **common)
        self.places = _places(positions, block_size, n_embd, common)
        self.head = None if tied else Linear(inputs=n_embd, outputs=vocab_size, **common)
        inside = positions if positions in ("rotary", "alibi") else "none"
        self.blocks = [
            Block(
                n_embd=n_embd, n_head=n_head, key_value_heads=key_value_heads, hidden=hidden,
                causal=self.causal, positions=inside, norm=norm, norm_gain=norm_gain, order=order,
                activation=activation, gated=gated, bias=bias, dropout=dropout, **common,
            )
            for _ in range(n_layer)
        ]  # fmt: skip
        self.norms = [
            make_norm(norm if used else "none", n_embd, norm_gain)
            for used in (embedding_norm, final_norm)
        ]

    def forward(self, tokens, cache=None):
        """(n_tokens,) token ids -> (n_tokens, vocab_size) logits.

        With a :class:`Cache` the tokens go on from those that it has seen.
        """
        return [self.logits(x) for x in self.features(tokens, cache)]

    def features(self, tokens, cache=None):
        """(n_tokens,) -> (n_tokens, n_embd): what the blocks make of the tokens."""
        cache = Cache() if cache is None else cache
        self._check_length(cache, len(tokens))
        xs = []
        for position, token in zip(cache.following(len(tokens)), tokens, strict=True):
            x = self.tokens(token)
            xs.append(x if self.places is None else add(x, self.places(position)))
        xs = [self.norms[0](x) for x in xs]
        for block in self.blocks:
            xs = block(xs, cache=cache)
        cache.length += len(tokens)
        return [self.norms[1](x) for x in xs]

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
        for block, (keys, values) in zip(self.blocks, past, strict=True):
            cache.layers[id(block.attention)] = (list(keys), list(values))
        (logits,) = self([token], cache=cache)
        added = [[entries[-1] for entries in cache.of(block.attention)] for block in self.blocks]
        return logits, added

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


class EncoderDecoder(nf.Module):
    """An encoder reads ``source_length`` tokens; a causal decoder writes, looking at them.

    The example is one list: the source, then what has been written so far. Source: Vaswani et
    al. 2017, figure 1.
    """

    def __init__(
        self, *, vocab_size: VocabSize,
        source_length: Annotated[int, nf.Setting("tokens of the source", "[1, inf)")],
        n_layer: Layers = 1, n_embd: Size = 16, n_head: Heads = 4, block_size: BlockSize = 16,
        norm: Norm = "layer_norm", order: Order = "pre", activation: Activation = "relu",
        bias: Bias = True, dropout: Dropped = 0.0, initializer: Initializer = "xavier", rng,
    ):  # fmt: skip
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
        memory = self._embed(tokens[: self.source_length])
        for block in self.encoder:
            memory = block(memory)
        xs = self._embed(tokens[self.source_length :])
        for block in self.decoder:
            xs = block(xs, memory=memory)
        return [self.head(x) for x in xs]

    def _embed(self, tokens):
        return [add(self.tokens(t), self._places(p)) for p, t in enumerate(tokens)]


def _places(positions, block_size, size, common):
    """What is added to a token at a position; None where positions act elsewhere or nowhere."""
    if positions == "learned":
        return LearnedPositions(block_size=block_size, size=size, **common)
    if positions == "sinusoidal":
        return SinusoidalPositions(block_size=block_size, size=size)
    return None


@nf.hookimpl
def neuroflow_layers():
    """All parts of transformers by name."""
    heads = {"n_embd": 4, "n_head": 2}
    model = {"vocab_size": 5, **heads}
    token, text = [0.5, -1.0, 2.0, 0.25], [1, 0, 4]
    parts = {
        "embedding": (Embedding, {"vocab_size": 5, "size": 4}, 2),
        "learned_positions": (LearnedPositions, {"block_size": 4, "size": 4}, 3),
        "sinusoidal_positions": (SinusoidalPositions, {"block_size": 4, "size": 4}, 3),
        "linear": (Linear, {"inputs": 4, "outputs": 2}, token),
        "layer_norm": (LayerNorm, {"size": 4}, token),
        "rms_norm": (RMSNorm, {"size": 4}, token),
        "multi_head_attention": (MultiHeadAttention, heads, [token, token[::-1]]),
        "feed_forward": (FeedForward, {"n_embd": 4}, token),
        "transformer_block": (Block, heads, [token, token[::-1]]),
        "gpt": (GPT, {**model, "block_size": 4}, text),
        "encoder": (Encoder, {**model, "block_size": 4}, text),
        "encoder_decoder": (EncoderDecoder, {**model, "source_length": 2, "block_size": 5}, text),
    }
    relations = {
        MultiHeadAttention: heads_divide,
        Block: heads_divide,
        GPT: heads_divide,
        Encoder: heads_divide,
        EncoderDecoder: source_within_block,
    }
    for name, (layer, example, inputs) in parts.items():
        summary = (layer.__doc__ or "").split("\n", 1)[0]
        yield nf.LayerEntry(
            name=name, target=layer, summary=summary, example=example, example_inputs=(inputs,),
            relations=relations.get(layer),
        )  # fmt: skip
