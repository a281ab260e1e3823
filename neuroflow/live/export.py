"""The live pages as a folder of static files, with Python and neuroflow in it.

Any web server can serve that folder, offline too; the pages then run neuroflow in the browser.
"""

from __future__ import annotations

import importlib
import io
import shutil
import zipfile
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

from neuroflow.errors import FileError, InputError
from neuroflow.live.assets import SHARED, STATIC, page_html, pages_html
from neuroflow.live.setup import PAGES

PYODIDE = (
    "pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json",
)  # fmt: skip
PACKAGES = ("neuroflow", "neuroflow_plugins", "attr", "attrs", "pluggy")
DISTRIBUTIONS = ("neuroflow", "attrs", "pluggy")
ENDINGS = (".py", ".toml", ".txt", ".js", ".css", ".html")
"""Python, recipes, names, and what pages of graphs are made of."""
_LEFT_OUT = ("__pycache__", "sphinxext", "static", "tests")
_EPOCH = (1980, 1, 1, 0, 0, 0)


def export(folder: Path, pyodide: Path | None = None) -> list[Path]:
    """Write the pages into a folder; gives the files that were written.

    ``pyodide`` is the npm package of that name, unpacked. Without it the folder
    ``pyodide`` must be put beside the pages by other means. Raises :class:`InputError` if it
    is not that package, and :class:`FileError` if the folder cannot be written.
    """
    for name in PYODIDE if pyodide else ():
        if not (Path(str(pyodide)) / name).is_file():
            raise InputError(
                f"{pyodide} is not the npm package pyodide: there is no {name} in it",
                remedy="fetch it with: npm install pyodide, and give node_modules/pyodide",
                file=str(pyodide),
            )
    try:
        return list(_written(folder, pyodide))
    except OSError as error:
        raise FileError(
            f"cannot write {folder}: {error}", remedy="choose another folder", file=str(folder)
        ) from error


def _written(folder: Path, pyodide: Path | None) -> Iterator[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    contents = {"index.html": pages_html("worker").encode(), "neuroflow.zip": archive()}
    contents |= {f"{page}.html": page_html(page, "worker").encode() for page in PAGES}
    contents |= {name: (STATIC / name).read_bytes() for name in SHARED}
    for name, content in contents.items():
        (folder / name).write_bytes(content)
        yield folder / name
    if pyodide is not None:
        (folder / "pyodide").mkdir(exist_ok=True)
        for name in PYODIDE:
            yield Path(shutil.copyfile(pyodide / name, folder / "pyodide" / name))


def archive() -> bytes:
    """neuroflow, its bundled plugins, attrs and pluggy as one zip; the same bytes every time."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in _sources():
            file.writestr(zipfile.ZipInfo(name, _EPOCH), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _sources() -> Iterator[tuple[str, bytes]]:
    for package in PACKAGES:
        root = Path(str(importlib.import_module(package).__file__)).parent
        for path in sorted(root.rglob("*")):
            inside = path.relative_to(root)
            if path.suffix in ENDINGS and not set(inside.parts) & set(_LEFT_OUT):
                yield f"{package}/{inside.as_posix()}", path.read_bytes()
    for name in DISTRIBUTIONS:
        yield from _about(name)


def _about(name: str) -> Iterator[tuple[str, bytes]]:
    """What Python wants to know of an installed distribution, and its licence."""
    found = distribution(name)
    folder = f"{name}-{found.version}.dist-info"
    about = f"Metadata-Version: 2.1\nName: {name}\nVersion: {found.version}\n"
    yield f"{folder}/METADATA", about.encode()
    points = [f"{p.name} = {p.value}" for p in found.entry_points if p.group == "neuroflow"]
    if points:
        yield f"{folder}/entry_points.txt", "\n".join(["[neuroflow]", *points, ""]).encode()
    for file in found.files or ():
        if file.name.upper().startswith("LICENSE"):
            yield f"{folder}/{file.name}", file.read_binary()
