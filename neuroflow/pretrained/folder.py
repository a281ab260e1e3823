"""A folder as the library transformers writes it: ``config.json`` and tensors, in one file or some.

Files of pickle are never read: they are programs.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from neuroflow.checkpoint.arrays import exactly
from neuroflow.checkpoint.container import Stored, strict_json
from neuroflow.checkpoint.file import content_of, tensors_in
from neuroflow.core.types import shown
from neuroflow.errors import FileError, StateError

ONE = "model.safetensors"
INDEX = "model.safetensors.index.json"
FLOATS = ("F64", "F32", "F16", "BF16")


def read_table(path: Path) -> dict[str, Any]:
    """A file of JSON that is a table."""
    table = strict_json(content_of(path), str(path))
    if not isinstance(table, dict):
        raise StateError(f"{path} is {shown(table)}", expected="a table", file=str(path))
    return table


def tensors_of(folder: Path) -> dict[str, Stored]:
    """All tensors by name, as they lie in the files.

    Raises :class:`FileError` where there are none, and :class:`StateError` for damaged ones.
    """
    if (folder / ONE).is_file():
        return tensors_in(folder / ONE)
    if (folder / INDEX).is_file():
        return _of_parts(folder)
    pickled = sorted(path.name for path in folder.glob("*.bin"))
    raise FileError(
        f"there is no {ONE} in {folder}",
        remedy=f"{pickled[0]} is pickle, a program that is never run here: write the model with"
        " save_pretrained(..., safe_serialization=True)"
        if pickled
        else "give the folder of a model with its tensors",
        file=str(folder / ONE),
    )


def _of_parts(folder: Path) -> dict[str, Stored]:
    """Several files, and an index that says which tensor lies in which."""
    places = read_table(folder / INDEX).get("weight_map")
    if not isinstance(places, dict) or not all(map(_is_plain_name, places.values())):
        raise StateError(
            f"{folder / INDEX} has no weight_map of names of files in its folder",
            expected='{"weight_map": {"TENSOR": "model-00001-of-00002.safetensors", ...}}',
            file=str(folder / INDEX),
        )
    found: dict[str, Stored] = {}
    for file in sorted(set(places.values())):
        for name, tensor in tensors_in(folder / file).items():
            if places.get(name) != file:
                raise StateError(
                    f"{folder / file} holds the tensor {name[:60]!r}, and the index says"
                    f" {shown(places.get(name))}",
                    expected="each tensor in one file, as the index says",
                    file=str(folder / file),
                )
            found[name] = tensor
    missing = [name for name in places if name not in found]
    if missing:
        raise StateError(
            f"the files of {folder} are without the tensor {missing[0][:60]!r}",
            expected="every tensor of the index",
            file=str(folder / INDEX),
        )
    return found


def _is_plain_name(name: Any) -> bool:
    return isinstance(name, str) and name == Path(name).name and name.endswith(".safetensors")


def numbers_of(name: str, tensor: Stored) -> list[float]:
    """The numbers of one tensor; :class:`StateError` names it if they are none to explain."""
    if tensor.dtype not in FLOATS:
        raise StateError(
            f"the tensor {name[:60]} has numbers of the kind {tensor.dtype[:20]!r}",
            expected=f"one of {', '.join(FLOATS)}",
            remedy="save the model with its numbers unpacked",
        )
    numbers: list[float] = exactly(tensor.dtype, tensor.content).tolist()
    if not all(map(math.isfinite, numbers)):
        raise StateError(
            f"the tensor {name[:60]} holds numbers that are not finite", expected="finite numbers"
        )
    return numbers
