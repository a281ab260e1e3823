"""Blocks of transformers: attention, then feed-forward, with norms and residual connections."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import neuroflow as nf
from neuroflow_plugins import sizes
from neuroflow_plugins.mlp import Activation, Dropout, Dropped, find_activation
from neuroflow_plugins.multi_head import (
    Causal,
    Heads,
    InnerPositions,
    MultiHeadAttention,
    SharedHeads,
)
from neuroflow_plugins.parts import Bias, Gain, Initializer, LayerNorm, Linear, RMSNorm, Size, add
from neuroflow_plugins.shapes import check_tokens

Hidden = Annotated[int, nf.Setting("numbers inside feed-forward; 0 for four times", "[0, inf)")]
Norm = Annotated[Literal["layer_norm", "rms_norm", "none"], nf.Setting("how tokens are normalised")]
Order = Annotated[
    Literal["pre", "post"], nf.Setting("whether norms stand before the parts or behind the sums")
]
Gated = Annotated[bool, nf.Setting("whether a third matrix gates the hidden numbers")]
_NORMS = {"layer_norm": LayerNorm, "rms_norm": RMSNorm}


def make_norm(name: str, size: int, gain: bool = True) -> Any:
    """The norm of that name; "none" leaves tokens as they are."""
    if name == "none":
        return _unchanged
    settings = {"bias": gain} if name == "layer_norm" else {}
    return _NORMS[name](size=size, gain=gain, **settings)


@nf.pure
def _unchanged(x):
    return x


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
        sizes.room_for(
            sizes.block(
                n_embd, n_head, key_value_heads=key_value_heads, hidden=hidden, cross=cross,
                kind=norm, norm_gain=norm_gain, gated=gated, bias=bias,
            )
        )  # fmt: skip
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

    @property
    def drop(self):
        """What drops numbers of a part while training; None if nothing does."""
        return self._dropout

    def forward(self, xs, memory=None, cache=None):
        """(n_tokens, n_embd) -> (n_tokens, n_embd)"""
        check_tokens(xs, self.n_embd, "a transformer block")
        xs = self._around(0, xs, lambda ys: self.attention(ys, cache=cache))
        if self.lookup is not None:
            xs = self._around(2, xs, lambda ys: self.lookup(ys, memory=memory, cache=cache))
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
