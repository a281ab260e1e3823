"""Importers: plain tensors with a ``config.json``, as the destination ``safetensors`` has them."""

from __future__ import annotations

from collections.abc import Mapping

import neuroflow as nf

HEADER = b'{"weight": {"dtype": "F64", "shape": [1, 2], "data_offsets": [0, 16]}}'
NUMBERS = bytes.fromhex("000000000000e03f 000000000000f8bf")  # 0.5 and -1.5
EXAMPLE: Mapping[str, str | bytes] = {
    "model.safetensors": len(HEADER).to_bytes(8, "little") + HEADER + NUMBERS,
    "config.json": '{"model": {"use": "linear", "inputs": 2, "outputs": 1}, "data": {}}',
}
"""A header, behind its length; the numbers, little-endian; and what they belong to."""


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
        )
    ]
