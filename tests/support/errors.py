"""How errors are raised and read, seen in the source: who takes a message apart, who glues one."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from neuroflow.errors import NeuroflowError

TEXT_METHODS = {name for name in dir(str) if not name.startswith("_")}
TEXTS = ("args", "what", "expected", "remedy")
"""Attributes of an error that hold text."""
JOINT = "; "
"""What stands between the parts of a message; in a text of its own, it was put there by hand."""


@cache
def classes(*packages: Path) -> dict[str, str]:
    """Every class of the tree, also in files that nobody has imported, and what it derives from."""
    defined = {
        node.name: [ast.unparse(base) for base in node.bases]
        for package in packages
        for path in package.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
    }
    found = {NeuroflowError.__name__: ""}
    while added := {n: b[0] for n, b in defined.items() if b and n not in found and b[0] in found}:
        found |= added
    return found


def drawn(text: str) -> dict[str, str]:
    """Every class of a tree that is drawn in a text, and what it hangs on."""
    found, above = {}, [""]
    for branch, name in re.findall(r"^ {4}([│├└─ ]*)(\w+(?:Error|Warning)) ", text, re.M):
        depth = len(branch) // 4
        found[name] = above[depth]
        above[depth + 1 :] = [name]
    return found


def raised_in_one_text(source: str, names: set[str]) -> list[int]:
    """Lines that make an error, or a problem, of one text with its parts glued together."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and _name(node.func) in names
        and any(JOINT in _literal(argument) for argument in node.args)
    ]


def taken_apart(source: str) -> list[int]:
    """Lines that search or cut the text of a caught error, or of one that was handed over."""
    found: set[int] = set()
    for scope, names in _errors_in(ast.parse(source)):
        texts = set(names)
        for node in ast.walk(scope):
            if isinstance(node, ast.Assign) and _is_text(node.value, names, texts):
                texts |= {x.id for x in node.targets if isinstance(x, ast.Name)}
        found |= {
            node.lineno for node in ast.walk(scope)
            if isinstance(node, ast.expr) and _takes_apart(node, names, texts)
        }  # fmt: skip
    return sorted(found)


def _name(function: ast.expr) -> str:
    """The last word of what is called."""
    return getattr(function, "attr", getattr(function, "id", ""))


def _literal(node: ast.expr) -> str:
    """What of a text stands in the source, with a word for each thing that is filled in."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(map(_literal, node.values))
    return _literal(node.left) + _literal(node.right) if isinstance(node, ast.BinOp) else "x"


def _errors_in(tree: ast.AST) -> Iterator[tuple[ast.AST, set[str]]]:
    """Each place that has an error under a name: a handler, or a function that is given one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler) and node.name:
            yield node, {node.name}
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            names = {a.arg for a in (*node.args.args, *node.args.kwonlyargs) if _is_error(a)}
            if names:
                yield node, names


def _is_error(argument: ast.arg) -> bool:
    annotation = ast.unparse(argument.annotation) if argument.annotation else ""
    return annotation.endswith(("Error", "Exception", "Warning"))


def _is_text(node: ast.expr, errors: set[str], texts: set[str]) -> bool:
    match node:
        case ast.Name(id=name):
            return name in texts and name not in errors
        case ast.Call(func=ast.Name(id="str" | "repr"), args=[ast.Name(id=name)]):
            return name in errors
        case ast.Attribute(value=ast.Name(id=name), attr=attribute):
            return name in errors and attribute in TEXTS
        case ast.JoinedStr(values=parts):
            named = [part.value for part in parts if isinstance(part, ast.FormattedValue)]
            return any(_is_text(x, errors, texts) or _is_named(x, errors) for x in named)
        case ast.Subscript(value=value):
            return _is_text(value, errors, texts)
        case ast.Call(func=ast.Attribute(value=value)):
            return _is_text(value, errors, texts)
    return False


def _is_named(node: ast.expr, names: set[str]) -> bool:
    return isinstance(node, ast.Name) and node.id in names


def _takes_apart(node: ast.expr, errors: set[str], texts: set[str]) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id="re")), args=arguments):
            return any(_is_text(x, errors, texts) for x in arguments)
        case ast.Call(func=ast.Attribute(value=value, attr=method)):
            return method in TEXT_METHODS and _is_text(value, errors, texts)
        case ast.Compare(ops=[ast.In() | ast.NotIn()], comparators=[right]):
            return _is_text(right, errors, texts)
        case ast.Compare(ops=[ast.Eq() | ast.NotEq()], left=left, comparators=[right]):
            return _is_text(left, errors, texts) or _is_text(right, errors, texts)
        case ast.Subscript(value=value):
            return _is_text(value, errors, texts)
    return False
