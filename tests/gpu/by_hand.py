"""The GPT of the benchmarks as somebody writes it in PyTorch: what the backend is held against.

RMS norm without gain, learned positions, ReLU, no biases, Adam: the layer ``gpt``, in tensors.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from statistics import median
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

VOCABULARY = 27


class Block(nn.Module):
    """Attention and a hidden layer, each added to what came in."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.out = nn.Linear(width, width, bias=False)
        self.up = nn.Linear(width, 4 * width, bias=False)
        self.down = nn.Linear(4 * width, width, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        batch, length, width = x.shape
        qkv = self.qkv(F.rms_norm(x, (width,), eps=1e-5))
        q, k, v = qkv.view(batch, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(mixed.transpose(1, 2).reshape(batch, length, width))
        return x + self.down(F.relu(self.up(F.rms_norm(x, (width,), eps=1e-5))))


class GPT(nn.Module):
    """Token and position embeddings, blocks, and a linear head."""

    def __init__(self, n_layer: int, n_embd: int, n_head: int, block_size: int) -> None:
        super().__init__()
        self.tokens = nn.Embedding(VOCABULARY, n_embd)
        self.positions = nn.Embedding(block_size, n_embd)
        self.blocks = nn.ModuleList(Block(n_embd, n_head) for _ in range(n_layer))
        self.head = nn.Linear(n_embd, VOCABULARY, bias=False)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        x = self.tokens(tokens) + self.positions(
            torch.arange(tokens.shape[1], device=tokens.device)
        )
        for block in self.blocks:
            x = block(x)
        return self.head(x)


def step_of(
    model: nn.Module, block_size: int, batch: int, how: str, device: str, rounds: bool = False
) -> Callable[[], Any]:
    """One training step of a language model: "eager", "compiled", or "graph", a CUDA graph.

    With ``rounds`` autocast chooses what is computed in bfloat16.
    """
    torch.manual_seed(0)
    adam = torch.optim.Adam(model.parameters(), 1e-3, capturable=how == "graph")
    shape = (batch, block_size)
    tokens, targets = [torch.randint(VOCABULARY, shape, device=device) for _ in range(2)]

    def loss() -> torch.Tensor:
        with torch.autocast(device, torch.bfloat16, enabled=rounds):
            logits = model(tokens).view(-1, VOCABULARY)
            return F.cross_entropy(logits, targets.view(-1))

    forward = torch.compile(loss) if how == "compiled" else loss

    def step() -> None:
        adam.zero_grad(set_to_none=True)
        forward().backward()
        adam.step()

    return captured(step) if how == "graph" else step


def captured(step: Any) -> Any:
    """A step as a CUDA graph."""
    beside = torch.cuda.Stream()
    beside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(beside):
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(beside)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    return graph.replay


def milliseconds(run: Callable[[], Any], device: str, steps: int) -> float:
    """Of one step: the median of three stretches."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "TensorFloat32")  # it is float32 that is timed
        for _ in range(5):
            run()
    taken = []
    for _ in range(3):
        wait(device)
        start = time.perf_counter()
        for _ in range(steps):
            run()
        wait(device)
        taken.append((time.perf_counter() - start) / steps * 1e3)
    return median(taken)


def wait(device: str) -> None:
    """Until the device has done all that it was told."""
    if device == "cuda":
        torch.cuda.synchronize()
