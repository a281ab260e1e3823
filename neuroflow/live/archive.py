"""The trained model as a file, written without numpy, so that a browser can do it too.

The same format as :func:`neuroflow.save`: a test holds both against each other.
"""

from __future__ import annotations

import hashlib
import json
import struct
from itertools import product
from math import prod
from typing import Any

from neuroflow.plugin import get
from neuroflow.spec import parts_of, spec_of
from neuroflow.training import Training

Tensor = tuple[tuple[int, ...], list[float]]


def model_file(training: Training) -> bytes:
    """A ``.safetensors`` file that :func:`neuroflow.load` and :func:`neuroflow.predict` read."""
    from importlib.metadata import version

    tensors = _gathered(training.model.state_dict())
    spec = spec_of(training.model)
    about = {
        "format": 1,
        "neuroflow": version("neuroflow"),
        "spec": spec,
        "uses": _uses(spec, training),
        "configuration": training.configuration,
        "data": _data_facts(training),
        "state": {},
        "sha256": _digest(tensors),
    }
    told = json.dumps(about, ensure_ascii=False)
    seal = hashlib.sha256(told.encode()).hexdigest()
    header: dict[str, Any] = {"__metadata__": {"neuroflow": f"{seal} {told}"}}
    end = 0
    for name, (shape, numbers) in tensors.items():
        start, end = end, end + 8 * len(numbers)
        header[name] = {"dtype": "F64", "shape": list(shape), "data_offsets": [start, end]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    body = b"".join(_bytes(numbers) for _, numbers in tensors.values())
    return struct.pack("<Q", len(text)) + text + body


def _bytes(numbers: list[float]) -> bytes:
    return struct.pack(f"<{len(numbers)}d", *numbers)


def _digest(tensors: dict[str, Tensor]) -> str:
    digest = hashlib.sha256()
    for name in sorted(tensors):
        shape, numbers = tensors[name]
        digest.update(f"{name}{shape}".encode())
        digest.update(_bytes(numbers))
    return digest.hexdigest()


def _gathered(state: dict[str, float]) -> dict[str, Tensor]:
    """Numbers named ``a.0``, ``a.1`` ... as one tensor ``a`` where they fill a grid."""
    groups: dict[str, dict[tuple[int, ...], float]] = {}
    for name, number in state.items():
        words = name.split(".")
        place: list[int] = []
        while words and words[-1].isdigit():
            place.insert(0, int(words.pop()))
        groups.setdefault(".".join(words), {})[tuple(place)] = number
    tensors: dict[str, Tensor] = {}
    for stem, numbers in groups.items():
        depths = {len(index) for index in numbers}
        shape = tuple(max(axis) + 1 for axis in zip(*numbers, strict=False))
        if len(depths) == 1 and prod(shape) == len(numbers) and stem:
            tensors[stem] = (shape, [numbers[i] for i in product(*map(range, shape))])
        else:
            for index, number in numbers.items():
                name = ".".join([*([stem] if stem else []), *map(str, index)])
                tensors[name] = ((), [number])
    return tensors


def _uses(spec: dict[str, Any], training: Training) -> list[dict[str, str]]:
    found = []
    parts = [*parts_of(spec, "layer"), *parts_of(training.configuration)]
    for kind, use in dict.fromkeys(parts):
        entry = get(kind, use)
        by = entry.provider
        found.append(
            {
                "kind": kind,
                "use": use,
                "id": entry.id,
                "plugin": by.plugin if by else "",
                "distribution": by.distribution if by else "",
                "distribution_version": by.version if by else "",
            }
        )
    return found


def _data_facts(training: Training) -> dict[str, Any]:
    data = training.dataset
    facts: dict[str, Any] = {
        "name": data.name,
        "task": data.task,
        "labels": list(data.labels),
        "columns": list(data.columns),
        "n_inputs": data.n_inputs,
        "n_outputs": data.n_outputs,
    }
    if data.standardization:
        facts["standardization"] = {
            "means": list(data.standardization.means),
            "deviations": list(data.standardization.deviations),
        }
    return facts
