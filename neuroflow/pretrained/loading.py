"""``load_pretrained``: the model of a folder that others published, number by number."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from neuroflow.checkpoint.container import Stored
from neuroflow.config import build
from neuroflow.core.module import Module
from neuroflow.core.random import SplitMix32
from neuroflow.engine.numbers import write_numbers
from neuroflow.errors import FileError, StateError
from neuroflow.files import path_of
from neuroflow.memory import no_more_parameters
from neuroflow.pretrained.families import FAMILIES, Family
from neuroflow.pretrained.folder import numbers_of, read_table, tensors_of
from neuroflow.pretrained.keys import Keys


def load_pretrained(path: str | Path) -> Module:
    """The language model of a folder as the library transformers writes it, as a ``gpt``.

    In it lie ``config.json`` and ``model.safetensors``, or several files with their index; the
    path of a file in the folder stands for it. Families: llama, mistral, qwen2, qwen3, gpt2 and
    gpt_neox. The numbers become float64 as they are; the model is in evaluation mode.

    Raises :class:`FileError` where a file is not there, and :class:`StateError` for damaged ones
    and for what is not supported: it names the key or the tensor. Nothing of a folder is run.
    """
    path = path_of(path)
    folder = path if path.is_dir() else path.parent
    if not path.exists():
        raise FileError(f"there is no {path}", remedy="give the folder of a model", file=str(path))
    keys = Keys(read_table(folder / "config.json"), str(folder / "config.json"))
    family: Family = keys.word("model_type", FAMILIES)
    settings = family.settings(keys)
    keys.no_others()
    stored = _named(family, tensors_of(folder), settings["tied"])
    count = sum(math.prod(tensor.shape) for tensor in stored.values())
    with no_more_parameters(count, str(folder)):
        model: Module = build("gpt", **settings, initializer="zeros", rng=SplitMix32(0))
    _fill(family, model, stored)
    return model.eval()


def _named(family: Family, stored: dict[str, Stored], tied: bool) -> dict[str, Stored]:
    """The tensors by their whole names, but for buffers, and for the head that is tied."""
    bare = not any(name.startswith(family.body) for name in stored)  # saved without a head
    named = {
        f"{family.body}{name}" if bare and name != family.head else name: tensor
        for name, tensor in stored.items()
        if not name.endswith(family.buffers)
    }
    table = named.get(family.embedding)
    if tied and family.head in named and table is not None:
        if bytes(named[family.head].content) != bytes(table.content):
            raise StateError(
                f"the tensor {family.head} differs from {family.embedding}, and the configuration"
                " says tie_word_embeddings = true",
                expected="one table for both, or tie_word_embeddings = false",
            )
        del named[family.head]
    return named


def _fill(family: Family, model: Any, stored: Mapping[str, Stored]) -> None:
    """Give the model the numbers of all tensors; all names and shapes are checked before."""
    places = family.tensors(model)
    if model.head is not None:
        places[family.head] = model.head.weights
    missing = [name for name in places if name not in stored]
    unknown = [name for name in stored if name not in places]
    if missing or unknown:
        raise StateError(
            "the tensors are not those that config.json tells of",
            expected=f"{len(places)} tensors, such as {next(iter(places))}",
            remedy=f"missing: {_some(missing)}; not supported: {_some(unknown)}",
        )
    for name, values in places.items():
        shape = _shape(values)
        if stored[name].shape != shape:
            raise StateError(
                f"the tensor {name} has the shape {stored[name].shape}", expected=str(shape),
                got=stored[name].shape,
            )  # fmt: skip
    numbers = {name: numbers_of(name, stored[name]) for name in places}
    for name, values in places.items():
        flat = [value for row in values for value in row] if len(_shape(values)) == 2 else values
        write_numbers(flat, numbers[name])


def _shape(values: Any) -> tuple[int, ...]:
    """That of a list of Values, or of a list of rows of them."""
    first = values[0]
    return (len(values), len(first)) if isinstance(first, list) else (len(values),)


def _some(names: list[str]) -> str:
    return ", ".join(name[:60] for name in names[:5]) or "none"
