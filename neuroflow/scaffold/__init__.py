"""A new plugin project from templates: ``create("soft-clip", folder)``."""

from __future__ import annotations

import keyword
import re
import shutil
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from string import Template

from attrs import frozen

from neuroflow.errors import FileError, InputError

_TEMPLATES: dict[str, str] = {
    "pyproject.toml": "pyproject.toml.txt",
    "README.md": "README.md.txt",
    "LICENSE": "LICENSE.txt",
    "CHANGELOG.md": "CHANGELOG.md.txt",
    ".gitignore": "gitignore.txt",
    "src/{module}/__init__.py": "module.py.txt",
    "src/{module}/py.typed": "",
    "tests/test_{op}.py": "test.py.txt",
    "docs/conf.py": "conf.py.txt",
    "docs/index.md": "index.md.txt",
}


@frozen
class Project:
    """A generated project: where it is and what its parts are called."""

    folder: Path
    distribution: str
    module: str
    op: str
    files: tuple[Path, ...] = ()


def create(name: str, directory: Path = Path("."), author: str = "") -> Project:
    """Write a new plugin project into a folder of its own.

    Raises :class:`InputError` for a name that cannot be used, and :class:`FileError` if the
    folder exists already or cannot be written.
    """
    project = _named(name, directory)
    if project.folder.exists():
        raise FileError(
            f"{project.folder} exists already",
            remedy="remove it, or choose another name",
            file=str(project.folder),
        )
    facts = {
        "distribution": project.distribution,
        "module": project.module,
        "op": project.op,
        "title": project.op.replace("_", " "),
        "author": author or "The authors",
        "neuroflow": version("neuroflow"),
    }
    written = []
    try:
        for path, template in _TEMPLATES.items():
            target = project.folder / path.format(module=project.module, op=project.op)
            _write(target, Template(_text(template)).substitute(facts))
            written.append(target.relative_to(project.folder))
    except BaseException:  # a full disk, or Ctrl-C: half a project is none
        shutil.rmtree(project.folder, ignore_errors=True)
        raise
    return Project(project.folder, project.distribution, project.module, project.op, tuple(written))


def _named(name: str, directory: Path) -> Project:
    op = re.sub(r"[-.\s]+", "_", name.strip()).lower().removeprefix("neuroflow_")
    if not re.fullmatch(r"[a-z][a-z0-9_]*", op) or keyword.iskeyword(op):
        raise InputError(
            f"{name!r} cannot name a plugin",
            remedy="use letters, digits and dashes, a letter first, such as soft-clip",
            got=name,
        )
    _check_free(op)
    distribution = f"neuroflow-{op.replace('_', '-')}"
    return Project(directory / distribution, distribution, f"neuroflow_{op}", op)


def _check_free(op: str) -> None:
    """A bare name means the bundled entry, so a plugin needs a name of its own."""
    from neuroflow.registry.entries import BUNDLED
    from neuroflow.registry.manager import find

    for entry in find(op):
        if entry.namespace == BUNDLED:
            raise InputError(
                f"{op!r} is the bundled {entry.kind} {entry.id}, which the bare name always means",
                remedy="choose another name",
                got=op,
                **entry.where,
            )


def _text(template: str) -> str:
    if not template:
        return ""
    return files("neuroflow.scaffold").joinpath("templates", template).read_text(encoding="utf-8")


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise FileError(
            f"cannot write {path}: {error}", remedy="choose another --directory", file=str(path)
        ) from error
