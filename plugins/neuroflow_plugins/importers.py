"""Importers: plain tensors with a ``config.json``, and folders of published models."""

from __future__ import annotations

import math
from collections.abc import Mapping

import neuroflow as nf

HEADER = b'{"weight": {"dtype": "F64", "shape": [1, 2], "data_offsets": [0, 16]}}'
NUMBERS = bytes.fromhex("000000000000e03f 000000000000f8bf")  # 0.5 and -1.5
EXAMPLE: Mapping[str, str | bytes] = {
    "model.safetensors": len(HEADER).to_bytes(8, "little") + HEADER + NUMBERS,
    "config.json": '{"model": {"use": "linear", "inputs": 2, "outputs": 1}, "data": {}}',
}
"""A header, behind its length; the numbers, little-endian; and what they belong to."""

SHAPES = {
    "wte.weight": [2, 1], "wpe.weight": [2, 1], "ln_f.weight": [1], "ln_f.bias": [1],
    "h.0.ln_1.weight": [1], "h.0.ln_1.bias": [1], "h.0.ln_2.weight": [1], "h.0.ln_2.bias": [1],
    "h.0.attn.c_attn.weight": [1, 3], "h.0.attn.c_attn.bias": [3],
    "h.0.attn.c_proj.weight": [1, 1], "h.0.attn.c_proj.bias": [1],
    "h.0.mlp.c_fc.weight": [1, 4], "h.0.mlp.c_fc.bias": [4],
    "h.0.mlp.c_proj.weight": [4, 1], "h.0.mlp.c_proj.bias": [1],
}  # fmt: skip
"""The tensors of a GPT-2 of one block, whose tokens are one number each."""


def _published() -> Mapping[str, str | bytes]:
    """A folder as transformers writes it, with numbers that are all 0.5."""
    header, end = {}, 0
    for name, shape in SHAPES.items():
        start, end = end, end + 4 * math.prod(shape)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [start, end]}
    text = _json(header).encode()
    numbers = bytes.fromhex("0000003f") * (end // 4)
    config = {
        "model_type": "gpt2", "vocab_size": 2, "n_positions": 2, "n_embd": 1, "n_head": 1,
        "n_layer": 1,
    }  # fmt: skip
    return {
        "model.safetensors": len(text).to_bytes(8, "little") + text + numbers,
        "config.json": _json(config),
    }


def _json(table):
    """A table of words, numbers and lists; the module json would slow the start of all down."""
    return str(table).replace("'", '"')


@nf.hookimpl
def neuroflow_importers():
    """All importers by name."""
    return [
        nf.ImporterEntry(
            name="safetensors",
            target="neuroflow:from_tensors",
            suffix=".safetensors",
            example=EXAMPLE,
            summary="Plain tensors by the names of PyTorch, with a config.json beside them",
        ),
        nf.ImporterEntry(
            name="transformers",
            target="neuroflow:load_pretrained",
            suffix=".safetensors",
            example=_published(),
            summary="Published language models: a folder as the library transformers writes it",
        ),
    ]
