"""Origin: what a run was made from, and what of that is no longer the same here."""

from __future__ import annotations

import hashlib
import json
import struct
import time
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import frozen

from neuroflow.checkpoint.uses import changed_code
from neuroflow.data.shapes import is_structured
from neuroflow.errors import NeuroflowWarning

if TYPE_CHECKING:
    from neuroflow.checkpoint.file import SavedModel
    from neuroflow.data.dataset import Dataset

LETTERS = 12
"""So many letters of a digest are told; all of them are kept."""


class ChangedWarning(NeuroflowWarning):
    """A saved model answers as it did, but not all that it was made from is still the same."""


@frozen
class DataFile:
    """A file that a run read: what was in it, how large it was, and when it was written last."""

    path: str
    sha256: str
    bytes: int
    modified: float

    @classmethod
    def of(cls, path: str | Path) -> DataFile:
        """The file as it is now; raises OSError if it cannot be read."""
        with open(path, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        facts = Path(path).stat()
        return cls(str(path), digest, facts.st_size, facts.st_mtime)

    def __str__(self) -> str:
        when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(self.modified))
        return f"SHA-256 {self.sha256[:LETTERS]}..., {self.bytes:,} bytes, written {when}"

    def now(self) -> DataFile | None:
        """The file at its place now, if something else is in it; None too if none is there.

        The path may be anybody's: a device or a pipe, which might never end, is not read.
        """
        if not Path(self.path).is_file():
            return None
        try:
            facts = Path(self.path).stat()
            if (facts.st_size, facts.st_mtime) == (self.bytes, self.modified):
                return None  # not read again
            found = DataFile.of(self.path)
        except OSError:
            return None
        return found if found.sha256 != self.sha256 else None


@frozen
class Origin:
    """What a run was made from; kept in its checkpoints from its first to its last.

    ``examples`` is the digest of what it learns from, after reading, splitting and standardizing;
    ``configuration`` is that of its settings. ``code`` has a digest for each function and
    class that was handed over, by what it is there for.
    """

    begun: float
    neuroflow: str
    configuration: str
    examples: str
    count: int
    files: tuple[DataFile, ...]
    code: dict[str, str]

    @classmethod
    def of(
        cls,
        configuration: Mapping[str, Any],
        parts: Sequence[Dataset],
        code: Mapping[str, str] | None = None,
    ) -> Origin:
        """That of a run with these settings, which has read its data just now."""
        from neuroflow.config import files_of

        return cls(
            begun=time.time(),
            neuroflow=own_version(),
            configuration=_sha256([json.dumps(configuration, sort_keys=True, default=str)]),
            examples=_sha256(chain.from_iterable(map(_told, parts))),
            count=sum(map(len, parts)),
            files=tuple(DataFile.of(path) for path in files_of(configuration)),
            code=dict(code or {}),
        )

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Origin | None:
        """The origin that a checkpoint's state tells; None if it tells none."""
        told = state.get("origin")
        if not told:
            return None
        return cls(**{**told, "files": tuple(DataFile(**file) for file in told["files"])})


def own_version() -> str:
    """The version of neuroflow that is installed."""
    from importlib.metadata import version

    return version("neuroflow")


def changes_since(saved: SavedModel) -> list[str]:
    """What is no longer as it was when a model was saved, in words; no plugin is loaded for it."""
    told = list(_changed_code(saved))
    origin = Origin.from_state(saved.state)
    for file in origin.files if origin else ():
        if now := file.now():
            told.append(f"{file.path} has changed since: it had {file}, and has {now}")
    return told


def warn_of_changes(saved: SavedModel, where: str) -> None:
    """Say what is no longer the same, where a model goes on answering."""
    told = changes_since(saved)
    if other := changed_code(saved.uses):
        what = f"{where} may answer otherwise than it was trained to: {'; '.join(other)}"
        warnings.warn(ChangedWarning(what), stacklevel=4)
    if told:
        what = f"{where} answers as it was trained, but {'; '.join(told)}"
        warnings.warn(ChangedWarning(what), stacklevel=4)


def _changed_code(saved: SavedModel) -> Iterator[str]:
    """The distributions that a model needs to answer, where another version is installed."""
    from importlib.metadata import PackageNotFoundError, version

    needed = {
        used.distribution: used.distribution_version
        for used in saved.uses
        if used.purpose == "answering" and used.distribution
    }
    for name, then in {**needed, "neuroflow": saved.neuroflow}.items():
        try:
            now = version(name)
        except (PackageNotFoundError, ValueError):
            continue
        if then and now != then:
            yield f"it was saved with {name} {then}, and {now} is installed"


def _told(data: Dataset) -> Iterator[str | bytes]:
    """All that a model can learn from a dataset, piece by piece."""
    yield repr((data.task, data.labels, data.columns, data.vocab_size, len(data)))
    if data.shaped:
        yield from map(repr, data.inputs)
    structured = data.task == "regression" and is_structured(data.targets[0])
    if structured:
        yield from map(repr, data.targets)
    for rows, is_told in ((data.inputs, data.shaped), (data.targets, structured)):
        if is_told:
            continue
        lists = [row if isinstance(row, (list, tuple)) else (row,) for row in rows]
        yield struct.pack(f"<{len(lists)}q", *map(len, lists))
        numbers = list(chain.from_iterable(lists))
        yield struct.pack(f"<{len(numbers)}d", *numbers)


def _sha256(pieces: Iterable[str | bytes]) -> str:
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece.encode() if isinstance(piece, str) else piece)
    return digest.hexdigest()
