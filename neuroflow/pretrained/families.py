"""Families of models: what each calls the settings and the tensors of the one layer ``gpt``.

The names are those of the library transformers. A tensor is told as the lists of Values that it
fills, in the order in which its file has them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import frozen

from neuroflow.pretrained.keys import Keys

Settings = dict[str, Any]
ACTIVATIONS = {
    "gelu": "gelu", "gelu_new": "gelu_tanh", "gelu_pytorch_tanh": "gelu_tanh", "relu": "relu",
    "silu": "silu", "swish": "silu", "tanh": "tanh",
}  # fmt: skip
"""Activations of transformers, by our names."""


@frozen
class Family:
    """The settings of a ``gpt`` from keys, and its parameters by the names of tensors.

    ``buffers`` are endings of tensors that hold nothing learned: older files have them.
    """

    settings: Callable[[Keys], Settings]
    tensors: Callable[[Any], dict[str, Any]]
    body: str
    head: str
    embedding: str
    buffers: tuple[str, ...] = ("rotary_emb.inv_freq",)


# Rotary positions ----------------------------------------------------------------------------


def _rotary(keys: Keys, share: float = 1.0) -> Settings:
    """Base and scaling, as files from before 2025 say them too."""
    inner = keys.part("rope_parameters", "rope_scaling")
    kind = "rope_type" if "rope_type" in inner.table else "type"
    form = inner.word(kind, {"default": "", "linear": "linear", "llama3": "llama3"}, "default")
    base = inner.number("rope_theta", keys.number("rope_theta", 10000.0))
    found: Settings = {
        "positions": "rotary", "rotary_pairs": "halves", "rotary_base": base,
        "rotary_share": inner.number("partial_rotary_factor", share),
    }  # fmt: skip
    inner.read.add("type")
    if form:
        found["rotary_stretch"] = inner.number("factor")
    if form == "llama3":
        ends = ("low_freq_factor", "high_freq_factor", "original_max_position_embeddings")
        found["rotary_bands"] = [inner.number(name) for name in ends]
    inner.no_others()
    return found


# llama, mistral, qwen2, qwen3 ----------------------------------------------------------------


def _llama_like(keys: Keys, **own: Any) -> Settings:
    """RMS norms before the parts, rotary positions, shared keys and a gate."""
    heads = keys.whole("num_attention_heads")
    return {
        "vocab_size": keys.whole("vocab_size"), "n_layer": keys.whole("num_hidden_layers"),
        "n_embd": keys.whole("hidden_size"), "n_head": heads,
        "key_value_heads": keys.whole("num_key_value_heads", heads),
        "head_size": keys.whole("head_dim", 0), "hidden": keys.whole("intermediate_size"),
        "block_size": keys.whole("max_position_embeddings"), **_rotary(keys),
        "norm": "rms_norm", "norm_epsilon": keys.number("rms_norm_eps", 1e-6), "final_norm": True,
        "activation": keys.word("hidden_act", ACTIVATIONS, "silu"), "gated": True,
        "tied": keys.truth("tie_word_embeddings", False), **own,
    }  # fmt: skip


def _llama(keys: Keys) -> Settings:
    biased = keys.truth("attention_bias", False)
    return _llama_like(
        keys, attention_bias=biased, output_bias=biased,
        feed_forward_bias=keys.truth("mlp_bias", False),
    )  # fmt: skip


def _mistral(keys: Keys) -> Settings:
    return _llama_like(keys, window=keys.whole("sliding_window", 0))


def _qwen2(keys: Keys) -> Settings:
    return _llama_like(keys, attention_bias=True, window=_window_of_all(keys))


def _qwen3(keys: Keys) -> Settings:
    biased = keys.truth("attention_bias", False)
    own = {"attention_bias": biased, "output_bias": biased, "window": _window_of_all(keys)}
    return _llama_like(keys, head_norm="rms_norm", **own)


def _window_of_all(keys: Keys) -> int:
    """The window of Qwen, where all layers have it or none: a gpt has one for all."""
    window, used = keys.whole("sliding_window", 0), keys.truth("use_sliding_window", False)
    n_layer, first = keys.whole("num_hidden_layers"), keys.whole("max_window_layers", 0)
    kinds = keys.words("layer_types")
    if kinds is None:
        few = ["full_attention"] * min(first, 1) + ["sliding_attention"] * (first < n_layer)
        kinds = few if used else ["full_attention"]
    if len(set(kinds)) > 1:
        raise keys.refused("layer_types", "layers that all have a window, or none")
    return window if kinds and kinds[0] == "sliding_attention" else 0


def _llama_tensors(model: Any) -> dict[str, Any]:
    found = {"model.embed_tokens.weight": model.tokens.rows}
    for k, block in enumerate(model.blocks):
        at, attention, inner = f"model.layers.{k}.", block.attention, block.feed_forward
        for ours, theirs in (("query", "q"), ("key", "k"), ("value", "v"), ("output", "o")):
            found |= _linear(f"{at}self_attn.{theirs}_proj", getattr(attention, ours))
        for name in ("gate", "up", "down"):
            found |= _linear(f"{at}mlp.{name}_proj", getattr(inner, name))
        found |= _norm(f"{at}input_layernorm", block.norms[0])
        found |= _norm(f"{at}post_attention_layernorm", block.norms[1])
        if attention.head_norm != "none":
            found |= _norm(f"{at}self_attn.q_norm", attention.head_norms[0])
            found |= _norm(f"{at}self_attn.k_norm", attention.head_norms[1])
    return {**found, **_norm("model.norm", model.norms[1])}


# gpt2 ----------------------------------------------------------------------------------------


def _gpt2(keys: Keys) -> Settings:
    for name in ("add_cross_attention", "scale_attn_by_inverse_layer_idx"):
        keys.only(name, False)
    keys.only("scale_attn_weights", True)
    return {
        "vocab_size": keys.whole("vocab_size"), "n_layer": keys.whole("n_layer"),
        "n_embd": keys.whole("n_embd"), "n_head": keys.whole("n_head"),
        "hidden": keys.whole("n_inner", 0), "block_size": keys.whole("n_positions"),
        "norm": "layer_norm", "norm_epsilon": keys.number("layer_norm_epsilon", 1e-5),
        "final_norm": True, "bias": True, "tied": keys.truth("tie_word_embeddings", True),
        "activation": keys.word("activation_function", ACTIVATIONS, "gelu_new"),
    }  # fmt: skip


def _gpt2_tensors(model: Any) -> dict[str, Any]:
    """Its matrices lie with a row per input, and those of attention in one."""
    found = {
        "transformer.wte.weight": model.tokens.rows, "transformer.wpe.weight": model.places.rows,
    }  # fmt: skip
    for k, block in enumerate(model.blocks):
        at, attention, inner = f"transformer.h.{k}.", block.attention, block.feed_forward
        three = (attention.query, attention.key, attention.value)
        rows = [row for part in three for row in part.weights]
        found[f"{at}attn.c_attn.weight"] = _turned(rows)
        found[f"{at}attn.c_attn.bias"] = [bias for part in three for bias in part.biases]
        pairs = (("attn.c_proj", attention.output), ("mlp.c_fc", inner.up))
        for name, linear in (*pairs, ("mlp.c_proj", inner.down)):
            found[f"{at}{name}.weight"] = _turned(linear.weights)
            found[f"{at}{name}.bias"] = linear.biases
        found |= _norm(f"{at}ln_1", block.norms[0]) | _norm(f"{at}ln_2", block.norms[1])
    return {**found, **_norm("transformer.ln_f", model.norms[1])}


# gpt_neox ------------------------------------------------------------------------------------


def _gpt_neox(keys: Keys) -> Settings:
    keys.only("rotary_emb_base", keys.table.get("rope_theta", 10000), 10000.0)
    biased = keys.truth("attention_bias", True)
    side_by_side = keys.truth("use_parallel_residual", True)
    return {
        "vocab_size": keys.whole("vocab_size"), "n_layer": keys.whole("num_hidden_layers"),
        "n_embd": keys.whole("hidden_size"), "n_head": keys.whole("num_attention_heads"),
        "hidden": keys.whole("intermediate_size"),
        "block_size": keys.whole("max_position_embeddings"),
        **_rotary(keys, keys.number("rotary_pct", 0.25)),
        "norm": "layer_norm", "norm_epsilon": keys.number("layer_norm_eps", 1e-5),
        "final_norm": True, "order": "parallel" if side_by_side else "pre",
        "activation": keys.word("hidden_act", ACTIVATIONS, "gelu"), "attention_bias": biased,
        "output_bias": biased, "feed_forward_bias": True,
        "tied": keys.truth("tie_word_embeddings", False),
    }  # fmt: skip


def _gpt_neox_tensors(model: Any) -> dict[str, Any]:
    """Queries, keys and values lie head by head in one matrix."""
    found = {"gpt_neox.embed_in.weight": model.tokens.rows}
    for k, block in enumerate(model.blocks):
        at, attention, inner = f"gpt_neox.layers.{k}.", block.attention, block.feed_forward
        three, size = (attention.query, attention.key, attention.value), attention.head_width
        for name, field in (("weight", "weights"), ("bias", "biases")):
            joined = [
                number
                for first in range(0, attention.n_head * size, size)
                for part in three
                for number in getattr(part, field)[first : first + size]
            ]
            found |= {f"{at}attention.query_key_value.{name}": joined} if joined else {}
        found |= _linear(f"{at}attention.dense", attention.output)
        found |= _linear(f"{at}mlp.dense_h_to_4h", inner.up)
        found |= _linear(f"{at}mlp.dense_4h_to_h", inner.down)
        found |= _norm(f"{at}input_layernorm", block.norms[0])
        found |= _norm(f"{at}post_attention_layernorm", block.norms[1])
    return {**found, **_norm("gpt_neox.final_layer_norm", model.norms[1])}


# Parts ---------------------------------------------------------------------------------------


def _linear(name: str, linear: Any) -> dict[str, Any]:
    biases = {f"{name}.bias": linear.biases} if linear.biases else {}
    return {f"{name}.weight": linear.weights, **biases}


def _norm(name: str, norm: Any) -> dict[str, Any]:
    biases = getattr(norm, "biases", [])
    return {f"{name}.weight": norm.gains, **({f"{name}.bias": biases} if biases else {})}


def _turned(rows: Any) -> list[Any]:
    return [list(column) for column in zip(*rows, strict=True)]


_OF_LLAMA = ("model.", "lm_head.weight", "model.embed_tokens.weight")
FAMILIES = {
    "llama": Family(_llama, _llama_tensors, *_OF_LLAMA),
    "mistral": Family(_mistral, _llama_tensors, *_OF_LLAMA),
    "qwen2": Family(_qwen2, _llama_tensors, *_OF_LLAMA),
    "qwen3": Family(_qwen3, _llama_tensors, *_OF_LLAMA),
    "gpt2": Family(
        _gpt2, _gpt2_tensors, "transformer.", "lm_head.weight", "transformer.wte.weight",
        (".attn.bias", ".attn.masked_bias"),
    ),
    "gpt_neox": Family(
        _gpt_neox, _gpt_neox_tensors, "gpt_neox.", "embed_out.weight", "gpt_neox.embed_in.weight",
        (".attention.bias", ".attention.masked_bias", "rotary_emb.inv_freq"),
    ),
}  # fmt: skip
"""The families by the ``model_type`` of their config.json."""
