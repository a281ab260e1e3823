"""Transformers in the registry: their parts, blocks and models by name."""

from __future__ import annotations

from typing import Any

import neuroflow as nf
from neuroflow_plugins.blocks import Block, FeedForward
from neuroflow_plugins.encoder_decoder import EncoderDecoder, source_within_block
from neuroflow_plugins.gpt import GPT, Encoder
from neuroflow_plugins.multi_head import MultiHeadAttention, heads_divide
from neuroflow_plugins.parts import (
    Embedding,
    LayerNorm,
    LearnedPositions,
    Linear,
    RMSNorm,
    SinusoidalPositions,
)
from neuroflow_plugins.text_classifier import TextClassifier

FORMULAS = {
    "linear": "W x + b",
    "layer_norm": r"\gamma \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}} + \beta",
    "rms_norm": r"\gamma \frac{x}{\sqrt{\frac{1}{n} \sum_i x_i^2 + \epsilon}}",
    "feed_forward": "W_2 f(W_1 x + b_1) + b_2",
}
"""What they compute, of those that are one formula."""


@nf.hookimpl
def neuroflow_layers():
    """All parts of transformers by name."""
    heads: dict[str, Any] = {"n_embd": 4, "n_head": 2}
    normed = {**heads, "head_norm": "rms_norm"}  # so that all its settings count
    model = {"vocab_size": 5, **heads}
    token, text = [0.5, -1.0, 2.0, 0.25], [1, 0, 4]
    parts = {
        "embedding": (Embedding, {"vocab_size": 5, "size": 4}, 2),
        "learned_positions": (LearnedPositions, {"block_size": 4, "size": 4}, 3),
        "sinusoidal_positions": (SinusoidalPositions, {"block_size": 4, "size": 4}, 3),
        "linear": (Linear, {"inputs": 4, "outputs": 2}, token),
        "layer_norm": (LayerNorm, {"size": 4}, token),
        "rms_norm": (RMSNorm, {"size": 4}, token),
        "multi_head_attention": (MultiHeadAttention, normed, [token, token[::-1]]),
        "feed_forward": (FeedForward, {"n_embd": 4}, token),
        "transformer_block": (Block, heads, [token, token[::-1]]),
        "gpt": (GPT, {**model, "block_size": 4}, text),
        "encoder": (Encoder, {**model, "block_size": 4}, text),
        "text_classifier": (TextClassifier, {**model, "outputs": 3, "block_size": 4}, text),
        "encoder_decoder": (EncoderDecoder, {**model, "source_length": 2, "block_size": 5}, text),
    }
    forms = {
        Embedding: "Table", LearnedPositions: "Positions", SinusoidalPositions: "Sinusoidal",
        MultiHeadAttention: "MultiHead", Encoder: "GPT",
    }  # fmt: skip
    positions = "ids () -> (size,) or (n, size) -> (n, size)"
    shapes = {
        "embedding": "ids (...) -> (..., size)",
        "learned_positions": positions,
        "sinusoidal_positions": positions,
        "linear": "(inputs,) -> (outputs,)",
        "layer_norm": "(size,) -> (size,)",
        "rms_norm": "(size,) -> (size,)",
        "multi_head_attention": "(n, n_embd) -> (n, n_embd)",
        "feed_forward": "(n_embd,) -> (n_embd,)",
        "transformer_block": "(n, n_embd) -> (n, n_embd)",
        "gpt": "ids (n,) -> (n, vocab_size)",
        "encoder": "ids (n,) -> (n, vocab_size)",
        "text_classifier": "ids (n,) -> (outputs,)",
        "encoder_decoder": "ids (n,) -> (n - source_length, vocab_size)",
    }
    relations = {
        MultiHeadAttention: heads_divide,
        Block: heads_divide,
        GPT: heads_divide,
        Encoder: heads_divide,
        TextClassifier: heads_divide,
        EncoderDecoder: source_within_block,
    }
    for name, (layer, example, inputs) in parts.items():
        summary = (layer.__doc__ or "").split("\n", 1)[0]
        yield nf.LayerEntry(
            name=name, target=layer, summary=summary, example=example, example_inputs=(inputs,),
            relations=relations.get(layer), shape=shapes[name], formula=FORMULAS.get(name, ""),
            tensors=f"neuroflow_plugins.tensor_forms:{forms.get(layer, layer.__name__)}Form",
        )  # fmt: skip
