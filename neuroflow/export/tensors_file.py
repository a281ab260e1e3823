"""Plain tensors: a ``.safetensors`` file of weight matrices, with a ``config.json`` beside it.

The names are those of ``to_torch``: whoever reads safetensors can go on from there.
"""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

from neuroflow.checkpoint.container import Stored, packed
from neuroflow.checkpoint.facts import facts_table
from neuroflow.checkpoint.origin import own_version
from neuroflow.config import configuration_of
from neuroflow.core.module import Module
from neuroflow.tensors.weights import Outline

CODES = {"float64": ("F64", "d"), "float32": ("F32", "f")}
"""How the file and ``struct`` call a precision."""


def tensors_file(model: Module, path: Path, dtype: str) -> dict[Path, bytes]:
    """The bytes of the file and of its ``config.json``; a shared tensor by each of its names."""
    kind, code = CODES[dtype]
    stored, shapes = {}, {}
    for name, weight in Outline(model).named().items():
        numbers = [value.data for value in weight.values]
        content = struct.pack(f"<{len(numbers)}{code}", *numbers)
        stored[name], shapes[name] = Stored(weight.shape, content, kind), list(weight.shape)
    config: dict[str, Any] = {
        "model": configuration_of(model),
        "data": facts_table(model.trained_on),
        "tensors": shapes,
        "dtype": dtype,
        "neuroflow": own_version(),
    }
    return {
        path: packed({"format": "pt", "neuroflow": own_version()}, stored),
        path.with_name("config.json"): (json.dumps(config, indent=2) + "\n").encode(),
    }
