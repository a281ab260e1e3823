"""The trained model as a file, written without numpy, so that a browser can do it too.

The same format as :func:`neuroflow.save`, and the same description: only the bytes are put
together here. A test holds both against each other.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import Any

from attrs import asdict

from neuroflow.checkpoint.arrays import Shape, digest_of_bytes, grouped
from neuroflow.checkpoint.facts import data_facts
from neuroflow.checkpoint.file import FORMAT, sealed
from neuroflow.checkpoint.uses import uses_of
from neuroflow.config import configuration_of
from neuroflow.training import Training

Tensors = Mapping[str, tuple[Shape, bytes]]


def model_file(training: Training) -> bytes:
    """A ``.safetensors`` file that :func:`neuroflow.load` and :func:`neuroflow.predict` read."""
    tensors = {
        name: (shape, struct.pack(f"<{len(numbers)}d", *numbers))
        for name, (shape, numbers) in grouped(training.model.state_dict()).items()
    }
    return _file(tensors, sealed(_about(training, tensors)))


def _about(training: Training, tensors: Tensors) -> dict[str, Any]:
    """What the file says about itself."""
    from importlib.metadata import version

    table = configuration_of(training.model)
    uses = uses_of(table, "layer", training.configuration)
    return {
        "format": FORMAT,
        "neuroflow": version("neuroflow"),
        "model": table,
        "uses": [asdict(used) for used in uses],
        "configuration": training.configuration,
        "data": data_facts(training.dataset),
        "state": {},
        "sha256": digest_of_bytes(tensors),
    }


def _file(tensors: Tensors, about: str) -> bytes:
    """Length of the header, header, bytes: https://huggingface.co/docs/safetensors#format."""
    header: dict[str, Any] = {"__metadata__": {"neuroflow": about}}
    end = 0
    for name, (shape, content) in tensors.items():
        start, end = end, end + len(content)
        header[name] = {"dtype": "F64", "shape": list(shape), "data_offsets": [start, end]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    body = b"".join(content for _, content in tensors.values())
    return struct.pack("<Q", len(text)) + text + body
