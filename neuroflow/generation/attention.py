"""Where a model looks: the attention weights of one run, as data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from attrs import field, frozen

from neuroflow.core.module import Module, evaluating
from neuroflow.core.no_grad import no_grad
from neuroflow.errors import InputError, require

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

    A layer takes part if it calls :func:`neuroflow.show_attention`. Raises :class:`InputError` for
    a model without attention.

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
    """The layers that call :func:`show_attention`, by name."""
    named = model.named_modules()
    return {name: part for name, part in named if getattr(part, "shows_attention", False)}


def run_watched(model: Module, tokens: Sequence[int]) -> tuple[Any, dict[str, list[list[Seen]]]]:
    """What a model in evaluation mode answers, and who looked at whom while it ran.

    Gives ``weights[layer][head][position]``: the weight of each position that is seen.
    """
    require(tokens, Sequence, "the text", "a list of token ids")
    layers = attention_layers(model)
    with evaluating(), _watching(layers.values()) as said:
        answers = model(list(tokens))
    weights = {}
    for name, layer in layers.items():
        heads_of = said[id(layer)]
        rows = [heads_of[position] for position in sorted(heads_of)]
        weights[name] = [list(head) for head in zip(*rows, strict=True)]
    return answers, weights


def show_attention(layer: Module, position: int, heads: Sequence[Seen]) -> None:
    """Say where the heads of a layer look from a position: for each, what it sees and how much.

    An attention layer calls this in its ``forward`` and has ``shows_attention = True`` in its
    class. Only who runs the model to look hears of it, in the same thread or task.
    """
    said = _said.get()
    if id(layer) in said:
        said[id(layer)][position] = heads


Said = dict[int, dict[int, Sequence[Seen]]]
"""What layers, by their ids, have said: by the position, one entry a head."""

_said: ContextVar[Said] = ContextVar("said", default={})  # noqa: B039  nobody adds to this one


@contextmanager
def _watching(layers: Iterable[Module]) -> Iterator[Said]:
    """What each layer says while it runs, in this thread or task alone."""
    said: Said = {id(layer): {} for layer in layers}
    token = _said.set(said)
    try:
        yield said
    finally:
        _said.reset(token)


def _table(rows: list[Seen]) -> list[list[float]]:
    """A row for each position, zero where nothing was seen."""
    n_keys = 1 + max(key for weights in rows for key in weights)
    return [[float(weights.get(key, 0.0)) for key in range(n_keys)] for weights in rows]
