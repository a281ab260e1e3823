"""``from_tensors``: the way back from plain tensors and their ``config.json`` to a model."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from neuroflow.checkpoint.arrays import exactly
from neuroflow.checkpoint.container import Stored, strict_json
from neuroflow.checkpoint.facts import facts_of
from neuroflow.checkpoint.file import content_of, tensors_in
from neuroflow.checkpoint.schema import ANYTHING, DATA, PART, TableOf, check
from neuroflow.config import build
from neuroflow.core.module import Module
from neuroflow.core.random import SplitMix32
from neuroflow.errors import StateError
from neuroflow.files import path_of
from neuroflow.memory import no_more_parameters
from neuroflow.tensors.weights import give_numbers

CONFIG = TableOf({"model": PART, "data": DATA}, rest=ANYTHING)


def from_tensors(path: str | Path) -> Module:
    """The model of a ``.safetensors`` file of plain tensors, and of the ``config.json`` beside it.

    That is what ``neuroflow export MODEL --to safetensors`` writes: of float64 numbers each comes
    back to the bit. The tensors may have been trained on elsewhere; their names and shapes are
    those of :func:`to_torch`.

    Raises :class:`FileError` if one of the two files is not there, and :class:`StateError` if one
    is damaged or they do not belong together.
    """
    path = path_of(path)
    stored = tensors_in(path)
    config = _config(path.with_name("config.json"))
    count = sum(math.prod(tensor.shape) for tensor in stored.values())
    with no_more_parameters(count, str(path)):
        model: Module = build(config["model"], rng=SplitMix32(0))
    shapes = {name: tensor.shape for name, tensor in stored.items()}
    numbers = {name: _numbers(name, tensor, path) for name, tensor in stored.items()}
    give_numbers(model, shapes, numbers.__getitem__)
    model.trained_on = facts_of(config["data"])
    return model.eval()


def _config(path: Path) -> dict[str, Any]:
    """What stands beside the tensors, if it is what the exporter writes there."""
    config = strict_json(content_of(path), str(path))
    check(config, CONFIG, file=str(path))
    return config  # type: ignore[no-any-return]


def _numbers(name: str, tensor: Stored, path: Path) -> list[float]:
    numbers: list[float] = exactly(tensor.dtype, tensor.content).tolist()
    if not all(map(math.isfinite, numbers)):
        raise StateError(
            f"{path} holds numbers that are not finite, in the tensor {name[:60]}",
            expected="finite numbers",
            remedy="write it from a model whose numbers are finite",
            file=str(path),
        )
    return numbers
