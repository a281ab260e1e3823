"""Files that are whole or untouched: written beside their place, then moved there; their paths."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

from neuroflow.errors import FileError, require

LIBRARY = f"{Path(__file__).parent}{os.sep}"
"""Code in files below this folder is neuroflow's own, not its user's."""

LONGEST_NAME = 255
"""Bytes in the name of a file, on the file systems in use."""


def write_file(path: str | Path, content: bytes | str) -> None:
    """Put ``content`` at ``path`` in one step: a reader sees the old file or the new one.

    The content is on the disk when this returns. Raises :class:`FileError` if it cannot be
    written, for example on a full disk; a file that existed before is then untouched.
    """
    path = Path(path)
    if path.is_dir():
        raise FileError(
            f"cannot write {path}: it is a folder", remedy="give the path of a file", file=str(path)
        )
    data = content.encode() if isinstance(content, str) else content
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with open(partial, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
        _sync_folder(path.parent)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)


def cannot_write(path: str | Path, error: OSError) -> FileError:
    """The error for a path that could not be written."""
    return FileError(
        f"cannot write {path}: {error.strerror or error}",
        remedy="what was there before is untouched, so make room or choose another place",
        file=str(path),
    )


def _sync_folder(folder: Path) -> None:
    """Make the new name itself outlive a power cut, where the system can open folders."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def path_of(thing: Any, role: str = "the path") -> Path:
    """A path that an operating system takes; not yet that anything is there.

    Raises :class:`InputError` for what is no path, and :class:`FileError` for one that is empty,
    holds the character 0, or has a name that is too long.
    """
    require(thing, (str, Path), role, "the path of a file or a folder, as a text or a Path")
    path = Path(thing)
    longest = max((len(os.fsencode(part)) for part in path.parts), default=0)
    problem = ""
    if not str(thing):
        problem = "it is empty"
    elif "\0" in str(thing):
        problem = "it holds the character 0"
    elif longest > LONGEST_NAME:
        problem = f"a name in it has {longest} bytes, and at most {LONGEST_NAME} are allowed"
    if problem:
        shown = str(thing) if len(str(thing)) < 80 else f"{str(thing)[:77]}..."
        raise FileError(
            f"{role} {shown!r} cannot be one: {problem}", remedy="give another path", got=thing
        )
    return path
