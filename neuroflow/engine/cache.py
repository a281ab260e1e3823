"""Compiled modules on disk: shared by concurrent processes, and rebuilt when damaged.

One folder per text of a module, under ``NEUROFLOW_CACHE`` or the user's cache folder. A folder is
made under a private name and renamed when it is complete, so that nobody sees half of one. A file
of checksums in it is checked before numba reads the rest.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import ModuleType

Warm = Callable[[ModuleType], None]
"""Calls everything in a module once, so that it is compiled or read from the cache."""


def cache_folder() -> Path:
    """Where compiled modules lie."""
    chosen = os.environ.get("NEUROFLOW_CACHE")
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(chosen) if chosen else Path(base) / "neuroflow"


def load_module(text: str, facts: str, warm: Warm) -> ModuleType:
    """The module of a text, compiled: from the cache if it is there, else built and kept.

    ``facts`` are what a compiled module depends on beside its text: versions, the processor.
    """
    key = hashlib.sha256(f"{facts}\n{text}".encode()).hexdigest()[:32]
    folder = cache_folder() / key
    if _is_sound(folder):
        with suppress(Exception):  # whatever is wrong with it, it can be built again
            return _import(folder, key, warm)
    return _build(folder, key, text, warm)


def _is_sound(folder: Path) -> bool:
    try:
        sums = json.loads((folder / "checksums.json").read_text())
        return bool(sums) and all(_sum(folder / name) == value for name, value in sums.items())
    except (OSError, ValueError, AttributeError):
        return False


def _sum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _import(folder: Path, key: str, warm: Warm) -> ModuleType:
    name = f"_neuroflow_machine_{key}"
    spec = importlib.util.spec_from_file_location(name, folder / "machine.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    warm(module)
    return module


def _build(folder: Path, key: str, text: str, warm: Warm) -> ModuleType:
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        private = Path(tempfile.mkdtemp(prefix=f"{key}-", dir=folder.parent))
    except OSError:  # no writable cache: compile for this process alone
        private = Path(tempfile.mkdtemp(prefix="neuroflow-"))
    (private / "machine.py").write_text(text)
    module = _import(private, key, warm)
    files = [p for p in private.rglob("*") if p.is_file() and p.suffix != ".pyc"]
    sums = {str(p.relative_to(private)): _sum(p) for p in files}
    (private / "checksums.json").write_text(json.dumps(sums))
    if private.parent == folder.parent:
        _publish(private, folder)
    return module


def _publish(private: Path, folder: Path) -> None:
    """Put a complete folder in its place; another process may have been faster."""
    try:
        private.rename(folder)
    except OSError:
        if _is_sound(folder):
            shutil.rmtree(private, ignore_errors=True)
            return
        stale = Path(tempfile.mkdtemp(prefix="stale-", dir=folder.parent))
        with suppress(OSError):
            folder.rename(stale / "old")
            private.rename(folder)
        shutil.rmtree(stale, ignore_errors=True)
