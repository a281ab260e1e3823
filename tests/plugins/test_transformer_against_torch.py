"""The same GPT in PyTorch, from the same weights: logits and all gradients within 1e-9."""

from __future__ import annotations

import math

import pytest

import neuroflow as nf

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
F = torch.nn.functional
NEAR = {"rtol": 0.0, "atol": 1e-9}
SIZES = {
    "micro": {},
    "two layers": {"n_layer": 2, "n_head": 4},
    "grouped queries": {"n_head": 4, "key_value_heads": 2},
    "tied": {"tied": True},
    "layer norm": {"norm": "layer_norm", "final_norm": True},
    "no gain": {"norm_gain": False, "embedding_norm": True},
    "no norm": {"norm": "none"},
    "post-norm": {"order": "post", "norm": "layer_norm"},
    "gelu, biases": {"activation": "gelu", "bias": True},
    "swiglu": {"activation": "silu", "gated": True, "hidden": 6},
    "sinusoidal": {"positions": "sinusoidal"},
    "rotary": {"positions": "rotary", "n_head": 2},
    "alibi": {"positions": "alibi", "n_head": 4},
    "no positions": {"positions": "none"},
    "a bit of everything": {
        "n_layer": 2, "n_head": 4, "key_value_heads": 2, "positions": "rotary", "tied": True,
        "activation": "silu", "gated": True, "final_norm": True,
    },
}  # fmt: skip


class Twin:
    """A model's parameters as tensors, and its forward pass written with torch's functions."""

    def __init__(self, model):
        self.settings = model.configuration()
        self.names = [name for name, _ in model.named_parameters()]
        self.numbers = torch.tensor(
            [p.data for p in model.parameters()], dtype=torch.float64, requires_grad=True
        )

    def tensor(self, field):
        """All parameters of one field, (n,) or (rows, columns); None if it has none."""
        found = [
            (k, name.removeprefix(f"{field}.").split("."))
            for k, name in enumerate(self.names)
            if name.startswith(f"{field}.")
        ]
        if not found:
            return None
        flat = self.numbers[[k for k, _ in found]]
        rows = len({index[0] for _, index in found})
        return flat.reshape(rows, -1) if len(found[0][1]) == 2 else flat

    def linear(self, field, x):
        return F.linear(x, self.tensor(f"{field}.weights"), self.tensor(f"{field}.biases"))

    def norm(self, field, x):
        gains, biases = self.tensor(f"{field}.gains"), self.tensor(f"{field}.biases")
        if self.settings["norm"] == "none":
            return x
        if self.settings["norm"] == "rms_norm":
            return F.rms_norm(x, x.shape[-1:], gains, eps=1e-5)
        return F.layer_norm(x, x.shape[-1:], gains, biases, eps=1e-5)

    def __call__(self, tokens):
        s, n = self.settings, len(tokens)
        table = self.tensor("tokens.rows")
        x = table[tokens]
        if s["positions"] == "learned":
            x = x + self.tensor("places.rows")[:n]
        if s["positions"] == "sinusoidal":
            x = x + sinusoids(n, s["n_embd"])
        x = self.norm("norms.0", x) if s["embedding_norm"] else x
        for k in range(s["n_layer"]):
            x = self.part(f"blocks.{k}", 0, self.attention, "attention", x)
            x = self.part(f"blocks.{k}", 1, self.feed_forward, "feed_forward", x)
        x = self.norm("norms.1", x) if s["final_norm"] else x
        return x @ table.T if s["tied"] else self.linear("head", x)

    def part(self, block, number, function, name, x):
        norm = f"{block}.norms.{number}"
        if self.settings["order"] == "post":
            return self.norm(norm, x + function(f"{block}.{name}", x))
        return x + function(f"{block}.{name}", self.norm(norm, x))

    def attention(self, field, x):
        s, n = self.settings, len(x)
        heads, size = s["n_head"], s["n_embd"] // s["n_head"]
        split = [
            self.linear(f"{field}.{name}", x).reshape(n, -1, size).transpose(0, 1)
            for name in ("query", "key", "value")
        ]
        if s["positions"] == "rotary":
            split = [rotated(split[0]), rotated(split[1]), split[2]]
        q, k, v = split[0], *(t.repeat_interleave(heads // len(t), 0) for t in split[1:])
        mask = torch.full((n, n), -math.inf, dtype=torch.float64).triu(1)
        if s["positions"] == "alibi":
            slopes = torch.tensor([2.0 ** (-8 * (h + 1) / heads) for h in range(heads)])
            places = torch.arange(n)
            mask = mask - slopes[:, None, None] * (places[:, None] - places).clamp(min=0)
        out = F.scaled_dot_product_attention(q, k, v, attn_mask=mask.to(torch.float64))
        return self.linear(f"{field}.output", out.transpose(0, 1).reshape(n, -1))

    def feed_forward(self, field, x):
        activate = {"relu": F.relu, "gelu": F.gelu, "silu": F.silu}[self.settings["activation"]]
        up = self.linear(f"{field}.up", x)
        if not self.settings["gated"]:
            return self.linear(f"{field}.down", activate(up))
        return self.linear(f"{field}.down", activate(self.linear(f"{field}.gate", x)) * up)


def sinusoids(n, size):
    angles = [[p / 10000 ** (2 * (k // 2) / size) for k in range(size)] for p in range(n)]
    rows = [[math.cos(a) if k % 2 else math.sin(a) for k, a in enumerate(r)] for r in angles]
    return torch.tensor(rows, dtype=torch.float64)


def rotated(x):
    """Pairs of numbers as complex ones, times e^(i p speed)."""
    _, n, size = x.shape
    speeds = 10000.0 ** (-torch.arange(0, size, 2, dtype=torch.float64) / size)
    turns = torch.polar(torch.ones(1, dtype=torch.float64), torch.arange(n)[:, None] * speeds)
    pairs = torch.view_as_complex(x.reshape(*x.shape[:2], -1, 2).contiguous())
    return torch.view_as_real(pairs * turns).reshape(x.shape)


@pytest.mark.parametrize("settings", SIZES.values(), ids=SIZES)
def test_logits_and_gradients(settings, gpt):
    model = gpt(**{"n_layer": 1, "block_size": 8, "vocab_size": 11, **settings})
    shake(model)
    tokens = [10, 3, 1, 4, 1, 5]
    targets = [3, 1, 4, 1, 5, 10]
    twin = Twin(model)
    expected = twin(tokens)
    F.cross_entropy(expected, torch.tensor(targets)).backward()

    logits = model(tokens)
    cross_entropy = nf.get("loss", "cross_entropy").load()
    nf.mean([cross_entropy(x, t) for x, t in zip(logits, targets, strict=True)]).backward()

    got = torch.tensor([[x.data for x in row] for row in logits], dtype=torch.float64)
    torch.testing.assert_close(got, expected.detach(), **NEAR)
    slopes = torch.tensor([p.grad for p in model.parameters()], dtype=torch.float64)
    torch.testing.assert_close(slopes, twin.numbers.grad, **NEAR)


def shake(model):
    """Move gains and biases away from 1 and 0, where mistakes could hide."""
    rng = nf.SplitMix32(5)
    for parameter in model.parameters():
        parameter.data += 0.1 * rng.gauss(0.0, 1.0)
