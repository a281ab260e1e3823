"""Machine code on disk: shared by concurrent processes, and made anew when damaged.

One file for each function, under ``NEUROFLOW_CACHE`` or the user's cache folder. It begins with
the checksum of its name and of the rest, so a copy under another name is not taken for that one. A
file is written under a private name and renamed when it is complete, so that nobody sees half of
one.

Code in these files runs as this user. So the cache is used only where nobody else could have put
something there: folder and files belong to this user, others cannot write to them, and none
of the folders on the way can be exchanged by others. Where there is no such place, nothing is
kept, and each process compiles for itself.
"""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from attrs import frozen

from neuroflow.errors import NeuroflowWarning

PARTIAL = ".partial-"
"""How the name of a file begins that is being written."""

ABANDONED = 3600.0
"""Seconds after which whoever was writing a file is not any more."""

LARGEST = 256_000_000
"""Bytes; beyond these the oldest code goes."""

OTHERS = stat.S_IWGRP | stat.S_IWOTH
"""That the group, or everybody, may write."""


REMEDY = "make it private (chmod go-w), or name another folder with NEUROFLOW_CACHE"


class CacheWarning(NeuroflowWarning):
    """Machine code is not kept, because others could change it; says whose folder it is."""


@frozen
class Cache:
    """Where machine code is kept: a folder, or none and the reason; unsafe if it is others'."""

    folder: Path | None
    reason: str = ""
    unsafe: bool = False

    @classmethod
    def here(cls) -> Cache:
        """The cache of this user, who may have chosen its folder."""
        shared = os.environ.get("XDG_CACHE_HOME", "")  # where it is relative it does not count
        chosen = os.environ.get("NEUROFLOW_CACHE") or (shared if os.path.isabs(shared) else "")
        try:
            folder = Path(os.path.abspath(chosen or Path.home() / ".cache"))
        except (RuntimeError, OSError) as error:
            return cls(None, f"this user has no home folder ({error})")
        if not os.environ.get("NEUROFLOW_CACHE"):
            folder = folder / "neuroflow"
        try:
            stranger = next(strangers(folder), "")
        except OSError as error:
            return cls(None, f"{folder} cannot be used: {error.strerror}")
        return cls(None, stranger, unsafe=True) if stranger else cls(folder)

    def read(self, name: str) -> bytes | None:
        """The content of a name; None if it is not there, or not as it was written."""
        if self.folder is None:
            return None
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        try:
            with open(os.open(self.folder / name, flags), "rb") as file:
                found = b"" if _of_others(os.fstat(file.fileno())) else file.read()
        except OSError:
            return None
        checksum, content = found[:32], found[32:]
        return content if _checksum(name, content) == checksum else None

    def write(self, name: str, content: bytes) -> None:
        """Keep the content of a name; where that cannot be, it serves this process alone.

        Unlike :func:`neuroflow.files.write_file` it is private whatever lay there before, and waits
        for no disk: what a power cut takes is compiled again.
        """
        if self.folder is None:
            return
        with suppress(OSError):
            _make(self.folder)
            handle, private = tempfile.mkstemp(prefix=PARTIAL, dir=self.folder)
            try:
                with os.fdopen(handle, "wb") as file:
                    if hasattr(os, "fchmod"):
                        os.fchmod(handle, 0o600)  # whatever the umask is
                    file.write(_checksum(name, content) + content)
                os.replace(private, self.folder / name)
            except OSError:
                with suppress(OSError):
                    os.unlink(private)

    def tidy(self) -> None:
        """Remove what killed processes left half written, and the oldest beyond the limit."""
        files = sorted(self._files(), key=lambda pair: -pair[1].st_mtime)
        size = 0
        for path, facts in files:
            size += facts.st_size
            abandoned = path.name.startswith(PARTIAL) and facts.st_mtime < time.time() - ABANDONED
            if abandoned or size > LARGEST:
                with suppress(OSError):
                    path.unlink()

    def size(self) -> tuple[int, int]:
        """How many functions are kept, and in how many bytes."""
        sizes = [facts.st_size for path, facts in self._files() if not path.name.startswith(".")]
        return len(sizes), sum(sizes)

    def _files(self) -> Iterator[tuple[Path, os.stat_result]]:
        if self.folder is not None and self.folder.is_dir():
            with os.scandir(self.folder) as entries:
                for entry in entries:
                    with suppress(OSError):
                        if entry.is_file(follow_symlinks=False):
                            yield Path(entry.path), entry.stat(follow_symlinks=False)


def kept(names: list[str], makers: list[Callable[[], bytes]]) -> list[bytes]:
    """The content of each name: from the cache if it is there and sound, else made and kept."""
    if not names:
        return []
    cache = Cache.here()
    contents = [cache.read(name) for name in names]
    if None in contents:
        _say_once(cache)
        cache.tidy()
    made = []
    for name, content, make in zip(names, contents, makers, strict=True):
        if content is None:
            content = make()
            cache.write(name, content)
        made.append(content)
    return made


_SAID: set[str] = set()


def _say_once(cache: Cache) -> None:
    if cache.unsafe and cache.reason not in _SAID:
        _SAID.add(cache.reason)
        told = CacheWarning(f"machine code is not kept: {cache.reason}", remedy=REMEDY)
        warnings.warn(told, stacklevel=2)


def _checksum(name: str, content: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\0" + content).digest()


def strangers(folder: Path) -> Iterator[str]:
    """Why others could put something into a folder: each folder on the way that is not safe.

    A folder may belong to this user or to the system's owner. Where others may write, only what is
    marked so that they cannot rename what is not theirs (as ``/tmp`` is) will do, but for the
    folder itself.
    """
    if not hasattr(os, "getuid"):
        return  # Windows keeps a user's folders to that user
    real = Path(os.path.realpath(folder))
    for path in dict.fromkeys([*folder.parents, folder, *real.parents, real]):
        with suppress(FileNotFoundError):
            facts = os.lstat(path)
            last = path in (folder, real)
            owners = (os.getuid(),) if last else (os.getuid(), 0)
            if facts.st_uid not in owners:
                yield f"{path} belongs to another user (uid {facts.st_uid})"
            elif _is_open(facts.st_mode) and (last or not facts.st_mode & stat.S_ISVTX):
                yield f"other users can write to {path}"


def _is_open(mode: int) -> bool:
    """Whether others may write there; a link is only as open as what it leads to."""
    return not stat.S_ISLNK(mode) and bool(mode & OTHERS)


def _of_others(facts: os.stat_result) -> bool:
    """Whether others could have written an open file."""
    if not hasattr(os, "getuid"):
        return False
    plain = stat.S_ISREG(facts.st_mode)
    return not plain or facts.st_uid != os.getuid() or _is_open(facts.st_mode)


def _make(folder: Path) -> None:
    """Make a folder, and those above it, for this user alone, whatever the umask is."""
    for path in [*reversed(folder.parents), folder]:
        with suppress(FileExistsError):
            if not path.is_dir():
                path.mkdir(0o700)
                path.chmod(0o700)
