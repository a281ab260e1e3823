"""Where a model looks: the attention weights of one run, as data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from attrs import field, frozen

from neuroflow.core.module import Module
from neuroflow.core.value import no_grad
from neuroflow.errors import InputError


@frozen
class AttentionTrace:
    """The attention weights of one text.

    ``weights[layer][head][i][j]`` is how much position i takes from position j; each row sums
    to 1, and what the mask hides is 0. ``layers`` are the dotted names of the layers,
    ``labels`` the tokens as text. :func:`neuroflow.draw` makes heatmaps of it.
    """

    labels: tuple[str, ...]
    layers: tuple[str, ...]
    weights: list[list[list[list[float]]]] = field(repr=False)


def trace_attention(
    model: Module, tokens: Sequence[int], labels: Sequence[str] = ()
) -> AttentionTrace:
    """Run a model on tokens and note every attention weight.

    A layer takes part if it has a field ``watch``: while that is a function, the layer calls it
    with each position and, for each head, the weight of each position that it sees. Raises
    :class:`InputError` for a model without attention.

    >>> from neuroflow import build
    >>> model = build("gpt", vocab_size=5, n_embd=4, n_head=2, block_size=4)
    >>> trace = trace_attention(model, [4, 0])
    >>> trace.layers, trace.weights[0][1][0]
    (('blocks.0.attention',), [1.0, 0.0])
    """
    watched = {name: m for name, m in model.named_modules() if "watch" in vars(m)}
    if not watched:
        raise InputError(
            f"{type(model).__name__} has no layer whose attention could be traced",
            remedy="use one with multi_head_attention, such as gpt",
        )
    training = model.training
    model.eval()
    try:
        with no_grad(), _watching(watched) as seen:
            model(list(tokens))
    finally:
        model.train(training)
    return AttentionTrace(
        tuple(labels) or tuple(map(str, tokens)),
        tuple(watched),
        [_table(seen[name]) for name in watched],
    )


@contextmanager
def _watching(layers: dict[str, Any]) -> Iterator[dict[str, list[Any]]]:
    """What each layer says while it runs, by name."""
    seen: dict[str, list[Any]] = {name: [] for name in layers}

    def listener(name: str) -> Callable[[int, Any], None]:
        return lambda position, heads: seen[name].append(heads)

    before = {name: layer.watch for name, layer in layers.items()}
    for name, layer in layers.items():
        layer.watch = listener(name)
    try:
        yield seen
    finally:
        for name, layer in layers.items():
            layer.watch = before[name]


def _table(rows: list[list[dict[int, Any]]]) -> list[list[list[float]]]:
    """(positions, heads, seen) -> (heads, positions, positions), zero where nothing was seen."""
    n_keys = 1 + max(j for heads in rows for weights in heads for j in weights)
    return [
        [[float(weights.get(j, 0.0)) for j in range(n_keys)] for weights in head]
        for head in zip(*rows, strict=True)
    ]
