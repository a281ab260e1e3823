"""Machine code on disk: shared by concurrent processes, and made anew when damaged.

One file for each function, under ``NEUROFLOW_CACHE`` or the user's cache folder. It begins with
the checksum of the rest. A file is written under a private name and renamed when it is complete,
so that nobody sees half of one.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path


def cache_folder() -> Path:
    """Where machine code lies."""
    chosen = os.environ.get("NEUROFLOW_CACHE")
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(chosen) if chosen else Path(base) / "neuroflow"


def kept(name: str, make: Callable[[], bytes]) -> bytes:
    """The content of this name: from the cache if it is there and sound, else made and kept."""
    path = cache_folder() / name
    content = _read(path)
    if content is None:
        content = make()
        with suppress(OSError):  # no cache that can be written: it serves this process alone
            _write(path, content)
    return content


def _read(path: Path) -> bytes | None:
    try:
        found = path.read_bytes()
    except OSError:
        return None
    checksum, content = found[:32], found[32:]
    return content if hashlib.sha256(content).digest() == checksum else None


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, private = tempfile.mkstemp(prefix=f"{path.name}-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(hashlib.sha256(content).digest() + content)
        os.replace(private, path)
    except OSError:
        with suppress(OSError):
            os.unlink(private)
        raise
