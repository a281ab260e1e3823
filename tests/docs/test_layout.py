"""The rooms, files and names of which the prose speaks exist; lists of them are whole."""

from __future__ import annotations

import ast
import importlib
import re
from functools import cache
from pathlib import Path
from statistics import median

import pytest

from neuroflow.registry.manager import manager
from tests.support.architecture import EXCEPTIONS, PARTS, imports_within, modules_of

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "neuroflow"
MADE = {"_build", "entries", "examples"}
PATH = re.compile(r"(?<![\w/.-])((?:neuroflow|plugins|tests|docs|\.ci)(?:/[\w.-]+)+)")
DOTTED = re.compile(r"(?<![\w/.@-])neuroflow(?:_plugins)?(?:\.\w+)+")
MODULE = re.compile(r":mod:`~?([\w.]+)`")
ROLE = re.compile(r":(?:func|class|data|meth|attr|exc):`~?([\w.]+)`")
NOT_OURS = re.compile(r"docs/_build|neuroflow\.(?:css|zip|now|schema\.json)")


def prose():
    """Pages that people write, and those at the top."""
    pages = [p for p in (ROOT / "docs").rglob("*.md") if not MADE & set(p.parts)]
    return [*pages, *ROOT.glob("*.md")]


def named_code():
    """Every module of both packages with its file."""
    folders = (PACKAGE, ROOT / "plugins" / "neuroflow_plugins")
    return [pair for folder in folders for pair in modules_of(folder).items()]


def code():
    """Every file of both packages."""
    return [path for _, path in named_code()]


@cache
def words(path):
    """The whole text of a page, the docstrings of a file of code."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".md":
        return text
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, documented)]
    return "\n".join(ast.get_docstring(node) or "" for node in nodes)


def files_named_in(path):
    """Paths from the top of the repository; ``neuroflow/mlp`` is the id of an entry."""
    ids = {f"neuroflow/{entry.name}" for entry in manager().registry}
    named = (name.rstrip(".") for name in PATH.findall(NOT_OURS.sub("", words(path))))
    return sorted({name for name in named if name not in ids and "NAME" not in name})


@cache
def exists(dotted):
    """Whether a dotted name is a module, or an attribute of one."""
    parts = dotted.split(".")
    for n in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:n]))
        except ModuleNotFoundError:
            continue
        for name in parts[n:]:
            if not hasattr(found, name) and name not in getattr(found, "__annotations__", {}):
                return False
            found = getattr(found, name, None)
        return True
    return False


@pytest.mark.parametrize("file", prose(), ids=lambda p: str(p.relative_to(ROOT)))
def test_files_named_in_the_prose_exist(file):
    assert [name for name in files_named_in(file) if not (ROOT / name).exists()] == []


def test_files_named_without_their_folder_exist():
    """Such as ``value.py`` on a page about the core; what others or runs write is named here."""
    known = {"engine.py", "microgpt.py", "pyproject.toml", "config.toml"}
    for folder in ("neuroflow", "plugins", "tests", "docs"):
        known |= {path.name for path in (ROOT / folder).rglob("*.*")}
    missing = {
        f"{page.name}: {name}"
        for page in prose()
        for name in re.findall(r"`([a-z_]\w*\.(?:py|toml|js))`", words(page))
        if name not in known
    }
    assert missing == set()


def about(text, actual):
    """Whether a figure that a page rounds is within a tenth of what is there."""
    return abs(float(text) - actual) <= 0.1 * actual


def test_contributing_says_how_long_things_are():
    text = (ROOT / "docs" / "CONTRIBUTING.md").read_text(encoding="utf-8")
    ((chapter, a_file, a_function),) = re.findall(
        r"about (\d+) lines to read\s.*?about (\d+) lines, a function about (\d+)\.", text, re.S
    )
    measured = [path.read_text(encoding="utf-8") for path in code()]
    files = [len(content.splitlines()) for content in measured]
    functions = [
        node.end_lineno - node.lineno + 1
        for content in measured
        for node in ast.walk(ast.parse(content))
        if isinstance(node, ast.FunctionDef)
    ]
    core = (PACKAGE / "core" / f"{name}.py" for name in ("value", "gradient"))
    lines = sum(len(path.read_text(encoding="utf-8").splitlines()) for path in core)
    assert about(chapter, lines), lines
    assert about(a_file, median(files)), median(files)
    assert about(a_function, median(functions)), median(functions)


def test_files_named_in_docstrings_exist():
    missing = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in code()
        for name in files_named_in(path)
        if not (ROOT / name).exists()
    }
    assert missing == set()


def test_names_in_prose_and_docstrings_exist():
    named = {
        name.rstrip("."): path
        for path in [*prose(), *code()]
        for name in DOTTED.findall(NOT_OURS.sub("", words(path)))
    }
    assert {n: str(p.relative_to(ROOT)) for n, p in named.items() if not exists(n)} == {}


def roles_of(path):
    """What docstrings point to, each with the class in which it stands."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    within = {id(node): top.name for top in classes for node in ast.walk(top)}
    for node in ast.walk(tree):
        text = node.value if isinstance(node, ast.Constant) else ""
        for target in ROLE.findall(text) if isinstance(text, str) else ():
            yield within.get(id(node), ""), target


