"""A GPT of ``nf.to_torch`` beside the same model written by hand in PyTorch: ms for one step.

    python -m tests.benchmarks.tensors                       # a size for a CPU
    python -m tests.benchmarks.tensors cuda 8 512 256 32     # device, layers, width, tokens, batch

Both take the same steps of the same loss and optimizer, in turns; told is the median.
"""

import statistics
import sys
import time

import torch
from torch import nn
from torch.nn import functional

import neuroflow as nf

VOCAB = 65


class HandBlock(nn.Module):
    """A block as one would write it."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.ln_1, self.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.c_attn, self.c_proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        q, k, v = self.c_attn(self.ln_1(x)).chunk(3, -1)
        q, k, v = (y.unflatten(-1, (self.heads, -1)).transpose(1, 2) for y in (q, k, v))
        y = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.c_proj(y.transpose(1, 2).flatten(2))
        return x + self.down(functional.relu(self.up(self.ln_2(x))))


class HandGPT(nn.Module):
    """A GPT as one would write it."""

    def __init__(self, layers, width, tokens, heads):
        super().__init__()
        self.wte, self.wpe = nn.Embedding(VOCAB, width), nn.Embedding(tokens, width)
        self.blocks = nn.ModuleList(HandBlock(width, heads) for _ in range(layers))
        self.ln_f, self.head = nn.LayerNorm(width), nn.Linear(width, VOCAB, bias=False)

    def forward(self, ids):
        x = self.wte(ids) + self.wpe(torch.arange(ids.shape[-1], device=ids.device))
        for block in self.blocks:
            x = block(x)
        return self.head(self.ln_f(x))


def ours(layers, width, tokens, heads):
    """The same model, from neuroflow."""
    model = nf.build(
        "gpt", vocab_size=VOCAB, n_layer=layers, n_embd=width, n_head=heads, block_size=tokens,
        norm="layer_norm", final_norm=True, bias=True, rng=nf.SplitMix32(0),
    )  # fmt: skip
    return nf.to_torch(model, dtype=torch.float32)


def stepper(module, ids, device):
    """One training step of a module."""
    module = module.to(device).train()
    optimizer = torch.optim.Adam(module.parameters(), lr=1e-3)

    def step():
        optimizer.zero_grad()
        logits = module(ids[:, :-1])
        functional.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten()).backward()
        optimizer.step()
        if device == "cuda":
            torch.cuda.synchronize()

    return step


def measure(device="cpu", layers=2, width=128, tokens=64, batch=8, rounds=20):
    """Milliseconds of a step by hand and of ours, and how ours compares."""
    heads = width // 64
    ids = torch.randint(0, VOCAB, (batch, tokens + 1), device=device)
    sizes = (layers, width, tokens, heads)
    steps = [stepper(m, ids, device) for m in (HandGPT(*sizes), ours(*sizes))]
    taken = [[], []]
    for _ in range(rounds + 3):
        for step, times in zip(steps, taken, strict=True):
            start = time.perf_counter()
            step()
            times.append(1000.0 * (time.perf_counter() - start))
    by_hand, from_ours = (statistics.median(times[3:]) for times in taken)
    return {"by_hand_ms": by_hand, "to_torch_ms": from_ours, "ratio": from_ours / by_hand}


if __name__ == "__main__":
    device, *numbers = sys.argv[1:] or ["cpu"]
    print(measure(device, *map(int, numbers)))
