"""A new plugin project from templates: ``create("soft-clip", folder, kinds=["loss", "layer"])``.

Reading order: :mod:`kinds` (what a project may begin with), :mod:`examples` (projects that are
there as they are), and this file. A first configuration for somebody's data is in :mod:`drafts`.
"""

from __future__ import annotations

import keyword
import re
import shutil
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from string import Template

from attrs import frozen

from neuroflow.errors import FileError, InputError, did_you_mean
from neuroflow.scaffold.kinds import KINDS, Beginning

AROUND = {
    "pyproject.toml": "pyproject.toml.txt",
    "README.md": "README.md.txt",
    "LICENSE": "LICENSE.txt",
    "CHANGELOG.md": "CHANGELOG.md.txt",
    ".gitignore": "gitignore.txt",
    "src/$module/py.typed": "",
    "docs/conf.py": "conf.py.txt",
    "docs/index.md": "index.md.txt",
}
"""What every project has, beside a module and a test for each kind."""


MOST_TOLD = 3
"""So many kinds are told with their names."""


@frozen
class Project:
    """A generated project: where it is, what its parts are called, and the kinds it offers."""

    folder: Path
    distribution: str
    module: str
    name: str
    kinds: tuple[Beginning, ...]
    files: tuple[Path, ...] = ()

    @property
    def names(self) -> dict[str, str]:
        """The words that templates have in common; those of one kind are added to them."""
        return {
            "distribution": self.distribution,
            "module": self.module,
            "namespace": self.name,
            "name": self.name,
            "Class": "".join(word.capitalize() for word in self.name.split("_")),
            "command": self.name.replace("_", "-"),
            "title": self.name.replace("_", " "),
        }

    @property
    def check(self) -> str:
        """The command that checks what it offers; a command is run instead."""
        has_entries = any(kind.entries for kind in self.kinds)
        return f"neuroflow check {self.name}" if has_entries else "neuroflow plugins"


def create(
    name: str, directory: Path = Path("."), author: str = "", kinds: Sequence[str] = ()
) -> Project:
    """Write a new plugin project into a folder of its own; ``kinds`` are what it offers.

    Without kinds it has an op, which is an activation too. Raises :class:`InputError` for a name
    or a kind that cannot be used, and :class:`FileError` if the folder exists already or cannot be
    written.
    """
    project = _named(name, directory, _kinds(kinds or ("op",)))
    if project.folder.exists():
        raise FileError(
            f"{project.folder} exists already",
            remedy="remove it, or choose another name",
            file=str(project.folder),
        )
    written = []
    try:
        for path, text in _texts(project, author):
            _write(project.folder / path, text)
            written.append(Path(path))
    except BaseException:  # a full disk, or Ctrl-C: half a project is none
        shutil.rmtree(project.folder, ignore_errors=True)
        raise
    return Project(
        project.folder, project.distribution, project.module, project.name, project.kinds,
        tuple(written),
    )  # fmt: skip


def _texts(project: Project, author: str) -> Iterator[tuple[str, str]]:
    """Each file of a project, by its path, with its text."""
    facts = {
        **project.names,
        **_in_words(project),
        "check": project.check,
        "author": author or "The authors",
        "neuroflow": version("neuroflow"),
    }
    for path, template in AROUND.items():
        yield _filled(path, facts), _filled(_text(template), facts)
    source = f"src/{project.module}"
    if len(project.kinds) == 1:
        yield f"{source}/__init__.py", _filled(_text(f"{project.kinds[0].name}.py.txt"), facts)
    else:
        yield f"{source}/__init__.py", _gathered(project)
        for kind in project.kinds:
            yield f"{source}/{kind.name}.py", _filled(_text(f"{kind.name}.py.txt"), facts)
    for kind in project.kinds:
        home = project.module if len(project.kinds) == 1 else f"{project.module}.{kind.name}"
        text = _filled(_text(f"test_{kind.name}.py.txt"), {**facts, "home": home})
        yield f"tests/test_{kind.name}.py", text
    if any(kind.entries for kind in project.kinds):
        yield "tests/test_checks.py", _filled(_text("test_checks.py.txt"), facts)


def _in_words(project: Project) -> dict[str, str]:
    """What a project offers, in a sentence, in a README, and in the directives of its page."""
    names = project.names
    told = [_filled(kind.offers, names) for kind in project.kinds]
    if len(told) > MOST_TOLD:
        told = [
            f"`{project.name}` as {told[0].split()[1]}",
            *(each.split()[1] for each in told[1:]),
        ]
    offers = " and ".join(filter(None, [", ".join(told[:-1]), told[-1]]))
    usage = "\n\n".join(_filled(kind.usage, names) for kind in project.kinds)
    entries = dict.fromkeys(each for kind in project.kinds for each in kind.entries)
    pages = [f"```{{nf:{each}}} {project.name}/{project.name}\n```" for each in entries]
    return {
        "offers": offers,
        "Offers": offers[0].upper() + offers[1:],
        "usage": f"{usage}\n",
        "directives": "\n\n".join(pages or [usage]),
    }


def _gathered(project: Project) -> str:
    """The module of several kinds: it takes its hooks from the file of each."""
    lines = sorted(f"from .{kind.name} import {', '.join(kind.hooks)}" for kind in project.kinds)
    hooks = sorted(hook for kind in project.kinds for hook in kind.hooks)
    listed = "".join(f'    "{hook}",\n' for hook in hooks)
    names = {"imports": "\n".join(lines), "hooks": f"\n{listed}"}
    return _filled(_text("gathered.py.txt"), {**project.names, **names})


def _kinds(names: Sequence[str]) -> tuple[Beginning, ...]:
    """The kinds in their own order; one that another offers too is not made twice."""
    for name in names:
        if name not in KINDS:
            raise InputError(
                f"no plugin begins with {name!r}",
                remedy=did_you_mean(name, KINDS, f"kinds: {', '.join(KINDS)}"),
                got=name,
            )
    also = {other for name in names for other in KINDS[name].others}
    return tuple(kind for kind in KINDS.values() if kind.name in names and kind.name not in also)


def _named(name: str, directory: Path, kinds: tuple[Beginning, ...]) -> Project:
    word = re.sub(r"[-.\s]+", "_", name.strip()).lower().removeprefix("neuroflow_")
    if not re.fullmatch(r"[a-z][a-z0-9_]*", word) or keyword.iskeyword(word):
        raise InputError(
            f"{name!r} cannot name a plugin",
            remedy="use letters, digits and dashes, a letter first, such as soft-clip",
            got=name,
        )
    _check_free(word)
    distribution = f"neuroflow-{word.replace('_', '-')}"
    return Project(directory / distribution, distribution, f"neuroflow_{word}", word, kinds)


def _check_free(name: str) -> None:
    """A bare name means the bundled entry, so a plugin needs a name of its own."""
    from neuroflow.registry.entries import BUNDLED
    from neuroflow.registry.manager import find

    for entry in find(name):
        if entry.namespace == BUNDLED:
            raise InputError(
                f"{name!r} is the bundled {entry.kind} {entry.id}, which the bare name always"
                " means",
                remedy="choose another name",
                got=name,
                **entry.where,
            )


def _filled(template: str, names: dict[str, str]) -> str:
    return Template(template).substitute(names)


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
