"""Mutants: bundled entries with one small mistake each, made automatically, to try the checks on.

A mutant is the module of an entry with one change in a function that the entry uses: a constant, a
sign, an operator, a dropped term, swapped inputs, a shifted kink. Changes are made in the syntax
tree; the changed module is run under its own name in a namespace that nobody else sees.
"""

from __future__ import annotations

import ast
import copy
import inspect
import signal
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from attrs import evolve, field, frozen

import neuroflow as nf
from neuroflow.checks.check import check_entry
from neuroflow.checks.shared.report import Report, Results
from neuroflow.core.value import Op
from neuroflow.registry.entries import Entry


@frozen(eq=False)
class Change:
    """One mistake: in which module, at which line, what was written and what is written now."""

    module: str
    line: int
    what: str
    before: str
    after: str
    tree: ast.Module = field(repr=False)

    def __str__(self) -> str:
        return f"{self.module}:{self.line}: {self.before} -> {self.after}"


@frozen(eq=False)
class Mutant:
    """An entry whose module has one change; ``entry`` is the wrong one, ``right`` the bundled."""

    change: Change
    right: Entry
    entry: Entry


def mutants_of(entry: Entry) -> Iterator[Mutant]:
    """All mutants of one entry; those whose module cannot even be run are none."""
    module, name = home(entry)
    for change in changes(module, name):
        try:
            wrong = rebuilt(entry, change.tree)
        except Exception:  # it breaks when it is imported, which nobody can overlook
            continue
        yield Mutant(change, entry, wrong)


def home(entry: Entry) -> tuple[str, str]:
    """The module in which the target of an entry is defined, and under which name."""
    target = entry.load()
    rule = target.rule if isinstance(target, (Op, nf.UpdateRule)) else inspect.unwrap(target)
    module = sys.modules[rule.__module__ if not isinstance(target, Op) else target.__module__]
    things = (target, rule)
    return module.__name__, next(n for n, t in vars(module).items() if t in things)


def rebuilt(entry: Entry, tree: ast.Module) -> Entry:
    """The entry with its target taken from a module run anew from its syntax tree."""
    module, name = home(entry)
    if of_the_core(module):
        return evolve(entry, target=_rule_alone(entry.load(), sys.modules[module], tree, name))
    target = run(module, tree)[name]
    facts = {"formula": target.formula} if isinstance(target, Op) else {}
    return evolve(entry, target=target, **facts)


def of_the_core(module: str) -> bool:
    """Whether running a module again would define ops of the core again."""
    return module.startswith("neuroflow.")


def run(module: str, tree: ast.Module) -> dict[str, Any]:
    """The namespace of a module that is run from a tree instead of its file."""
    original = sys.modules[module]
    namespace = {"__name__": module, "__file__": original.__file__}
    exec(compile(tree, str(original.__file__), "exec"), namespace)
    return namespace


def _rule_alone(op: Op, module: Any, tree: ast.Module, name: str) -> Op:
    """An op of the core, whose module cannot be run twice, with the rules of a changed tree."""
    rules = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and (kind := _role(node, name)):
            bare = copy.copy(node)
            bare.decorator_list = []
            namespace = dict(vars(module))
            file = str(module.__file__)
            exec(compile(ast.Module([bare], []), file, "exec"), namespace)
            rules[kind] = namespace[node.name]
            if kind == "rule":
                rules |= _declared(node, namespace)
    if op.step and "partials_rule" in rules:  # the rule of a step is given by the core
        rules.pop("rule", None)
    return evolve(op, **rules)


def _role(node: ast.FunctionDef, name: str) -> str:
    if node.name == name:
        return "rule"
    if any(ast.unparse(d) == f"{name}.partials" for d in node.decorator_list):
        return "partials_rule"
    return ""


def _declared(node: ast.FunctionDef, namespace: dict[str, Any]) -> dict[str, Any]:
    """The kinks and partials that the decorator of an op declares."""
    words = [k for d in node.decorator_list if isinstance(d, ast.Call) for k in d.keywords]
    wanted = [k for k in words if k.arg in ("kinks", "partials_rule")]
    return {str(k.arg): eval(compile(ast.Expression(k.value), "<declared>", "eval"), namespace)
            for k in wanted}  # fmt: skip


# What the checks say


class CaughtError(BaseException):
    """The first finding: no more is needed to know that a mutant is caught."""


class _FirstFinding(Results):
    """Results that end at the first finding that is not expected."""

    expected: Any = ()

    def failed(self, check: str, message: str) -> None:
        if check not in self.expected:
            raise CaughtError(check, message)
        super().failed(check, message)


class EndlessError(BaseException):
    """A check computes on and on; no error of a rule, which checks would report."""


ENDLESS = "endless"


