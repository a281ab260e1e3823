"""The file: what it says about itself, behind checksums, and its numbers."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

from attrs import field, frozen

from neuroflow.checkpoint.arrays import OPTIMIZER, Arrays, Tensors, digest_of, exactly
from neuroflow.checkpoint.container import Stored, packed, read_header, strict_json, unpacked
from neuroflow.checkpoint.schema import DESCRIPTION, check
from neuroflow.checkpoint.uses import Used
from neuroflow.core.types import shown
from neuroflow.errors import FileError, StateError
from neuroflow.files import path_of
from neuroflow.memory import check_room

FORMAT = 1
CHECKPOINT = "checkpoint.safetensors"
BEST_MODEL = "best.safetensors"
"""In a run's folder: where it stands, and its best model so far if it keeps that."""
COPIES = 3
"""A file that is read takes so many times its bytes: itself, and its numbers twice on their way."""


@frozen
class SavedModel:
    """What a file says about itself; see :func:`inspect_file`.

    ``model`` is the table that builds the model, ``uses`` are the entries that it needs.
    ``configuration`` is the whole tree of the training run and ``data`` what is needed to use
    the model on new rows (task, labels, columns, standardization, tokenizer); both are empty for
    a bare model. ``state`` is what a resumed run goes on from; ``shapes`` has one shape per
    tensor, and ``frozen`` are the patterns of parameters that are not trained.
    """

    model: dict[str, Any]
    uses: tuple[Used, ...]
    neuroflow: str
    configuration: dict[str, Any] = field(factory=dict)
    data: dict[str, Any] = field(factory=dict)
    state: dict[str, Any] = field(factory=dict)
    shapes: dict[str, tuple[int, ...]] = field(factory=dict)
    frozen: tuple[str, ...] = ()

    @property
    def parameters(self) -> int:
        """How many numbers the model has."""
        names = (name for name in self.shapes if not name.startswith(OPTIMIZER))
        return sum(prod(self.shapes[name]) for name in names)


def file_bytes(about: Mapping[str, Any], tensors: Tensors) -> bytes:
    """A whole file: what it says about itself, behind checksums, and the tensors."""
    description = {"format": FORMAT, **about, "sha256": digest_of(tensors)}
    stored = {name: Stored(shape, content) for name, (shape, content) in tensors.items()}
    return packed({"neuroflow": sealed(description)}, stored)


def sealed(about: Mapping[str, Any]) -> str:
    """The description as JSON, behind its own checksum."""
    text = json.dumps(about, ensure_ascii=False)
    return f"{_checksum(text)} {text}"


def inspect_file(path: str | Path) -> SavedModel:
    """What a saved model says about itself, without loading any plugin; all of it is checked.

    ``path`` is a file, or the folder of a run. Raises :class:`FileError` if there is no such
    file and :class:`StateError` if it is damaged: if what it says is not what a file can say, or
    its numbers do not match their checksum.
    """
    saved, _ = _read(file_of(path))
    return saved


def read_description(path: str | Path) -> dict[str, Any]:
    """What a file says about itself, read without its numbers: many files in a moment.

    Its own checksum is checked, that of the numbers is not. Raises as :func:`inspect_file` does.
    """
    try:
        with open(path, "rb") as file:
            metadata, _ = read_header(file, os.fstat(file.fileno()).st_size)
        about = _unsealed(metadata.get("neuroflow", ""))
    except StateError as error:
        raise _damaged(path, error.what, error.expected) from error
    except OSError as error:
        raise _cannot_read(path, error) from error
    _check_format(about, path)
    check(about, DESCRIPTION, file=str(path))
    return about  # type: ignore[no-any-return]


def read_arrays(path: str | Path) -> tuple[SavedModel, Arrays]:
    """What a file says about itself and all its numbers, checked like :func:`inspect_file`."""
    saved, stored = _read(path)
    arrays: Arrays = {}
    for name, tensor in stored.items():
        try:
            arrays[name] = exactly(tensor.dtype, tensor.content).reshape(tensor.shape)
        except StateError as error:
            what = f"{path} cannot be read: its tensor {name[:60]!r} holds {error.what}"
            raise StateError(what, **{**error.rest, "file": str(path)}) from error
    return saved, arrays