def test_roles_in_docstrings_name_what_there_is():
    """From their module or class, from neuroflow or Python, or in full."""
    missing = [
        f"{path.relative_to(ROOT)}: {target}"
        for module, path in named_code()
        for inside, target in roles_of(path)
        if not any(map(exists, seen_from(module, inside, target)))
    ]
    assert missing == []


def seen_from(module, inside, target):
    """All that a target can mean."""
    places = [f"{module}.{inside}"] if inside else []
    places += [module, "neuroflow", "builtins"]
    return [target, *(f"{place}.{target}" for place in places)]


def rooms():
    """Every room whose first words give an order to read its files in."""
    folders = (PACKAGE, ROOT / "plugins" / "neuroflow_plugins")
    found = [init for folder in folders for init in folder.rglob("__init__.py")]
    return [init for init in sorted(found) if "Reading order" in words(init)]


def files_of(room):
    """The names of what lies beside an ``__init__.py``."""
    beside = [p for p in room.parent.iterdir() if p.suffix == ".py" or (p / "__init__.py").exists()]
    return {path.stem for path in beside} - {"__init__"}


def test_rooms_of_more_than_one_file_say_in_which_order_they_are_read():
    read_by_command = {PACKAGE / "__init__.py", PACKAGE / "cli" / "__init__.py"}
    every = {p for p in PACKAGE.rglob("__init__.py") if len(files_of(p)) > 1}
    assert every - set(rooms()) == read_by_command


@pytest.mark.parametrize("room", rooms(), ids=lambda p: p.parent.name)
def test_the_reading_order_of_a_room_has_every_file_once(room):
    named = [name for name in MODULE.findall(words(room)) if "." not in name]
    assert sorted(named) == sorted(files_of(room))


@pytest.mark.parametrize("room", rooms(), ids=lambda p: p.parent.name)
def test_no_file_is_read_before_one_that_it_imports(room):
    top = PACKAGE if PACKAGE in room.parents else ROOT / "plugins" / "neuroflow_plugins"
    prefix = ".".join(room.parent.relative_to(top.parent).parts)
    order = [f"{prefix}.{name}" for name in MODULE.findall(words(room)) if "." not in name]
    early = [
        str(found)
        for found in imports_within(top)
        if found.source in order and found.target in order and found.edge not in EXCEPTIONS
        if order.index(found.source) < order.index(found.target)
    ]
    assert early == []


def listed_rooms():
    """The first words of the tree in CONTRIBUTING, from ``neuroflow/`` to ``plugins``."""
    text = (ROOT / "docs" / "CONTRIBUTING.md").read_text(encoding="utf-8")
    (tree,) = re.findall(r"```text\nneuroflow/\n(.*?)^plugins", text, re.S | re.M)
    return [line.split(maxsplit=1)[0] for line in tree.splitlines()]


def test_the_tree_of_contributing_is_the_list_of_imports():
    rooms = [r.removesuffix(".py").strip("/").replace("/", ".") for r in listed_rooms()]
    assert [room if room != "__init__" else "" for room in rooms] == list(PARTS)


def test_names_that_contributing_says_to_extend_are_in_their_files():
    text = (ROOT / "docs" / "CONTRIBUTING.md").read_text(encoding="utf-8")
    places = re.findall(r"`(\w+)` in `([\w/.]+\.py)`", text)
    assert len(places) > 7
    missing = [p for p in places if not re.search(rf"\b{p[0]}\b", (ROOT / p[1]).read_text())]
    assert missing == []