def caught_by(entry: Entry, seconds: float = 60.0, endless: float = 30.0) -> str:
    """The check that has the first finding of an entry; empty if there is none.

    ``"endless"`` if it computes for that long without one: a loop of the rule does not end.
    """
    report = Report()
    before = signal.signal(signal.SIGVTALRM, _stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, endless)
    try:
        results = _FirstFinding(report, f"{entry.kind} {entry.name}")
        results.expected = entry.checks.expected
        check_entry(entry, results, seconds)
    except CaughtError as caught:
        return str(caught.args[0])
    except EndlessError:
        return ENDLESS
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0.0)
        signal.signal(signal.SIGVTALRM, before)
    return report.findings[0].check if report.findings else ""


def _stop(*_: object) -> None:
    raise EndlessError


# Where changes are made


@cache
def tree_of(module: str) -> ast.Module:
    """The syntax tree of a module, without its docstrings."""
    return ast.parse(Path(str(sys.modules[module].__file__)).read_text(encoding="utf-8"))


def changes(module: str, name: str) -> Iterator[Change]:
    """Every single change in what a name of a module is made of."""
    tree = tree_of(module)
    found = reached(tree, name)
    if of_the_core(module):
        functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
        found = [node for node in functions if _role(node, name)]
    for definition in found:
        for place in _places(definition):
            for what, node in _alternatives(place, definition):
                changed = _replaced(tree, place, node)
                before, after = ast.unparse(place), ast.unparse(node)
                if before != after:
                    yield Change(module, place.lineno, what, before, after, changed)


def reached(tree: ast.Module, name: str) -> list[ast.stmt]:
    """The definition of a name, and those of the functions of its module that it calls."""
    defined: dict[str, list[ast.stmt]] = {}
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            of = next((p for p in map(_partials_of, node.decorator_list) if p), node.name)
            defined.setdefault(of, []).append(node)
    found, waiting = list[str](), [name]
    while waiting:
        word = waiting.pop()
        if word in defined and word not in found:
            found.append(word)
            for node in defined[word]:
                own = {n.arg for n in ast.walk(node) if isinstance(n, ast.arg)}
                used = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
                waiting += sorted(used - own)
    return [node for word in found for node in defined[word]]


def _partials_of(decorator: ast.expr) -> str:
    if isinstance(decorator, ast.Attribute) and decorator.attr == "partials":
        return ast.unparse(decorator.value)
    return ""


def _places(definition: ast.AST) -> Iterator[Any]:
    """Every expression of the mathematics: no message of an error, no text, no annotation."""
    if isinstance(definition, (ast.FunctionDef, ast.ClassDef)):
        for decorator in definition.decorator_list:
            for keyword in getattr(decorator, "keywords", ()):
                if keyword.arg in ("kinks", "partials_rule"):
                    yield from _expressions(keyword.value)
    if isinstance(definition, ast.FunctionDef):
        if definition.name.startswith("__") and definition.name != "__init__":
            return
        for statement in definition.body:
            yield from _places(statement)
    elif isinstance(definition, ast.ClassDef):
        for statement in definition.body:
            if isinstance(statement, ast.FunctionDef):
                yield from _places(statement)
    elif not isinstance(definition, (ast.Raise, ast.Import, ast.ImportFrom)) and not (
        isinstance(definition, ast.If) and all(isinstance(s, ast.Raise) for s in definition.body)
    ):  # what refuses wrong inputs is no mathematics
        for child in ast.iter_child_nodes(definition):
            yield from _expressions(child) if isinstance(child, ast.expr) else _places(child)


def _expressions(node: ast.AST) -> Iterator[Any]:
    if isinstance(node, (ast.JoinedStr, ast.FormattedValue)) or _tells(node):
        return
    if isinstance(node, ast.expr):
        yield node
    for child in ast.iter_child_nodes(node):
        if not (isinstance(child, ast.keyword) and child.arg == "strict"):
            yield from _expressions(child)


def _tells(node: ast.AST) -> bool:
    """Whether it only refuses wrong input or makes words of it."""
    return isinstance(node, ast.Call) and ast.unparse(node.func).startswith(
        ("require", "nf.InputError", "refuse", "super", "isinstance")
    )


def _replaced(tree: ast.Module, place: ast.expr, node: ast.expr) -> ast.Module:
    """A module in which one expression is another; all else is shared."""
    return _Replacing(place, node).visit(tree)


class _Replacing:
    """Copies what leads to one node, and keeps the rest as it is."""

    def __init__(self, place: ast.expr, node: ast.expr) -> None:
        self.place, self.node = place, ast.fix_missing_locations(
            ast.copy_location(node, place)
        )  # fmt: skip

    def visit(self, node: Any) -> Any:
        if node is self.place:
            return self.node
        if not isinstance(node, ast.AST):
            return node
        changed = {}
        for name, value in ast.iter_fields(node):
            new = [self.visit(v) for v in value] if isinstance(value, list) else self.visit(value)
            same = all(a is b for a, b in zip(new, value, strict=True)) if isinstance(
                value, list
            ) else new is value  # fmt: skip
            if not same:
                changed[name] = new
        if not changed:
            return node
        twin = copy.copy(node)
        for name, new in changed.items():
            setattr(twin, name, new)
        return twin