def file_of(path: str | Path, *, best: bool = False) -> Path:
    """The file itself, or the checkpoint in a run's folder; the best model, if it keeps one."""
    path = path_of(path)
    if best and (path / BEST_MODEL).is_file():
        return path / BEST_MODEL
    return path / CHECKPOINT if path.is_dir() else path


def _read(path: str | Path) -> tuple[SavedModel, dict[str, Stored]]:
    """What a file says about itself, and its tensors, after everything has been checked."""
    try:
        metadata, stored = unpacked(content_of(path))
        about = _unsealed(metadata["neuroflow"]) if "neuroflow" in metadata else ...
    except StateError as error:
        raise _damaged(path, error.what, error.expected) from error
    if about is ...:
        raise StateError(
            f"{path} is a safetensors file that neuroflow did not write: it says nothing about"
            " its model",
            remedy="give a file made by neuroflow.save or by a run",
            file=str(path),
        )
    _check_format(about, path)
    check(about, DESCRIPTION, file=str(path))
    _check_digest(about, stored, path)
    shapes = {name: tensor.shape for name, tensor in stored.items()}
    facts = {key: about[key] for key in ("configuration", "data", "state")}
    facts["frozen"] = tuple(about.get("frozen", ()))
    uses = tuple(Used(**used) for used in about["uses"])
    return SavedModel(about["model"], uses, about["neuroflow"], shapes=shapes, **facts), stored


def tensors_in(path: str | Path) -> dict[str, Stored]:
    """The tensors of a ``.safetensors`` file, whoever wrote it, as they lie in it.

    Raises :class:`FileError` if it cannot be read, and :class:`StateError` if it is damaged.
    """
    try:
        return unpacked(content_of(path))[1]
    except StateError as error:
        raise _damaged(path, error.what, error.expected) from error


def content_of(path: str | Path) -> bytes:
    """The bytes of a file, if there is room for them; raises :class:`FileError`."""
    path = Path(path)
    if not path.is_file():
        raise FileError(
            f"there is no file {path}", remedy="give the path of a saved model", file=str(path)
        )
    try:
        check_room(path.stat().st_size, f"bytes of {path}", each=COPIES)
        return path.read_bytes()
    except OSError as error:
        raise _cannot_read(path, error) from error


def _cannot_read(path: str | Path, error: OSError) -> FileError:
    return FileError(f"cannot read {path}: {error}", remedy="check its permissions", file=str(path))


def _unsealed(sealed: str) -> Any:
    seal, _, text = sealed.partition(" ")
    if seal != _checksum(text):
        raise StateError("its description does not match its checksum")
    return strict_json(text, "its description")


def _checksum(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _check_format(about: Any, path: str | Path) -> None:
    """First, for other versions may say other things about themselves."""
    found = about.get("format") if isinstance(about, dict) else None
    if type(found) is int and found != FORMAT:
        version = about.get("neuroflow", "of another version")
        raise StateError(
            f"{path} has format {shown(found)}, and this neuroflow reads format {FORMAT}",
            remedy=f"install neuroflow {str(version)[:60]}",
            file=str(path),
        )


def _check_digest(about: Mapping[str, Any], stored: Mapping[str, Stored], path: str | Path) -> None:
    if digest_of({n: (t.shape, t.content) for n, t in stored.items()}) == about["sha256"]:
        return
    others = sorted({tensor.dtype[:20] for tensor in stored.values()} - {"F64"})
    if others:
        raise StateError(
            f"{path} was rewritten by another program: its numbers are {', '.join(others[:5])},"
            " and they do not match their checksum",
            expected="the float64 (F64) numbers that neuroflow wrote",
            remedy="save the model with neuroflow again",
            file=str(path),
        )
    raise _damaged(path, "its numbers do not match their checksum")


def _damaged(path: str | Path, problem: str, expected: str = "") -> StateError:
    return StateError(
        f"{path} is damaged or truncated: {problem}",
        expected=expected or "a whole .safetensors file",
        remedy="copy it again or go back to an earlier one",
        file=str(path),
    )
