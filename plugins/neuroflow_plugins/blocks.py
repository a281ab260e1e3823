"""Blocks of transformers: attention, then feed-forward, with norms and residual connections."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import neuroflow as nf
from neuroflow_plugins import sizes
from neuroflow_plugins.mlp import Activation, Dropout, Dropped, find_activation
from neuroflow_plugins.multi_head import (
    AttentionBias,
    Causal,
    HeadNorm,
    Heads,
    HeadSize,
    InnerPositions,
    MultiHeadAttention,
    OutputBias,
    SharedHeads,
    Window,
    make_norm,
)
from neuroflow_plugins.parts import (
    Bias,
    Epsilon,
    Gain,
    Initializer,
    Linear,
    RotaryBands,
    RotaryBase,
    RotaryPairs,
    RotaryShare,
    RotaryStretch,
    Size,
    add,
)
from neuroflow_plugins.shapes import check_tokens

Hidden = Annotated[int, nf.Setting("numbers inside feed-forward; 0 for four times", "[0, inf)")]
Norm = Annotated[Literal["layer_norm", "rms_norm", "none"], nf.Setting("how tokens are normalised")]
Order = Annotated[
    Literal["pre", "post", "parallel"],
    nf.Setting("norms before the parts, or behind the sums; or before parts that are side by side"),
]
FeedForwardBias = Annotated[bool, nf.Setting("whether feed-forward has biases even without bias")]
Gated = Annotated[bool, nf.Setting("whether a third matrix gates the hidden numbers")]


@nf.pure
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
        sizes.room_for(sizes.feed_forward(n_embd, hidden, gated, bias))
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


@nf.pure
class Block(nf.Module):
    """One layer of a transformer: attention, then feed-forward, each added to what came in.

    ``order`` "pre" normalises what goes into a part (Xiong et al. 2020), "post" what comes out of
    the sum (Vaswani et al. 2017); "parallel" is "pre" with all parts looking at what came into the
    block (Wang and Komatsuzaki 2021). With ``cross`` there is a second attention, to a memory.
    """

    def __init__(
        self, *, n_embd: Size, n_head: Heads, key_value_heads: SharedHeads = 0,
        head_size: HeadSize = 0, hidden: Hidden = 0, causal: Causal = True, window: Window = 0,
        cross: Annotated[bool, nf.Setting("whether there is attention to a memory too")] = False,
        positions: InnerPositions = "none", rotary_base: RotaryBase = 10000.0,
        rotary_pairs: RotaryPairs = "neighbours", rotary_share: RotaryShare = 1.0,
        rotary_stretch: RotaryStretch = 1.0, rotary_bands: RotaryBands = None,
        norm: Norm = "rms_norm", norm_gain: Gain = True, norm_epsilon: Epsilon = 1e-5,
        head_norm: HeadNorm = "none", order: Order = "pre", activation: Activation = "relu",
        gated: Gated = False, bias: Bias = False, attention_bias: AttentionBias = False,
        output_bias: OutputBias = False, feed_forward_bias: FeedForwardBias = False,
        dropout: Dropped = 0.0, initializer: Initializer = "xavier", rng,
    ):  # fmt: skip
        counted: dict[str, Any] = {
            "n_embd": n_embd, "n_head": n_head, "key_value_heads": key_value_heads,
            "head_size": head_size, "head_norm": head_norm, "bias": bias,
            "attention_bias": attention_bias, "output_bias": output_bias,
        }  # fmt: skip
        sizes.room_for(
            sizes.block(
                **counted, hidden=hidden, cross=cross, kind=norm, norm_gain=norm_gain,
                gated=gated, feed_forward_bias=feed_forward_bias,
            )
        )  # fmt: skip
        common = {"initializer": initializer, "rng": rng}
        heads = {**counted, "norm_epsilon": norm_epsilon, **common}
        self.attention = MultiHeadAttention(
            **heads, causal=causal, window=window, positions=positions, rotary_base=rotary_base,
            rotary_pairs=rotary_pairs, rotary_share=rotary_share, rotary_stretch=rotary_stretch,
            rotary_bands=rotary_bands,
        )  # fmt: skip
        self.lookup = MultiHeadAttention(**heads, causal=False) if cross else None
        self.feed_forward = FeedForward(
            n_embd=n_embd, hidden=hidden, activation=activation, gated=gated,
            bias=bias or feed_forward_bias, **common,
        )  # fmt: skip
        count = 3 if cross else 2
        self.norms = [make_norm(norm, n_embd, norm_gain, norm_epsilon) for _ in range(count)]
        self._dropout = Dropout(rate=dropout, rng=rng) if dropout else None

    @property
    def drop(self):
        """What drops numbers of a part while training; None if nothing does."""
        return self._dropout

    def forward(self, xs, memory=None, cache=None):
        """(n_tokens, n_embd) -> (n_tokens, n_embd)"""
        check_tokens(xs, self.n_embd, "a transformer block")
        came = xs if self.order == "parallel" else None
        xs = self._around(0, xs, lambda ys: self.attention(ys, cache=cache), came)
        if self.lookup is not None:
            xs = self._around(2, xs, lambda ys: self.lookup(ys, memory=memory, cache=cache), came)
        return self._around(1, xs, lambda ys: [self.feed_forward(y) for y in ys], came)

    def _around(self, number, xs, part, came=None):
        """A part with its norm and its residual connection; it looks at ``came``, or at the sum."""
        norm = self.norms[number]
        pre = self.order != "post"
        seen = xs if came is None else came
        ys = self._dropped(part([norm(x) for x in seen] if pre else seen))
        sums = [add(x, y) for x, y in zip(xs, ys, strict=True)]
        return sums if pre else [norm(x) for x in sums]

    def _dropped(self, ys):
        if self._dropout is None or not self.training:
            return ys
        return [self._dropout(y) for y in ys]