# What is changed


def _alternatives(node: ast.expr, inside: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """Wrong expressions for a right one, and what kind of mistake each is."""
    kind = _MISTAKES.get(type(node))
    if kind is not None and isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
        yield from kind(node, inside)


def _constants(node: ast.Constant, _: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    x = node.value
    if isinstance(x, bool):
        yield "constant", ast.Constant(not x)
    elif isinstance(x, int):
        for y in dict.fromkeys([x + 1, x - 1]):
            yield "constant", _number(y)
    elif isinstance(x, float):
        for y in dict.fromkeys([x + 1.0, 1.01 * x or 0.125, -x or -0.5]):
            yield "constant", _number(y)


def _number(x: float) -> ast.expr:
    return ast.UnaryOp(ast.USub(), ast.Constant(-x)) if x < 0 else ast.Constant(x)


_OTHER: dict[type, tuple[type, ...]] = {
    ast.Add: (ast.Sub,), ast.Sub: (ast.Add,), ast.Mult: (ast.Div, ast.Add),
    ast.Div: (ast.Mult,), ast.Pow: (ast.Mult,), ast.FloorDiv: (ast.Div,), ast.Mod: (ast.FloorDiv,),
    ast.Lt: (ast.Gt, ast.LtE), ast.Gt: (ast.Lt, ast.GtE), ast.LtE: (ast.Gt, ast.Lt),
    ast.GtE: (ast.Lt, ast.Gt), ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,),
    ast.And: (ast.Or,), ast.Or: (ast.And,),
}  # fmt: skip


def _operators(node: ast.BinOp, _: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    for other in _OTHER.get(type(node.op), ()):
        yield "operator", ast.BinOp(node.left, other(), node.right)
    yield "dropped term", node.left
    yield "dropped term", node.right
    if isinstance(node.op, (ast.Sub, ast.Div, ast.Pow)):
        yield "swapped inputs", ast.BinOp(node.right, node.op, node.left)


def _comparisons(node: ast.Compare, _: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    for other in _OTHER.get(type(node.ops[0]), ()) if len(node.ops) == 1 else ():
        yield "operator", ast.Compare(node.left, [other()], node.comparators)


def _either(node: ast.BoolOp, _: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    yield "operator", ast.BoolOp(_OTHER[type(node.op)][0](), node.values)
    yield "dropped term", node.values[0]


def _signs(node: ast.UnaryOp, _: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    yield "sign", node.operand


_RELATED = {
    "exp": "expm1", "expm1": "exp", "log1p": "log", "log": "log1p", "sin": "cos", "cos": "sin",
    "tanh": "sech", "sech": "tanh", "maximum": "minimum", "minimum": "maximum", "erf": "erfc",
    "sqrt": "abs", "abs": "identity", "sum": "mean", "mean": "sum", "max": "min", "min": "max",
    "gaussian": "normal_cdf", "normal_cdf": "gaussian", "sigmoid": "tanh",
}  # fmt: skip


def _calls(node: ast.Call, _: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    if len(node.args) >= 2 and not any(isinstance(a, ast.Starred) for a in node.args):
        *head, a, b = node.args
        yield "swapped inputs", ast.Call(node.func, [*head, b, a], node.keywords)
    word = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if isinstance(node.func, ast.Attribute) and word in _RELATED:
        other = ast.Attribute(node.func.value, _RELATED[word], ast.Load())
        yield "function", ast.Call(other, node.args, node.keywords)
    elif word in _RELATED:
        yield "function", ast.Call(ast.Name(_RELATED[word], ast.Load()), node.args, node.keywords)
    if len(node.args) == 1 and word in _RELATED and not isinstance(node.args[0], ast.Starred):
        yield "dropped function", node.args[0]


def _tuples(node: ast.Tuple, _: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    if len(node.elts) == 2 and not any(isinstance(e, ast.Starred) for e in node.elts):
        yield "swapped inputs", ast.Tuple([*reversed(node.elts)], node.ctx)
    for k, part in enumerate(node.elts):
        if not isinstance(part, (ast.Starred, ast.Constant)):
            turned = [*node.elts[:k], ast.UnaryOp(ast.USub(), part), *node.elts[k + 1 :]]
            yield "sign", ast.Tuple(turned, node.ctx)


def _names(node: ast.Name, inside: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """Another input of the same function instead of this one."""
    if not isinstance(inside, ast.FunctionDef):
        return
    names = [a.arg for a in (*inside.args.args, *inside.args.kwonlyargs)]
    if node.id in names:
        k = names.index(node.id)
        other = names[(k + 1) % len(names)]
        if other != node.id:
            yield "swapped inputs", ast.Name(other, ast.Load())


_MISTAKES: dict[type, Any] = {
    ast.Constant: _constants, ast.BinOp: _operators, ast.Compare: _comparisons,
    ast.BoolOp: _either, ast.UnaryOp: _signs, ast.Call: _calls, ast.Tuple: _tuples,
    ast.Name: _names,
}  # fmt: skip
