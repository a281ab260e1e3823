"""The file: what it says about itself, behind checksums, and its numbers."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

from attrs import field, frozen

from neuroflow.checkpoint.arrays import OPTIMIZER, Arrays, Tensors, digest_of
from neuroflow.checkpoint.uses import Used
from neuroflow.errors import FileError, StateError
from neuroflow.files import path_of

FORMAT = 1
CHECKPOINT = "checkpoint.safetensors"


@frozen
class SavedModel:
    """What a file says about itself; see :func:`inspect_file`.

    ``model`` is the table that builds the model, ``uses`` are the entries that it needs.
    ``configuration`` is the whole tree of the training run and ``data`` what is needed to use
    the model on new rows (task, labels, columns, standardization, tokenizer); both are empty for
    a bare model. ``state`` is what a resumed run goes on from; ``shapes`` has one shape per
    tensor.
    """

    model: dict[str, Any]
    uses: tuple[Used, ...]
    neuroflow: str
    configuration: dict[str, Any] = field(factory=dict)
    data: dict[str, Any] = field(factory=dict)
    state: dict[str, Any] = field(factory=dict)
    shapes: dict[str, tuple[int, ...]] = field(factory=dict)

    @property
    def parameters(self) -> int:
        """How many numbers the model has."""
        names = (name for name in self.shapes if not name.startswith(OPTIMIZER))
        return sum(prod(self.shapes[name]) for name in names)


def file_bytes(about: Mapping[str, Any], tensors: Tensors) -> bytes:
    """A whole file: the length of its header, the header, the numbers.

    Source: https://huggingface.co/docs/safetensors#format. Written here, without the package of
    that name and without numpy, so that a browser can do it too.
    """
    description = {"format": FORMAT, **about, "sha256": digest_of(tensors)}
    header: dict[str, Any] = {"__metadata__": {"neuroflow": sealed(description)}}
    end = 0
    for name, (shape, content) in tensors.items():
        start, end = end, end + len(content)
        header[name] = {"dtype": "F64", "shape": list(shape), "data_offsets": [start, end]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    body = b"".join(content for _, content in tensors.values())
    return struct.pack("<Q", len(text)) + text + body


def sealed(about: Mapping[str, Any]) -> str:
    """The description as JSON, behind its own checksum."""
    text = json.dumps(about, ensure_ascii=False)
    return f"{hashlib.sha256(text.encode()).hexdigest()} {text}"


def inspect_file(path: str | Path) -> SavedModel:
    """What a saved model says about itself, without loading any plugin.

    ``path`` is a file, or the folder of a run. Raises :class:`FileError` if there is no such
    file and :class:`StateError` if it is damaged.
    """
    about, shapes = read_metadata(file_of(path))
    return described(about, shapes)


def read_arrays(path: str | Path) -> tuple[SavedModel, Arrays]:
    """What a file says about itself and all its numbers, checked against their digest."""
    from safetensors import SafetensorError
    from safetensors.numpy import load as from_bytes

    about, shapes = read_metadata(path)
    try:
        arrays = from_bytes(Path(path).read_bytes())
    except (SafetensorError, OSError, ValueError) as error:
        raise _damaged(path, error) from error
    tensors = {name: (array.shape, array.tobytes()) for name, array in arrays.items()}
    if digest_of(tensors) != about.get("sha256"):
        raise _damaged(path, "its numbers do not match their checksum")
    return described(about, shapes), arrays


def file_of(path: str | Path) -> Path:
    """The file itself, or the checkpoint in a run's folder."""
    path = path_of(path)
    return path / CHECKPOINT if path.is_dir() else path


def read_metadata(path: str | Path) -> tuple[dict[str, Any], dict[str, tuple[int, ...]]]:
    from safetensors import SafetensorError, safe_open

    if not Path(path).is_file():
        raise FileError(
            f"there is no file {path}", remedy="give the path of a saved model", file=str(path)
        )
    try:
        with safe_open(str(path), framework="numpy") as file:
            metadata = file.metadata() or {}
            shapes = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
    except OSError as error:
        raise FileError(
            f"cannot read {path}: {error}", remedy="check its permissions", file=str(path)
        ) from error
    except SafetensorError as error:
        raise _damaged(path, error) from error
    if "neuroflow" not in metadata:
        raise StateError(
            f"{path} is a safetensors file that neuroflow did not write: it says nothing about"
            " its model",
            remedy="give a file made by neuroflow.save or by a run",
            file=str(path),
        )
    seal, _, text = metadata["neuroflow"].partition(" ")
    if seal != hashlib.sha256(text.encode()).hexdigest():
        raise _damaged(path, "its description does not match its checksum")
    about = json.loads(text)
    if about["format"] != FORMAT:
        raise StateError(
            f"{path} has format {about['format']}, and this neuroflow reads format {FORMAT}",
            remedy=f"install neuroflow {about.get('neuroflow', 'of another version')}",
            file=str(path),
        )
    return about, shapes


def described(about: Mapping[str, Any], shapes: dict[str, tuple[int, ...]]) -> SavedModel:
    uses = tuple(Used(**used) for used in about["uses"])
    facts = {key: about[key] for key in ("configuration", "data", "state") if key in about}
    return SavedModel(about["model"], uses, about.get("neuroflow", ""), shapes=shapes, **facts)


def _damaged(path: str | Path, problem: object) -> StateError:
    return StateError(
        f"{path} is damaged or truncated: {problem}",
        expected="a whole .safetensors file",
        remedy="copy it again or go back to an earlier one",
        file=str(path),
    )
