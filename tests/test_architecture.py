"""Who may import whom, what is public, and how long the core may be."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import neuroflow as nf

ROOT = Path(nf.__file__).parent
BUNDLED = ROOT.parent / "plugins" / "neuroflow_plugins"
LAYERS = (
    {"errors"}, {"files"}, {"core"}, {"registry"}, {"ops"}, {"data"}, {"config"}, {"checkpoint"},
    {"engine"}, {"training"}, {"generation"}, {"checks"}, {"inspect"}, {"view"}, {"live"},
    {"scaffold"}, {"sphinxext"}, {"cli"}, {"pytest_plugin"}, {"__main__"},
)  # fmt: skip
UPWARD = {("generation/attention.py", "neuroflow.view.attention")}
"""Imports that point upwards, each for a reason: a trace of attention draws itself."""
LAYER_OF = {part: k for k, parts in enumerate(LAYERS) for part in parts}
LINES_OF_CODE = 850
LINES_TO_READ = 1200
"""The core may have so many lines of code, and so many that are not blank, docstrings included.

Raise these only for something that everybody who reads the core should meet.
"""


def imports(path, *, at_top_only=False):
    """Every module that a file imports, with names for ``from`` imports; type checking apart."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = tree.body if at_top_only else _without_type_checking(tree)
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            yield from ((node.module or "", alias.name) for alias in node.names)


def _without_type_checking(tree):
    stack = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        yield node
        stack += ast.iter_child_nodes(node)


def part_of(path):
    first = path.relative_to(ROOT).parts[0]
    return first.removesuffix(".py")


def own_files():
    return [p for p in sorted(ROOT.rglob("*.py")) if p != ROOT / "__init__.py"]


def test_every_part_has_a_layer():
    parts = {part_of(path) for path in own_files()}
    assert parts <= set(LAYER_OF), f"give these a layer: {parts - set(LAYER_OF)}"


@pytest.mark.parametrize("path", own_files(), ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_point_downwards(path):
    here = LAYER_OF[part_of(path)]
    for module, name in imports(path):
        words = module.split(".")
        if words[0] != "neuroflow":
            continue
        part = words[1] if len(words) > 1 else name
        if part in LAYER_OF and (str(path.relative_to(ROOT)), module) not in UPWARD:
            assert LAYER_OF[part] <= here, f"{path}: {module} lies above {part_of(path)}"


@pytest.mark.parametrize(
    "path",
    sorted((ROOT / "core").glob("*.py")),
    ids=lambda p: p.stem,
)
def test_the_core_imports_the_standard_library_attrs_and_itself(path):
    import sys

    for module, _ in imports(path):
        first = module.partition(".")[0]
        allowed = first in sys.stdlib_module_names or first == "attrs"
        own = module.startswith(("neuroflow.core", "neuroflow.errors"))
        assert allowed or own or module == "neuroflow", module


@pytest.mark.parametrize("path", sorted(BUNDLED.glob("*.py")), ids=lambda p: p.stem)
def test_bundled_plugins_use_public_names_only(path):
    for module, name in imports(path):
        assert not module.startswith("neuroflow."), f"{path.name} imports {module}"
        if module == "neuroflow" and name:
            assert name in nf.__all__, f"{name} is not public"
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        public = isinstance(node, ast.Attribute) and ast.unparse(node.value) == "nf"
        assert not public or node.attr in nf.__all__, f"{path.name} uses nf.{node.attr}"


def test_public_names_are_sorted_exist_and_are_declared_where_they_live():
    assert list(nf.__all__) == sorted(nf.__all__)
    assert len(set(nf.__all__)) == len(nf.__all__)
    for name in nf.__all__:
        thing = getattr(nf, name)
        assert getattr(thing, "__doc__", None), f"{name} has no docstring"
    assert set(nf.__all__) <= set(dir(nf))


def test_an_unknown_public_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'neuroflow' has no attribute 'Vlaue'"):
        _ = nf.Vlaue


def lines_to_read(path):
    """How many lines are not blank."""
    return sum(bool(line.strip()) for line in path.read_text(encoding="utf-8").splitlines())


def lines_of_code(path):
    """How many lines are left without docstrings and comments, spaced as ``ast`` spaces them."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and _is_text(body[0]):
            node.body = body[1:] or [ast.Pass()]
    return sum(bool(line.strip()) for line in ast.unparse(tree).splitlines())


def _is_text(node):
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def test_the_core_stays_readable_in_one_sitting():
    files = sorted((ROOT / "core").glob("*.py"))
    code = {path.stem: lines_of_code(path) for path in files}
    read = {path.stem: lines_to_read(path) for path in files}
    print(f"core: {sum(code.values())} lines of code, {sum(read.values())} with docstrings")
    assert sum(code.values()) <= LINES_OF_CODE, code
    assert sum(read.values()) <= LINES_TO_READ, read


def test_every_module_says_its_one_idea_in_its_first_line():
    for path in [*own_files(), *sorted(BUNDLED.glob("*.py"))]:
        text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
        assert text, f"{path} has no docstring"


def test_nothing_private_is_imported_from_another_part():
    for path in own_files():
        for module, name in imports(path):
            if module.startswith("neuroflow.") and name.startswith("_"):
                words = module.split(".")
                assert words[1] == part_of(path), f"{path} imports {name} from {module}"
