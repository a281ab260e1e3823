"""Source files: one file of Python as a module of its own, and the line where it is broken.

Its folder is not put on the path that imports are looked for on, and it hides no installed module.
"""

from __future__ import annotations

import itertools
import linecache
import sys
import traceback
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from neuroflow.errors import FileError

SUFFIX = ".py"


def imported(path: Path) -> ModuleType:
    """A file as a module; what it raises is raised, and then no module is left of it.

    Raises :class:`FileError` if there is no such file.
    """
    if not path.is_file():
        raise FileError(
            f"there is no file {path}", remedy="give the path of a Python file", file=str(path)
        )
    name = next(name for name in _names(path.stem) if name not in sys.modules)
    spec = spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise FileError(
            f"{path} cannot be imported as Python", expected=f"a file {SUFFIX}", file=str(path)
        )
    module = module_from_spec(spec)
    sys.modules[name] = module
    linecache.checkcache(str(path))
    try:  # from the source always: a kept .pyc does not know of a change within the same second
        exec(compile(path.read_bytes(), str(path), "exec", dont_inherit=True), vars(module))
    except BaseException:
        forget(module)
        raise
    return module


def forget(module: ModuleType) -> None:
    """Let nobody find a module any more; who holds it keeps it."""
    if sys.modules.get(module.__name__) is module:
        del sys.modules[module.__name__]


def files_in(folder: Path) -> list[Path]:
    """The plugins in a folder by name; what begins with an underscore or a dot is none."""
    if not folder.is_dir():
        raise FileError(
            f"there is no folder {folder}",
            expected="one that holds plugins, each a Python file",
            remedy="name another in NEUROFLOW_PLUGINS_DIR",
            file=str(folder),
        )
    return sorted(path for path in folder.glob(f"*{SUFFIX}") if path.name[0] not in "_.")


def line_of(error: BaseException, file: str) -> int:
    """The line of a file at which an error was raised, or that cannot be read; 0 if in none."""
    if isinstance(error, SyntaxError) and error.filename == file:
        return error.lineno or 0
    lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == file]
    return (lines or [0])[-1] or 0


def _names(stem: str) -> Iterator[str]:
    """Names for a module that do not hide an installed one: ``mine``, ``mine_2`` ..."""
    yield stem
    yield from (f"{stem}_{k}" for k in itertools.count(2))
