"""The example plugins: whole projects that come with neuroflow, to be copied and changed.

In a checkout they lie with the documentation; from an index, beside the package.
"""

from __future__ import annotations

import shutil
from importlib import metadata
from pathlib import Path

from neuroflow.errors import FileError, InputError, did_you_mean

PREFIX = "neuroflow-"
CHECKOUT = Path(__file__).parents[2] / "docs" / "examples" / "plugins"
INSTALLED = ("share", "neuroflow", "examples")
"""Where the wheel puts them, from where data of packages lie."""

LEFT_OUT = shutil.ignore_patterns("__pycache__", ".pytest_cache", "*.egg-info", "build", "dist")


def examples() -> dict[str, Path]:
    """The folder of each example, by the name of its plugin."""
    folder = _folder()
    found = sorted(folder.glob(f"{PREFIX}*")) if folder else []
    return {path.name.removeprefix(PREFIX): path for path in found}


def copy_example(name: str, directory: Path) -> Path:
    """A copy of an example in a folder; gives its own folder.

    Raises :class:`InputError` for a name that is none, and :class:`FileError` if it is there.
    """
    known = examples()
    if name not in known:
        raise InputError(
            f"no example is named {name!r}",
            remedy=did_you_mean(name, known, f"examples: {', '.join(known) or 'none are here'}"),
            got=name,
        )
    target = directory / known[name].name
    if target.exists():
        raise FileError(
            f"{target} exists already",
            remedy="remove it, or choose another --directory",
            file=str(target),
        )
    try:
        shutil.copytree(known[name], target, ignore=LEFT_OUT)
    except OSError as error:
        raise FileError(
            f"cannot write {target}: {error}", remedy="choose another --directory", file=str(target)
        ) from error
    return target


def _folder() -> Path | None:
    if CHECKOUT.is_dir():
        return CHECKOUT
    for file in metadata.files("neuroflow") or ():
        for k in range(len(file.parts)):
            if file.parts[k : k + len(INSTALLED)] == INSTALLED:
                above = len(file.parts) - k - len(INSTALLED)
                return Path(str(file.locate())).parents[above - 1]
    return None
