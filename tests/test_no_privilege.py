"""Bundled entries get no privilege: nothing recognises them by their name or module."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

import neuroflow as nf
from neuroflow.registry.manager import manager

ROOT = Path(nf.__file__).parent
ORDINARY_WORDS = {"rows", "activation"}
"""Names of entries that name something else too: rows of numbers, the setting of a layer."""

BUNDLED = {n for e in manager().registry if not e.credit for n in (e.name, *e.aliases)}
BUNDLED -= ORDINARY_WORDS
ASKS_WHO_IT_IS = {"name", "names", "backend", "use", "op", "id", "shortest_name", "__module__"}
"""What holds the identity of an entry; ``op.step`` and other properties anyone can have."""

NAMES_THE_PLUGINS = {
    "cli/zoo.py": "the zoo is read from its package",
    "live/export.py": "an exported page takes the packages along",
}


def recognitions(source, file=""):
    """Places that ask whether something is a bundled entry, as text."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            asked = {_last_word(side) for side in sides} & ASKS_WHO_IT_IS
            texts = {*_texts(sides)}
            if (asked and texts & BUNDLED) or ("__module__" in asked and texts):
                yield ast.unparse(node)
        words = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
        if words.endswith("__module__.startswith") and _foreign(node.args):
            yield ast.unparse(node)
        text = str(node.value) if isinstance(node, ast.Constant) else ""
        if "neuroflow_plugins" in text and file not in NAMES_THE_PLUGINS:
            yield text


def _foreign(arguments):
    """Whether the texts name anything but modules of the standard library."""
    return not sys.stdlib_module_names.issuperset(_texts(arguments))


def _last_word(node):
    return getattr(node, "attr", getattr(node, "id", ""))


def _texts(nodes):
    inside = [node for side in nodes for node in ast.walk(side)]
    return [node.value for node in inside if isinstance(node, ast.Constant)]


@pytest.mark.parametrize(
    "path", sorted(ROOT.rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT))
)
def test_nothing_recognises_a_bundled_entry(path):
    found = list(recognitions(path.read_text("utf-8"), str(path.relative_to(ROOT))))
    assert found == [], f"{path}: ask for a property that any plugin can have"


@pytest.mark.parametrize(
    "planted",
    [
        'if group.name in ("maximum", "minimum"): pass',
        'fast = backend == "llvm"',
        'if op.rule.__module__ == "somewhere": pass',
        'if x.startswith("neuroflow_plugins."): pass',
        'if op.__module__.startswith(("ours.", "mine.")): pass',
        'if entry.name != "relu": pass',
        'linear = "linear" == table.use',
    ],
)
def test_a_planted_recognition_is_found(planted):
    assert list(recognitions(planted))


@pytest.mark.parametrize("fair", ['if op.step == "dot": pass', 'if kind == "op": pass'])
def test_asking_for_a_property_is_fair(fair):
    assert not list(recognitions(fair))
