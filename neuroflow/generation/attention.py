"""Where a model looks: the attention weights of one run, as data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from attrs import field, frozen

from neuroflow.core.module import Module, evaluating
from neuroflow.core.no_grad import no_grad
from neuroflow.errors import InputError

Seen = Mapping[int, Any]
"""What one head sees from one position: the weight of each position, a number or a Value."""


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
    if not attention_layers(model):
        raise InputError(
            f"{type(model).__name__} has no layer whose attention could be traced",
            remedy="use one with multi_head_attention, such as gpt",
        )
    with no_grad():
        _, weights = run_watched(model, tokens)
    return AttentionTrace(
        tuple(labels) or tuple(map(str, tokens)),
        tuple(weights),
        [[_table(rows) for rows in heads] for heads in weights.values()],
    )


def attention_layers(model: Module) -> dict[str, Module]:
    """The layers that tell where they look, by name: those that have a field ``watch``."""
    return {name: part for name, part in model.named_modules() if "watch" in vars(part)}


def run_watched(model: Module, tokens: Sequence[int]) -> tuple[Any, dict[str, list[list[Seen]]]]:
    """What a model in evaluation mode answers, and who looked at whom while it ran.

    Gives ``weights[layer][head][position]``: the weight of each position that is seen.
    """
    with evaluating(), _watching(attention_layers(model)) as said:
        answers = model(list(tokens))
    weights = {}
    for name, heads_of in said.items():
        rows = [heads_of[position] for position in sorted(heads_of)]
        weights[name] = [list(head) for head in zip(*rows, strict=True)]
    return answers, weights


@contextmanager
def _watching(layers: dict[str, Any]) -> Iterator[dict[str, dict[int, list[Seen]]]]:
    """What each layer says while it runs: by its name and the position, one entry a head."""
    said: dict[str, dict[int, list[Seen]]] = {name: {} for name in layers}
    before = {name: layer.watch for name, layer in layers.items()}
    for name, layer in layers.items():
        layer.watch = said[name].__setitem__
    try:
        yield said
    finally:
        for name, layer in layers.items():
            layer.watch = before[name]


def _table(rows: list[Seen]) -> list[list[float]]:
    """A row for each position, zero where nothing was seen."""
    n_keys = 1 + max(key for weights in rows for key in weights)
    return [[float(weights.get(key, 0.0)) for key in range(n_keys)] for weights in rows]
